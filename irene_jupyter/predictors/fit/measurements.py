"""Measured trees as arrays, so that a model of energy can be fitted to any subset of them.

A measurement is copied to all layers of a tree; a table has each distinct one once. Needs numpy.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.forms import features
from irene_jupyter.tree import ModelTree, Node

Array = NDArray[np.float64]
DRIVER_JOULES = "gpu_energy_joules"  # of one run, as a key of `Features.resources`
GPU_PERCENT = "gpu_percent"
KEPT_TABLES = 1024  # cross-validation asks for the same trees again and again


def measured_joules(node: Node) -> float:
    """The node's measured energy in joules. Raises `DataError` where there is none."""
    if node.energy is None or node.energy.joules <= 0:
        raise DataError(
            f"node {node.path!r} has no measured energy above 0; train on measured trees only"
        )
    return node.energy.joules


@dataclass(frozen=True, slots=True)
class Row:
    """One distinct measurement of a tree, and how many nodes it is copied to."""

    node: Node
    parent: Node | None
    joules: float
    seconds: float  # NaN where unknown, as the next two
    driver_joules: float
    gpu_percent: float
    group: str
    pattern: str
    kind: str | None
    columns: tuple[float, ...]  # of the kind's regressor; of the own term for an inner node
    residual: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A tree's distinct measurements: `leaves`, and `inner` nodes with what lies below them.

    `leaves_below[i, j]` is how often leaf j occurs below inner node i, `inner_below` likewise
    for inner nodes, each counting itself. `copies` come in the order of leaves, then inner.
    """

    tree: ModelTree
    leaves: tuple[Row, ...]
    inner: tuple[Row, ...]
    leaves_below: Array
    inner_below: Array
    copies: Array

    @property
    def rows(self) -> tuple[Row, ...]:
        """Leaves, then inner nodes."""
        return self.leaves + self.inner


_kept: OrderedDict[int, tuple[ModelTree, Table, tuple[object, ...]]] = OrderedDict()


def tables_of(trees: Iterable[ModelTree]) -> list[Table]:
    """The trees' tables. Raises `DataError` for a node without measured energy."""
    state = (dict(features.KINDS), dict(features.KIND_COLUMNS), dict(features.RESIDUAL_COLUMNS))
    found = []
    for tree in trees:
        kept = _kept.get(id(tree))
        if kept is None or kept[0] is not tree or kept[2] != state:
            kept = (tree, _Builder(tree).table(), state)
            _kept[id(tree)] = kept
            while len(_kept) > KEPT_TABLES:
                _kept.popitem(last=False)
        found.append(kept[1])
    return found


class _Builder:
    """Walks one tree."""

    def __init__(self, tree: ModelTree) -> None:
        self.tree = tree
        self.places: dict[tuple[bool, str, float, float], int] = {}
        self.rows: tuple[list[Row], list[Row]] = ([], [])  # leaves, inner
        self.below: list[tuple[Counter[int], Counter[int]]] = []
        self.copies: tuple[Counter[int], Counter[int]] = (Counter(), Counter())

    def table(self) -> Table:
        self._visit(self.tree.root, None)
        leaves, inner = self.rows
        counts = [np.zeros((len(inner), len(rows))) for rows in self.rows]
        for at, below in enumerate(self.below):
            for matrix, counter in zip(counts, below, strict=True):
                for place, times in counter.items():
                    matrix[at, place] = times
        copies = [
            counter[i]
            for rows, counter in zip(self.rows, self.copies, strict=True)
            for i in range(len(rows))
        ]
        return Table(
            self.tree, tuple(leaves), tuple(inner), counts[0], counts[1], np.array(copies, float)
        )

    def _visit(self, node: Node, parent: Node | None) -> tuple[Counter[int], Counter[int]]:
        is_leaf = not node.children
        below: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
        for child in node.children:
            for mine, its in zip(below, self._visit(child, node), strict=True):
                mine.update(its)
        key = (is_leaf, node.class_name, measured_joules(node), node.features.flops)
        rows = self.rows[0 if is_leaf else 1]
        place = self.places.get(key)
        if place is None:
            place = self.places[key] = len(rows)
            rows.append(self._row(node, parent))
            if not is_leaf:
                self.below.append((below[0], below[1] + Counter([place])))
        self.copies[0 if is_leaf else 1][place] += 1
        below[0 if is_leaf else 1][place] += 1
        return below

    def _row(self, node: Node, parent: Node | None) -> Row:
        kind = None if node.children else features.kind_of(node)
        columns: Sequence[str] = ()
        residual: Sequence[str] = ()
        if node.children:
            columns = features.OWN_COLUMNS
        elif kind is not None:
            columns = features.KIND_COLUMNS[kind]
            residual = features.RESIDUAL_COLUMNS.get(kind, features.OTHER_RESIDUAL_COLUMNS)
        seconds, driver, gpu = features.values(
            ("latency_seconds", DRIVER_JOULES, GPU_PERCENT), self.tree, node
        )
        return Row(
            node=node,
            parent=parent,
            joules=measured_joules(node),
            seconds=seconds,
            driver_joules=driver,
            gpu_percent=gpu,
            group=features.node_group(node),
            pattern=features.pattern(node),
            kind=kind,
            columns=tuple(features.values(columns, self.tree, node)),
            residual=tuple(features.values(residual, self.tree, node)),
        )
