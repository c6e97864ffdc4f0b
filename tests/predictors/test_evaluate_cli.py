"""`irene-jupyter evaluate`, and `train` on a board's runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from board_files import runs_of_three, write

from irene_jupyter import cli


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "runs.jsonl", runs_of_three())


def evaluated(
    capsys: pytest.CaptureFixture[str], file: Path, device: str | Path, known: str
) -> dict[str, Any]:
    arguments = ["evaluate", str(file), "--device", str(device), "--known", known, "--json"]
    assert cli.main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    document: dict[str, Any] = json.loads(out)
    return document


@pytest.mark.parametrize("known", ["seconds", "total", "nothing"])
@pytest.mark.parametrize("device", ["h100", "gtx1080ti"])
def test_json_is_one_document(
    device: str, known: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluated(capsys, file, device, known)
    assert list(found) == ["device", "known", "levels", "in_interval_percent", "by_run"]
    assert (found["device"], found["known"]) == (device, known)
    assert {level: figures["nodes"] for level, figures in found["levels"].items()} == {
        "ml": 24,
        "module": 6,
        "model": 6,
    }
    for figures in found["levels"].values():
        assert 0 <= figures["median"] <= figures["p90"]
        assert figures["mean"] >= 0
    assert len(found["by_run"]) == 6
    assert found["by_run"][0]["name"] == "one-small"
    assert found["by_run"][0]["levels"]["ml"]["nodes"] == 4
    if known == "total":
        assert found["levels"]["model"]["mean"] == 0


def test_train_and_evaluate(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "made.json"
    arguments = ["train", str(file), "--name", "made", "--label", "Made", "--output", str(target)]
    assert cli.main(arguments) == 0
    assert f"Made: trained on 6 runs, saved as {target}" in capsys.readouterr().out
    found = evaluated(capsys, file, target, "seconds")
    assert found["levels"]["ml"]["mean"] < 2
    assert cli.main(["evaluate", str(file), "--device", str(target), "--known", "seconds"]) == 0
    assert "6 of these runs are among those that the profile was" in capsys.readouterr().out


def test_the_bars_on_the_runs_of_the_h100(
    h100_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluated(capsys, h100_file, "h100", "seconds")
    assert {level: figures["nodes"] for level, figures in found["levels"].items()} == {
        "ml": 107,
        "module": 58,
        "model": 11,
    }
    assert found["levels"]["ml"]["mean"] < 6
    assert found["in_interval_percent"]["all"] > 85


def test_the_table(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", str(file), "--device", "h100", "--known", "nothing"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("H100 SXM, board alone, nothing known: 6 runs on Board of the tests\n")
    for text in ("mean", "median", "in 90 % interval", "three-large bfloat16 forward 1×6144"):
        assert text in out
    assert "fitted to" not in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({"--known": "everything"}, 2, "invalid choice"),
        ({"--device": "toaster"}, 1, "unknown device"),
        ({"--device": "toaster"}, 1, "gtx1080ti, h100"),
        ({"--device": "none.json"}, 1, "no device profile"),
    ],
)
def test_bad_arguments(
    change: dict[str, str],
    code: int,
    reason: str,
    file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = {"--device": "h100", "--known": "seconds", **change}
    arguments = [word for pair in options.items() for word in pair]
    assert cli.main(["evaluate", str(file), *arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert reason in err


def test_a_file_of_trees_is_no_file_of_runs(
    data_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(data_file), "--device", "h100", "--known", "seconds"]
    assert cli.main(arguments) == 1
    assert "line 1: 'name' must be of type str" in capsys.readouterr().err
