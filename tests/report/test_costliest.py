"""Which rows of a large tree are shown: those that cost most, and the sums of the others."""

from __future__ import annotations

import math

import pytest
from report_builders import bert, inner, leaf

from irene_jupyter.report.costliest import costliest_rows
from irene_jupyter.report.folding import Row, count_rows, display_rows, walk_rows

TREE = inner(
    "",
    "Net",
    [
        inner(f"b{i}", f"B{i}", [leaf(f"b{i}.l{j}", f"L{j}", 1.0 + i + j) for j in range(4)])
        for i in range(5)
    ],
)


def names(row: Row) -> list[str]:
    return [child.name for child in row.children]


def test_a_small_tree_stays_as_it_is() -> None:
    whole = display_rows(bert(2))
    assert costliest_rows(whole, count_rows(whole)) is whole


def test_the_costliest_are_in_their_order_and_the_rest_has_the_sum() -> None:
    tree = costliest_rows(display_rows(TREE), 4)
    assert names(tree) == ["b3", "b4", "and 3 more"]
    rest = tree.children[-1]
    assert (rest.kind, rest.count, rest.joules) == ("rest", 3, 10.0 + 14.0 + 18.0)
    deeper = costliest_rows(display_rows(TREE), 9)  # all blocks, and the costliest operations
    assert names(deeper.children[-1]) == ["l2", "l3", "and 2 more"]


@pytest.mark.parametrize("most", range(2, 27))
def test_no_more_rows_than_asked_for_and_no_joule_less(most: int) -> None:
    tree = costliest_rows(display_rows(TREE), most)
    assert most - 2 <= count_rows(tree) <= most
    for row in walk_rows(tree):
        if row.children:
            assert math.fsum(child.joules or 0.0 for child in row.children) == row.joules
            assert len([child for child in row.children if child.kind == "rest"]) <= 1
    hidden = sum(row.hidden for row in walk_rows(tree) if row.kind == "node")
    left = sum(row.count * 5 for row in tree.children if row.kind == "rest")
    left += sum(r.count for c in tree.children for r in c.children if r.kind == "rest")
    assert hidden + left + sum(row.kind == "node" for row in walk_rows(tree)) == 26
