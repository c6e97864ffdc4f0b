"""Measured trees as arrays, so that a model of energy can be fitted to any subset of them.

A measurement is copied to all layers of a tree; a table has each distinct one once. Needs numpy.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.forms import features, matrices
from irene_jupyter.predictors.forms.coefficients import Coefficients, Known
from irene_jupyter.predictors.predict.estimates import Estimate, estimates
from irene_jupyter.predictors.predict.subtrees import Reading, Subtrees, readings
from irene_jupyter.tree import ModelTree, Node

Array = NDArray[np.float64]
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
    """One distinct measurement of a tree, of all calls."""

    node: Node
    place: int  # in the table's `subtrees.distinct`
    joules: float
    reading: Reading
    group: str
    pattern: str
    kind: str | None
    columns: tuple[float, ...]  # of the kind's regressor; of the own term for an inner node
    residual: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A tree's distinct measurements: `leaves`, and `inner` nodes with what lies below them.

    `leaves_below[i, j]` is how often leaf j occurs below inner node i, `inner_below` likewise
    for inner nodes, each counting itself. Tables of equal trees, with the same columns, are equal.
    """

    tree: ModelTree
    columns: str  # that each kind had when the table was made
    subtrees: Subtrees
    leaves: tuple[Row, ...]
    inner: tuple[Row, ...]
    leaves_below: Array
    inner_below: Array

    @property
    def rows(self) -> tuple[Row, ...]:
        """Leaves, then inner nodes."""
        return self.leaves + self.inner

    def estimates(self, device: Coefficients, known: Known = "features") -> list[Estimate]:
        """Of the rows, by `known`."""
        found = estimates(self.subtrees, device, known)
        return [found[row.place] for row in self.rows]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return (self.tree, self.columns) == (other.tree, other.columns)

    def __hash__(self) -> int:
        return hash((self.tree.name, self.tree.batch_size, self.tree.seq_len))


_kept: OrderedDict[tuple[str, int, int, str], Table] = OrderedDict()


def tables_of(trees: Iterable[ModelTree]) -> list[Table]:
    """The trees' tables. Raises `DataError` for a node without measured energy."""
    columns = repr((matrices.KINDS, features.KIND_COLUMNS, features.RESIDUAL_COLUMNS))
    found = []
    for tree in trees:
        key = (tree.name, tree.batch_size, tree.seq_len, columns)
        table = _kept.get(key)
        if table is None or table.tree != tree:
            table = _kept[key] = _Builder(tree).table(columns)
            while len(_kept) > KEPT_TABLES:
                _kept.popitem(last=False)
        found.append(table)
    return found


class _Builder:
    """Walks one tree."""

    def __init__(self, tree: ModelTree) -> None:
        self.subtrees = Subtrees.of(tree, readings(tree))
        self.tree = tree
        self.places: dict[tuple[bool, str, float, float], int] = {}
        self.rows: tuple[list[Row], list[Row]] = ([], [])  # leaves, inner
        self.below: list[tuple[Counter[int], Counter[int]]] = []
        self.order = iter(self.subtrees.places)

    def table(self, columns: str) -> Table:
        self._visit(self.tree.root)
        leaves, inner = self.rows
        counts = [np.zeros((len(inner), len(rows))) for rows in self.rows]
        for at, below in enumerate(self.below):
            for matrix, counter in zip(counts, below, strict=True):
                for place, times in counter.items():
                    matrix[at, place] = times
        return Table(self.tree, columns, self.subtrees, tuple(leaves), tuple(inner), *counts)

    def _visit(self, node: Node) -> tuple[Counter[int], Counter[int]]:
        is_leaf = not node.children
        subtree = next(self.order)
        below: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
        for child in node.children:
            for mine, its in zip(below, self._visit(child), strict=True):
                mine.update(its)
        key = (is_leaf, node.class_name, measured_joules(node), node.features.flops)
        rows = self.rows[0 if is_leaf else 1]
        place = self.places.get(key)
        if place is None:
            place = self.places[key] = len(rows)
            rows.append(self._row(node, subtree))
            if not is_leaf:
                self.below.append((below[0], below[1] + Counter([place])))
        below[0 if is_leaf else 1][place] += 1
        return below

    def _row(self, node: Node, place: int) -> Row:
        kind = None if node.children else matrices.kind_of(node)
        columns: tuple[str, ...] = ()
        residual: tuple[str, ...] = ()
        if node.children:
            columns = features.OWN_COLUMNS
        elif kind is not None:
            columns = features.KIND_COLUMNS[kind]
            residual = features.RESIDUAL_COLUMNS.get(kind, features.OTHER_RESIDUAL_COLUMNS)
        subtree = self.subtrees.distinct[place]
        return Row(
            node=node,
            place=place,
            joules=measured_joules(node),
            reading=subtree.reading,
            group=features.node_group(node),
            pattern=features.pattern(node),
            kind=kind,
            columns=subtree.values(columns),
            residual=subtree.values(residual),
        )
