"""The line of a long cell: in a busy kernel, in a notebook that was executed, at a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

MIME_TYPE = "application/vnd.irene.energy+json"
# So that a test need not last five seconds: a line at each sample, and the cell waits for some.
SETUP = """
import torch
torch.set_num_threads(1)
%load_ext irene_jupyter
from irene_jupyter.notebook import live_line
live_line.LONG_SECONDS = live_line._EVERY_SECONDS = 0.0
shown = []
show = live_line.LiveLine._show
def counted(self):
    show(self)
    shown.append(self._said)
live_line.LiveLine._show = counted
model, x = torch.nn.Linear(8, 8), torch.ones(2, 8)
"""
LOOP = """
shown.clear()
while len(shown) < 3:
    y = model(x)
"""


@pytest.fixture(scope="module")
def live(kernel):
    cell = kernel.run(SETUP)
    assert cell.ok, cell.traceback
    return kernel


def updates(cell):
    return cell.of("update_display_data")


def test_line_belongs_to_its_cell_and_gives_its_place_to_the_tree(live):
    cell = live.run("%%energy --interval 0.05" + LOOP)
    assert cell.ok, cell.traceback
    (first,) = cell.of("display_data")
    assert "calls" in first["data"]["text/plain"]
    assert first["data"]["text/html"].startswith("<div")
    assert len(updates(cell)) >= 3
    place = first["transient"]["display_id"]
    assert {each["transient"]["display_id"] for each in updates(cell)} == {place}
    assert MIME_TYPE in updates(cell)[-1]["data"]
    assert all(MIME_TYPE not in each["data"] for each in updates(cell)[:-1])


def test_each_cell_has_a_line_of_its_own(live):
    first, second = (live.run("%%energy --interval 0.05" + LOOP) for _ in range(2))
    ids = [cell.of("display_data")[0]["transient"]["display_id"] for cell in (first, second)]
    assert ids[0] != ids[1]
    assert MIME_TYPE in updates(second)[-1]["data"]


def test_line_is_of_what_ran(live):
    live.run("%%energy --interval 0.05" + LOOP)
    lines = live.value("shown")
    calls = [int(line.split(" call")[0].split("·")[-1].replace(",", "")) for line in lines]
    assert calls == sorted(calls)
    assert calls[-1] > calls[0] > 0


@pytest.mark.parametrize("option", ["--no-live", "--view none"])
def test_no_line_where_none_is_wanted(live, option):
    live.run("shown.clear()")
    cell = live.run(f"%%energy --interval 0.02 {option}\nfor _ in range(20000): y = model(x)")
    assert cell.ok, cell.traceback
    assert updates(cell) == []
    assert live.value("shown") == []


def test_text_takes_the_lines_place_too(live):
    cell = live.run("%%energy --interval 0.05 --view text" + LOOP)
    assert len(cell.displays) == 1
    assert "Linear" in updates(cell)[-1]["data"]["text/plain"]
    assert cell.stream("stdout") == ""


def test_cell_that_fails_ends_the_line_with_words(live):
    cell = live.run("%%energy --interval 0.05" + LOOP + "1 / 0")
    assert cell.reply["ename"] == "ZeroDivisionError"
    assert updates(cell)[-1]["data"]["text/plain"].startswith("the cell did not end: ")


def test_notebook_that_was_executed_holds_the_tree_alone(tmp_path):
    cells = [SETUP, "%%energy --interval 0.05" + LOOP]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (output,) = notebook.cells[1].outputs
    assert output.output_type == "display_data"
    assert MIME_TYPE in output.data
    assert "so far" not in output.data["text/plain"]


def test_terminal_writes_one_line_over_and_clears_it(tmp_path: Path):
    ours, theirs = pty.openpty()
    # The prompt wants blank lines at the end of a function, and of a cell.
    lines = f"{SETUP}\n%%energy --interval 0.05{LOOP}\n\n".replace("_said)\n", "_said)\n\n\n")
    env = {"IPYTHONDIR": str(tmp_path / "ipython"), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
            input=lines,
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            check=False,
            timeout=120,
            cwd=tmp_path,
            env={**os.environ, **env},
        )
        os.close(theirs)
        said = os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
    assert "Linear" in done.stdout
    assert "call" not in done.stdout.partition("share")[0]
    assert said.count("calls") >= 3, said
    assert said.rstrip().endswith("\x1b[K")
    assert "\n" not in said.strip()
