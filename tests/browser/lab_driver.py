"""Opens a notebook in the tests' JupyterLab and runs its cells as a person would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

REPORT_MIME = "application/vnd.irene.energy+json"
SHOW_TREE = """\
import json
from pathlib import Path
from irene_jupyter import EnergyTree
tree = EnergyTree(json.loads(Path("report.json").read_text()))
tree"""
ERRORS = ("Error displaying widget", "Loading widget", "model not found")
# ipywidgets holds a change back until the kernel has answered the last one. Once the kernel has
# answered a request of ours, what was held back is on its way, before the cell.
RUN_CELL = """async (index) => {
  const { commands, shell } = window.jupyterapp;
  const { content, sessionContext } = shell.currentWidget;
  await sessionContext.session.kernel.requestKernelInfo();
  content.activeCellIndex = index;
  void commands.execute("notebook:run-cell");
}"""
# The prompt of a cell that is to be run, is running, and has run: "[3]:", "[*]:", "[4]:".
HAS_RUN = """([index, before]) => {
  const prompt = document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")[index].textContent;
  return prompt !== before && /\\d/.test(prompt);
}"""
IDLE = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
# The kernel's indicator is idle before a cell can be run: these are what JupyterLab waits for.
READY = """async () => {
  const { restored, shell } = window.jupyterapp;
  await restored;
  const { context, revealed, sessionContext } = shell.currentWidget;
  await Promise.all([context.ready, revealed, sessionContext.ready]);
  await sessionContext.session.kernel.info;
}"""


def open_notebook(page: Any, lab: tuple[str, Path], name: str, sources: Sequence[str]) -> None:
    """A new notebook of code cells, open in JupyterLab with a kernel that answers."""
    write_notebook(lab[1] / name, sources)
    open_path(page, lab, name)
    wait_for_kernel(page)


def write_notebook(path: Path, sources: Sequence[str]) -> None:
    """A notebook of code cells, none of which was run."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    # Without a kernel's name Jupyter asks for one.
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)


def open_path(page: Any, lab: tuple[str, Path], name: str) -> None:
    """JupyterLab with a file of its folder."""
    # A workspace of its own: JupyterLab would open the last test's notebook as well.
    workspace = name.partition(".")[0]
    page.goto(f"{lab[0]}lab/workspaces/{workspace}/tree/{name}")


def wait_for_kernel(page: Any) -> None:
    page.wait_for_selector(IDLE, timeout=60_000)
    page.evaluate(READY)


def open_without_kernel(
    page: Any, lab: tuple[str, Path], name: str, cells: Sequence[tuple[str, Any]]
) -> None:
    """A notebook of an older day: (source, the report in its output or None), and no kernel."""
    notebook = nbformat.v4.new_notebook()
    for number, (source, report) in enumerate(cells, start=1):
        cell = nbformat.v4.new_code_cell(source)
        if report is not None:
            data = {REPORT_MIME: report, "text/plain": "a tree"}
            cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
            cell.execution_count = number
        notebook.cells.append(cell)
    nbformat.write(notebook, lab[1] / name)
    open_path(page, lab, name)
    page.get_by_role("dialog").get_by_role("button", name="No Kernel").click(timeout=60_000)


def execute(page: Any, command: str, **arguments: Any) -> None:
    """Run a command of JupyterLab's to its end."""
    code = "([command, args]) => window.jupyterapp.commands.execute(command, args).then(() => {})"
    page.evaluate(code, [command, arguments])


def run_cell(page: Any, index: int) -> str:
    """Run a cell to its end; the text that it printed."""
    before = page.locator(".jp-CodeCell .jp-InputPrompt").nth(index).text_content()
    page.evaluate(RUN_CELL, index)
    page.wait_for_function(HAS_RUN, arg=[index, before])
    output = page.locator(".jp-CodeCell").nth(index).locator(".jp-OutputArea-output")
    return str(output.first.text_content()).strip() if output.count() else ""


def assert_one_tree(page: Any, kind: str) -> None:
    """One tree, `live` or `static`, in full, and no word of a widget that is missing."""
    shown = page.locator(f'[data-irene="{kind}"] .irene-tree')
    shown.wait_for(timeout=60_000)
    assert page.locator(".irene-tree").count() == 1
    assert shown.locator(".irene-label").first.text_content() == "BertModel"
    assert "10.0 J" in shown.inner_text()
    text = page.locator(".jp-OutputArea").first.inner_text()
    assert not [error for error in ERRORS if error in text]
