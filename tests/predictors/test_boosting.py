"""Boosted residuals: what they learn, what they forget outside of training, and how they end."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irene_jupyter.predictors.fit.boosting import fit_residual
from irene_jupyter.predictors.forms.residual import LEAF, Residual, Tree

GRID = [(float(x), float(y)) for x in range(8) for y in range(6)]


def target(x: float, y: float) -> float:
    return 0.1 * math.sin(x) + (0.05 if y > 2 else -0.02)


@pytest.fixture(scope="module")
def residual() -> Residual:
    rows = [point for point in GRID for _ in range(5)]
    return fit_residual(["log2_queries", "log2_tokens"], rows, [target(*row) for row in rows])


def test_it_learns_what_is_there(residual: Residual) -> None:
    errors = [abs(residual.log_joules(point) - target(*point)) for point in GRID]
    assert max(errors) < 0.03
    assert sum(errors) / len(errors) < 0.008


def test_the_order_of_rows_does_not_matter(residual: Residual) -> None:
    rows = [point for point in GRID for _ in range(5)]
    random.Random(1).shuffle(rows)
    shuffled = fit_residual(residual.columns, rows, [target(*row) for row in rows])
    assert [tree.column for tree in shuffled.trees] == [tree.column for tree in residual.trees]
    for one, other in zip(shuffled.trees, residual.trees, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-9, abs=1e-12)


def test_nothing_to_learn_is_no_tree() -> None:
    assert fit_residual(["log2_tokens"], [[1.0], [2.0], [3.0]] * 4, [0.0] * 12).trees == ()
    # One row alone is no reason to split.
    assert fit_residual(["log2_tokens"], [[1.0], [2.0]], [0.0, 1.0]).trees == ()


@given(
    x=st.floats(-1e6, 1e6, allow_nan=False),
    y=st.floats(-1e6, 1e6, allow_nan=False),
)
def test_it_fades_outside(residual: Residual, x: float, y: float) -> None:
    largest = sum(
        max(abs(v) for c, v in zip(tree.column, tree.value, strict=True) if c == LEAF)
        for tree in residual.trees
    )
    found = residual.log_joules((x, y))
    assert abs(found) <= largest
    inside = residual.log_joules((min(max(x, 0), 7), min(max(y, 0), 5)))
    assert abs(found) <= abs(inside) + 1e-12
    if x > 40:
        assert abs(found) < 0.001


def test_a_constant_column_does_not_fade() -> None:
    rows = [[x, 0.0] for x, _ in GRID]
    residual = fit_residual(["log2_outputs", "is_conv1d"], rows, [target(*row) for row in rows])
    assert residual.log_joules([2.0, 1.0]) == residual.log_joules([2.0, 0.0]) != 0


def test_trees_are_read_in_preorder() -> None:
    tree = Tree(
        column=(0, LEAF, 1, LEAF, LEAF), value=(1.5, 10, 0.0, 20, 30), right=(2, 0, 4, 0, 0)
    )
    assert [tree.predict(row) for row in ([1, 9], [1.5, 9], [2, -1], [2, 1])] == [10, 10, 20, 30]
