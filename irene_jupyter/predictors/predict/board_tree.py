"""A tree with the joules and seconds that it would take on a board, every node in its place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from irene_jupyter.predictors.forms.board_constants import BoardConstants, BoardKnown
from irene_jupyter.predictors.forms.board_work import WorkUnit, work_units
from irene_jupyter.predictors.forms.dtypes import HALF
from irene_jupyter.predictors.forms.host_operations import is_fused
from irene_jupyter.predictors.forms.interval import ESTIMATED, Interval
from irene_jupyter.predictors.predict.board_doubts import doubt_of
from irene_jupyter.predictors.predict.board_estimates import Counted
from irene_jupyter.predictors.predict.board_in_place import InPlace, in_place
from irene_jupyter.predictors.predict.bounds import NOTABLE_SHARE
from irene_jupyter.predictors.predict.launching import Launch
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.tree import Energy, Features, ModelTree, Node, NodeType, Source

_GRAPH = "extrapolated: no run as a recorded graph was measured"


def predict_board_tree(
    tree: ModelTree,
    profile: BoardProfile,
    known: BoardKnown,
    counted: Counted | None = None,
    launch: Launch = "eager",
    host_seconds_per_op: float | None = None,
) -> ModelTree:
    """A copy of `tree` with joules, interval, source and flags, of all calls of each node.

    `known` "seconds" takes the time of each node from its features, where they have one, "total"
    the run's from `counted`. What was `counted` is the root's energy, and one factor on all that
    is beyond idle power brings the nodes to it. No children exceed their parent. The features get
    `predicted_seconds` where they have none of a run, and `waiting_seconds`, in which the board
    waited for its host. With `launch` "graph" it waits for nobody; `host_seconds_per_op` is of
    another host than the profile's.
    """
    constants = profile.constants
    if host_seconds_per_op is not None:
        constants = replace(constants, host_seconds_per_operation=host_seconds_per_op)
    # Times are a node's own, so that layers are alike only where none are known.
    units = work_units(tree.root, constants.cache_bytes, alike=known != "seconds")
    placed = in_place(
        units,
        constants,
        known_seconds=known == "seconds",
        whole_seconds=None if counted is None else counted.seconds,
        launch=launch,
    )
    idle, factor = constants.idle_watts, 1.0
    if counted is not None:
        idle, factor = counted.divided(idle, placed[-1].dynamic_joules)
    intervals = profile.intervals[known]
    if launch == "graph":
        intervals = {level: each.extrapolated() for level, each in intervals.items()}
    energies: list[_Estimate] = []
    for unit, its in zip(units, placed, strict=True):
        below = [energies[place] for place in unit.children]
        joules = idle * its.seconds + factor * its.dynamic_joules
        interval = intervals.get(_level(unit), ESTIMATED)
        energies.append(_estimate(unit, joules, below, interval, profile))
    is_timed = known == "seconds"
    filler = _Filler(units, placed, energies, constants, is_timed)
    root = filler.node(tree.root, len(units) - 1)
    return replace(tree, root=root if launch == "eager" else root.flagged(_GRAPH))


@dataclass(frozen=True, slots=True)
class _Estimate:
    """Energy of a unit; `doubted` J of it, and their range, are not what the profile was fitted on.

    `flags` are to be added to its nodes' own.
    """

    energy: Energy
    doubted: float
    low: float
    high: float
    flags: tuple[str, ...] = ()


def _estimate(
    unit: WorkUnit,
    joules: float,
    below: Sequence[_Estimate],
    interval: Interval,
    profile: BoardProfile,
) -> _Estimate:
    of_children = math.fsum(each.energy.joules for each in below)
    joules = max(joules, of_children)  # so that rounding never puts a parent below its children
    doubted, low, high = (
        math.fsum(getattr(each, name) for each in below) for name in ("doubted", "low", "high")
    )
    flags: tuple[str, ...] = ()
    source: Source = "estimated" if profile.is_estimated else "predicted"
    if doubt := doubt_of(unit, profile.constants):
        own = joules - of_children
        doubted += own
        low, high = low + own * doubt.interval.low, high + own * doubt.interval.high
        if doubt.reason and not unit.children:
            flags = (f"estimated: {doubt.reason}",)
    if doubted > NOTABLE_SHARE * joules:
        source = "estimated"
        if unit.children:
            flags = (f"estimated: {doubted / joules:.0%} of it is work that no constant fits",)
    if profile.is_simulated:
        source = "simulated"
    usual = max(0.0, joules - doubted)
    energy = Energy(
        joules,
        min(joules, usual * interval.low + low),
        max(joules, usual * interval.high + high),
        source,
    )
    return _Estimate(energy, doubted, low, high, flags)


def _level(unit: WorkUnit) -> NodeType:
    """A leaf, the model itself, or what lies between."""
    node = unit.nodes[0]
    is_leaf = node.primitive is not None and not node.children
    return "model" if node.type == "model" else "ml" if is_leaf else "module"


@dataclass(frozen=True, slots=True)
class _Filler:
    """Fills nodes with what was found of their units."""

    units: Sequence[WorkUnit]
    placed: Sequence[InPlace]
    energies: Sequence[_Estimate]
    constants: BoardConstants
    is_timed: bool  # whether seconds in place are the board's own

    def node(self, node: Node, place: int) -> Node:
        """A node that is no part of a fused kernel, with all below it."""
        places = self.units[place].children
        fused = [each for each in node.children if is_fused(each)]
        parts = iter(self._parts(fused, places[-1]) if fused else ())
        others = iter(places)
        below = [
            next(parts) if is_fused(each) else self.node(each, next(others))
            for each in node.children
        ]
        return self._filled(node, place, 1.0, tuple(below))

    def _parts(self, nodes: Sequence[Node], place: int) -> list[Node]:
        """The leaves of a fused kernel share it by their operations and bytes."""
        weights = [self._weight(node.features) for node in nodes]
        total = math.fsum(weights)
        shares = [each / total if total > 0 else 1 / len(nodes) for each in weights]
        return [self._filled(node, place, share) for node, share in zip(nodes, shares, strict=True)]

    def _weight(self, features: Features) -> float:
        known = self.constants
        return known.flop_joules(HALF) * features.flops + known.joules_per_byte * features.bytes

    def _filled(
        self, node: Node, place: int, share: float, children: tuple[Node, ...] = ()
    ) -> Node:
        its, found, features = self.placed[place], self.energies[place], node.features
        if features.latency_seconds is None:
            features = replace(
                features,
                predicted_seconds=its.seconds * share,
                waiting_seconds=its.waiting_seconds * share,
            )
        elif self.is_timed:
            features = replace(features, waiting_seconds=its.waiting_seconds * share)
        return Node(
            node.path,
            node.type,
            node.class_name,
            features,
            children,
            found.energy if share == 1.0 else found.energy.scaled(share),
            node.primitive,
            node.flags + found.flags,
        )
