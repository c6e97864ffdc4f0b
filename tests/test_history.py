"""Joules of cells over saves: notebooks in a real git repository, checkpoints, files of reports."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from transformers import BertConfig

import irene_jupyter as irene
from irene_jupyter import cli
from irene_jupyter.errors import ReportError
from irene_jupyter.history import histories
from irene_jupyter.report.report import MIME_TYPE

LARGE = BertConfig(num_hidden_layers=3, hidden_size=64, num_attention_heads=2, vocab_size=100)
SMALL = BertConfig(num_hidden_layers=1, hidden_size=64, num_attention_heads=2, vocab_size=100)


def predicted(config: BertConfig, hour: int, batch_size: int = 4) -> irene.EnergyReport:
    report = irene.predict(config, batch_size, seq_len=16, device="gtx1080ti")
    return replace(report, created=f"2026-01-01T{hour:02}:00:00+00:00")


def write(path: Path, *reports: irene.EnergyReport, cell: str = "bert") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    code = nbformat.v4.new_code_cell("%%energy\nmodel(x)", id=cell)
    for report in reports:
        bundle = report._repr_mimebundle_()
        code.outputs.append(nbformat.v4.new_output("display_data", bundle))
    text = nbformat.v4.new_markdown_cell("before it", id="text")
    nbformat.write(nbformat.v4.new_notebook(cells=[text, code]), path)


def git(folder: Path, *arguments: str) -> None:
    name = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_cell_over_git_the_checkpoint_and_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lesson.ipynb"
    git(tmp_path, "init")
    write(path, predicted(LARGE, 1))
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    path.write_text("{}")  # a save that was no notebook
    git(tmp_path, "commit", "-am", "broken")
    write(tmp_path / ".ipynb_checkpoints/lesson-checkpoint.ipynb", predicted(LARGE, 2, 8))
    write(path, predicted(SMALL, 3, 8))
    (found,), unread = histories(tmp_path)
    assert unread == ()
    assert (found.file, found.number) == (path, 2)
    assert [report.created[11:13] for report in found.reports] == ["01", "02", "03"]
    assert cli.main(["history", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if "cell 2" in line)
    assert "BertModel" in row
    assert "8×16" in row
    assert "GTX 1080 Ti PC" in row
    assert "−" in row.split("mJ")[-1] or "−" in row.split(" J")[-1]


def test_of_other_sizes_a_querys_joules_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "a.ipynb", predicted(LARGE, 1, 1), predicted(LARGE, 2, 32))
    elsewhere = irene.predict(LARGE, 32, seq_len=16, device="h100")
    write(tmp_path / "b.ipynb", predicted(LARGE, 1), replace(elsewhere, created="2027-01-01"))
    assert cli.main(["history", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "% a query" in out
    assert "another device" in out


def test_files_that_differ_by_their_time_are_saves_of_one_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for hour, config in ((1, LARGE), (2, SMALL)):
        report = predicted(config, hour)
        report.save(tmp_path / f"BertModel_2026-01-01T0{hour}-00-00.energy.json")
    predicted(LARGE, 5).save(tmp_path / "mine.energy.json")
    (tmp_path / "broken.energy.json").write_text("{")
    (tmp_path / "broken.ipynb").write_text("[]")
    found, unread = histories(tmp_path)
    assert sorted(len(each.reports) for each in found) == [1, 2]
    assert len(unread) == 2
    assert cli.main(["history", str(tmp_path), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err.count("not read: ") == 2
    cells = {each["file"]: each for each in json.loads(out)["cells"]}
    saves = cells["BertModel_2026-01-01T02-00-00.energy.json"]["saves"]
    assert [save["joules"] for save in saves] == [
        pytest.approx(predicted(LARGE, 1).total_joules),
        pytest.approx(predicted(SMALL, 2).total_joules),
    ]
    assert saves[0]["joules_per"]["query"] == pytest.approx(saves[0]["joules"] / 4)
    assert cli.main(["history", str(tmp_path / "mine.energy.json")]) == 0
    assert "mine.energy.json" in capsys.readouterr().out


def test_notebooks_large_and_brief_are_read(tmp_path: Path) -> None:
    report = irene.predict(BertConfig(), device="gtx1080ti")
    bundle = report._repr_mimebundle_()[MIME_TYPE]
    assert isinstance(bundle["root"], str)  # in brief
    write(tmp_path / "a.ipynb", report)
    ((found,), _) = histories(tmp_path)
    assert found.reports[0].total_joules == report.total_joules


def test_an_empty_folder_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["history", str(tmp_path)]) == 0
    assert "%%energy" in capsys.readouterr().out
    assert cli.main(["history", str(tmp_path / "none")]) == 1
    with pytest.raises(ReportError, match="no folder"):
        histories(tmp_path / "none")
