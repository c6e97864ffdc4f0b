"""Many trees as arrays: distinct subtrees once, level by level, for batched sums of children.

One measurement stands for all layers of a model, so a tree repeats the same subtree many times.
Two subtrees are the same where their features, their measured energy and their children are;
a loss over distinct subtrees, each weighted by its copies, is the loss over all nodes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.forms import features
from irene_jupyter.tree import ModelTree, Node

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Level:
    """The inner nodes of one height, and their edges: `count[i]` equal children of a parent."""

    nodes: Indices
    parent: Indices  # of each edge, as a node's index
    child: Indices
    count: Floats


@dataclass(frozen=True, slots=True)
class TreeArrays:
    """Distinct subtrees of some trees. Node indices are shared by all fields."""

    columns: tuple[str, ...]
    rows: Floats  # (nodes, columns) of one call, in the columns' units
    joules: Floats  # measured, of all calls; NaN where unknown
    calls: Floats  # of the node in one run of its tree
    copies: Floats  # how often the subtree occurs in all trees
    primitives: tuple[str | None, ...]  # of leaves; None for inner nodes
    levels: tuple[Level, ...]  # from the leaves' parents up
    places: tuple[tuple[int, ...], ...]  # for each tree, its nodes in the order of walk()

    @property
    def leaves(self) -> Indices:
        found = [i for i, name in enumerate(self.primitives) if name is not None]
        return np.array(found, dtype=np.int64)

    @property
    def inner(self) -> Indices:
        return np.concatenate([level.nodes for level in self.levels] or [np.zeros(0, np.int64)])

    def leaves_by_primitive(self) -> dict[str, list[int]]:
        """The leaves' indices for each primitive."""
        groups: dict[str, list[int]] = {}
        for index, name in enumerate(self.primitives):
            if name is not None:
                groups.setdefault(name, []).append(index)
        return groups


def arrays_of(trees: Sequence[ModelTree], columns: Sequence[str]) -> TreeArrays:
    """The arrays of `trees`. Raises `DataError` where a column's value is not finite."""
    builder = _Builder(tuple(columns))
    places = tuple(tuple(builder.add(tree)) for tree in trees)
    return builder.finish(places)


@dataclass(slots=True)
class _Builder:
    columns: tuple[str, ...]
    known: dict[object, int] = field(default_factory=dict)
    rows: list[tuple[float, ...]] = field(default_factory=list)
    joules: list[float] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    primitives: list[str | None] = field(default_factory=list)
    children: list[Counter[int]] = field(default_factory=list)
    heights: list[int] = field(default_factory=list)

    def add(self, tree: ModelTree) -> list[int]:
        """The indices of the tree's nodes in the order of `root.walk()`."""
        order: list[int] = []
        self._visit(tree, tree.root, order)
        return order

    def _visit(self, tree: ModelTree, node: Node, order: list[int]) -> int:
        place = len(order)
        order.append(-1)
        children = Counter(self._visit(tree, child, order) for child in node.children)
        row = tuple(features.values(self.columns, tree, node))
        joules = math.nan if node.energy is None else node.energy.joules
        # A module without children is a leaf of its own kind.
        primitive = None if children else node.primitive or node.class_name
        calls = node.features.calls
        key = (
            row,
            calls,
            None if node.energy is None else joules,
            primitive,
            frozenset(children.items()),
        )
        index = self.known.get(key)
        if index is None:
            for name, value in zip(self.columns, row, strict=True):
                if not math.isfinite(value):
                    raise DataError(
                        f"{tree.name}, {node.path or 'the root'}: {name!r} is not known; measure "
                        "it, or choose features that do without (no-resource)"
                    )
            index = self.known[key] = len(self.rows)
            self.rows.append(row)
            self.joules.append(joules)
            self.calls.append(calls)
            self.primitives.append(primitive)
            self.children.append(children)
            self.heights.append(max((self.heights[i] + 1 for i in children), default=0))
        order[place] = index
        return index

    def finish(self, places: tuple[tuple[int, ...], ...]) -> TreeArrays:
        levels = []
        for height in range(1, max(self.heights, default=0) + 1):
            nodes = [i for i, value in enumerate(self.heights) if value == height]
            edges = [(i, j, n) for i in nodes for j, n in self.children[i].items()]
            levels.append(
                Level(
                    nodes=np.array(nodes, dtype=np.int64),
                    parent=np.array([edge[0] for edge in edges], dtype=np.int64),
                    child=np.array([edge[1] for edge in edges], dtype=np.int64),
                    count=np.array([edge[2] for edge in edges], dtype=np.float64),
                )
            )
        copies = Counter(index for order in places for index in order)
        return TreeArrays(
            columns=self.columns,
            rows=np.array(self.rows, dtype=np.float64).reshape(-1, len(self.columns)),
            joules=np.array(self.joules, dtype=np.float64),
            calls=np.array(self.calls, dtype=np.float64),
            copies=np.array([copies[i] for i in range(len(self.rows))], dtype=np.float64),
            primitives=tuple(self.primitives),
            levels=tuple(levels),
            places=places,
        )
