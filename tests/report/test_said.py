"""What is said around the tree, once for all views; labextension/test/tongue.test.ts has the same
cases."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import pytest
from report_builders import bert_report
from transformers import LlamaConfig

import irene_jupyter as irene
from irene_jupyter.merging import gathered
from irene_jupyter.report.colours import shade
from irene_jupyter.report.flag_words import flag_lines
from irene_jupyter.report.folding import fold, group_name, relative_name
from irene_jupyter.report.html import render_html
from irene_jupyter.report.parts import MeasuredEnergy
from irene_jupyter.report.report import DeviceLabel, EnergyReport
from irene_jupyter.report.said import resource_line
from irene_jupyter.report.text import render_text
from irene_jupyter.report.words import doubts, interval_name, provenance
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


@pytest.mark.parametrize("case", TONGUE["intervals"], ids=str)
def test_only_a_tested_interval_is_called_one(case: dict[str, Any]) -> None:
    report = bert_report(1)
    assert report.root
    assert report.root.energy
    energy = replace(report.root.energy, source=case["source"])
    root = replace(report.root, energy=energy, flags=tuple(case["flags"]))
    report = replace(report, root=root)
    assert report.to_dict()["said"]["interval"] == case["says"]
    bracket = "range]" if case["says"] == "range" else "90 %]"
    for view in (render_text(report, width=400), render_html(report), repr(report.to_icicle())):
        assert bracket in view
    assert interval_name(gathered([("a", bert_report(1).root), ("b", root)])) == case["says"]


def test_the_total_has_badges_for_what_it_does_not_promise() -> None:
    llama = LlamaConfig(
        hidden_size=4096, num_hidden_layers=32, intermediate_size=14336, vocab_size=128256
    )
    report = irene.predict(llama, batch_size=1, seq_len=16, device="gtx1080ti")
    assert doubts(report) == ("does not fit this device", "extrapolated")
    first = " ".join(render_text(report).split("\n\n")[0].split())
    assert first.endswith("range], does not fit this device, extrapolated")
    assert '<span class="badge">does not fit this device</span>' in render_html(report)
    codes = {line.code: line for line in flag_lines(report)}
    assert codes["does_not_fit"].text.startswith("does not fit (all nodes): needs ")
    assert "width 4096–14336 (the device's data: 768–3072)" in codes["extrapolated"].text
    assert codes["estimated"].text.endswith(
        "no data for RMSNorm and SiLU, counted by the bytes moved"
    )
    for line in codes.values():  # a sentence for a person: no reasons cut off, no powers of ten
        assert not re.search(r"and \d+ more|e\+|%", line.text)


def test_watching_is_folded_away_unless_it_was_dear() -> None:
    cheap = {"stages": {"recording": 0.05}, "during_seconds": 0.05, "percent": 2.5}
    report = replace(bert_report(1), observer=cheap)
    assert "<details><summary>Watching added 50.0 ms (2.5 %)" in render_html(report)
    dear = replace(report, observer=cheap | {"percent": 167.0})
    assert "<summary>Watching" not in render_html(dear)
    assert dear.to_dict()["said"]["lines"][-1].startswith("Watching added 50.0 ms (167 %)")
    assert dear.to_dict()["said"]["folds"] == []


def test_a_warning_of_replayed_times_takes_no_room_above_the_tree() -> None:
    note = "replay: other work took 51% of this machine, so that replayed times may be too long"
    said = replace(bert_report(1), notes=(note, "another")).to_dict()["said"]
    assert said["notes"] == ["another"]
    assert note in said["lines"]


@pytest.mark.parametrize("case", TONGUE["said"], ids=lambda case: case["case"])
def test_every_view_says_it(case: dict[str, Any]) -> None:
    report = EnergyReport.from_dict(case["report"])
    said = case["said"]
    assert report.to_dict()["said"] == said
    tables = [table for table in (said["phases"], said["parts"]) if table]
    words = [
        said["provenance"] if report.root else said["title"],
        *said["doubts"],
        *said["notes"],
        *said["lines"],
        *(text for fold in said["folds"] for text in fold),
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
