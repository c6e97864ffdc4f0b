"""Opens a notebook in the tests' JupyterLab and runs its cells as a person would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

RUN_CELL = """(index) => {
  const { commands, shell } = window.jupyterapp;
  shell.currentWidget.content.activeCellIndex = index;
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
    address, work = lab
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    # Without a kernel's name JupyterLab asks for one.
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), work / name)
    # A workspace of its own: JupyterLab would open the last test's notebook as well.
    page.goto(f"{address}lab/workspaces/{Path(name).stem}/tree/{name}")
    page.wait_for_selector(IDLE, timeout=60_000)
    page.evaluate(READY)


def run_cell(page: Any, index: int) -> str:
    """Run a cell to its end; the text that it printed."""
    before = page.locator(".jp-CodeCell .jp-InputPrompt").nth(index).text_content()
    page.evaluate(RUN_CELL, index)
    page.wait_for_function(HAS_RUN, arg=[index, before])
    output = page.locator(".jp-CodeCell").nth(index).locator(".jp-OutputArea-output")
    return str(output.first.text_content()).strip() if output.count() else ""
