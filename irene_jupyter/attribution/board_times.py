"""How long the runs and the parts of a cell took on a board: by its own clock where that is known.

A host launches work and goes on: what it measures is when it launched, and where it waited. Events
on the board tell how long a run took there. The longer of both is taken, because a call's first
kernels are loaded by the host, and a board that is behind works on after the call has returned.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from irene_jupyter.attribution.cell import Cell
from irene_jupyter.attribution.whole_step import FOLLOWING
from irene_jupyter.merging import repeated
from irene_jupyter.tree import Node, Run

LEAST_SECONDS = 1e-9  # of a run: power is joules over seconds


@dataclass(frozen=True, slots=True)
class TimedRun:
    """A run, the seconds that all its calls took on the board, and its tree of all calls.

    `is_divided` tells whether nodes below the `root` have times of their own.
    """

    run: Run
    root: Node
    seconds: float
    is_divided: bool

    @classmethod
    def of(cls, run: Run) -> TimedRun:
        """Of a run that took place."""
        root = repeated(run.tree.root, run.calls)
        host = max(run.seconds or 0.0, LEAST_SECONDS)
        features = root.features
        # The host's own times know no waiting.
        if features.latency_seconds and features.waiting_seconds is not None:
            return cls(run, root, max(host, features.latency_seconds), is_divided=True)
        return cls(run, root, host, is_divided=False)

    def in_time(self) -> Node:
        """The tree with times that fit the seconds: the board waits in what is added.

        Where the nodes have none, the root alone.
        """
        own = self.root.features
        if not self.is_divided:
            bare = self.root.mapped(_without_times)
            return replace(bare, features=replace(bare.features, latency_seconds=self.seconds))
        factor = self.seconds / (own.latency_seconds or self.seconds)
        return self.root if factor == 1.0 else self.root.mapped(partial(_stretched, factor))


def in_cell(runs: Sequence[TimedRun], cell: Cell) -> tuple[list[TimedRun], dict[Hashable, float]]:
    """The runs, and the seconds of each part of the cell by its key, which fit into it.

    What the cell waits for at its end is work of all parts, whatever ran last. Where the board is
    behind its host in the models' training calls, so it is in backward passes and steps.
    """
    behind = _behind(runs)
    runs = [
        replace(each, seconds=each.seconds * behind)
        if each.run.phase in FOLLOWING and not each.is_divided
        else each
        for each in runs
    ]
    launched = {key: spent - cell.waited.get(key, 0.0) for key, spent in cell.spent.items()}
    parts: dict[Hashable, float] = {}
    for name in dict.fromkeys(each.run.model for each in runs):
        own = [each for each in runs if each.run.model == name]
        told = math.fsum(each.seconds for each in own)
        is_told = all(each.is_divided for each in own)
        parts["model", name] = told if is_told else max(told, launched.get(("model", name), 0.0))
    for key in FOLLOWING:
        if key in launched:
            parts[key] = launched[key] * behind
    whole = math.fsum(parts.values())
    fits = min(cell.seconds, max(whole, math.fsum(cell.spent.values()))) / whole if parts else 1.0
    parts = {key: seconds * fits for key, seconds in parts.items()}
    return [replace(each, seconds=_share(each, runs, parts)) for each in runs], parts


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


def _stretched(factor: float, node: Node) -> Node:
    features = node.features
    if (own := features.latency_seconds) is None:
        return node
    waited = features.waiting_seconds
    if waited is not None:
        waited = max(0.0, waited + own * (factor - 1))
    features = replace(features, latency_seconds=own * factor, waiting_seconds=waited)
    return replace(node, features=features)


def _without_times(node: Node) -> Node:
    features = node.features
    if features.latency_seconds is None and features.waiting_seconds is None:
        return node
    features = replace(features, latency_seconds=None, waiting_seconds=None)
    return replace(node, features=features)
