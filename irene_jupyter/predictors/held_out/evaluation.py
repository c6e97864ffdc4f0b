"""How well a method predicts trees that it has not seen: protocols, errors, tables.

A method is an object with `fit(trees)` and `predict(trees)`; a protocol says what it trains
on and what it is tested on. Error: 100·|predicted − measured| / measured (IrEne, section 4).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.forms import features
from irene_jupyter.tree import ModelTree, Node, NodeType

LEVELS: tuple[NodeType, ...] = ("ml", "module", "model")
# Families of architectures by what a model's name holds; other names are a family by their stem.
FAMILIES = (
    ("encoder-decoder", re.compile(r"\b(m|by)?t5\b|bart|marian|pegasus|whisper|encoder-decoder")),
    ("encoder", re.compile(r"bert|electra|xlnet|funnel|longformer|mpnet|bigbird|\bernie\b")),
    (
        "decoder",
        re.compile(r"gpt|llama|mistral|mixtral|qwen|gemma|bloom|\b(opt|phi|ctrl|falcon)\b"),
    ),
)
SIZE_PARTS = 4


@dataclass(frozen=True, slots=True)
class Prediction:
    """Joules of one node with their 90 % interval, and what they rest on.

    `low` and `high` are `joules` where the method has no interval.
    """

    joules: float
    low: float
    high: float
    basis: str

    @classmethod
    def exact(cls, joules: float, basis: str) -> Prediction:
        """A prediction without an interval."""
        return cls(joules, joules, joules, basis)


class Method(Protocol):
    """A way to predict joules. Only `fit` sees measured energy; `predict` may read latency and
    the driver's energy, as features that are known once a node was run."""

    def fit(self, trees: Sequence[ModelTree]) -> Self:
        """Learn from measured trees. Raises `DataError` if they are too few."""

    def predict(self, trees: Sequence[ModelTree]) -> list[list[Prediction]]:
        """For each tree, the predictions of its nodes in the order of `root.walk()`."""


@dataclass(frozen=True, slots=True)
class Split:
    """What a method is trained on and tested on; `held_out` is for people."""

    held_out: str
    train: tuple[ModelTree, ...]
    test: tuple[ModelTree, ...]


def family(name: str) -> str:
    """The family of a model by its name: an architecture's, or the name's first word."""
    lower = name.lower()
    for label, pattern in FAMILIES:
        if pattern.search(lower):
            return label
    return re.split(r"[-_/ \d]", lower, maxsplit=1)[0] or lower


def size_part(tree: ModelTree) -> int:
    """Which quarter of the input sizes a tree is in: neighbours are in different ones."""
    return ((tree.batch_size // 8) + (tree.seq_len // 32)) % SIZE_PARTS


def leave_one_model_out(trees: Sequence[ModelTree]) -> Iterator[Split]:
    """LOMO: each model in turn is unseen."""
    for name in _in_order(tree.name for tree in trees):
        yield Split(
            name,
            train=tuple(tree for tree in trees if tree.name != name),
            test=tuple(tree for tree in trees if tree.name == name),
        )


def leave_sizes_out(trees: Sequence[ModelTree]) -> Iterator[Split]:
    """SIZE: each model in turn is unseen and, besides, a quarter of the input sizes."""
    for split in leave_one_model_out(trees):
        for part in range(SIZE_PARTS):
            yield Split(
                f"{split.held_out}, sizes {part}",
                train=tuple(tree for tree in split.train if size_part(tree) != part),
                test=tuple(tree for tree in split.test if size_part(tree) == part),
            )


def leave_family_out(trees: Sequence[ModelTree]) -> Iterator[Split]:
    """FAM: each family of models in turn is unseen."""
    for label in _in_order(family(tree.name) for tree in trees):
        yield Split(
            label,
            train=tuple(tree for tree in trees if family(tree.name) != label),
            test=tuple(tree for tree in trees if family(tree.name) == label),
        )


PROTOCOLS: Mapping[str, Callable[[Sequence[ModelTree]], Iterator[Split]]] = {
    "LOMO": leave_one_model_out,
    "SIZE": leave_sizes_out,
    "FAM": leave_family_out,
}


def splits(protocol: str, trees: Sequence[ModelTree]) -> list[Split]:
    """The protocol's splits that have something on both sides."""
    return [split for split in PROTOCOLS[protocol](trees) if split.train and split.test]


def _in_order(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


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
    by_model: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        by_model[outcome.level][outcome.model].append(outcome.percent_error)
    return {
        level: _mean([_mean(values) for values in by_model[level].values()])
        for level in LEVELS
        if by_model[level]
    }


def coverage(contained: Iterable[tuple[str, str, bool]]) -> dict[str, float]:
    """Percent of (model, level, is in its interval), as the mean over models of each level."""
    by_model: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for model, level, inside in contained:
        by_model[level][model].append(100.0 * inside)
    return {
        level: _mean([_mean(values) for values in by_model[level].values()])
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
