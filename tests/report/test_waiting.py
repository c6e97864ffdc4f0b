"""What is said of a board that waits for its host."""

from __future__ import annotations

from dataclasses import replace

from report_builders import bert_report

from irene_jupyter.report.flag_words import flag_lines
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.said import said
from irene_jupyter.report.text import render_text
from irene_jupyter.report.waiting import said_where_waiting
from irene_jupyter.tree import Node


def in_place(node: Node, waiting_share: float) -> Node:
    features = replace(node.features, latency_seconds=0.2, waiting_seconds=0.2 * waiting_share)
    return replace(node, features=features)


def launched() -> EnergyReport:
    """Where leaves wait for 90 % of their time, and all above them for 66 %."""
    report = bert_report()
    root = report.root.mapped(lambda node: in_place(node, 0.66 if node.children else 0.9))
    return replace(report, root=said_where_waiting(root))


def test_a_node_that_waited_most_of_its_time_says_so_and_what_helps():
    (flag,) = launched().root.flags
    assert flag == (
        "launch-bound: the board waited about 65 % of the time for its host; a larger batch, CUDA "
        "graphs or torch.compile keep it busy"
    )


def test_what_waited_less_or_has_no_such_time_says_nothing():
    root = bert_report().root
    assert said_where_waiting(root) == root  # the host's own times
    half = root.mapped(lambda node: in_place(node, 0.5))
    assert said_where_waiting(half) == half


def test_the_legend_has_one_line_for_all_nodes():
    report = launched()
    _, line = flag_lines(report)  # the first is of a Tanh
    assert str(line) == (
        "◔ launch-bound (all nodes): the board waited about 65–90 % of the time for its host; "
        "a larger batch, CUDA graphs or torch.compile keep it busy"
    )
    assert [line.sign, line.text] in said(report)["flags"]


def test_rows_carry_its_sign_and_layers_still_fold():
    rows = render_text(launched(), width=100).splitlines()
    assert "◔" in rows[3]
    assert any("12 × BertLayer" in row and "◔" in row for row in rows)


def test_the_data_frame_has_the_seconds():
    frame = launched().to_dataframe()
    assert (frame["waiting_seconds"] / frame["latency_seconds"]).round(2).isin([0.66, 0.9]).all()
