"""Jupyter Notebook 7: the live widget, the same tree on reopening, and what has no place there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab_driver import (
    REPORT_MIME,
    SHOW_TREE,
    assert_one_tree,
    execute,
    run_cell,
    wait_for_kernel,
    write_notebook,
)
from tree_data import small_report

pytest.importorskip("notebook", reason="notebook is not installed")

READ = "print(repr(tree.selected))"
SELECT = "tree.selected = 'encoder.layer.1.output'"
NAME = "seven.ipynb"
SHUT_DOWN = "window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
TRUSTED = "window.jupyterapp.shell.currentWidget.content.model.cells.get(0).trusted"
COMMANDS = (
    "window.jupyterapp.commands.listCommands().filter((id) => id.startsWith('irene-jupyter:'))"
)
# Notebook 7.6 stumbles over the order of its own settings, with and without extensions.
ITS_OWN = "/static/notebook/"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page; an error in it that is not Notebook's own fails the test."""
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    page = context.new_page()
    page.set_default_timeout(30_000)
    errors: list[str] = []

    def hear(error: Any) -> None:
        places = [line for line in str(error.stack).splitlines() if "http" in line]
        if not places or not all(ITS_OWN in place for place in places):
            errors.append(error.stack)

    page.on("pageerror", hear)
    # Plugins that do not start are told there.
    page.on("console", lambda said: errors.append(said.text) if "irene" in said.text else None)
    yield page
    context.close()
    assert errors == []


def open_in_notebook(page: Any, lab: tuple[str, Path], name: str) -> None:
    page.goto(f"{lab[0]}notebooks/{name}")


def assert_detail_follows(page: Any) -> None:
    page.locator(".irene-row", has_text="pooler").click()
    assert page.locator(".irene-detail-path").text_content() == "pooler"


def test_live_and_then_reopened(page: Any, lab: tuple[str, Path]) -> None:
    (lab[1] / "report.json").write_text(json.dumps(small_report()))
    write_notebook(lab[1] / NAME, (SHOW_TREE, READ, SELECT))
    open_in_notebook(page, lab, NAME)
    wait_for_kernel(page)
    run_cell(page, 0)
    assert_one_tree(page, "live")

    # Both ways between the tree and Python.
    assert_detail_follows(page)
    assert run_cell(page, 1) == "'pooler'"
    run_cell(page, 2)
    page.wait_for_function(
        """() => document.querySelector('.irene-row[aria-selected="true"] .irene-label')
          .textContent === "output" """
    )

    # The kernel goes: the tree stays. And so it is the next day, with another kernel.
    execute(page, "docmanager:save")
    page.evaluate(SHUT_DOWN)
    assert_one_tree(page, "static")
    page.goto("about:blank")
    open_in_notebook(page, lab, NAME)
    wait_for_kernel(page)
    assert_one_tree(page, "static")
    assert page.evaluate(TRUSTED) is True
    page.evaluate(SHUT_DOWN)

    # Mailed to somebody who has no such kernel, and does not trust it.
    notebook = nbformat.read(lab[1] / NAME, as_version=4)
    notebook.metadata = nbformat.NotebookNode()  # any word of Python, and its kernel is started
    nbformat.write(notebook, lab[1] / "mailed_seven.ipynb")
    page.goto("about:blank")
    open_in_notebook(page, lab, "mailed_seven.ipynb")
    page.get_by_role("dialog").get_by_role("button", name="No Kernel").click(timeout=60_000)
    assert_one_tree(page, "static")
    assert page.evaluate(TRUSTED) is False
    assert_detail_follows(page)


def test_what_has_a_place_there_and_what_has_none(page: Any, lab: tuple[str, Path]) -> None:
    write_notebook(lab[1] / "parts.ipynb", ("x = 1", "y = 2", ""))
    notebook = nbformat.read(lab[1] / "parts.ipynb", as_version=4)
    for cell in notebook.cells[:2]:
        data = {REPORT_MIME: small_report(), "text/plain": "a tree"}
        cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    nbformat.write(notebook, lab[1] / "parts.ipynb")
    open_in_notebook(page, lab, "parts.ipynb")
    wait_for_kernel(page)

    # No launcher and no status bar, so nothing of ours for them.
    assert set(page.evaluate(COMMANDS)) == {
        "irene-jupyter:measure-cell",
        "irene-jupyter:show-history",
        "irene-jupyter:cancel-calibration",
    }
    assert page.locator(".irene-lab-status").count() == 0

    # The toggle in the toolbar of a cell.
    page.locator(".jp-CodeCell").nth(0).locator(".cm-content").click()
    page.locator(".jp-cell-toolbar").get_by_role("button", name="Measure energy").click()
    first = page.locator(".jp-CodeCell .cm-content").first
    page.wait_for_function(
        "() => document.querySelector('.jp-CodeCell .cm-content').innerText.includes('%%energy')"
    )
    assert first.inner_text() == "%%energy\nx = 1"

    # The history, in Notebook's own left sidebar; there are no tabs, so two meet in a dialog.
    assert page.locator("#irene-jupyter-history").is_hidden()
    execute(page, "irene-jupyter:show-history")
    panel = page.locator("#irene-jupyter-history")
    panel.locator(".irene-history-row").nth(1).wait_for()
    for box in panel.get_by_role("checkbox").all():
        box.check()
    panel.get_by_role("button", name="Compare").click()
    dialog = page.get_by_role("dialog")
    dialog.locator(".irene-lab-comparison .irene-row").first.wait_for()
    assert dialog.locator(".irene-lab-comparison").bounding_box()["width"] > 600
    assert dialog.locator(".irene-lab-comparison .jp-mod-styled").count() == 0  # in our own style
    dialog.get_by_role("button", name="Close").click()
    page.locator(".irene-lab-comparison").wait_for(state="detached")
    page.evaluate(SHUT_DOWN)
