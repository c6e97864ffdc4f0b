"""Named columns: units, per-call values, and the counts of products."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.forms import features, matrices
from irene_jupyter.tree import Features, ModelTree, Node


def test_a_table_has_a_row_for_every_node(trees: list[ModelTree]) -> None:
    table = features.table(trees[:2])
    count = sum(1 for tree in trees[:2] for _ in tree.root.walk())
    assert set(table) == set(features.COLUMNS)
    assert {len(column) for column in table.values()} == {count}
    assert not any(math.isnan(value) for column in table.values() for value in column)


def test_a_new_column_is_one_entry(monkeypatch: pytest.MonkeyPatch, trees: list[ModelTree]) -> None:
    column = features.Column("1", lambda tree, node: len(node.children))
    monkeypatch.setitem(features.COLUMNS, "children", column)
    assert features.table(trees[:1], ["children"])["children"][0] == len(trees[0].root.children)


def test_columns_are_of_one_call(make_leaf: Callable[..., Node], make_tree) -> None:
    names = ["megaflops", "mebibytes", "gemm_mebibytes", "child_gemm_mebibytes", "rest_mebibytes"]
    rows = []
    for calls in (1, 7):
        leaf = make_leaf("Linear", megaflops=3.5, mebibytes=2.0, calls=calls)
        tree = make_tree(leaf, rest_mebibytes=0.5, calls=calls)
        rows.append(features.values(names, tree, leaf) + features.values(names, tree, tree.root))
    assert rows[0] == pytest.approx(rows[1])
    assert rows[0][2] == 4 * (8 * 128 * 1536 + 768 * 768) / 2**20 == rows[0][8]
    assert rows[0][9] == 0.5


def test_groups(make_leaf: Callable[..., Node], make_tree) -> None:
    def group(*primitives: str) -> str:
        leaves = [make_leaf(name, mebibytes=1.0) for name in primitives]
        return features.node_group(make_tree(*leaves, inner=True).root.children[0])

    assert group("MatMul", "Linear") == "module:attention"
    assert group("Linear", "GELU") == "module:gemm"
    assert group("Embedding", "LayerNorm") == "module:embedding"
    assert features.node_group(make_tree(make_leaf("Linear")).root) == "model"
    assert group("RMSNorm") == "module:container"
    assert features.node_group(make_leaf("Conv1D")) == "ml:GEMM"
    assert features.node_group(make_leaf("Conv1d")) == "ml:other"


def test_products_of_unknown_shapes_spread_their_bytes(make_leaf, make_tree) -> None:
    leaf = make_leaf("Linear", megaflops=3.5, mebibytes=3.0, shapes=((), ()))
    names = [f"gemm_{part}_mebibytes" for part in ("input", "weight", "output")]
    assert features.values(names, make_tree(leaf), leaf) == pytest.approx([1.0] * 3)


def test_conv1d_is_measured_in_one_of_its_orientations(make_leaf, make_tree) -> None:
    shapes = ((8, 128, 3072), (8, 128, 768))
    assert matrices.gemm_sizes(make_leaf("Conv1D", shapes=shapes)) == (1024, 768, 3072)
    assert matrices.gemm_sizes(make_leaf("Linear", shapes=shapes)) == (1024, 3072, 768)


def test_tiles_of_both_products_of_an_attention_are_equal(make_tree) -> None:
    def product(inputs: tuple[int, ...], outputs: tuple[int, ...]) -> Node:
        counted = Features(
            canonical_megaflops=12.582912, input_shapes=(inputs,), output_shapes=(outputs,)
        )
        return Node("matmul", "ml", "MatMul", counted, primitive="MatMul")

    scores = product((8, 12, 32, 64), (8, 12, 32, 32))
    context = product((8, 12, 32, 32), (8, 12, 32, 64))
    unknown = replace(scores, features=Features(canonical_megaflops=12.582912))
    tree = make_tree(batch_size=8, seq_len=32)
    names = ["tiles_64_megaflops", "tiles_128_megaflops", "rows_128_megaflops", "log2_heads_width"]
    rows = [features.values(names, tree, node) for node in (scores, context, unknown)]
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][:3] == pytest.approx([12.582912 * 4, 12.582912 * 16, 12.582912 * 4])
    # A step of decoding: one query, many keys.
    step = product((1, 12, 1, 64), (1, 12, 1, 130))
    assert matrices.matmul_sizes(make_tree(batch_size=1, seq_len=1), step) == (1, 130)


def test_patterns_ignore_what_training_does_not_know(make_leaf, make_tree) -> None:
    dense, gelu = make_leaf("Linear"), make_leaf("GELU", "act")
    assert features.pattern(make_tree(dense).root) == features.pattern(make_tree(dense, gelu).root)
    assert features.pattern(dense) == "Linear"
    assert features.pattern(make_tree(dense, inner=True).root) == "model(module)"


def test_a_kind_needs_known_columns() -> None:
    with pytest.raises(DataError, match="unknown columns nothing; add them"):
        features.register_kind("Mine", columns=["nothing"])
