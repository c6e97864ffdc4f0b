"""What a roofline leaves of log joules: boosted regression trees, kept as plain numbers."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

# Outside the trained range of a column the residual halves with every … of its range, or of 1
# (an octave, as the columns are logarithms).
HALVING = 0.5
LEAF = -1  # in place of a column


@dataclass(frozen=True, slots=True)
class Tree:
    """A binary tree in preorder: the left child follows its parent, `right` points to the other.

    `column` is an index, or `LEAF`; `value` the threshold (left if below or equal), or the
    leaf's contribution to log joules.
    """

    column: tuple[int, ...]
    value: tuple[float, ...]
    right: tuple[int, ...]

    def predict(self, row: Sequence[float]) -> float:
        """The contribution for one row of features."""
        index = 0
        while (column := self.column[index]) != LEAF:
            index = index + 1 if row[column] <= self.value[index] else self.right[index]
        return self.value[index]


@dataclass(frozen=True, slots=True)
class Residual:
    """The sum of trees over named columns, faded out beyond the columns' trained `ranges`."""

    columns: tuple[str, ...]
    ranges: tuple[tuple[float, float], ...]
    trees: tuple[Tree, ...]
    _cells: list[list[float]] = field(init=False, repr=False, compare=False)
    _known: dict[tuple[int, ...], float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        cells: list[set[float]] = [set() for _ in self.columns]
        for tree in self.trees:
            for column, value in zip(tree.column, tree.value, strict=True):
                if column != LEAF:
                    cells[column].add(value)
        object.__setattr__(self, "_cells", [sorted(values) for values in cells])
        object.__setattr__(self, "_known", {})

    def log_joules(self, row: Sequence[float]) -> float:
        """What to add to log joules, for features in the order of `columns`."""
        inside = []
        fade = 1.0
        for value, (low, high) in zip(row, self.ranges, strict=True):
            nearest = min(max(value, low), high)
            inside.append(nearest)
            if nearest != value and low < high:  # a constant column had no say in training
                fade *= 0.5 ** (abs(value - nearest) / max(HALVING * (high - low), HALVING))
        # The trees are constant between thresholds: one evaluation for each cell that is met.
        key = tuple(map(bisect_left, self._cells, inside))
        total = self._known.get(key)
        if total is None:
            total = self._known[key] = math.fsum(tree.predict(inside) for tree in self.trees)
        return fade * total
