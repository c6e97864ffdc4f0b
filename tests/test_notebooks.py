"""The example notebooks: they run, and what is committed shows without a kernel."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from irene_jupyter import demo
from irene_jupyter.errors import IreneError
from irene_jupyter.report.report import EnergyReport

FOLDER = Path(__file__).resolve().parents[1] / "example_notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
ids = [path.name for path in NOTEBOOKS]


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def total_joules(notebook: Any) -> list[float]:
    return [EnergyReport.from_dict(each).total_joules for each in demo.reports(notebook)]


def assert_shows_without_a_kernel(notebook: Any) -> None:
    assert "widgets" not in notebook.metadata
    for output in outputs(notebook):
        assert output.output_type != "error", output
        assert output.get("name") != "stderr", output.text
        assert demo.WIDGET_MIME not in output.get("data", {})
        if demo.REPORT_MIME in output.get("data", {}):
            assert {"text/html", "text/plain"} <= set(output.data)
    assert all(joules > 0 for joules in total_joules(notebook))
    assert "BertModel" in EnergyReport.from_dict(next(demo.reports(notebook))).models[0].class_name


def test_there_is_one() -> None:
    assert demo.FIRST_NOTEBOOK in ids


def test_the_launcher_lists_all_of_them() -> None:
    index = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    assert [entry["file"] for entry in index] == ids
    for entry, path in zip(index, NOTEBOOKS, strict=True):
        heading = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
        assert heading.removeprefix("# ").startswith(entry["title"])
        assert entry["description"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_committed_outputs_show_without_a_kernel(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert_shows_without_a_kernel(notebook)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), "run .ci/refresh_notebooks.py"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_it_runs_and_tells_what_is_committed(path: Path, tmp_path: Path) -> None:
    notebook = demo.execute(path, tmp_path)
    assert_shows_without_a_kernel(notebook)
    committed = total_joules(nbformat.read(path, as_version=4))
    assert total_joules(notebook) == pytest.approx(committed, rel=1e-6), (
        "run .ci/refresh_notebooks.py"
    )


# --- irene-jupyter demo -----------------------------------------------------------------------


class Resources(HTMLParser):
    """The addresses that a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            loads = name == "src" or (tag == "link" and name == "href")
            if loads and value and not value.startswith("data:"):
                self.found.append(value)


def test_the_demo_prints_a_tree_and_writes_notebook_and_page(tmp_path: Path) -> None:
    folder = tmp_path / "new folder"
    done = subprocess.run(
        [sys.executable, "-m", "irene_jupyter.cli", "demo", "--output", str(folder)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "BertModel" in done.stdout
    assert "GTX 1080 Ti PC" in done.stdout
    assert f'-m jupyterlab "{folder / demo.FIRST_NOTEBOOK}"' in done.stdout
    assert_shows_without_a_kernel(nbformat.read(folder / demo.FIRST_NOTEBOOK, as_version=4))
    page = (folder / "01_first_look.html").read_text(encoding="utf-8")
    resources = Resources()
    resources.feed(page)
    assert resources.found == []
    assert "BertLayer" in page


def test_an_output_that_cannot_be_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from irene_jupyter import cli

    (tmp_path / "taken").write_text("")
    assert cli.main(["demo", "--output", str(tmp_path / "taken")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "--output" in err


def test_a_failing_cell_is_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in ("1 + 1", "{}['missing']", "3")]
    cells[2].outputs = [nbformat.v4.new_output("stream", text="of an older run")]
    path = tmp_path / "broken.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    seen: list[str] = []
    with pytest.raises(demo.NotebookError, match="KeyError: 'missing'") as raised:
        demo.execute(path, tmp_path, progress=seen.append)
    assert seen == ["broken.ipynb: cell 1 of 3", "broken.ipynb: cell 2 of 3"]
    kept = raised.value.notebook
    assert kept.cells[0].outputs[0].data["text/plain"] == "2"
    assert kept.cells[1].outputs[0].ename == "KeyError"
    assert kept.cells[2].outputs == []


def test_a_notebook_that_is_not_there() -> None:
    with pytest.raises(IreneError, match="install irene-jupyter again"):
        demo.find_notebook("99_nowhere.ipynb")


def test_stripping_removes_what_needs_a_kernel() -> None:
    cell = nbformat.v4.new_code_cell("tree")
    cell.metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
    data = {demo.WIDGET_MIME: {"model_id": "1"}, "text/html": "<b>tree</b>"}
    cell.outputs = [
        nbformat.v4.new_output("display_data", data=data),
        nbformat.v4.new_output("stream", text="words"),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    demo.strip(notebook)
    assert "widgets" not in notebook.metadata
    assert "execution" not in cell.metadata
    assert cell.outputs[0].data == {"text/html": "<b>tree</b>"}
    assert cell.outputs[1].text == "words"
