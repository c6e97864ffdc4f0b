"""What is said around the tree, once for all views; labextension/test/tongue.test.ts has the same
cases."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import pytest
from report_builders import bert_report

from irene_jupyter.report.colours import shade
from irene_jupyter.report.folding import fold, group_name, relative_name
from irene_jupyter.report.html import render_html
from irene_jupyter.report.parts import MeasuredEnergy
from irene_jupyter.report.report import DeviceLabel, EnergyReport
from irene_jupyter.report.said import resource_line
from irene_jupyter.report.text import render_text
from irene_jupyter.report.words import provenance
from irene_jupyter.tree_json import node_from_dict

TONGUE = json.loads(Path(__file__).with_name("tongue.json").read_text("utf-8"))


@pytest.mark.parametrize("case", TONGUE["folding"], ids=lambda case: case["why"])
def test_siblings_fold(case: dict[str, Any]) -> None:
    nodes = [node_from_dict(node, brief=True) for node in case["nodes"]]
    names = [
        [relative_name(node, case["parent"]) for node in group]
        for group in fold(nodes, case["parent"])
    ]
    assert [group_name(each) if len(each) > 1 else each[0] for each in names] == case["rows"]


@pytest.mark.parametrize(("share", "fill", "ink"), TONGUE["shades"])
def test_shades(share: float, fill: str, ink: str) -> None:
    assert shade(share) == (fill, ink)


@pytest.mark.parametrize("case", TONGUE["provenance"], ids=lambda case: case["says"])
def test_provenance(case: dict[str, Any]) -> None:
    report = bert_report(1)
    assert report.root
    assert report.root.energy
    report = replace(
        report,
        root=replace(report.root, energy=replace(report.root.energy, source=case["source"])),
        device=DeviceLabel("pc", "PC", case["kind"]),
        measured=MeasuredEnergy(3.0, 3.0, 3.0, scope=case["scope"]) if case["scope"] else None,
    )
    assert provenance(report) == case["says"]


@pytest.mark.parametrize("case", TONGUE["said"], ids=lambda case: case["case"])
def test_every_view_says_it(case: dict[str, Any]) -> None:
    report = EnergyReport.from_dict(case["report"])
    said = case["said"]
    assert report.to_dict()["said"] == said
    tables = [table for table in (said["phases"], said["parts"]) if table]
    words = [
        said["provenance"] if report.root else said["title"],
        *said["lines"],
        *(text for flag in said["flags"] for text in flag),
        *(cell for table in tables for row in table["rows"] for cell in row),
        *(cell for table in tables for cell in (*table["columns"], table["legend"])),
    ]
    html, text = render_html(report), render_text(report, width=400)
    for each in words:
        assert escape(each) in html
        assert each in text


@pytest.mark.parametrize("damaged", [None, 3, "{", [], {"title": 3}])
def test_words_in_a_file_are_made_anew(damaged: Any) -> None:
    data = bert_report(1).to_dict()
    assert EnergyReport.from_dict({**data, "said": damaged}).to_dict() == data


def test_a_sampler_that_a_slow_driver_held_up_says_how_often_it_read() -> None:
    found = {"interval_seconds": 0.17, "used_interval_seconds": 0.51, "overhead_seconds": 0.02}
    board = {"gpus": [{"name": "H100"}]}
    report = replace(bert_report(1), resources=found | board)
    assert "sampling took 20.0 ms (every 510 ms, not every 170 ms)" in resource_line(report)
    for other in (found, found | board | {"used_interval_seconds": 0.18}):
        line = resource_line(replace(report, resources=other))
        assert "sampling took 20.0 ms" in line
        assert "every" not in line
