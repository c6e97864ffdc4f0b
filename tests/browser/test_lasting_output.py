"""What a report shows where: live, restarted, reloaded, saved and reopened, converted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab_driver import (
    REPORT_MIME,
    SHOW_TREE,
    assert_one_tree,
    execute,
    open_notebook,
    open_path,
    run_cell,
    wait_for_kernel,
)
from tree_data import small_report

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
READ = "print(repr(tree.selected))"
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
TRUSTED = "window.jupyterapp.shell.currentWidget.content.model.cells.get(0).trusted"


@pytest.fixture(scope="module")
def saved(browser: Any, lab: tuple[str, Path]) -> Path:
    """A notebook as JupyterLab saved it after a run, which has gone through all of a day."""
    (lab[1] / "report.json").write_text(json.dumps(small_report()))
    name = "lasting.ipynb"
    page = browser.new_context(viewport={"width": 1100, "height": 800}).new_page()
    page.set_default_timeout(30_000)
    open_notebook(page, lab, name, (SHOW_TREE, READ))
    run_cell(page, 0)
    assert_one_tree(page, "live")
    page.locator(".irene-lab-status-text", has_text="10.0 J predicted").wait_for()

    # The kernel restarts: its widget is gone, the tree is not.
    page.evaluate(f"{KERNEL}.restart()")
    assert_one_tree(page, "static")
    wait_for_kernel(page)
    assert "NameError" in run_cell(page, 1)  # and so the next prompt is another than before
    run_cell(page, 0)
    assert_one_tree(page, "live")

    # The page is loaded again while the kernel lives: the same widget, in step with Python.
    execute(page, "docmanager:save")
    page.reload()
    wait_for_kernel(page)
    assert_one_tree(page, "live")
    page.locator(".irene-row", has_text="pooler").click()
    assert run_cell(page, 1) == "'pooler'"

    # The widget is closed by Python.
    page.evaluate(f"{KERNEL}.requestExecute({{ code: 'tree.close()' }}).done.then(() => {{}})")
    assert_one_tree(page, "static")
    execute(page, "docmanager:save")
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    assert_one_tree(page, "static")
    page.context.close()

    path = lab[1] / name
    data = nbformat.read(path, as_version=4).cells[0].outputs[0].data
    assert {REPORT_MIME, WIDGET_MIME, "text/html", "text/plain"} <= set(data)
    assert data[WIDGET_MIME]["model_id"]  # nothing of ours was written over
    return path


def test_reopened_and_trusted(page: Any, lab: tuple[str, Path], saved: Path) -> None:
    open_path(page, lab, saved.name)
    wait_for_kernel(page)  # a new one
    assert_one_tree(page, "static")
    assert page.evaluate(TRUSTED) is True
    page.locator(".irene-row", has_text="pooler").click()
    assert page.locator(".irene-detail-path").text_content() == "pooler"


def test_reopened_and_untrusted(page: Any, lab: tuple[str, Path], saved: Path) -> None:
    notebook = nbformat.read(saved, as_version=4)
    notebook.cells[0].source += "  # as somebody else would have it"
    copy = lab[1] / "mailed.ipynb"
    nbformat.write(notebook, copy)
    open_path(page, lab, copy.name)
    wait_for_kernel(page)
    assert_one_tree(page, "static")
    assert page.evaluate(TRUSTED) is False


def test_converted_to_a_page(page: Any, saved: Path) -> None:
    """The notebook was run in JupyterLab, so its output has a widget."""
    nbconvert = pytest.importorskip("nbconvert")
    html, _ = nbconvert.HTMLExporter(template_name="lab").from_filename(str(saved))
    page.context.set_offline(True)
    page.set_content(html, wait_until="domcontentloaded")
    output = page.locator(".jp-OutputArea-output").first
    assert "BertModel" in output.inner_text()
    assert output.locator("details").count() > 0
    assert output.locator("script").count() == 0
    assert "widget" not in output.inner_text().lower()
