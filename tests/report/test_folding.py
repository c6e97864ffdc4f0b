"""Rows of a view; which siblings fold and what they are called stands in tongue.json."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_builders import bert, bert_layer, inner, leaf

from irene_jupyter.report.folding import (
    count_rows,
    display_rows,
    fold,
    identical,
    limited_rows,
)
from irene_jupyter.tree import Node


def _sizes(nodes: list[Node], parent: str = "") -> list[int]:
    return [len(group) for group in fold(nodes, parent)]


def test_layers_fold() -> None:
    layers = [bert_layer(f"encoder.layer.{index}") for index in range(12)]
    assert _sizes(layers, "encoder") == [12]
    assert fold(layers, "encoder")[0][0] is layers[0]


def test_a_cheaper_layer_in_between_breaks_the_run() -> None:
    layers = [bert_layer(f"layer.{index}") for index in range(5)]
    layers[2] = bert_layer("layer.2", scale=0.9)
    assert _sizes(layers) == [2, 1, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"class_name": "Other"},
        {"primitive": "other"},
        {"type": "module"},
        {"flags": ("estimated: why",)},
        {"energy": None},
    ],
)
def test_what_keeps_nodes_apart(change: dict[str, object]) -> None:
    first, second = leaf("layer.0", "Linear", 1), leaf("layer.1", "Linear", 1)
    assert identical(first, second)
    assert not identical(first, replace(second, **change))  # type: ignore[arg-type]
    # The same one level down.
    above = inner("b.0", "Block", [replace(first, path="b.0.x")])
    assert not identical(above, inner("b.1", "Block", [replace(second, path="b.1.x", **change)]))  # type: ignore[arg-type]


def test_rows_add_up() -> None:
    root = bert(12)
    stack = [display_rows(root)]
    groups = 0
    while stack:
        row = stack.pop()
        stack.extend(row.children)
        if row.kind == "group":
            groups += 1
            assert row.count == 12
            assert row.name == "layer.0–11"
            assert row.children[0].one_of == 12
            assert row.joules == pytest.approx(
                sum(node.energy.joules for node in root.children[1].children if node.energy)
            )
        elif row.children:
            shown = sum(child.joules or 0 for child in row.children)
            assert row.joules is not None
            assert shown <= row.joules * (1 + 1e-9)
            assert shown >= row.joules * 0.99  # own energy under 1 % has no row
    assert groups == 1


def test_unfolded_rows_show_every_node() -> None:
    root = bert(3)
    paths, stack = [], [display_rows(root, folded=False)]
    while stack:
        row = stack.pop()
        assert row.kind != "group"
        paths.extend([row.node.path] if row.kind == "node" else [])
        stack.extend(reversed(row.children))
    assert paths == [node.path for node in root.walk()]


def test_depth_counts_what_it_hides() -> None:
    root = bert(12)
    nodes = sum(1 for _ in root.walk())
    assert display_rows(root, 0).hidden == nodes - 1
    encoder = display_rows(root, 1).children[1]
    assert encoder.hidden == sum(1 for _ in root.children[1].walk()) - 1
    group = display_rows(root, 2).children[1].children[0]
    assert (group.kind, group.children) == ("group", ())
    assert group.hidden == encoder.hidden - 12


def test_limited_rows_cut_the_depth() -> None:
    root = bert(12)
    full, depth = limited_rows(root, None, 1000)
    assert depth is None
    row, depth = limited_rows(root, None, 12)
    assert count_rows(row) <= 12 < count_rows(full)
    assert depth is not None
    assert limited_rows(root, None, 12)[0] == display_rows(root, depth)
