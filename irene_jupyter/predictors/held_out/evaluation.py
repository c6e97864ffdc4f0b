"""How well a method predicts trees that it has not seen.

Error: 100·|predicted − measured| / measured (IrEne, section 4).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.forms import features
from irene_jupyter.predictors.held_out.protocols import Split
from irene_jupyter.predictors.predict.prediction import Prediction
from irene_jupyter.tree import ModelTree, Node, NodeType

LEVELS: tuple[NodeType, ...] = ("ml", "module", "model")


class Method(Protocol):
    """A way to predict joules. Only `fit` sees measured energy; `predict` may read latency and
    the driver's energy, as features that are known once a node was run."""

    def fit(self, trees: Sequence[ModelTree]) -> Self:
        """Learn from measured trees. Raises `DataError` if they are too few."""

    def predict(self, trees: Sequence[ModelTree]) -> list[list[Prediction]]:
        """For each tree, the predictions of its nodes in the order of `root.walk()`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A node's prediction against its measurement, both in joules."""

    model: str
    level: NodeType
    group: str  # `features.node_group`
    class_name: str
    measured: float
    predicted: float
    distinct: bool  # False for a copy of a measurement of the same tree
    trained: bool  # False for a kind of leaf that was not in training
    low: float  # of the 90 % interval; low = high where the method has none
    high: float

    @property
    def percent_error(self) -> float:
        """100·|predicted − measured| / measured."""
        return 100 * abs(self.predicted - self.measured) / self.measured

    @property
    def ratio(self) -> float:
        """measured / predicted."""
        return self.measured / self.predicted


def run(make_method: Callable[[], Method], parts: Iterable[Split]) -> list[Outcome]:
    """Train and test a fresh method on each split; no method sees the energy it is tested on."""
    outcomes: list[Outcome] = []
    for split in parts:
        method = make_method().fit(split.train)
        known = {features.node_group(leaf) for tree in split.train for leaf in tree.root.leaves()}
        unmeasured = [replace(tree, root=_without_energy(tree.root)) for tree in split.test]
        for tree, predictions in zip(split.test, method.predict(unmeasured), strict=True):
            outcomes += _outcomes(tree, predictions, known)
    return outcomes


def _without_energy(node: Node) -> Node:
    children = tuple(_without_energy(child) for child in node.children)
    return replace(node, energy=None, children=children)


def _outcomes(
    tree: ModelTree, predictions: Sequence[Prediction], known: set[str]
) -> Iterator[Outcome]:
    seen = set()
    for node, prediction in zip(tree.root.walk(), predictions, strict=True):
        if node.energy is None:
            continue
        if not math.isfinite(prediction.joules):
            raise DataError(
                f"{tree.name}, {node.path or 'the root'}: the method predicts {prediction.joules} "
                "J; look for extreme values in the features of this node"
            )
        key = (node.class_name, node.energy.joules, node.features.flops)
        group = features.node_group(node)
        yield Outcome(
            model=tree.name,
            level=node.type,
            group=group,
            class_name=node.class_name,
            measured=node.energy.joules,
            predicted=prediction.joules,
            distinct=key not in seen,
            trained=node.type != "ml" or group in known,
            low=prediction.low,
            high=prediction.high,
        )
        seen.add(key)


def mean_errors(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """Percent error of each level: the mean over the models of each model's mean."""
    return _by_level((each, each.percent_error) for each in outcomes)


def coverage(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """Percent of the nodes of each level that lie in their interval; likewise a mean of means."""
    return _by_level((each, 100.0 * (each.low <= each.measured <= each.high)) for each in outcomes)


def _by_level(values: Iterable[tuple[Outcome, float]]) -> dict[str, float]:
    by_model: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for outcome, value in values:
        by_model[outcome.level][outcome.model].append(value)
    return {
        level: _mean([_mean(found) for found in by_model[level].values()])
        for level in LEVELS
        if by_model[level]
    }


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def quantile(values: Sequence[float], fraction: float) -> float:
    """The quantile by linear interpolation, as numpy's default."""
    ordered = sorted(values)
    position = fraction * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)
