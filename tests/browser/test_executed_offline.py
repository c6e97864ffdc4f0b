"""Notebooks that nbclient ran, opened by somebody without a network and without scripts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pytest

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
# All ways in which a tree gets into an output.
CELLS = (
    "import torch\nimport irene_jupyter as irene\n%load_ext irene_jupyter\n"
    "model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.GELU())",
    "%%energy --budget 0\nmodel(torch.ones(8, 64));",
    "irene.predict(model, batch_size=2)",
    "tree = irene.EnergyTree(_energy)\ntree",
    "display(irene.predict(model))",
)
TREES = len(CELLS) - 1


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A notebook that was never run, in a folder of its own."""
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    path = tmp_path / "source.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def offline(browser: Any) -> Iterator[Any]:
    """A page without a network, in which no script runs."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1100, "height": 800}
    )
    context.set_offline(True)
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


def run(*arguments: str | Path, folder: Path) -> None:
    """A tool of this Python's, to its end."""
    command = [sys.executable, "-m", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]


def assert_trees(page: Any, file: Path) -> None:
    """Each of the notebook's trees is seen, opens, and tells joules."""
    page.goto(file.as_uri())
    trees = page.locator(".irene-energy")
    assert trees.count() == TREES
    for tree in trees.all():
        assert tree.is_visible()
        assert "Sequential" in tree.inner_text()
        summary = tree.locator("summary").first
        assert summary.is_visible()
        assert "J" in summary.locator(".j").inner_text()
        leaf = tree.locator("li.leaf").first
        before = leaf.is_visible()
        summary.click()
        assert leaf.is_visible() is not before


def executed(path: Path) -> Any:
    """The notebook, none of whose outputs needs a widget."""
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert len(outputs) == TREES
    for output in outputs:
        assert "text/html" in output.data
        assert WIDGET_MIME not in output.data
    return notebook


def test_nbconvert_execute(offline: Any, source: Path) -> None:
    run("nbconvert", "--execute", "--to", "html", source, folder=source.parent)
    assert_trees(offline, source.with_suffix(".html"))


def test_papermill(offline: Any, source: Path) -> None:
    if find_spec("papermill") is None:
        pytest.skip("papermill is not installed: pip install 'irene-jupyter[hosts]'")
    target = source.with_name("run.ipynb")
    run("papermill", source, target, folder=source.parent)
    executed(target)
    run("nbconvert", "--to", "html", target, folder=source.parent)
    assert_trees(offline, target.with_suffix(".html"))


def test_nbclient(source: Path) -> None:
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(source, as_version=4)
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": source.parent}}).execute()
    nbformat.write(notebook, source)
    executed(source)


def test_a_book_that_runs_its_notebooks(offline: Any, source: Path) -> None:
    """As Jupyter Book 1 does: Sphinx with myst-nb."""
    if find_spec("myst_nb") is None:
        pytest.skip("myst-nb is not installed: pip install 'irene-jupyter[hosts]'")
    book = source.parent / "book"
    book.mkdir()
    source.rename(book / "index.ipynb")
    (book / "conf.py").write_text(
        'extensions = ["myst_nb"]\nnb_execution_mode = "force"\nnb_execution_timeout = 200\n'
        "nb_execution_raise_on_error = True\n"
    )
    run("sphinx", "-b", "html", book, book / "built", folder=book)
    assert_trees(offline, book / "built" / "index.html")
