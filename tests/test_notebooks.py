"""The example notebooks: they run, and what is committed shows without a kernel."""

from __future__ import annotations

import ast
import json
import re
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


MOST_BYTES = 400_000
# A number in an output, such as 1,024 or 0.57 or 4e-09.
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
# Paths that are some machine's own; /sys and /proc are every machine's.
OF_A_MACHINE = re.compile(r"/(?:home|root|tmp|work|Users|var|opt)/|[A-Z]:\\\\")


@pytest.fixture(scope="module", autouse=True)
def _fonts_are_listed() -> None:
    """matplotlib lists the fonts once on a machine, and says so on stderr if it takes long."""
    import matplotlib.font_manager  # noqa: F401


@pytest.fixture(autouse=True)
def _without_the_public_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IRENE_DATA", raising=False)


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def assert_shows_without_a_kernel(notebook: Any) -> None:
    assert "widgets" not in notebook.metadata
    for output in outputs(notebook):
        assert output.output_type != "error", output
        assert output.get("name") != "stderr", output.text
        assert demo.WIDGET_MIME not in output.get("data", {})
        if demo.REPORT_MIME in output.get("data", {}):
            assert {"text/html", "text/plain"} <= set(output.data)
    for data in demo.reports(notebook):
        assert EnergyReport.from_dict(data).total_joules > 0


def shown(output: Any) -> str:
    """The words of an output; of a report its first line, as times differ from run to run."""
    text = str(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return text.splitlines()[0] if text.startswith("Predicted for") else text


def assert_tells_the_same(told: str, committed: str) -> None:
    """The same words, and numbers within 2 % or one in the last digit shown."""
    words, expected = (NUMBER.sub("#", each).split() for each in (told, committed))
    assert words == expected
    for found, written in zip(NUMBER.findall(told), NUMBER.findall(committed), strict=True):
        digits = written.partition("e")[0].partition(".")[2]
        last = 10.0 ** -len(digits)
        value = float(written.replace(",", ""))
        assert float(found.replace(",", "")) == pytest.approx(value, rel=0.02, abs=1.01 * last), (
            f"{found!r} in place of {written!r}; run .ci/refresh_notebooks.py\n{told}"
        )


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
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1)), "run .ci/refresh_notebooks.py"
    assert path.stat().st_size < MOST_BYTES
    for output in outputs(notebook):
        for text in (output.get("text"), *output.get("data", {}).values()):
            assert not OF_A_MACHINE.search(str(text)), text
    for data in demo.reports(notebook):  # in brief they are texts that are deflated
        assert not OF_A_MACHINE.search(json.dumps(EnergyReport.from_dict(data).to_dict()))


def test_what_the_launcher_copies_has_its_trees() -> None:
    """Before anything is run: each tree's html has the JSON that JupyterLab draws it from."""
    shown = [
        (path.name, demo.REPORT_MIME in output.data)
        for path in NOTEBOOKS
        for output in outputs(nbformat.read(path, as_version=4))
        if 'class="irene-energy" title' in output.get("data", {}).get("text/html", "")
    ]
    assert {name for name, _ in shown} >= {demo.FIRST_NOTEBOOK, "02_anatomy_of_a_model_tree.ipynb"}
    assert all(has_json for _, has_json in shown), f"run .ci/refresh_notebooks.py: {shown}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_it_begins_with_its_goals_and_ends_with_a_check(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert "At the end you will know" in notebook.cells[0].source
    words = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "Question 1" in words
    assert "Exercises" in words
    assert words.count("<details>") == words.count("</details>") > 2
    last = notebook.cells[-1]
    assert last.cell_type == "code"
    checks = [each for each in ast.walk(ast.parse(last.source)) if isinstance(each, ast.Assert)]
    assert len(checks) >= 3
    assert all(check.msg is not None for check in checks)


@pytest.mark.timeout(600)  # 20 to 40 s of computing each, on a machine that may be busy
@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_it_runs_and_tells_what_is_committed(path: Path, tmp_path: Path) -> None:
    notebook = demo.execute(path, tmp_path)
    assert_shows_without_a_kernel(notebook)
    committed = code_cells(nbformat.read(path, as_version=4))
    for cell, other in zip(code_cells(notebook), committed, strict=True):
        assert len(cell.outputs) == len(other.outputs), cell.source
        if "varies" not in cell.metadata.get("tags", ()):  # times, or what was trained here
            for output, written in zip(cell.outputs, other.outputs, strict=True):
                assert_tells_the_same(shown(output), shown(written))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("03_bottlenecks.ipynb", "33.91"), ("04_how_energy_is_learned.ipynb", "166 trees")],
)
def test_cells_for_the_public_data(
    name: str,
    expected: str,
    irene_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notebook = nbformat.read(FOLDER / name, as_version=4)
    cells = [cell for cell in notebook.cells if "public-data" in cell.metadata.get("tags", ())]
    notebook.cells = [code_cells(notebook)[0], *cells]
    nbformat.write(notebook, tmp_path / name)
    monkeypatch.setenv("IRENE_DATA", str(irene_data))
    found = demo.execute(tmp_path / name, tmp_path)
    assert_shows_without_a_kernel(found)
    assert expected in shown(found.cells[-1].outputs[0])


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
    notebook = nbformat.read(folder / demo.FIRST_NOTEBOOK, as_version=4)
    assert_shows_without_a_kernel(notebook)
    first = EnergyReport.from_dict(next(demo.reports(notebook)))
    assert first.models[0].class_name == "BertModel"
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
    bar = {demo.WIDGET_MIME: {"model_id": "2"}, "text/plain": "VBox(children=())"}
    cell.outputs = [
        nbformat.v4.new_output("display_data", data=data),
        nbformat.v4.new_output("display_data", data=bar),
        nbformat.v4.new_output("stream", text="words"),
        nbformat.v4.new_output(
            "stream", name="stderr", text="%%energy: replaying 9 of 20 operations\n"
        ),
        nbformat.v4.new_output("stream", name="stderr", text="a warning\n"),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    demo.strip(notebook)
    assert "widgets" not in notebook.metadata
    assert "execution" not in cell.metadata
    assert cell.outputs[0].data == {"text/html": "<b>tree</b>"}
    assert [output.text for output in cell.outputs[1:]] == ["words", "a warning\n"]


@pytest.mark.parametrize("told", ["3.70 J of Bert", "4.75 J of Bert", "4.75 W of BERT"])
def test_another_number_or_word_is_seen(told: str) -> None:
    assert_tells_the_same("4.71 J  of BERT", "4.70 J of BERT")
    with pytest.raises(AssertionError):
        assert_tells_the_same(told, "4.70 J of BERT")
