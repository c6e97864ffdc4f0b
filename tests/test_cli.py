"""The command line: exit codes, what goes to which stream, and bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import BertConfig

import irene_jupyter
from irene_jupyter import cli
from irene_jupyter.report.report import DeviceLabel, EnergyReport
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.tree import Energy, Node

COMMAND = [sys.executable, "-m", "irene_jupyter.cli"]


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, encoding="utf-8", **options
    )


def report(layers: int = 2) -> EnergyReport:
    def node(path: str, joules: float, *children: Node) -> Node:
        energy = Energy(joules, joules * 0.9, joules * 1.1, "predicted")
        kind = "module" if path else "model"
        return Node(path, kind, "Block" if path else "Net", children=children, energy=energy)

    children = [node(f"part{index:05}", 1.0 + index % 7) for index in range(layers)]
    total = sum(child.energy.joules for child in children if child.energy)
    return EnergyReport(
        root=node("", total + 1.0, *children), device=DeviceLabel("gtx1080ti", "GTX 1080 Ti PC")
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return report().save(tmp_path / "net.energy.json")


# --- show ---------------------------------------------------------------------------------------


def test_show_prints_the_tree(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", str(saved)]) == 0
    out, err = capsys.readouterr()
    assert "Net" in out
    assert "part00001" in out
    assert "GTX 1080 Ti PC" in out
    assert err == ""


def test_show_json_prints_the_same_document(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["show", str(saved), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == json.loads(saved.read_text())
    assert err == ""


def test_show_saves_and_writes_a_page(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy, page = tmp_path / "copy.json", tmp_path / "net.html"
    assert cli.main(["show", str(saved), "--save", str(copy), "--html", str(page), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == json.loads(copy.read_text())
    assert "<script" not in page.read_text()
    assert "part00001" in page.read_text()
    assert str(page) in err


def test_show_depth_cuts_the_tree(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deep = Node("", "model", "Top", energy=Energy(2, 1, 3, "predicted"), children=())
    inner = Node("a.b", "module", "Inner", energy=Energy(1, 1, 1, "predicted"))
    middle = Node("a", "module", "Middle", energy=Energy(1, 1, 1, "predicted"), children=(inner,))
    tree = Node("", "model", "Top", energy=deep.energy, children=(middle,))
    EnergyReport(root=tree, device=DeviceLabel("x", "X")).save(saved)
    assert cli.main(["show", str(saved), "--depth", "1"]) == 0
    cut = capsys.readouterr().out
    assert cli.main(["show", str(saved)]) == 0
    assert "Inner" in capsys.readouterr().out
    assert "Middle" in cut
    assert "Inner" not in cut


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff\xfe\x00",
        b"not json",
        b"[]",
        b"{}",
        b'{"schema_version": 99, "kind": "irene.energy"}',
        b'{"schema_version": 1, "kind": "irene.energy", "total_joules": NaN}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_show_of_a_bad_file_is_one_message_and_nothing_on_stdout(
    content: bytes | None, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["show", str(path), *options]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("irene-jupyter: ")
    assert err.count("irene-jupyter:") == 1
    assert "Traceback" not in err
    assert "bad.json" in err


# --- predict --------------------------------------------------------------------------------------


def small_config(folder: Path) -> Path:
    from transformers import BertConfig

    BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2).save_pretrained(folder)
    return folder


def test_predict_a_folder_a_file_and_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small_config(tmp_path / "bert")
    saved = tmp_path / "bert.energy.json"
    first = run("predict", str(folder), "--json", "--seq-len", "16", "--save", str(saved))
    assert first.returncode == 0, first.stderr
    document = json.loads(first.stdout)
    assert document["mode"] == "predict"
    assert document["device"]["name"] == "gtx1080ti"
    assert document == json.loads(saved.read_text())
    assert cli.main(["predict", str(folder / "config.json"), "--json", "--seq-len", "16"]) == 0
    assert json.loads(capsys.readouterr().out)["total_joules"] == document["total_joules"]
    longer = ["predict", str(folder), "--json", "--seq-len", "64", "--batch-size", "16"]
    assert cli.main(longer) == 0
    assert json.loads(capsys.readouterr().out)["total_joules"] > document["total_joules"]


def test_predict_a_generation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from transformers import GPT2Config

    GPT2Config(n_embd=32, n_layer=1, n_head=4).save_pretrained(tmp_path)
    sizes = ["--batch-size", "2", "--seq-len", "8", "--new-tokens", "5"]
    assert cli.main(["predict", str(tmp_path), *sizes, "--json"]) == 0
    phases = json.loads(capsys.readouterr().out)["phases"]
    assert [(each["phase"], each["tokens"]) for each in phases] == [("prefill", 16), ("decode", 8)]
    assert cli.main(["predict", str(tmp_path), *sizes]) == 0
    assert "per token" in capsys.readouterr().out
    assert cli.main(["predict", str(tmp_path), "--new-tokens", "-1"]) == 2
    assert "from 0 on" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["DistilBertConfig", "distilbert", "DISTILBERT"])
def test_predict_by_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["predict", name, "--seq-len", "16", "--batch-size", "1"]) == 0
    out = capsys.readouterr().out
    assert "DistilBertModel" in out
    assert "GTX 1080 Ti PC" in out


@pytest.mark.parametrize(
    ("model", "remedy"),
    [
        ("brt", "did you mean"),
        ("nowhere/config.json", "does not exist"),
        ("organisation/model", "Nothing is downloaded"),
        (".", "config.json"),
    ],
)
def test_predict_what_is_not_there(
    model: str,
    remedy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["predict", model]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert remedy in err


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"model_type": "no-such-model"}'])
def test_predict_a_damaged_configuration(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(content)
    assert cli.main(["predict", str(tmp_path), "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert "config" in err


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("calibrate", "--rounds", "0", "--dry-run"), "rounds must be"),
        (
            ("calibrate", "--meter", "simulated", "--meter-accuracy", "6"),
            "meter_accuracy must be a share",
        ),
        (("calibrate", "--name", "gtx1080ti", "--dry-run"), "give another one"),
        (("calibrate",), "which meter? On this machine --meter may be"),
        (("predict", "bert", "--seq-len", "513"), "512"),
        (("calibrate", "--meter", "shelly:plug", "--baud", "9600"), "shelly:plug has none"),
        (("calibrate", "--meter", "csv:x.csv", "--baud", "9600"), "option of emonpi:"),
        (("doctor", "--meter", "nvml", "--format", "irene"), "option of emonpi: and csv:"),
    ],
)
def test_a_value_that_an_option_cannot_have_is_usage(
    command: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(command) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err


def test_an_unknown_device_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["predict", "bert", "--device", "toaster"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "gtx1080ti" in err


# --- devices and train ----------------------------------------------------------------------------


def test_devices(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["devices"]) == 0
    assert "GTX 1080 Ti PC" in capsys.readouterr().out
    assert cli.main(["devices", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    reference = next(each for each in document["devices"] if each["name"] == "gtx1080ti")
    assert reference["kind"] == "reference"
    assert document["auto"] in [each["name"] for each in document["devices"]]


@pytest.mark.parametrize("content", [None, "", "{}\n", "nonsense\n"])
def test_train_on_bad_data(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data.jsonl"
    if content is not None:
        data.write_text(content)
    target = tmp_path / "mine.json"
    assert cli.main(["train", str(data), "--name", "mine", "--output", str(target)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("irene-jupyter: ")
    assert not target.exists()


# --- advise ---------------------------------------------------------------------------------------


def test_advise_says_what_would_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = irene_jupyter.predict(BertConfig(num_hidden_layers=1), 1, 64, device="h100").save(
        tmp_path / "a.energy.json"
    )
    assert cli.main(["advise", str(path)]) == 0
    assert "batch 1 → " in capsys.readouterr().out
    assert cli.main(["advise", str(path), "--json"]) == 0
    first, *_ = json.loads(capsys.readouterr().out)["savings"]
    assert first["after_joules"] < first["before_joules"]


# --- compare --------------------------------------------------------------------------------------


@pytest.fixture
def larger(tmp_path: Path) -> Path:
    return report(3).save(tmp_path / "larger.energy.json")  # 4 J become 7


@pytest.mark.parametrize(
    ("limit", "code"), [(None, 0), ("75%", 0), ("75", 0), ("74.9%", 1), ("0", 1)]
)
def test_compare_fails_above_a_limit(
    saved: Path, larger: Path, capsys: pytest.CaptureFixture[str], limit: str | None, code: int
) -> None:
    options = [] if limit is None else ["--fail-above", limit]
    assert cli.main(["compare", str(saved), str(larger), *options]) == code
    out, err = capsys.readouterr()
    assert "+3.00 J (+75 %)" in out
    assert ("+75 % in all, more than the" in err) == bool(code)
    assert cli.main(["compare", str(larger), str(saved), *options]) == 0  # less is no failure


def test_compare_by_query_where_sizes_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = []
    for items, layers in ((4, 3), (1, 2)):  # 7 J for four queries, 4 J for one
        runs = (RunSummary(model="Net", joules=1.0, items=items, batch_size=items),)
        path = tmp_path / f"{items}.energy.json"
        paths.append(str(replace(report(layers), runs=runs).save(path)))
    assert cli.main(["compare", *paths, "--fail-above", "5%", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["joules_per"] == {"query": {"before": 1.75, "after": 4.0}}
    assert "+129 % a query, more than the 5 % allowed" in err
    unknown = str(report().save(tmp_path / "unknown.energy.json"))
    assert cli.main(["compare", paths[0], unknown, "--fail-above", "5%"]) == 1
    assert "number of queries" in capsys.readouterr().err


def test_compare_saves_a_page(saved: Path, larger: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert cli.main(["compare", str(saved), str(larger), "--html", str(page)]) == 0
    assert "+75 %" in page.read_text("utf-8")


# --- usage, streams, signals ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["show"],
        ["predict", "bert", "--batch-size", "0"],
        ["predict", "bert", "--seq-len", "many"],
        ["show", "file", "--depth", "-1"],
        ["compare", "a", "b", "--fail-above", "-5%"],
        ["compare", "a", "b", "--fail-above", "much"],
        ["train", "data"],
        ["devices", "--jsonn", "x"],
    ],
)
def test_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage:" in err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"irene-jupyter {irene_jupyter.__version__}"
    for command in ("demo", "predict", "train", "devices", "show", "compare", "advise", "doctor"):
        assert cli.main([command, "--help"]) == 0
        assert command in capsys.readouterr().out


def test_what_others_print_does_not_mix_with_json(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load = irene_jupyter.load_report

    def chatty(path: Path) -> EnergyReport:
        print("some advice")
        return load(path)

    monkeypatch.setattr(irene_jupyter, "load_report", chatty)
    assert cli.main(["show", str(saved), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["kind"] == "irene.energy"
    assert "some advice" in err


def test_a_terminal_that_lacks_our_characters(saved: Path) -> None:
    done = run("show", str(saved), env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert "part00001" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_leaves_early_gets_no_traceback(options: list[str], tmp_path: Path) -> None:
    # More than a pipe holds, so that the write itself fails.
    path = report(5000).save(tmp_path / "large.json")
    # An unbuffered stdout drops the rest of a write that was cut short, without an error.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [*COMMAND, "show", str(path), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_an_interrupt_gets_no_traceback(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(path: Path) -> EnergyReport:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the signal was swallowed")

    monkeypatch.setattr(irene_jupyter, "load_report", interrupted)
    assert cli.main(["show", str(saved)]) == cli.INTERRUPTED
    assert capsys.readouterr() == ("", "irene-jupyter: interrupted\n")
