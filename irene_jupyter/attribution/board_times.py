"""How long the runs and the parts of a cell took on a board: by its own clock where that is known.

A host launches work and goes on: what it measures is when it launched, and where it waited. Events
on the board tell how long a run took there. The longer of both is taken, because a call's first
kernels are loaded by the host, and a board that is behind works on after the call has returned.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from irene_jupyter.attribution.cell import Cell
from irene_jupyter.merging import repeated
from irene_jupyter.tree import Node, Run

LEAST_SECONDS = 1e-9  # of a run: power is joules over seconds
_TRAINING = ("backward", "optimiser")


@dataclass(frozen=True, slots=True)
class TimedRun:
    """A run, and `root`, its tree of all calls with seconds in place on the board.

    `is_divided` tells whether nodes below the root have times of their own.
    """

    run: Run
    root: Node
    is_divided: bool

    @classmethod
    def of(cls, run: Run) -> TimedRun:
        """Of a run that took place."""
        root = repeated(run.tree.root, run.calls)
        host = max(run.seconds or 0.0, LEAST_SECONDS)
        if _is_by_events(root):
            return cls(run, root, is_divided=True).lasting(
                max(host, root.features.latency_seconds or 0.0)
            )
        bare = root.mapped(_without_times)
        features = replace(bare.features, latency_seconds=host)
        return cls(run, replace(bare, features=features), is_divided=False)

    @property
    def seconds(self) -> float:
        """Of all calls."""
        return self.root.features.latency_seconds or LEAST_SECONDS

    def lasting(self, seconds: float) -> TimedRun:
        """The run with all its times longer by one factor; the board waits in what is added."""
        factor = seconds / self.seconds
        if factor == 1.0:
            return self

        def stretched(node: Node) -> Node:
            features = node.features
            if (own := features.latency_seconds) is None:
                return node
            waited = features.waiting_seconds
            if waited is not None:
                waited = max(0.0, waited + own * (factor - 1))
            features = replace(features, latency_seconds=own * factor, waiting_seconds=waited)
            return replace(node, features=features)

        return replace(self, root=self.root.mapped(stretched))


def in_cell(runs: Sequence[TimedRun], cell: Cell) -> tuple[list[TimedRun], dict[Hashable, float]]:
    """The runs, and the seconds of each part of the cell by its key, which fit into it.

    What the cell waits for at its end is in no call, but in the part that ran last. Where the board
    is behind its host in the models' training calls, so it is in backward passes and steps.
    """
    names = list(dict.fromkeys(each.run.model for each in runs))
    parts: dict[Hashable, float] = {}
    for name in names:
        own = [each for each in runs if each.run.model == name]
        spent = cell.spent.get(("model", name), 0.0)
        told = math.fsum(each.seconds for each in own)
        is_told = len(cell.spent) > 1 and all(each.is_divided for each in own)
        parts["model", name] = told if is_told else max(spent, told)
    behind = _behind(runs)
    for key in _TRAINING:
        if key in cell.spent:
            parts[key] = cell.spent[key] * behind
    fits = min(1.0, cell.seconds / math.fsum(parts.values())) if parts else 1.0
    parts = {key: seconds * fits for key, seconds in parts.items()}
    return [each.lasting(_share(each, runs, parts)) for each in runs], parts


def _share(each: TimedRun, runs: Sequence[TimedRun], parts: Mapping[Hashable, float]) -> float:
    """Of its model's seconds."""
    whole = math.fsum(other.seconds for other in runs if other.run.model == each.run.model)
    return parts["model", each.run.model] * each.seconds / whole


def _behind(runs: Sequence[TimedRun]) -> float:
    """How many times longer than its host the board takes for calls in training; 1 or more."""
    timed = [each for each in runs if each.is_divided and each.run.training]
    host = math.fsum(each.run.seconds or 0.0 for each in timed)
    board = math.fsum(each.seconds for each in timed)
    return max(1.0, board / host) if host > 0 else 1.0


def _is_by_events(root: Node) -> bool:
    """The host's own times know no waiting."""
    features = root.features
    return features.waiting_seconds is not None and (features.latency_seconds or 0.0) > 0


def _without_times(node: Node) -> Node:
    features = node.features
    if features.latency_seconds is None and features.waiting_seconds is None:
        return node
    features = replace(features, latency_seconds=None, waiting_seconds=None)
    return replace(node, features=features)
