"""A long cell in a real JupyterLab: a line tells how it goes, and the live tree takes its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from lab_driver import ERRORS, REPORT_MIME, RUN_CELL, execute, open_notebook

# A line at each sample, in place of one after five seconds.
LOAD = """\
%load_ext irene_jupyter
import pathlib
import torch
from irene_jupyter.notebook import live_line

live_line.LONG_SECONDS = live_line._EVERY_SECONDS = 0.0
model = torch.nn.Sequential(torch.nn.Linear(8, 8))
print("loaded")"""
MEASURE = """\
%%energy
print("begun")
while not pathlib.Path("enough").exists():
    model(torch.ones(2, 8))"""


def test_line_is_seen_while_the_cell_runs_and_the_tree_afterwards(
    page: Any, lab: tuple[str, Path]
) -> None:
    page.set_default_timeout(120_000)  # torch is imported in the cell
    open_notebook(page, lab, "long.ipynb", (LOAD, MEASURE))
    output = page.locator(".jp-CodeCell .jp-OutputArea-output")
    page.evaluate(RUN_CELL, 0)
    output.filter(has_text="loaded").wait_for()
    page.evaluate(RUN_CELL, 1)
    output.filter(has_text="a call").wait_for()
    assert page.locator(".irene-tree").count() == 0

    (lab[1] / "enough").touch()
    page.locator('[data-irene="live"] .irene-tree').wait_for()
    assert page.locator(".irene-tree").count() == 1
    assert output.filter(has_text="a call ·").count() == 0
    text = page.locator(".jp-Notebook").inner_text()
    assert not [error for error in ERRORS if error in text]

    execute(page, "docmanager:save")
    cell = nbformat.read(lab[1] / "long.ipynb", as_version=4).cells[1]
    printed, tree = cell.outputs
    assert printed.text == "begun\n"
    assert REPORT_MIME in tree.data
