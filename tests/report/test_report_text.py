"""The text view. `IRENE_OVERWRITE=1 pytest tests/report` rewrites the golden files."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from report_builders import EMPTY_REPORT, bert, bert_report, cell_report, inner, leaf
from rich.cells import cell_len

from irene_jupyter.report.report import DeviceLabel, EnergyReport
from irene_jupyter.report.text import print_text, render_text
from irene_jupyter.report.words import EMPTY, provenance
from irene_jupyter.tree import Source

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bert_80", render_text(bert_report(), width=80)),
        ("bert_depth_2_ascii", render_text(bert_report(), depth=2, ascii_only=True)),
        ("bert_40", render_text(bert_report(2), width=40)),
        ("cell_100", render_text(cell_report(), width=100)),
        ("empty", render_text(EMPTY_REPORT)),
    ],
)
def test_golden(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("IRENE_OVERWRITE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", "utf-8")
    assert text + "\n" == path.read_text("utf-8")


@pytest.mark.parametrize("width", [1, 30, 45, 59, 60, 71, 72, 80, 120, 300])
@pytest.mark.parametrize("report", [bert_report(), cell_report()], ids=["bert", "cell"])
def test_no_line_is_wider_than_the_width(report: EnergyReport, width: int) -> None:
    lines = render_text(report, width=width).splitlines()
    assert max(cell_len(line) for line in lines) <= max(30, width)


def test_long_names_give_way_to_numbers_and_flags() -> None:
    root = inner(
        "",
        "M" * 200,
        [leaf("模" * 90, "K" * 200, 1.0, flags=("estimated: why", "extrapolated: how far"))],
        kind="model",
    )
    text = render_text(replace(bert_report(), root=root), width=60)
    assert max(cell_len(line) for line in text.splitlines()) <= 60
    row = next(line for line in text.splitlines() if "模" in line)
    assert "≈ ↗" in row
    assert row.endswith("1.00 J")


def test_headline_names_the_provenance_first() -> None:
    first = render_text(bert_report(), width=120).splitlines()[0]
    assert first == (
        "Predicted for GTX 1080 Ti PC (reference device), not this machine: "
        "14.1 J [12.8–15.5, 90 %]"
    )


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("measured", "calibrated", "Measured on X"),
        ("replayed", "calibrated", "Measured on repeated runs on X"),
        ("predicted", "calibrated", "Predicted for X (calibrated device)"),
        ("predicted", "reference", "Predicted for X (reference device), not this machine"),
        ("estimated", "reference", "Estimated for X (reference device), not this machine"),
        ("simulated", "calibrated", "Simulated for X"),
    ],
)
def test_provenance(source: Source, kind: str, text: str) -> None:
    root = bert(1)
    assert root.energy is not None
    report = replace(
        bert_report(),
        root=replace(root, energy=replace(root.energy, source=source)),
        device=DeviceLabel("x", "X", kind),  # type: ignore[arg-type]
    )
    assert provenance(report).startswith(text)


def test_flags_of_folded_and_hidden_nodes_are_told() -> None:
    text = render_text(bert_report(), depth=0)
    assert "≈ estimated (1 of 226 nodes): the device has no data for Tanh at this size" in text
    assert "nodes below the depth shown" in text


def test_many_flags_stay_a_few_lines() -> None:
    leaves = [
        leaf(f"m.{index}", f"Op{index}", 1.0, flags=(f"estimated: no regressor for Op{index}",))
        for index in range(100)
    ]
    text = render_text(replace(bert_report(), root=inner("", "Net", leaves, kind="model")))
    told = " ".join(text.split())
    counted = "the device has no data for Op0, Op1 and others, counted by the bytes moved"
    assert f"≈ estimated (100 of 101 nodes): {counted}" in told


def test_depth_and_rows_are_limited() -> None:
    assert "query" not in render_text(bert_report(), depth=2)
    assert "layer.0–11" in render_text(bert_report(), depth=2)
    few = render_text(bert_report(), max_rows=8)
    assert "12 × BertLayer" not in few
    assert "below the depth shown" in few


def test_colour_only_where_asked_for() -> None:
    assert "\x1b[" in render_text(bert_report(), color=True)
    assert "\x1b" not in render_text(bert_report())


def test_escape_sequences_of_names_do_not_reach_a_terminal() -> None:
    evil = "\x1b]0;owned\x07\x1b[31m\r[bold]:smile:\n"
    root = inner("", evil, [leaf(evil, evil, 1.0, flags=(f"{evil}: {evil}",))], kind="model")
    report = replace(
        bert_report(),
        root=root,
        notes=(evil,),
        device=DeviceLabel(evil, evil),
        resources={"gpus": [{"name": evil}], "notes": [evil]},
        runs=(replace(bert_report().runs[0], model=evil, phase=evil),),
    )
    text = render_text(report, width=200)
    assert not set("\x1b\x07\r") & set(text)
    assert "[bold]:smile:" in text


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_print_is_coloured_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "70")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    terminal, pipe = _Terminal(), io.StringIO()
    print_text(bert_report(), terminal)
    print_text(bert_report(), pipe)
    assert "\x1b[" in terminal.getvalue()
    assert pipe.getvalue() == render_text(bert_report()) + "\n"
    monkeypatch.setenv("NO_COLOR", "1")
    plain = _Terminal()
    print_text(bert_report(), plain)
    assert "\x1b[3" not in plain.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_print_falls_back_to_ascii(encoding: str) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    print_text(bert_report(), file)
    file.flush()
    assert "12 x BertLayer (layer.0-11)" in raw.getvalue().decode("ascii")


def test_one_line_where_nothing_ran() -> None:
    assert render_text(EMPTY_REPORT) == EMPTY
    assert render_text(replace(EMPTY_REPORT, resources=bert_report().resources)) == EMPTY
    idle = render_text(replace(EMPTY_REPORT, not_run=(bert(1),)))
    assert idle.startswith("No PyTorch model was run in this cell.")
    assert "Built but not run" in idle


def test_unknown_energy_is_never_zero() -> None:
    root = bert(1)
    pooler = replace(root.children[2], energy=None)
    report = replace(bert_report(), root=replace(root, children=(*root.children[:2], pooler)))
    row = next(line for line in render_text(report).splitlines() if "BertPooler" in line)
    assert row.split()[-2:] == ["–", "unknown"]
