"""Who cannot use a mouse, sees little, or has little room: keyboard, axe-core, colours, widths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chromium import AXE
from transformers import GPT2Config
from tree_data import energy_node, small_report
from tree_page import focused, labels, row, selected

import irene_jupyter as irene

Draw = Callable[..., Any]
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "high contrast": {"forced_colors": "active"},
}
# What the page is asked for: the background that an element stands on, and its own colours.
LUMINANCE = """element => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  canvas.fillStyle = getComputedStyle(element).backgroundColor;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
  return (red + green + blue) / 3;
}"""


def complete_report() -> dict[str, Any]:
    """A report in which there is one of everything that can be drawn."""
    report = small_report()
    report["root"]["children"][2]["energy"]["source"] = "measured"
    report["root"]["children"][0]["energy"]["source"] = "estimated"
    report["parts"] = [{"name": "backward", "kind": "backward", "seconds": 1.0, "joules": None}]
    report["phases"] = [
        {"phase": "decode", "model": "M", "calls": 1, "tokens": 1, "joules": 1.0, "root": None}
    ]
    report["observer"] = {"stages": {"replay": 1.0}, "during_seconds": 0.1, "percent": 1.0}
    return report


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_tree_and_icicle(
    draw: Draw, page: Any, violations: Callable[[], list[str]], look: str
) -> None:
    page.emulate_media(**LOOKS[look])
    draw(complete_report(), expandedDepth=4)
    row(page, "embeddings").click()
    assert violations() == []
    page.get_by_role("searchbox").fill("layer.1")
    assert violations() == []
    page.get_by_role("button", name="Icicle").click()
    assert violations() == []


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_a_comparison(
    compare: Draw, page: Any, violations: Callable[[], list[str]], look: str
) -> None:
    page.emulate_media(**LOOKS[look])
    after = complete_report()
    after["root"]["children"][1]["energy"] |= {"joules": 2.0, "low": 1.9, "high": 2.1}
    after["root"]["children"].append(energy_node("new", "New", 1.0))
    compare(complete_report(), after, expandedDepth=2)
    page.get_by_role("button", name="Follow the difference").click()
    assert violations() == []
    page.get_by_role("searchbox").fill("layer")
    assert page.get_by_role("button", name="Next match").is_visible()
    assert violations() == []


def test_axe_finds_nothing_in_a_narrow_comparison(
    compare: Draw, page: Any, violations: Callable[[], list[str]]
) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    after = complete_report()
    after["root"]["energy"] |= {"joules": 2.0, "low": 1.9, "high": 2.1}
    compare(complete_report(), after, expandedDepth=4)
    assert violations() == []
    assert page.get_by_text("* significant: the 90 % intervals do not overlap").is_visible()
    star = "element => getComputedStyle(element, '::after').content"
    assert row(page, "BertModel").locator(".irene-change").evaluate(star) == '" *"'
    assert row(page, "pooler").locator(".irene-change").evaluate(star) == "none"


@pytest.mark.usefixtures("compare")  # which brings its script
def test_axe_finds_nothing_in_several_views_on_one_page(
    draw: Draw, page: Any, violations: Callable[[], list[str]]
) -> None:
    """As in a notebook: names, ids and landmarks of one must not be those of another."""
    draw(complete_report(), expandedDepth=2)
    page.evaluate(
        """async (report) => {
          const { renderTree } = await import("/widget.js");
          const { renderComparison } = await import("/comparison.js");
          const place = () => document.getElementById("tree").appendChild(
            document.createElement("div"),
          );
          renderTree(place(), report, { view: "icicle" });
          renderTree(place(), report, {});
          renderComparison(place(), report, report, {});
        }""",
        complete_report(),
    )
    assert page.locator(".irene-tree").count() == 4
    assert violations() == []
    page.locator(".irene-tree").nth(2).get_by_role("button", name="Follow the energy").click()
    assert page.locator(".irene-tree").nth(0).locator("[aria-selected=true]").count() == 1


@pytest.mark.parametrize("width", [320, 560])
def test_axe_finds_nothing_in_narrow_outputs(
    draw: Draw, page: Any, violations: Callable[[], list[str]], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    draw(complete_report(), expandedDepth=4)
    assert violations() == []
    page.evaluate("view.setView('icicle')")
    assert violations() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_the_html_page(page: Any, look: str, tmp_path: Path) -> None:
    if not AXE.is_file():
        pytest.skip("run `npm ci --ignore-scripts` in labextension/ to check with axe-core")
    report = irene.predict(GPT2Config(n_layer=2), batch_size=2, seq_len=16, new_tokens=4)
    file = tmp_path / "report.html"
    file.write_text(report.to_html(full_page=True), "utf-8")
    page.emulate_media(**LOOKS[look])
    page.goto(file.as_uri())
    page.evaluate(AXE.read_text("utf-8"))  # from outside: the page itself runs no script
    found = page.evaluate("async () => (await axe.run()).violations")
    assert [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found] == []
    heads = page.locator(".heads").first
    assert heads.evaluate("element => getComputedStyle(element).position") == "sticky"


def test_twice_as_large_nothing_is_cut_off(draw: Draw, page: Any) -> None:
    """What a browser does at 200 %: half as many pixels each way."""
    page.set_viewport_size({"width": 550, "height": 400})
    report = complete_report()
    report["root"]["children"][2]["flags"] = ["extrapolated: far", "incomplete: it failed"]
    draw(report, expandedDepth=4)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for label in page.locator(".irene-label").all():  # flags give way, names do not
        assert label.evaluate("element => element.scrollWidth <= element.clientWidth + 1")


def test_nothing_moves_by_itself(draw: Draw, page: Any) -> None:
    page.emulate_media(reduced_motion="reduce")
    draw(complete_report(), expandedDepth=4)
    moving = """() => [...document.querySelectorAll("#tree *")].filter((element) => {
      const style = getComputedStyle(element);
      return style.animationName !== "none" || style.transitionDuration !== "0s";
    }).length"""
    assert page.evaluate(moving) == 0
    page.evaluate("view.setView('icicle')")
    assert page.evaluate(moving) == 0


def test_the_icicle_is_brightest_where_most_is_spent_on_a_dark_page(draw: Draw, page: Any) -> None:
    for scheme, is_dark in (("dark", True), ("light", False)):
        page.emulate_media(color_scheme=scheme)
        draw(small_report(), view="icicle")
        boxes = page.get_by_role("treeitem")
        whole, small = boxes.nth(0).evaluate(LUMINANCE), boxes.nth(1).evaluate(LUMINANCE)
        assert (whole > small) is is_dark


def test_dark_is_dark(draw: Draw, page: Any) -> None:
    page.emulate_media(color_scheme="dark")
    draw(small_report())
    assert page.locator(".irene-tree").evaluate(LUMINANCE) < 60
    page.emulate_media(color_scheme="light")
    assert page.locator(".irene-tree").evaluate(LUMINANCE) > 200


def test_high_contrast_marks_what_is_chosen(draw: Draw, page: Any) -> None:
    page.emulate_media(forced_colors="active")
    draw(small_report())
    colour = "element => getComputedStyle(element).backgroundColor"
    pressed = page.get_by_role("button", name="Tree", exact=True)
    assert pressed.evaluate(colour) != page.get_by_role("button", name="Icicle").evaluate(colour)
    page.evaluate("view.setView('icicle')")
    boxes = page.get_by_role("treeitem")
    assert boxes.nth(0).evaluate(colour) != boxes.nth(1).evaluate(colour)


@pytest.mark.parametrize("width", [320, 480, 640, 900, 1100])
def test_a_narrow_comparison_shows_name_and_difference(
    compare: Draw, page: Any, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    compare(small_report(), small_report(), expandedDepth=3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    scroll = page.locator(".irene-scroll")
    assert scroll.evaluate("element => element.scrollWidth <= element.clientWidth")
    shown = page.locator(".irene-row").first.locator("> :visible")
    assert shown.count() == page.locator(".irene-heading > :visible").count()
    for name in (".irene-label", ".irene-delta-text", ".irene-change"):
        assert row(page, "embeddings").locator(name).is_visible()


def test_everything_by_keyboard_alone(draw: Draw, page: Any) -> None:
    draw(small_report(), expandedDepth=1)
    press = page.keyboard.press
    active = "() => document.activeElement.textContent || document.activeElement.ariaLabel"
    order = []
    for _ in range(13):
        press("Tab")
        order.append(page.evaluate(active))
    assert order[:2] == ["Follow the energy", "Search modules by path or class"]
    assert order[2:7] == ["None", "1", "2", "3", "All"]
    # Menus, the two views, then one row of the grid: the others are reached by arrows.
    assert order[9:11] == ["Tree", "Icicle"]
    assert order[11].startswith("BertModel")
    assert order[12] == "Copy row"
    press("Shift+Tab")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "End"):
        press(key)
    assert focused(page) == "gpt2"
    press("Control+Home")
    assert focused(page) == "BertModel"
    press("*")  # opens all siblings
    press("PageDown")
    assert labels(page).index(focused(page)) > 5
    press("PageUp")
    assert focused(page) == "BertModel"
    for key in ("ArrowDown", "Enter"):
        press(key)
    assert selected(page) == ["embeddings"]
    assert "estimated" in page.locator(".irene-detail").inner_text()
    press("/")
    page.keyboard.type("pooler")
    press("ArrowDown")
    assert (selected(page), focused(page)) == (["pooler"], "pooler")


def test_the_focus_can_be_seen(draw: Draw, page: Any) -> None:
    draw(small_report())
    outline = "() => getComputedStyle(document.activeElement).outlineStyle"
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(outline) != "none", page.evaluate("document.activeElement.outerHTML")
    page.evaluate("view.setView('icicle')")
    page.get_by_role("treeitem").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(outline) != "none"
