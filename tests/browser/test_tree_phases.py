"""A training step in the tree: phases as columns, and each as a tree of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tree_data import energy_node, energy_report
from tree_page import focused, labels, row, selected, wait_until

Draw = Callable[..., Any]
PHASES = {"forward": 1.0, "backward": 2.0, "optimiser": 0.25}  # joules of a layer


def tree(joules: float, head: bool = True) -> Any:
    layers = [energy_node(f"layer.{index}", "Block", joules) for index in range(3)]
    heads = [energy_node("head", "Linear", 0.5 * joules)] if head else []
    return energy_node("", "Net", (3 + 0.5 * head) * joules + 0.5, [*layers, *heads], type="model")


def trained() -> dict[str, Any]:
    """The head is frozen: an optimiser's step has nothing of it."""
    phases = []
    for name, joules in PHASES.items():
        root = tree(joules, head=name != "optimiser")
        phases.append(
            {
                "phase": name,
                "model": "net",
                "calls": 4,
                "tokens": 0,
                "samples": 32,
                "steps": 4,
                "seconds": 0.5,
                "joules": root["energy"]["joules"],
                "root": json.dumps(root),
            }
        )
    root = tree(sum(PHASES.values()))
    head = root["children"][-1]
    head["energy"]["joules"] -= 0.5 * PHASES["optimiser"]
    root["energy"]["joules"] += 2 * 0.5 - 0.5 * PHASES["optimiser"]
    report = energy_report(root, phases=phases)
    return report | {
        "said": {
            "joules": root["energy"]["joules"], "source": "predicted", "title": "Net",
            "training": "4 training steps, 3.21 J each: forward 31 %, backward 58 %",
            "provenance": "Predicted for GTX 1080 Ti PC", "interval": "90 % interval",
            "flags": [], "phases": None, "parts": None, "lines": [],
        }
    }  # fmt: skip


def headings(page: Any) -> list[str]:
    return list(page.locator(".irene-heading > *:visible").all_inner_texts())


def cells(page: Any, label: str) -> list[str]:
    found = row(page, label).locator("> :visible").all_inner_texts()
    return [" ".join(text.split()) for text in found[2:]]


@pytest.mark.parametrize("look", [{"color_scheme": "dark"}, {"forced_colors": "active"}, {}])
def test_axe_finds_nothing_in_any_phase(
    draw: Draw, page: Any, violations: Callable[[], list[str]], look: dict[str, Any]
) -> None:
    page.emulate_media(**look)
    draw(trained())
    assert violations() == []
    page.get_by_role("button", name="Optimiser").click()
    row(page, "head").click()
    assert violations() == []
    page.get_by_role("button", name="Icicle").click()
    assert violations() == []


def test_the_switch_works_by_keyboard_and_keeps_what_is_open(draw: Draw, page: Any) -> None:
    draw(trained())
    assert headings(page) == ["Name", "Share", "Energy", "Forward", "Backward", "Optimiser"]
    assert cells(page, "3 × Block") == ["9.75 J", "3.00 J", "6.00 J", "750 mJ"]
    row(page, "3 × Block").focus()
    page.keyboard.press("ArrowRight")
    row(page, "layer.2").click()
    shown = labels(page)
    page.get_by_role("button", name="Whole step").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_until(page, "events.some(([name, value]) => name === 'phase' && value === 'backward')")
    assert page.get_by_role("button", name="Backward").get_attribute("aria-pressed") == "true"
    assert labels(page) == shown
    assert selected(page) == ["layer.2"]
    assert "Of parent" in headings(page)
    assert cells(page, "3 × Block")[0] == "6.00 J"
    # Rows of a phase are walked as others are.
    row(page, "layer.2").focus()
    page.keyboard.press("ArrowDown")
    assert focused(page) == "head"
    page.get_by_role("button", name="Optimiser").click()
    assert cells(page, "head")[0] == "–"
    assert page.locator(".irene-training").inner_text().startswith("4 training steps")


@pytest.mark.parametrize("width", [320, 480, 600, 800, 960, 1100, 1400])
def test_no_column_is_cut_at_any_width(draw: Draw, page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    draw(trained())
    grid = page.locator(".irene-scroll")
    assert grid.evaluate("element => element.scrollWidth - element.clientWidth") <= 0
    names = page.locator(".irene-row .irene-label").evaluate_all(
        "elements => elements.map(element => element.clientWidth)"
    )
    assert min(names) > 20
    assert ("Optimiser" in headings(page)) == (width >= 600)
