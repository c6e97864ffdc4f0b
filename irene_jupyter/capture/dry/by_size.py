"""Trees of sizes that were not recorded, from those of the same kind of call that were.

The work of a forward pass grows with the batch linearly and with each length at most quadratically,
node by node: a polynomial through some sizes tells the others. How well it does is seen on the
recorded ones; where it does badly, or there are too few, the nearest is taken and it is said.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irene_jupyter.tree import WORK, Node

_MOST_VARIABLES = 3
_TOLERANCE = 0.01  # relative, of the work of the whole tree

Sizes = tuple[int, ...]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sized:
    """A tree of a size that was not recorded; `is_exact` within a hundredth of its work."""

    node: Node
    is_exact: bool


class TreesBySize:
    """Trees at any size, from recorded ones (sizes of the arguments, tree); at least one."""

    def __init__(self, recorded: Sequence[tuple[Sizes, Node]]) -> None:
        structures: dict[tuple[object, ...], list[tuple[Sizes, Node]]] = {}
        for sizes, node in recorded:
            structures.setdefault((len(sizes), *_structure(node)), []).append((sizes, node))
        self._recorded = max(structures.values(), key=len)
        self._rows = np.array([_work(node) for _, node in self._recorded])
        given = np.array([sizes for sizes, _ in self._recorded], dtype=float)
        self._columns = _varying(given)[:_MOST_VARIABLES]
        self._sources = [
            next((f for f in self._columns if np.array_equal(given[:, f], column)), None)
            for column in given.T
        ]
        self._scale = np.maximum(given[:, self._columns].max(axis=0, initial=1.0), 1.0)
        self._powers = self._fitting(given)
        terms = self._terms(given)
        self._weights = np.linalg.lstsq(terms, self._rows, rcond=None)[0]
        off = np.abs(terms @ self._weights - self._rows).reshape(len(self._rows), -1, len(WORK))
        whole = np.maximum(self._rows.reshape(off.shape)[:, :1], 1e-12)
        # As many terms as sizes fit anything: nothing is known of what lies between.
        self._is_exact = (
            len(self._rows) > terms.shape[1] and float((off / whole).max()) < _TOLERANCE
        )

    def at(self, sizes: Sizes) -> Sized:
        """The tree at a size of this kind; another number of sizes gives the nearest tree."""
        nearest, node = min(self._recorded, key=lambda each: _distance(each[0], sizes))
        if nearest == sizes:
            return Sized(node, True)
        if not self._is_exact or not self._is_known(sizes):
            return Sized(node, False)
        row = (self._terms(np.array([sizes], dtype=float)) @ self._weights)[0]
        return Sized(node.mapped(_with_work, np.maximum(row, 0.0).reshape(-1, len(WORK))), True)

    def _is_known(self, sizes: Sizes) -> bool:
        """Whether only that varies which varied among the recorded ones, and in the same way."""
        first = self._recorded[0][0]
        return len(sizes) == len(first) and all(
            value == (first[column] if source is None else sizes[source])
            for column, (value, source) in enumerate(zip(sizes, self._sources, strict=True))
        )

    def _terms(self, sizes: Matrix) -> Matrix:
        scaled = sizes[:, self._columns] / self._scale
        columns = [np.prod(scaled**power, axis=1) for power in self._powers]
        return np.stack(columns, axis=1)

    def _fitting(self, given: Matrix) -> list[Matrix]:
        """The powers of the terms: as many as the sizes can tell apart, with one to check them."""
        count = len(self._columns)
        powers = [np.zeros(count)]
        candidates = sorted(
            (p for p in itertools.product(range(3), repeat=count) if 0 < sum(p) <= 3), key=sum
        )
        for candidate in candidates:
            self._powers = [*powers, np.array(candidate, dtype=float)]
            terms = self._terms(given)
            if len(given) > len(self._powers) and _rank(terms) == len(self._powers):
                powers = self._powers
        return powers


def _rank(terms: Matrix) -> int:
    return int(np.linalg.matrix_rank(terms, tol=1e-6))


def _varying(given: Matrix) -> list[int]:
    """The columns that vary, of those that are alike the first."""
    found: list[int] = []
    for column in range(given.shape[1]):
        values = given[:, column]
        if np.ptp(values) > 0 and not any(np.array_equal(values, given[:, f]) for f in found):
            found.append(column)
    return found


def _distance(a: Sizes, b: Sizes) -> float:
    if len(a) != len(b):
        return math.inf
    return sum(abs(math.log((1 + x) / (1 + y))) for x, y in zip(a, b, strict=True))


def _structure(node: Node) -> tuple[object, ...]:
    return tuple((each.path, each.class_name, each.features.calls) for each in node.walk())


def _work(node: Node) -> list[float]:
    return [getattr(each.features, name) for each in node.walk() for name in WORK]


def _with_work(node: Node, values: Matrix) -> Node:
    work: dict[str, Any] = dict(zip(WORK, map(float, values), strict=True))
    return replace(node, features=replace(node.features, **work))
