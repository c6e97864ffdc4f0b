"""EnergyTree in a real JupyterLab, with a real kernel behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab_driver import open_notebook, run_cell
from tree_data import small_report

CREATE = """\
import json
from pathlib import Path
from irene_jupyter import EnergyTree
tree = EnergyTree(json.loads(Path("report.json").read_text()), expanded_depth=1)
tree"""
READ = "print(repr(tree.selected), tree.node.class_name, tree.expanded_depth, tree.unit)"
SELECT = "tree.selected = 'encoder.layer.1.output'; tree.unit = 'mJ'"
REPLACE = """\
data = json.loads(Path("report.json").read_text())
tree.report = data | {"not_run": [], "notes": ["another report"]}"""
CELLS = (CREATE, READ, SELECT, REPLACE)

COUNT_CELLS = "window.jupyterapp.shell.currentWidget.content.widgets.length"


def open_tree(page: Any, lab: tuple[str, Path]) -> None:
    (lab[1] / "report.json").write_text(json.dumps(small_report()))
    open_notebook(page, lab, "tree.ipynb", CELLS)


def test_selection_goes_both_ways(page: Any, lab: tuple[str, Path]) -> None:
    open_tree(page, lab)
    run_cell(page, 0)
    tree = page.locator(".irene-tree")
    tree.wait_for()
    assert tree.count() == 1  # one display, the live one
    chosen = tree.locator('.irene-row[aria-selected="true"] .irene-label')
    assert chosen.text_content() == "BertModel"

    # Jupyter's style of lists in outputs must not break up the facts.
    fact = tree.locator(".irene-facts > *")
    assert fact.nth(0).bounding_box()["y"] == fact.nth(1).bounding_box()["y"]

    tree.locator(".irene-row", has_text="pooler").click()
    assert chosen.text_content() == "pooler"
    assert run_cell(page, 1) == "'pooler' Linear 1 J"

    run_cell(page, 2)
    page.wait_for_function(
        """() => document.querySelector('.irene-row[aria-selected="true"] .irene-label')
          .textContent === "output" """
    )
    assert tree.locator(".irene-select").input_value() == "mJ"
    assert tree.locator(".irene-detail-path").text_content() == "encoder.layer.1.output"

    tree.get_by_role("button", name="None").click()
    tree.locator(".irene-select").select_option("Wh")
    assert run_cell(page, 1) == "'encoder.layer.1.output' Linear 0 Wh"

    run_cell(page, 3)
    tree.get_by_text("another report").wait_for()
    assert chosen.text_content() == "BertModel"
    assert run_cell(page, 1) == "'' BertModel 0 Wh"


def test_keys_in_the_tree_are_no_shortcuts_of_the_notebook(
    page: Any, lab: tuple[str, Path]
) -> None:
    open_tree(page, lab)
    run_cell(page, 0)
    page.locator(".irene-row", has_text="embeddings").click()
    assert page.locator(".irene-row:focus").count() == 1  # Jupyter leaves the focus there
    for key in ("a", "b", "x", "d", "d", "e", "ArrowDown", "End"):
        page.keyboard.press(key)
    assert page.locator(".irene-row:focus .irene-label").text_content() == "gpt2"
    page.keyboard.press("Enter")
    # Nor where the tree itself has no use for them.
    page.get_by_role("button", name="Follow the energy").focus()
    for key in ("a", "b"):
        page.keyboard.press(key)
    assert page.evaluate(COUNT_CELLS) == len(CELLS)
    assert run_cell(page, 1) == "'gpt2' GPT2Model 1 J"
