"""A cell on a board that a profile knows: E = idle power · seconds + k · what the work needs more.

One k for the whole cell, so that all adds up to what was counted. Without a counter k is 1: the
joules are the profile's for this board, by the times of this cell.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from irene_jupyter.attribution.apportion import Share
from irene_jupyter.attribution.board_times import TimedRun, in_cell
from irene_jupyter.attribution.cell import Cell
from irene_jupyter.attribution.whole_step import FOLLOWING
from irene_jupyter.predictors.forms.board_constants import BoardConstants
from irene_jupyter.predictors.forms.board_work import work_units
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.predict.board_estimates import Counted
from irene_jupyter.predictors.predict.board_tree import predict_board_tree
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.tree import Node, Run

# k beyond these: another board, other work, or power that the profile does not know of.
LEAST_K, MOST_K = 0.5, 2.0
# Of a backward pass that no run divides: two products for each of the forward pass, one for the
# input's gradient, one for the weights'.
BACKWARD_WORK = 2.0
# What is known of a part by its kind alone is right within this factor.
PART = Interval.factor(2.0)


@dataclass(frozen=True, slots=True)
class Division:
    """`roots` are the runs' trees with joules, of all calls; `cell` has the parts, and k."""

    roots: tuple[Node, ...]
    cell: Cell

    @property
    def k(self) -> float | None:
        """None where nothing was counted."""
        return self.cell.measured.beyond_idle


def fits(profile: BoardProfile, cell: Cell) -> bool:
    """Whether the profile may divide the cell: all ran on boards, of its kind or counted."""
    return bool(cell.board_names) and (cell.boards > 0 or cell.board_names == {profile.board})


def divided(runs: Sequence[Run], profile: BoardProfile, cell: Cell) -> Division:
    """The `runs` of the cell, which all took place on boards of this kind.

    Energy counters of processors, where they count too, are divided by time, as idle power is.
    """
    timed, seconds = in_cell([TimedRun.of(run) for run in runs], cell)
    of_cell = _in_cell(profile, cell)
    if cell.measured.joules is None or cell.seconds <= 0:
        trees = tuple(_predicted(each, of_cell) for each in timed)
        return Division(trees, replace(cell, spent=seconds, is_by_board=True))
    idle = of_cell.constants.idle_watts
    beyond = [_beyond_idle(each, of_cell.constants) for each in timed]
    parts = _beyond(timed, beyond, seconds)
    counted = Counted(cell.seconds, cell.measured.joules)
    watts, k = counted.divided(idle, math.fsum(parts.values()))
    roots = tuple(
        _predicted(each, of_cell, watts * each.seconds + k * joules)
        for each, joules in zip(timed, beyond, strict=True)
    )
    found = {key: watts * seconds[key] + k * parts[key] for key in seconds}
    busiest = idle + of_cell.constants.busy_watts
    made = replace(
        cell,
        is_by_board=True,
        steps={},  # its runs are divided one by one
        measured=replace(cell.measured, beyond_idle=k),
        spent=seconds,
        shares=_bounded(
            found, seconds, cell, watts, busiest, profile.intervals["seconds"]["model"]
        ),
        warnings=(*cell.warnings, *_warnings(k, cell, idle, parts, profile)),
    )
    return Division(roots, made)


def _in_cell(profile: BoardProfile, cell: Cell) -> BoardProfile:
    """With the power of all that was counted: every board, and the processors' packages."""
    boards = max(1, cell.boards)
    watts = 0.0
    if cell.measured.joules is not None and cell.seconds > 0:
        watts = max(0.0, cell.measured.joules - cell.board_joules) / cell.seconds
    constants = replace(
        profile.constants,
        idle_watts=boards * profile.constants.idle_watts + watts,
        busy_watts=boards * profile.constants.busy_watts,
    )
    return replace(profile, constants=constants)


def _predicted(each: TimedRun, profile: BoardProfile, joules: float | None = None) -> Node:
    """The run's tree, brought to `joules` where these are known."""
    tree = replace(each.run.tree, root=each.in_time())
    if joules is None:
        found = predict_board_tree(tree, profile, "seconds").root
        if each.is_divided or found.energy is None:
            return found
        # Its time is known, and of no node below: that is as if its joules were.
        inner = _predicted(each, profile, found.energy.joules)
        return replace(inner, energy=found.energy)
    counted = Counted(each.seconds, joules)
    return predict_board_tree(
        tree, profile, "seconds" if each.is_divided else "total", counted
    ).root


def _beyond_idle(each: TimedRun, constants: BoardConstants) -> float:
    """Joules that the profile expects of the run above idle power."""
    units = work_units(each.root, constants.cache_bytes, alike=True)
    return constants.dynamic_joules(units[-1].work, each.seconds)


def _beyond(
    timed: Sequence[TimedRun], beyond: Sequence[float], seconds: Mapping[Hashable, float]
) -> dict[Hashable, float]:
    """Joules beyond idle power that each part should need."""
    parts = dict.fromkeys(seconds, 0.0)
    training = 0.0
    # Their backward passes are runs, which know their own work.
    divided = {each.run.model for each in timed if each.run.phase in FOLLOWING}
    left = [each for each in timed if each.run.model not in divided]
    is_any_training = any(each.run.training for each in left)
    for each, joules in zip(timed, beyond, strict=True):
        parts["model", each.run.model] += joules
        # Gradients flow in a model's evaluation mode, too.
        if each.run.model not in divided and (each.run.training or not is_any_training):
            training += joules
    if "backward" in parts:
        parts["backward"] = BACKWARD_WORK * training
    for kind in FOLLOWING:  # of which nothing is known: as hard at work as the others
        others = math.fsum(value for key, value in seconds.items() if parts[key])
        if kind in parts and not parts[kind] and others > 0:
            parts[kind] = math.fsum(parts.values()) / others * seconds[kind]
    return parts


def _bounded(
    joules: Mapping[Hashable, float],
    seconds: Mapping[Hashable, float],
    cell: Cell,
    idle: float,
    busiest: float,
    model: Interval,
) -> dict[Hashable, Share]:
    """Each part within its own range, and within what the ranges of the others leave of the sum.

    The rest of the cell, which the counter covered as well, draws idle power, but may be as busy
    as the board can be.
    """
    counted = cell.measured
    whole, low, high = counted.joules or 0.0, counted.low or 0.0, counted.high or 0.0
    sure = Interval(low / whole, high / whole)
    rest = max(0.0, cell.seconds - math.fsum(seconds.values()))
    ranges = {
        key: (value * its.low, value * its.high)
        for key, value in joules.items()
        for its in (model if isinstance(key, tuple) else PART,)
    }
    least = math.fsum(lowest for lowest, _ in ranges.values()) + rest * idle * PART.low
    most = math.fsum(highest for _, highest in ranges.values()) + rest * busiest
    found: dict[Hashable, Share] = {}
    for key, value in joules.items():
        lowest, highest = ranges[key]
        lowest = max(lowest * sure.low, low - (most - highest))
        highest = min(highest * sure.high, high - (least - lowest))
        share = Share(
            value,
            max(0.0, min(value, lowest)),
            max(value, highest),
            min(1.0, seconds[key] / cell.seconds),
        )
        found[key] = share.covered(sure.low, sure.high) if share.is_whole else share
    return found


def _warnings(
    k: float, cell: Cell, idle: float, parts: Mapping[Hashable, float], profile: BoardProfile
) -> tuple[str, ...]:
    if LEAST_K <= k <= MOST_K:
        return ()
    label = profile.label
    joules = (cell.measured.joules or 0.0) - idle * cell.seconds
    if joules <= 0:
        return (
            f"the counters saw {(cell.measured.joules or 0.0) / cell.seconds:.0f} W, no more than "
            f"the idle power of {label} ({idle:.0f} W): the joules are divided by time alone",
        )
    return (
        f"beyond idle power {joules:.3g} J were counted, where {label} makes this work need "
        f"{math.fsum(parts.values()):.3g} J ({k:.3g} times as much): another board or power limit, "
        "other work on it, or operations that its constants do not fit; the sum is what was "
        "counted, its division is less sure",
    )
