from __future__ import annotations

import math
from dataclasses import replace

import pytest
from report_builders import EMPTY_REPORT, bert, bert_report, cell_report, inner, leaf

from irene_jupyter.report.tables import COLUMNS


def test_data_frame_adds_up() -> None:
    report = bert_report()
    frame = report.to_dataframe()
    assert tuple(frame.columns) == COLUMNS
    assert list(frame["path"]) == [node.path for node in report.walk()]
    assert frame["own_joules"].sum() == pytest.approx(report.total_joules)
    assert frame.loc[frame.depth == 1, "share_of_root"].sum() == pytest.approx(1)
    root = frame.iloc[0]
    assert (root.depth, root.share_of_root, root.share_of_parent) == (0, 1, 1)
    layer = frame[frame.path == "encoder.layer.3"].iloc[0]
    encoder = frame[frame.path == "encoder"].iloc[0]
    assert layer.share_of_parent == pytest.approx(layer.joules / encoder.joules)
    assert (frame["low"] <= frame["joules"]).all()
    assert frame[frame.path == "pooler.activation"].iloc[0]["flags"].startswith("estimated: ")
    assert frame["latency_seconds"].isna().any()
    assert layer.shapes == "8×128×768 → 8×128×768"


def test_data_frame_of_unknown_energies() -> None:
    root = bert(1)
    pooler = replace(root.children[2], energy=None)
    report = replace(
        bert_report(), root=replace(root, children=(*root.children[:2], pooler)), not_run=()
    )
    frame = report.to_dataframe()
    row = frame[frame.path == "pooler"].iloc[0]
    assert math.isnan(row.joules)
    assert math.isnan(row.own_joules)
    assert row.source is None or row.source != row.source
    assert math.isnan(frame[frame.path == "pooler.dense"].iloc[0].share_of_parent)


def test_bottlenecks_make_up_the_total() -> None:
    table = bert_report().bottlenecks()
    assert [row.class_name for row in table.rows][:2] == ["BertSelfAttention", "BertIntermediate"]
    assert {row.class_name for row in table.rows} == {
        "BertEmbeddings",
        "BertSelfAttention",
        "BertSelfOutput",
        "BertIntermediate",
        "BertOutput",
        "BertPooler",
    }
    assert table.rows[0].modules == 12
    total = sum(row.joules for row in table.rows) + table.rest_joules
    assert total == pytest.approx(table.total_joules)
    assert table.rest_joules == pytest.approx(0.01)
    assert list(table.to_dataframe().columns) == ["class_name", "modules", "joules", "share"]
    assert str(table).splitlines()[0].split() == ["BertSelfAttention", "33.3", "%", "4.70", "J"]
    assert repr(table) == str(table)


def test_primitives_beside_modules_are_rows_of_their_own() -> None:
    block = inner(
        "h.0",
        "Block",
        [
            leaf("h.0.ln_1", "LayerNorm", 1),
            inner("h.0.mlp", "MLP", [leaf("h.0.mlp.fc", "Conv1D", 6)], own=2),
        ],
        own=1,
    )
    report = replace(bert_report(), root=inner("", "GPT2Model", [block], kind="model"))
    table = report.bottlenecks()
    assert [(row.class_name, row.joules) for row in table.rows] == [("MLP", 8), ("LayerNorm", 1)]
    assert table.rest_joules == 1


def test_bottlenecks_of_several_and_of_no_models() -> None:
    report = cell_report()
    table = report.bottlenecks()
    assert table.rows[0].modules == 5
    assert sum(row.joules for row in table.rows) <= report.total_joules
    assert EMPTY_REPORT.bottlenecks().rows == ()
