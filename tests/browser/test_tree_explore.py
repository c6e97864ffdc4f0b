"""What people do with the tree: find what is dear, search, zoom, save, watch it change."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from chromium import ROOT
from transformers import BertConfig
from tree_data import energy_node, large_report, small_report
from tree_page import focused, labels, row, row_count, selected, status, wait_until

import irene_jupyter as irene
from irene_jupyter.report.report import MIME_TYPE
from irene_jupyter.report.saved import load_report

Draw = Callable[..., Any]


@pytest.fixture(scope="module")
def gpt2() -> dict[str, Any]:
    """A prediction for the real GPT-2, small."""
    from transformers import GPT2Config

    report = irene.predict(GPT2Config(), batch_size=8, seq_len=128)
    return report.to_dict()


@pytest.fixture(scope="module")
def gpt2_with_head() -> dict[str, Any]:
    """The same with its language head: dearer than any module of any layer, and there once."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    import irene_jupyter

    with torch.device("meta"):
        model = GPT2LMHeadModel(GPT2Config())
    report = irene_jupyter.predict(model, batch_size=8, seq_len=128)
    return report.to_dict()


def leaves(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not node["children"]:
        yield node
    for child in node["children"]:
        yield from leaves(child)


def dearest(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The leaves of that place in the layers which takes most: "h.*.mlp.c_fc", or "lm_head"."""
    places: dict[str, list[dict[str, Any]]] = {}
    for leaf in leaves(report["root"]):
        places.setdefault(re.sub(r"\d+", "*", leaf["path"]), []).append(leaf)
    return max(places.values(), key=lambda each: sum(leaf["energy"]["joules"] for leaf in each))


def assert_found(page: Any, report: dict[str, Any]) -> None:
    """It is selected, in sight, named with all its repetitions, and its details are shown."""
    found = dearest(report)
    path, kind = found[0]["path"], found[0]["class_name"]
    assert page.locator(".irene-detail-path").text_content() == path
    assert status(page).startswith(f"Most is spent in {path} ({kind}): ")
    assert (f"in all {len(found)} repetitions" in status(page)) == (len(found) > 1)
    assert selected(page) == [path.rpartition(".")[2]]
    assert page.locator('.irene-row[aria-selected="true"]').is_visible()


MODELS = pytest.mark.parametrize(
    ("fixture", "expected"),
    [("gpt2", ["h.0.mlp.c_fc", 12]), ("gpt2_with_head", ["lm_head", 1])],
)


@MODELS
def test_one_click_finds_the_dearest_module_of_gpt2(
    draw: Draw, request: pytest.FixtureRequest, fixture: str, expected: list[Any]
) -> None:
    report = request.getfixturevalue(fixture)
    found = dearest(report)
    assert [found[0]["path"], len(found)] == expected
    page = draw(report)
    page.get_by_role("button", name="Follow the energy").click()
    assert_found(page, report)


@MODELS
def test_two_keys_find_the_dearest_module_of_gpt2(
    draw: Draw, request: pytest.FixtureRequest, fixture: str, expected: list[Any]
) -> None:
    report = request.getfixturevalue(fixture)
    page = draw(report, expandedDepth=0)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert_found(page, report)
    assert focused(page) == selected(page)[0]  # and the arrows go on from there


def test_search_narrows_the_tree_and_gives_it_back(draw: Draw, gpt2: dict[str, Any]) -> None:
    page = draw(gpt2, expandedDepth=1)
    before = labels(page)
    row(page, "GPT2Model").focus()
    page.keyboard.press("/")
    page.keyboard.type("h.7 conv1d")
    assert status(page) == "4 nodes match"
    assert labels(page)[:4] == ["GPT2Model", "12 × GPT2Block", "h.7", "attn"]
    page.keyboard.press("Enter")  # to the first match, and select it
    assert page.locator(".irene-detail-path").text_content() == "h.7.attn.c_attn"
    assert focused(page) == "c_attn"
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    assert status(page) == ""
    assert set(before) < set(labels(page))  # and the way to what was found is open
    assert selected(page) == ["c_attn"]


def test_matches_are_walked_through_by_keys_and_buttons(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=1)
    steps = page.get_by_role("group", name="Matches")
    assert not steps.is_visible()
    page.get_by_role("searchbox").fill("output")
    assert status(page) == "3 nodes match"
    path = page.locator(".irene-detail-path")
    page.keyboard.press("F3")
    assert (path.text_content(), status(page)) == ("encoder.layer.0.output", "Match 1 of 3")
    assert page.evaluate("document.activeElement.type") == "search"  # one can go on typing
    page.get_by_role("button", name="Next match").click()
    assert (path.text_content(), status(page)) == ("encoder.layer.1.output", "Match 2 of 3")
    page.get_by_role("button", name="Previous match").click()
    page.get_by_role("button", name="Previous match").click()
    assert path.text_content() == "encoder.layer.2.output"  # round
    row(page, "encoder").focus()
    page.keyboard.press("F3")
    assert (path.text_content(), focused(page)) == ("encoder.layer.0.output", "output")
    row(page, "encoder").locator(".irene-twisty").click()  # the way to a match opens again
    page.keyboard.press("Shift+F3")
    assert (path.text_content(), focused(page)) == ("encoder.layer.2.output", "output")
    page.get_by_role("searchbox").fill("pooler")
    assert not steps.is_visible()


def test_search_in_3000_nodes_shows_the_first_ones(draw: Draw) -> None:
    page = draw(large_report())
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("searchbox").press_sequentially("leaf")
    assert status(page) == "2,700 nodes match; the first 200 are shown"
    assert row_count(page) < 300
    page.get_by_role("searchbox").press_sequentially("8 block29")
    assert status(page) == "11 nodes match"
    assert page.locator(".irene-row[data-match]").count() == 11
    page.get_by_role("searchbox").fill("")
    assert row_count(page) == 3001
    assert page.locator(".irene-row[data-match]").count() == 0


def test_sorting_by_energy_changes_every_level(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=4)
    page.get_by_label("Sort").select_option("energy")
    assert labels(page)[1] == "encoder"
    assert labels(page)[-5:-2] == ["embeddings", "pooler", "Built but not run"]
    page.get_by_label("Sort").select_option("order")
    assert labels(page)[1] == "embeddings"


def test_the_icicle_is_chosen_from_and_zoomed_with_the_mouse(draw: Draw) -> None:
    page = draw(small_report())
    page.get_by_role("button", name="Icicle").click()
    boxes = page.get_by_role("treeitem")
    assert boxes.count() == 13
    encoder = page.locator('[role="treeitem"][aria-label^="encoder,"]')
    whole = page.get_by_role("treeitem").first.bounding_box()["width"]
    assert encoder.bounding_box()["width"] == pytest.approx(0.925 * whole, abs=2)
    page.locator('[aria-label^="encoder.layer.1,"]').click()
    assert page.locator(".irene-detail-path").text_content() == "encoder.layer.1"
    page.locator('[aria-label^="encoder.layer.1,"]').dblclick()
    assert boxes.count() == 3
    assert boxes.first.bounding_box()["width"] == pytest.approx(whole, abs=2)
    page.locator(".irene-crumb", has_text="BertModel").click()
    assert boxes.count() == 13
    assert page.evaluate("events") == [["view", "icicle"], ["select", "encoder.layer.1"]]


def test_a_report_that_changes_keeps_everything_in_place(draw: Draw) -> None:
    page = draw(large_report(60))
    page.evaluate("view.setDepth(2)")
    page.evaluate("view.select('block40.leaf3')")
    scroll = "document.querySelector('.irene-scroll').scrollTop"
    at = page.evaluate(scroll)
    assert at > 1000
    page.locator('.irene-row[aria-selected="true"]').focus()
    for scale in (2.0, 3.0):
        page.evaluate("report => view.update(report)", scaled(large_report(60), scale))
    assert page.evaluate(scroll) == at
    assert row_count(page) == 601
    assert selected(page) == ["leaf3"]
    assert focused(page) == "leaf3"
    # A block more above changes the rows, and still nothing jumps away.
    longer = large_report(60)
    longer["root"]["children"].append(energy_node("block60", "Block60", 1.0))
    page.evaluate("report => view.update(report)", longer)
    assert page.evaluate(scroll) == at
    assert row_count(page) == 602
    assert page.evaluate("events") == []


def test_drawing_and_selecting_never_scroll_the_page(draw: Draw, page: Any) -> None:
    page.evaluate("document.getElementById('tree').style.marginTop = '3000px'")
    draw(large_report(60), expandedDepth=2, selected="block40.leaf3")
    assert page.evaluate("view.select('block59.leaf8')") is True
    assert page.evaluate("document.querySelector('.irene-scroll').scrollTop") > 1000
    page.evaluate("view.setView('icicle')")
    page.evaluate("report => view.update(report)", large_report(60))
    assert page.evaluate("scrollY") == 0


def scaled(report: dict[str, Any], factor: float) -> dict[str, Any]:
    for node in [report["root"], *report["root"]["children"]]:
        for key in ("joules", "low", "high"):
            node["energy"][key] *= factor
    return report


def saved(page: Any, name: str) -> tuple[str, str]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    download = waiting.value
    text = Path(download.path()).read_bytes().decode("utf-8")
    return download.suggested_filename, text


def test_a_notebooks_brief_report_is_drawn_and_saved_in_full(draw: Draw, tmp_path: Path) -> None:
    report = irene.predict(BertConfig(num_hidden_layers=4), batch_size=2, seq_len=16)
    brief = report._repr_mimebundle_()[MIME_TYPE]
    assert brief["root"].startswith("zlib:")
    page = draw(brief)
    assert "BertModel" in page.locator(".irene-row").first.text_content()
    name, text = saved(page, "JSON")
    made = report.created.partition("+")[0].replace(":", "")
    assert name == f"BertModel_{made}.energy.json"  # a second one is another file
    file = tmp_path / name
    file.write_text(text)
    assert load_report(file) == irene.EnergyReport.from_dict(brief)
    assert json.loads(text).keys() == report.to_dict().keys()
    root = json.loads(text)["root"]
    assert root["children"][1]["children"][2].keys() == report.to_dict()["root"].keys()


def test_saves_json_csv_and_svg(draw: Draw) -> None:
    report = small_report()
    page = draw(report)
    name, text = saved(page, "JSON")
    assert (name, json.loads(text)) == ("BertModel_2026-01-01T000000.energy.json", report)
    name, text = saved(page, "CSV")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert name == "BertModel_2026-01-01T000000.csv"
    assert [each["path"] for each in rows][:3] == ["", "embeddings", "encoder"]
    assert float(rows[2]["share_of_root"]) == pytest.approx(0.925)
    name, text = saved(page, "SVG")
    picture = ElementTree.fromstring(text)
    assert name == "BertModel_2026-01-01T000000.svg"
    assert len(picture.findall(".//{http://www.w3.org/2000/svg}rect")) == 14


def test_copies_a_row(draw: Draw, page: Any) -> None:
    # Not a secure context: the older way must do, as in a Jupyter on http.
    draw(small_report())
    row(page, "pooler").click()
    page.get_by_role("button", name="Copy row").click()
    wait_until(
        page,
        "document.querySelector('.irene-status').textContent === 'The row is on the clipboard'",
    )
    page.get_by_role("searchbox").focus()
    page.keyboard.press("Control+v")
    pasted = page.get_by_role("searchbox").input_value()
    assert pasted.split() == "pooler Linear 2.5 % 0.25 J 2.5 % of parent predicted".split()


def test_parts_phases_and_what_happened_meanwhile_are_in_sight(draw: Draw) -> None:
    case, *_ = json.loads((ROOT / "tests/report/tongue.json").read_text("utf-8"))["said"]
    page = draw(case["report"] | {"said": case["said"]})
    text = page.locator("#tree").inner_text()
    for expected in (
        "GPT decode",
        "Replayed",  # as Python says it, with the capital of a heading
        "333 mJ",  # per token
        "4.00 J predicted",
        "Python, data handling, idle",
        "not measured",
        *case["said"]["lines"],
    ):
        assert expected in text
