"""The pure view in a plain page: ARIA treegrid, keyboard, callbacks, hostile and large data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from transformers import BertConfig
from tree_data import (
    energy_node,
    energy_report,
    hostile_report,
    large_report,
    small_report,
)
from tree_page import focused, labels, row, row_count, selected, status, wait_until

import irene_jupyter as irene
from irene_jupyter.report.words import EMPTY

Draw = Callable[..., Any]

COLLAPSED = ["BertModel", "embeddings", "encoder", "pooler", "Built but not run"]


def events(page: Any) -> list[Any]:
    return list(page.evaluate("events.splice(0)"))


def test_is_a_treegrid_with_lazy_rows(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=1)
    assert page.locator('[role="treegrid"]').count() == 1
    assert labels(page) == [*COLLAPSED, "gpt2"]
    attributes = ("aria-level", "aria-posinset", "aria-setsize", "aria-expanded")
    found = [
        [element.get_attribute(name) for name in attributes]
        for element in page.locator(".irene-row").all()
    ]
    assert found == [
        ["1", "1", "2", "true"],
        ["2", "1", "3", None],
        ["2", "2", "3", "false"],
        ["2", "3", "3", None],
        ["1", "2", "2", "true"],
        ["2", "1", "1", "false"],
    ]
    assert page.locator('.irene-row[tabindex="0"]').count() == 1
    assert page.locator('[role="columnheader"]').count() == 7
    assert row(page, "pooler").locator('[role="gridcell"]').count() == 7


def test_alike_siblings_fold_and_unfold(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=2)
    group = row(page, "3 × BertLayer")
    assert "3.00 J each · layer.0–2" in group.text_content()
    assert "9.00 J" in group.locator(".irene-energy").text_content()
    assert "90.0 %" in group.locator(".irene-share").text_content()
    group.click()
    assert group.get_attribute("aria-expanded") == "true"
    assert "layer.1" in labels(page)
    assert events(page) == []  # a heading is no node, so nothing was selected
    group.click()
    assert "layer.1" not in labels(page)


def test_siblings_that_differ_in_energy_do_not_fold(draw: Draw) -> None:
    layers = [energy_node(f"layer.{index}", "Block", 1.0 + index) for index in range(3)]
    page = draw(energy_report(energy_node("", "Model", 6.0, layers, type="model")))
    assert labels(page) == ["Model", "layer.0", "layer.1", "layer.2"]


def test_keyboard_walks_opens_and_closes(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=1)
    press = page.keyboard.press
    row(page, "BertModel").focus()
    for key, expected in [
        ("ArrowDown", "embeddings"),
        ("ArrowDown", "encoder"),
        ("ArrowRight", "encoder"),  # opens
        ("ArrowRight", "3 × BertLayer"),  # goes in
        ("ArrowLeft", "encoder"),  # closed already: goes out
        ("ArrowLeft", "encoder"),  # closes
        ("ArrowLeft", "BertModel"),
        ("End", "gpt2"),
        ("ArrowDown", "gpt2"),  # the end stays the end
        ("ArrowUp", "Built but not run"),
        ("Home", "BertModel"),
    ]:
        press(key)
        assert focused(page) == expected, key
        assert page.locator('.irene-row[tabindex="0"]').count() == 1
    assert row(page, "encoder").get_attribute("aria-expanded") == "false"
    press("ArrowLeft")
    assert labels(page) == ["BertModel", "Built but not run", "gpt2"]


def test_collapsing_over_the_current_row_keeps_the_grid_reachable(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=2)
    row(page, "3 × BertLayer").focus()
    row(page, "BertModel").locator(".irene-twisty").click()
    assert page.locator('.irene-row[tabindex="0"] .irene-label').all_text_contents() == [
        "BertModel"
    ]


def test_type_ahead(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=1)
    row(page, "BertModel").focus()
    page.clock.set_fixed_time("2026-01-01T00:00:00")
    page.keyboard.press("p")
    assert focused(page) == "pooler"
    page.clock.set_fixed_time("2026-01-01T00:00:10")  # a new search begins
    page.keyboard.type("enc")
    assert focused(page) == "encoder"
    page.clock.set_fixed_time("2026-01-01T00:00:20")
    page.keyboard.press("e")
    page.keyboard.press("e")
    assert focused(page) == "encoder"  # round and past "embeddings"


def test_selection_tells_and_listens(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=1)
    assert selected(page) == ["BertModel"]  # "" is the root
    row(page, "pooler").click()
    page.keyboard.press("ArrowUp")
    assert selected(page) == ["pooler"]  # walking does not select
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert events(page) == [["select", "pooler"], ["select", "encoder"], ["select", "embeddings"]]
    assert page.evaluate("view.select('encoder.layer.2.output')") is True
    assert selected(page) == ["output"]
    assert "layer.2" in labels(page)
    assert page.evaluate("view.select('no.such.node')") is False
    assert selected(page) == ["output"]
    assert events(page) == []  # what the program selects, it knows


def test_enter_on_the_selected_row_opens_it(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=1)
    row(page, "encoder").click()
    page.keyboard.press("Enter")
    assert "3 × BertLayer" in labels(page)
    row(page, "encoder").dblclick()
    assert "3 × BertLayer" not in labels(page)


def test_starts_at_a_selected_path(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=0, selected="encoder.layer.1")
    assert selected(page) == ["layer.1"]
    assert page.evaluate("view.expandTo('encoder.layer.1.output')") is True
    assert selected(page) == ["layer.1"]
    assert "output" in labels(page)


def test_follow_the_energy(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=0)
    page.get_by_role("button", name="Follow the energy").click()
    assert selected(page) == ["attention"]
    assert focused(page) == "attention"
    assert events(page) == [["select", "encoder.layer.0.attention"]]


def test_levels(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=1)
    button = page.get_by_role("button", name="All", exact=True)
    button.click()
    assert labels(page).count("attention") == 3
    assert all(
        element.get_attribute("aria-expanded") != "false"
        for element in page.locator(".irene-row").all()
    )
    page.get_by_role("button", name="None").click()
    assert labels(page) == ["BertModel", "Built but not run"]
    assert [name for name, _ in events(page)] == ["depth", "depth"]
    page.evaluate("view.setDepth(1)")
    assert labels(page) == [*COLLAPSED, "gpt2"]


def test_units(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=1)
    energy = row(page, "embeddings").locator(".irene-energy")
    shown = {}
    for unit in ("J", "mJ", "Wh", "%"):
        page.get_by_label("Unit").select_option(unit)
        shown[unit] = energy.text_content()
    assert shown == {"J": "250 mJ", "mJ": "250 mJ", "Wh": "69.4 µWh", "%": "2.5 %"}
    assert events(page) == [["unit", "mJ"], ["unit", "Wh"], ["unit", "%"]]
    page.evaluate("view.setUnit('J')")
    assert page.get_by_label("Unit").input_value() == "J"
    assert events(page) == []


def test_says_where_numbers_come_from_and_what_is_wrong_with_them(draw: Draw) -> None:
    page = draw(small_report(), expandedDepth=2)
    head = page.locator(".irene-head").text_content()
    assert "10.0 J" in head
    assert "90 % interval 9.00–12.0 J" in head
    assert "Predicted for GTX 1080 Ti PC (reference device), not this machine" in head
    assert "GPT2Model was built but never called" in head
    assert "estimated (1 node): no profile fits Embedding" in head
    assert "extrapolated (1 node): larger than any in training" in head
    assert "5.00 J per call" in head
    marks = row(page, "embeddings").locator(".irene-mark").all_text_contents()
    assert marks == ["estimated", "extrapolated"]
    row(page, "embeddings").click()
    detail = page.locator(".irene-detail").text_content()
    assert "estimated: no profile fits Embedding" in detail
    assert "extrapolated: larger than any in training" in detail
    assert "2.00\xa0GFLOP" in detail
    assert "4.00\xa0KiB" in detail
    row(page, "gpt2").click()
    assert "Not in the total" in page.locator(".irene-detail").text_content()
    assert "not in the total" in row(page, "Built but not run").text_content()


def test_hostile_names_harm_nothing(draw: Draw) -> None:
    page = draw(hostile_report())
    image = "<img src=x onerror=window.harmed=1>"
    assert labels(page)[:2] == [f"</div>{image}", image]
    for element in page.locator(".irene-row").all():
        element.click()
    assert [path for _, path in events(page)][-1] == "__proto__"
    heights = {element.bounding_box()["height"] for element in page.locator(".irene-row").all()}
    assert heights == {26}
    assert row(page, "\u202emodel\u202d\u2066").locator(".irene-energy").text_content() == "1.00 J"
    for step in ("view.setView('icicle')", "view.setView('tree')", "view.select('__proto__')"):
        page.evaluate(step)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), step
    page.get_by_role("button", name="Follow the energy").click()
    page.get_by_role("searchbox").fill(image)
    assert "match" in status(page)
    assert page.locator("#tree img").count() == 0
    assert page.evaluate("window.harmed") is None


def test_a_tree_of_3000_nodes(draw: Draw) -> None:
    page = draw(large_report())
    page.evaluate("view.setDepth(1)")
    assert row_count(page) == 301
    page.get_by_role("button", name="All", exact=True).click()
    assert row_count(page) == 3001
    assert page.evaluate("view.select('block299.leaf8')") is True
    assert page.locator('.irene-row[aria-selected="true"]').bounding_box()["y"] < 800


def test_only_rows_in_sight_are_drawn_and_all_can_be_reached(draw: Draw) -> None:
    page = draw(large_report(), expandedDepth=9)
    rows = page.locator(".irene-row")

    def places() -> list[int]:
        return [int(row.get_attribute("aria-rowindex")) for row in rows.all()]

    assert rows.count() < 100
    assert places() == list(range(2, 2 + rows.count()))
    rows.first.focus()
    page.keyboard.press("End")
    assert focused(page) == "leaf8"
    assert places()[-1] == 3002
    assert rows.count() < 100
    for key, name in (("ArrowUp", "leaf7"), ("PageUp", None), ("Home", "Large")):
        page.keyboard.press(key)
        assert name is None or focused(page) == name
    assert page.locator('.irene-row[tabindex="0"]').count() == 1
    # The row with the focus stays in the page when it is scrolled away, and keeps its place.
    page.locator(".irene-scroll").evaluate("scroll => { scroll.scrollTop = 40000 }")
    wait_until(page, "document.querySelectorAll('.irene-row')[5].ariaRowIndex > 1000")
    assert focused(page) == "Large"
    assert places()[0] == 2
    frame = page.locator(".irene-scroll").bounding_box()
    covered = [row.bounding_box()["y"] for row in rows.all()]
    assert min(covered[1:]) < frame["y"]
    assert max(covered) > frame["y"] + frame["height"]
    page.keyboard.press("ArrowDown")
    assert page.locator(".irene-row:focus").bounding_box()["y"] < frame["y"] + frame["height"]
    # What is closed takes its rows away; what is opened again brings them back.
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert row_count(page) == 1
    page.keyboard.press("ArrowRight")
    assert row_count(page) == 3001


@pytest.mark.parametrize("width", [320, 480, 640, 900, 960, 1100])
def test_narrow_outputs_show_name_share_and_energy(draw: Draw, page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    draw(small_report(), expandedDepth=3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    scroll = page.locator(".irene-scroll")
    assert scroll.evaluate("element => element.scrollWidth <= element.clientWidth")
    shown = page.locator(".irene-row").first.locator("> :visible")
    assert shown.count() == page.locator(".irene-heading > :visible").count()
    for name in (".irene-label", ".irene-percent", ".irene-energy"):
        assert row(page, "embeddings").locator(name).is_visible()
    assert row(page, "embeddings").locator(".irene-label").bounding_box()["width"] > 20


def test_forced_colours_keep_the_selection_visible(draw: Draw, page: Any) -> None:
    page.emulate_media(forced_colors="active")
    draw(small_report())
    colour = "element => getComputedStyle(element).backgroundColor"
    assert row(page, "BertModel").evaluate(colour) != row(page, "encoder").evaluate(colour)


def test_an_empty_report_is_one_line(draw: Draw) -> None:
    page = draw(energy_report(None))
    assert page.locator("#tree").inner_text() == EMPTY
    assert page.evaluate("view.select('')") is False


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "this is not an energy report"),
        ([], "this is not an energy report"),
        ({"kind": "irene.energy", "schema_version": 2}, "schema version 2"),
        (energy_report(None, not_run=[7]), "a tree is neither an object nor JSON of one"),
        ({"kind": "irene.energy", "schema_version": 1}, EMPTY),
    ],
)
def test_damaged_data_are_said_to_be_so(draw: Draw, data: Any, expected: str) -> None:
    assert expected in draw(data).locator("#tree").inner_text()


def test_a_node_without_energy_is_shown_and_not_as_zero(draw: Draw) -> None:
    root = energy_node("", "Model", 1.0, [energy_node("odd", "Odd", 0.5)], type="model")
    root["children"][0] |= {"energy": None, "own_joules": None, "features": {}}
    page = draw(energy_report(root))
    assert row(page, "odd").locator(".irene-energy").text_content() == "–"
    row(page, "odd").click()
    assert "unknown" in page.locator(".irene-detail").text_content()


def test_own_energy_that_is_only_rounding_is_zero(draw: Draw) -> None:
    root = energy_node("", "Model", 1.0, [energy_node("leaf", "Leaf", 1.0)], type="model")
    root["own_joules"] = 1e-15
    page = draw(energy_report(root))
    assert row(page, "Model").locator(".irene-own").text_content() == "0 J"


def test_dispose_leaves_nothing(draw: Draw) -> None:
    page = draw(small_report())
    page.evaluate("view.dispose()")
    assert page.locator("#tree").evaluate("element => element.childNodes.length") == 0


def test_what_would_help_is_asked_and_answered(
    draw: Draw, page: Any, violations: Callable[[], list[str]]
) -> None:
    draw(small_report())
    assert page.get_by_role("button", name="What would help?").count() == 0  # nobody to ask
    site = draw(small_report(), onAdvice="ask")
    asking = site.get_by_role("button", name="What would help?")
    asking.click()
    assert site.evaluate("events") == [["advice", None]]
    assert asking.is_disabled()
    assert site.get_by_text("Predicting this report again").is_visible()
    site.evaluate("view.showAdvice({problem: '<b>nothing</b> can be told'})")
    assert site.get_by_text("<b>nothing</b> can be told").is_visible()
    assert asking.is_enabled()
    advice = irene.predict(BertConfig(num_hidden_layers=1), 1, 64, device="h100").advice()
    site.evaluate("advice => view.showAdvice(advice)", advice.to_dict())
    for each in advice:
        line = site.get_by_role("row").filter(has_text=each.change)
        assert each.how in line.text_content()
        assert each.saved in line.text_content()
    assert not asking.is_visible()
    assert violations() == []
    site.evaluate("view.showAdvice({})")  # another report: the question is open again
    assert asking.is_visible()
