"""Two reports against each other: folded, searched, sorted, followed, copied, saved."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tree_data import energy_node, energy_report, hostile_report, small_report
from tree_page import focused, labels, row, selected, status, wait_until

Draw = Callable[..., Any]
IMAGE = "<img src=x onerror=window.harmed=1>"


def scaled(node: dict[str, Any], factor: float) -> dict[str, Any]:
    """`node` with so many times the energy, all the way down."""
    for key in ("joules", "low", "high"):
        node["energy"][key] *= factor
    node["own_joules"] *= factor
    for child in node["children"]:
        scaled(child, factor)
    return node


def grown_report(factor: float = 2.0) -> dict[str, Any]:
    report = small_report()
    scaled(report["root"], factor)
    return report


def cells(page: Any, label: str) -> list[str]:
    return [str(text) for text in row(page, label).locator("> *").all_text_contents()][1:]


def saved_table(page: Any) -> tuple[str, pd.DataFrame]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV", exact=True).click()
    download = waiting.value
    text = Path(download.path()).read_bytes().decode("utf-8")
    return download.suggested_filename, pd.read_csv(io.StringIO(text), keep_default_na=False)


def test_alike_layers_fold_with_their_sums_and_spread(compare: Draw) -> None:
    page = compare(small_report(), grown_report(), labels=["small", "large"])
    assert labels(page) == ["BertModel", "embeddings", "encoder", "3 × BertLayer", "pooler"]
    group = row(page, "3 × BertLayer")
    assert "+3.00 J each · layer.0–2" in group.text_content()
    assert cells(page, "3 × BertLayer") == ["9.00 J", "18.0 J", "+9.00 J", "+100 %", "significant"]
    group.click()
    assert group.get_attribute("aria-expanded") == "true"
    assert labels(page).count("layer.1") == 1
    assert page.evaluate("events") == []  # a heading is no node, so nothing was selected
    assert page.locator('[role="columnheader"]').all_text_contents()[1:3] == ["small", "large"]


def test_what_only_one_side_has_folds_by_itself(compare: Draw) -> None:
    after = small_report()
    encoder = after["root"]["children"][1]
    encoder["children"] = encoder["children"][:1]
    page = compare(small_report(), after, labels=["BERT", "short"])
    assert labels(page)[3:5] == ["layer.0", "2 × BertLayer"]
    assert cells(page, "layer.0") == ["3.00 J", "3.00 J", "0 J", "0 %", "no difference"]
    assert cells(page, "2 × BertLayer") == ["6.00 J", "", "−6.00 J", "−100 %", "only BERT"]


def test_search_leaves_pairs_whose_name_matches_on_either_side(compare: Draw) -> None:
    after = grown_report()
    after["root"]["children"][2] |= {"path": "head", "class_name": "Linear"}
    page = compare(small_report(), after, expandedDepth=1)
    before = labels(page)
    assert "pooler → head" in before
    row(page, "BertModel").focus()
    page.keyboard.press("/")
    page.keyboard.type("head")
    assert status(page) == "1 node matches"
    assert labels(page) == ["BertModel", "pooler → head"]
    page.get_by_role("searchbox").fill("layer linear")
    assert status(page) == "3 nodes match"
    page.keyboard.press("Enter")
    assert page.evaluate("events") == [["select", "encoder.layer.0.output"]]
    page.keyboard.press("F3")
    assert (status(page), focused(page)) == ("Match 2 of 3", "output")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    assert set(before) < set(labels(page))  # and the way to what was found is open
    assert selected(page) == ["output"]
    assert "encoder.layer.1.output" in page.locator(".irene-detail").inner_text()


def test_sorts_by_difference(compare: Draw) -> None:
    after = small_report()
    scaled(after["root"]["children"][2], 3.0)
    page = compare(small_report(), after, expandedDepth=1)
    page.get_by_label("Sort").select_option("difference")
    assert labels(page) == ["BertModel", "pooler", "embeddings", "encoder"]
    # Another report is sorted so, too.
    page.evaluate("([a, b]) => view.update(a, b)", [small_report(), grown_report()])
    assert labels(page) == ["BertModel", "encoder", "embeddings", "pooler"]
    page.get_by_label("Sort").select_option("order")
    assert labels(page) == ["BertModel", "embeddings", "encoder", "pooler"]


def test_two_keys_open_what_differs_most(compare: Draw) -> None:
    page = compare(small_report(), small_report(), labels=["eager", "sdpa"], expandedDepth=1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert status(page) == "The two do not differ"
    assert selected(page) == ["BertModel"]
    # Parts that differ against each other are found, though the whole stays the same.
    after = small_report()
    scaled(after["root"]["children"][1]["children"][2], 2.0)
    scaled(after["root"]["children"][1]["children"][0], 0.0)
    page.evaluate("([a, b]) => view.update(a, b)", [small_report(), after])
    page.keyboard.press("Enter")
    assert status(page) == (
        "Most differs in encoder.layer.0.attention: −2.00 J; in all 3 repetitions 0 J"
    )
    page.evaluate("([a, b]) => view.update(a, b)", [small_report(), grown_report()])
    page.get_by_role("button", name="Follow the difference").click()
    assert status(page) == (
        "Most differs in encoder.layer.0.attention: +2.00 J; in all 3 repetitions +6.00 J"
    )
    assert (selected(page), focused(page)) == (["attention"], "attention")
    assert row(page, "attention").is_visible()
    assert cells(page, "attention")[-1] == "significant"


def test_keys_are_those_of_a_treegrid(compare: Draw) -> None:
    page = compare(small_report(), grown_report(), expandedDepth=1)
    press = page.keyboard.press
    row(page, "BertModel").focus()
    for key, expected in [
        ("ArrowDown", "embeddings"),
        ("ArrowDown", "encoder"),
        ("ArrowRight", "encoder"),  # opens
        ("ArrowRight", "3 × BertLayer"),  # goes in
        ("Enter", "3 × BertLayer"),  # a heading opens
        ("ArrowRight", "layer.0"),
        ("End", "pooler"),
        ("Home", "BertModel"),
        ("*", "BertModel"),
        ("l", "layer.0"),
        ("ArrowLeft", "3 × BertLayer"),
        ("ArrowLeft", "3 × BertLayer"),  # closes
        ("ArrowLeft", "encoder"),
    ]:
        press(key)
        assert focused(page) == expected, key
        assert page.locator('.irene-row[tabindex="0"]').count() == 1
    assert labels(page) == ["BertModel", "embeddings", "encoder", "3 × BertLayer", "pooler"]
    press("Space")
    assert page.evaluate("events") == [["select", "encoder"]]
    attributes = ("aria-level", "aria-posinset", "aria-setsize", "aria-expanded", "aria-selected")
    heading, encoder = (row(page, label) for label in ("3 × BertLayer", "encoder"))
    assert [heading.get_attribute(name) for name in attributes] == ["3", "1", "1", "false", None]
    assert [encoder.get_attribute(name) for name in attributes] == ["2", "2", "3", "true", "true"]


def test_units_and_selection_are_told(compare: Draw) -> None:
    page = compare(small_report(), grown_report(), expandedDepth=1)
    page.get_by_label("Unit").select_option("%")
    assert cells(page, "pooler")[:3] == ["2.5 %", "5.0 %", "+2.5 %"]
    row(page, "pooler").click()
    assert page.evaluate("events.splice(0)") == [["unit", "%"], ["select", "pooler"]]
    assert page.evaluate("view.select('encoder.layer.2.output')") is True
    assert selected(page) == ["output"]
    assert page.evaluate("view.select('no.such.node')") is False
    assert page.evaluate("events") == []


def test_copies_a_row(compare: Draw) -> None:
    page = compare(small_report(), grown_report())
    row(page, "pooler").click()
    page.keyboard.press("Control+c")
    wait_until(
        page,
        "document.querySelector('.irene-status').textContent === 'The row is on the clipboard'",
    )
    page.get_by_role("searchbox").focus()
    page.keyboard.press("Control+v")
    pasted = page.get_by_role("searchbox").input_value()
    assert pasted.split() == "pooler Linear 0.25 J 0.5 J 0.25 J +100 % significant".split()


@pytest.mark.parametrize("case", ["BERT and DistilBERT", "batch 8 and 32", "one and two models"])
def test_aligns_and_says_the_same_as_python(compare: Draw, case: str) -> None:
    """The saved table is that of `report.compare(other)`: one algorithm, written twice."""
    from transformers import BertConfig, DistilBertConfig, GPT2Config

    import irene_jupyter as irene

    small: dict[str, Any] = {"vocab_size": 99}
    bert = irene.predict(BertConfig(num_hidden_layers=4, **small))
    if case == "BERT and DistilBERT":
        before, after = bert, irene.predict(DistilBertConfig(n_layers=2, **small))
    elif case == "batch 8 and 32":
        config = GPT2Config(n_layer=2, **small)
        before, after = (irene.predict(config, batch_size=size) for size in (8, 32))
    else:
        with irene.EnergyMonitor() as monitor:
            run_two_small_models()
        before, after = bert, monitor.report
    expected = before.compare(after).to_dataframe()
    page = compare(before.to_dict(), after.to_dict())
    name, table = saved_table(page)
    assert name.endswith(".csv")
    assert "_against_" in name
    assert list(table.columns) == list(expected.columns)
    assert len(table) == len(expected)
    for column in expected.columns:
        if expected[column].dtype.kind == "f":
            found = pd.to_numeric(table[column], errors="coerce")
            pd.testing.assert_series_equal(
                found, expected[column], check_dtype=False, rtol=1e-6, atol=1e-9
            )
        else:
            wanted = ["" if pd.isna(each) else str(each).lower() for each in expected[column]]
            assert [str(each).lower() for each in table[column]] == wanted, column


def run_two_small_models() -> None:
    import torch
    from transformers import BertConfig, BertModel, GPT2Config, GPT2Model

    size: dict[str, Any] = {"vocab_size": 99}
    tokens = torch.ones(1, 4, dtype=torch.long)
    with torch.no_grad():
        BertModel(BertConfig(num_hidden_layers=2, hidden_size=24, intermediate_size=48,
                             num_attention_heads=2, **size))(tokens)  # fmt: skip
        GPT2Model(GPT2Config(n_layer=2, n_embd=24, n_head=2, **size))(tokens)


def test_hostile_names_harm_nothing(compare: Draw) -> None:
    labels_of_both = [IMAGE, "\u202e" * 500]
    page = compare(hostile_report(), small_report(), labels=labels_of_both)
    page.evaluate("([a, b]) => view.update(a, b)", [hostile_report(), hostile_report()])
    twice = hostile_report()
    scaled(twice["root"], 2.0)
    twice["root"]["children"].append(energy_node("=1+1", IMAGE, 1.0))
    page.evaluate("([a, b]) => view.update(a, b)", [hostile_report(), twice])
    for element in page.locator(".irene-row").all():
        element.click()
    assert page.evaluate("events.at(-1)") == ["select", "=1+1"]
    heights = {element.bounding_box()["height"] for element in page.locator(".irene-row").all()}
    assert heights == {26}
    assert row(page, "\u202emodel\u202d\u2066").locator(".irene-delta-text").text_content() == (
        "+1.00 J"
    )
    page.get_by_role("searchbox").fill(IMAGE)
    assert "match" in status(page)
    page.keyboard.press("F3")
    page.get_by_role("button", name="Follow the difference").click()
    assert status(page).startswith("Most differs in ")
    _, table = saved_table(page)
    assert "'=1+1" in set(table["path_after"])  # no spreadsheet runs it
    assert page.locator("#tree img").count() == 0
    assert page.evaluate("window.harmed") is None
    for width in (1100, 360):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width


def test_damaged_and_empty_reports_are_said_to_be_so(compare: Draw) -> None:
    page = compare(small_report(), None)
    assert page.locator("#tree").inner_text() == "Not shown: this is not an energy report."
    unknown = small_report()
    unknown["root"]["children"][2] |= {"energy": None, "own_joules": None}
    page.evaluate("([a, b]) => view.update(a, b)", [small_report(), unknown])
    assert cells(page, "pooler") == ["250 mJ", "–", "–", "–", "unknown"]
    not_run = energy_report(None, not_run=[energy_node("m", "M", 1.0)])
    page.evaluate("([a, b]) => view.update(a, b)", [not_run, small_report()])
    assert cells(page, "BertModel") == ["", "10.0 J", "+10.0 J", "–", "only after"]
