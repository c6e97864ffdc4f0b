"""Boosts regression trees on what a roofline leaves of log joules.

Deterministic: no chance has a part in it, rows of equal features count as one, and ties go to
the first column and threshold. Needs numpy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irene_jupyter.predictors.forms.residual import LEAF, Residual, Tree

SHRINKAGE = 1.0  # rows of residual zero that every leaf has besides its own
LEAST_GAIN = 1e-9  # of the sum of squared log residuals: below it is rounding
TIE = 1e-6  # a later split must be better by this part, so that rounding never decides


@dataclass(frozen=True, slots=True)
class Boosting:
    """How many trees of how many leaves, and how far each goes.

    A row has `least_rows` of training beside it in its leaf, itself included; what is left of it
    beyond `clip` counts as `clip` (Huber's loss): of two modes the median is nearer to one.
    """

    trees: int = 40
    leaves: int = 8
    rate: float = 0.2
    least_rows: int = 3
    clip: float = math.inf


def fit_residual(
    columns: Sequence[str],
    rows: Sequence[Sequence[float]] | NDArray[np.float64],
    targets: Sequence[float] | NDArray[np.float64],
    boosting: Boosting = Boosting(),
) -> Residual:
    """Boost trees on log residuals (`targets`, one for each row of features)."""
    x = np.round(np.array(rows, dtype=float), 9)
    cells, inverse, counts = np.unique(x, axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.reshape(-1)
    target = np.bincount(inverse, weights=np.array(targets)) / counts
    data = _Bins(cells, counts.astype(float), boosting)
    fitted = np.zeros(len(target))
    trees = []
    for _ in range(boosting.trees):
        left = np.clip(target - fitted, -boosting.clip, boosting.clip)
        tree, contribution = data.grow(left)
        if len(tree.column) == 1:
            break
        fitted += contribution
        trees.append(tree)
    ranges = zip(x.min(axis=0).tolist(), x.max(axis=0).tolist(), strict=True)
    return Residual(tuple(columns), tuple(ranges), tuple(trees))


class _Bins:
    """The distinct rows of features, binned once for all trees."""

    def __init__(
        self, cells: NDArray[np.float64], counts: NDArray[np.float64], boosting: Boosting
    ) -> None:
        self.cells, self.counts, self.boosting = cells, counts, boosting
        offsets, bins, thresholds, last = [0], [], [], []
        for column in cells.T:
            values, index = np.unique(column, return_inverse=True)
            bins.append(index.reshape(-1) + offsets[-1])
            thresholds.append(np.append((values[:-1] + values[1:]) / 2, np.inf))
            last.append(offsets[-1] + len(values) - 1)
            offsets.append(offsets[-1] + len(values))
        self.offsets = np.array(offsets)
        self.bins = np.array(bins).T  # (rows, columns)
        self.thresholds = np.concatenate(thresholds)
        self.start = np.repeat(self.offsets[:-1], np.diff(self.offsets))
        self.inner = np.ones(offsets[-1], dtype=bool)
        self.inner[last] = False

    def grow(self, residual: NDArray[np.float64]) -> tuple[Tree, NDArray[np.float64]]:
        """One tree, best split first, and what it adds to each row (already times the rate)."""
        everything = np.arange(len(residual))
        splits: dict[int, tuple[int, float, int, int]] = {}  # node -> column, threshold, children
        members = [everything]
        best = [self._best(everything, residual)]
        for _ in range(self.boosting.leaves - 1):
            node = max(range(len(best)), key=lambda i: (best[i][0], -i))
            gain, column, threshold = best[node]
            if gain <= LEAST_GAIN:
                break
            left = self.cells[members[node], column] <= threshold
            splits[node] = (column, threshold, len(members), len(members) + 1)
            for part in (members[node][left], members[node][~left]):
                members.append(part)
                best.append(self._best(part, residual))
            best[node] = (-1.0, 0, 0.0)
        contribution = np.zeros(len(residual))
        flat: tuple[list[int], list[float], list[int]] = ([], [], [])
        self._write(0, splits, members, residual, contribution, flat)
        return Tree(*map(tuple, flat)), contribution  # type: ignore[arg-type]

    def _best(
        self, rows: NDArray[np.intp], residual: NDArray[np.float64]
    ) -> tuple[float, int, float]:
        """(gain, column, threshold) of the best split of some rows; no gain if there is none."""
        size = len(self.inner)
        bins = self.bins[rows].ravel()
        width = self.bins.shape[1]
        count = self.counts[rows]
        counts = np.cumsum(np.bincount(bins, np.repeat(count, width), size))
        sums = np.cumsum(np.bincount(bins, np.repeat(count * residual[rows], width), size))
        total, whole = count.sum(), float(count @ residual[rows])
        first = self.start == 0
        left = counts - np.where(first, 0.0, counts[self.start - 1])
        left_sum = sums - np.where(first, 0.0, sums[self.start - 1])
        right, right_sum = total - left, whole - left_sum
        least = self.boosting.least_rows - 0.5
        allowed = self.inner & (left >= least) & (right >= least)
        if not allowed.any():
            return 0.0, 0, 0.0
        gains = left_sum**2 / (left + SHRINKAGE) + right_sum**2 / (right + SHRINKAGE)
        gains = np.where(allowed, gains - whole**2 / (total + SHRINKAGE), -1.0)
        if gains.max() <= LEAST_GAIN:
            return 0.0, 0, 0.0
        at = int(np.argmax(gains >= gains.max() * (1 - TIE)))
        column = int(np.searchsorted(self.offsets, at, side="right")) - 1
        # The threshold lies in the middle of the values on either side within these rows.
        values = self.cells[rows, column]
        edge = self.thresholds[at]
        middle = (values[values <= edge].max() + values[values > edge].min()) / 2
        return float(gains[at]), column, float(middle)

    def _write(
        self,
        node: int,
        splits: dict[int, tuple[int, float, int, int]],
        members: list[NDArray[np.intp]],
        residual: NDArray[np.float64],
        contribution: NDArray[np.float64],
        flat: tuple[list[int], list[float], list[int]],
    ) -> None:
        column, value, right = flat
        at = len(column)
        right.append(0)
        if node not in splits:
            rows = members[node]
            count = self.counts[rows]
            mean = float(count @ residual[rows]) / (float(count.sum()) + SHRINKAGE)
            contribution[rows] = self.boosting.rate * mean
            column.append(LEAF)
            value.append(self.boosting.rate * mean)
            return
        split, threshold, first, second = splits[node]
        column.append(split)
        value.append(threshold)
        self._write(first, splits, members, residual, contribution, flat)
        right[at] = len(column)
        self._write(second, splits, members, residual, contribution, flat)
