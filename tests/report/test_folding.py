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


def test_names_without_index_never_fold() -> None:
    assert _sizes([leaf(f"self.{name}", "Linear", 1) for name in ("query", "key")], "self") == [
        1,
        1,
    ]
    assert _sizes([leaf(f"m.fc{index}", "Linear", 1) for index in (1, 2)], "m") == [1, 1]


def test_functional_primitives_fold_under_one_stem() -> None:
    assert _sizes([leaf(f"a.matmul_{index}", "matmul", 1) for index in range(3)], "a") == [3]
    mixed = [leaf("a.matmul_0", "matmul", 1), leaf("a.softmax_1", "matmul", 1)]
    assert _sizes(mixed, "a") == [1, 1]


def test_a_cheaper_layer_in_between_breaks_the_run() -> None:
    layers = [bert_layer(f"layer.{index}") for index in range(5)]
    layers[2] = bert_layer("layer.2", scale=0.9)
    assert _sizes(layers) == [2, 1, 2]


def test_tolerance_is_five_percent_of_the_first() -> None:
    first = leaf("layer.0", "Linear", 1.0)
    assert identical(first, leaf("layer.1", "Linear", 1.04))
    assert not identical(first, leaf("layer.1", "Linear", 1.06))
    drifting = [leaf(f"layer.{index}", "Linear", 1 + 0.03 * index) for index in range(4)]
    assert _sizes(drifting) == [2, 2]


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


def test_shapes_keep_apart_and_latencies_do_not() -> None:
    first, second = leaf("layer.0", "Linear", 1), leaf("layer.1", "Linear", 1)
    slower = replace(second, features=replace(second.features, latency_seconds=9.0))
    wider = replace(second, features=replace(second.features, output_shapes=((1, 2),)))
    assert identical(first, slower)
    assert not identical(first, wider)


def test_same_codes_with_other_words_fold() -> None:
    first = leaf("layer.0", "Linear", 1, flags=("shared: with layer.1",))
    second = leaf("layer.1", "Linear", 1, flags=("shared: with layer.0",))
    assert identical(first, second)


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


def test_names_of_groups_with_gaps() -> None:
    some = [leaf(f"experts.{index}", "Linear", 1) for index in (0, 2, 5)]
    assert display_rows(inner("", "Moe", some, kind="model")).children[0].name == "experts.0, 2, 5"
    many = [leaf(f"experts.{index}", "Linear", 1) for index in range(0, 16, 2)]
    assert (
        display_rows(inner("", "Moe", many, kind="model")).children[0].name == "experts.0, 2 … 14"
    )


def test_limited_rows_cut_the_depth() -> None:
    root = bert(12)
    full, depth = limited_rows(root, None, 1000)
    assert depth is None
    row, depth = limited_rows(root, None, 12)
    assert count_rows(row) <= 12 < count_rows(full)
    assert depth is not None
    assert limited_rows(root, None, 12)[0] == display_rows(root, depth)
