"""EnergyTree in a real JupyterLab, with a real kernel behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chromium import AXE
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

CHANGE_THEME = """theme =>
  window.jupyterapp.commands.execute("apputils:change-theme", { theme })"""
PAPER = "element => getComputedStyle(element).backgroundColor"
VIOLATIONS = """async () => (await axe.run(".irene-tree")).violations
  .map(({ id, nodes }) => `${id}: ${nodes[0].html}`)"""
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
    assert tree.get_by_label("Unit").input_value() == "mJ"
    assert tree.locator(".irene-detail-path").text_content() == "encoder.layer.1.output"

    # Both at once: ipywidgets holds the second back until the kernel has answered the first.
    tree.get_by_role("button", name="None").click()
    tree.get_by_label("Unit").select_option("Wh")
    assert run_cell(page, 1) == "'encoder.layer.1.output' Linear 0 Wh"

    run_cell(page, 3)
    tree.get_by_text("another report").wait_for()
    # The selected node is in the other report too, in a row that is closed here.
    assert chosen.count() == 0
    assert tree.locator(".irene-detail-path").text_content() == "encoder.layer.1.output"
    assert run_cell(page, 1) == "'encoder.layer.1.output' Linear 0 Wh"


def test_what_would_help_is_answered_by_the_kernel(page: Any, lab: tuple[str, Path]) -> None:
    predict = "irene.predict(BertConfig(num_hidden_layers=1), 1, 64, device='h100')"
    code = f"""\
import irene_jupyter as irene
from transformers import BertConfig
irene.EnergyTree({predict})"""
    open_notebook(page, lab, "advice.ipynb", [code])
    run_cell(page, 0)
    page.get_by_role("button", name="What would help?").click()
    page.locator(".irene-advice-table").get_by_text("batch 1 →").wait_for()


def test_reads_well_in_the_themes_of_jupyterlab(page: Any, lab: tuple[str, Path]) -> None:
    if not AXE.is_file():
        pytest.skip("run `npm ci --ignore-scripts` in labextension/ to check with axe-core")
    open_tree(page, lab)
    run_cell(page, 0)
    page.locator(".irene-row", has_text="embeddings").click()
    page.add_script_tag(path=AXE)
    papers = []
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.evaluate(CHANGE_THEME, theme)
        light = str("Light" in theme).lower()
        page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")
        papers.append(page.locator(".irene-tree").evaluate(PAPER))
        assert page.evaluate(VIOLATIONS) == [], theme
    assert papers[0] != papers[1]


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
