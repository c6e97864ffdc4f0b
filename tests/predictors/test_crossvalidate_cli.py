"""`irene-jupyter crossvalidate`: its document, its table, its plot, and bad input."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import irene_jupyter as irene
from irene_jupyter import cli
from irene_jupyter.errors import OptionError
from irene_jupyter.predictors.fit.dataset import load_trees
from irene_jupyter.predictors.held_out.protocols import family


@pytest.fixture(scope="module")
def lines(data_file: Path) -> list[dict[str, Any]]:
    """Six trees of three models: enough to train on, and quick."""
    with gzip.open(data_file, "rt") as stream:
        trees = [json.loads(line) for line in stream]
    names = ("bert-base-uncased", "gpt2", "distilgpt2")
    sizes = ((8, 32), (16, 64))
    return [
        tree
        for tree in trees
        if tree["model_name"] in names and (tree["batch_size"], tree["seq_len"]) in sizes
    ]


def write(path: Path, trees: list[Any]) -> Path:
    path.write_text("".join(json.dumps(tree) + "\n" for tree in trees))
    return path


@pytest.fixture
def small(lines: list[dict[str, Any]], tmp_path: Path) -> Path:
    return write(tmp_path / "small.jsonl", lines)


def test_json_is_one_document(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["crossvalidate", str(small), "--method", "predicted-sum", "--json"]
    assert cli.main(command) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert err == ""
    assert {key: document[key] for key in ("method", "protocol", "features")} == {
        "method": "predicted-sum",
        "protocol": "model",
        "features": "all",
    }
    assert document["seconds"] > 0
    assert list(document["levels"]) == ["ml", "module", "model"]
    for errors in document["levels"].values():
        assert set(errors["by_model"]) == {"bert-base-uncased", "gpt2", "distilgpt2"}
        mean = sum(errors["by_model"].values()) / 3
        assert errors["mean"] == pytest.approx(mean)
        assert 0 < errors["mean"] <= errors["max"]
        assert errors["p99"] <= errors["max"]
        assert errors["coverage90"] is None


def test_both_kinds_of_file_and_the_same_figures(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = tmp_path / "small.jsonl.gz"
    packed.write_bytes(gzip.compress(small.read_bytes()))
    documents = []
    for path in (small, packed):
        command = ["crossvalidate", str(path), "--method", "irene", "--protocol", "family"]
        assert cli.main([*command, "--json", "--seeds", "1"]) == 0
        documents.append(json.loads(capsys.readouterr().out)["levels"])
    assert documents[0] == documents[1]


def test_the_features_change_the_errors(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    errors = {}
    for features in ("all", "no-resource", "no-model"):
        command = ["crossvalidate", str(small), "--method", "predicted-sum", "--json"]
        assert cli.main([*command, "--features", features]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["features"] == features
        errors[features] = document["levels"]["ml"]["mean"]
    assert len(set(errors.values())) == 3


def test_the_table(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["crossvalidate", str(small), "--method", "software"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("software, leave one model out, features all: 6 trees")
    for text in ("mean of the models", "distilgpt2", "error in % of the measured energy"):
        assert text in out
    assert "90 % interval" not in out
    assert err == ""


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_the_plot(
    small: Path, tmp_path: Path, suffix: str, start: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    files = [tmp_path / f"{name}.{suffix}" for name in ("one", "two")]
    for path in files:
        command = ["crossvalidate", str(small), "--method", "software", "--json"]
        assert cli.main([*command, "--plot", str(path)]) == 0
        out, err = capsys.readouterr()
        json.loads(out)
        assert str(path) in err
    assert files[0].read_bytes().startswith(start)
    assert files[0].read_bytes() == files[1].read_bytes()
    if suffix == "svg":
        text = files[0].read_text()
        for label in ("CDF of errors", "measured, J", "predicted, J", "module"):
            assert label in text


def test_without_matplotlib_the_remedy_comes_first(
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    target = tmp_path / "plot.svg"
    command = ["crossvalidate", str(small), "--method", "software", "--plot", str(target)]
    assert cli.main(command) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "irene-jupyter[plot]" in err
    assert not target.exists()


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--method", "magic"],
        ["--method", "irene", "--protocol", "layer"],
        ["--method", "irene", "--features", "some"],
        ["--method", "software", "--features", "no-model"],
        ["--method", "irene", "--seeds", "0"],
        ["--method", "irene", "--seeds", "two"],
        ["--method", "irene", "--plot", "plot.xyz"],
    ],
)
def test_wrong_usage(small: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["crossvalidate", str(small), *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage: irene-jupyter crossvalidate" in err


def _root(field: str, value: Any) -> Any:
    def change(tree: dict[str, Any]) -> None:
        tree["root"][field] = value

    return change


def _leaf(field: str, value: Any) -> Any:
    def change(tree: dict[str, Any]) -> None:
        node = tree["root"]
        while node["children"]:
            node = node["children"][0]
        if value is None:
            del node[field]
        else:
            node[field] = value

    return change


def _twice(tree: dict[str, Any]) -> None:
    tree["root"]["children"].append(tree["root"]["children"][0])


def _circle(tree: dict[str, Any]) -> None:
    tree["root"]["children"][0]["children"].append(dict(tree["root"], children=[]))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_leaf("latency", None), "'latency'"),
        (_leaf("energy", None), "'energy'"),
        (_root("energy", float("nan")), "'energy'"),
        (_leaf("gpu_energy", float("nan")), "'gpu_energy'"),
        (_leaf("energy", 0.0), "'energy'"),
        (_root("energy", -3.0), "'energy'"),
        (_leaf("instance_type", "Frobnicate"), "'instance_type' 'Frobnicate'"),
        (_twice, "'scope'"),
        (_circle, "'scope' 'root' lies below itself: a cycle"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_bad_data_is_one_message_and_nothing_written(
    lines: list[dict[str, Any]],
    tmp_path: Path,
    change: Any,
    field: str,
    options: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    trees = json.loads(json.dumps(lines))
    change(trees[3])
    path, plot = write(tmp_path / "bad.jsonl", trees), tmp_path / "plot.svg"
    command = ["crossvalidate", str(path), "--method", "irene", "--plot", str(plot), *options]
    assert cli.main(command) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("irene-jupyter:") == 1
    assert "Traceback" not in err
    assert "bad.jsonl, line 4: " in err
    assert field in err
    assert [each.name for each in tmp_path.iterdir()] == ["bad.jsonl"]


def test_a_single_model_leaves_nothing_out(
    lines: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "one.jsonl", [t for t in lines if t["model_name"] == "gpt2"])
    for protocol in ("model", "size", "family"):
        command = ["crossvalidate", str(path), "--method", "irene", "--protocol", protocol]
        assert cli.main([*command, "--json"]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert "every line has the 'model_name' 'gpt2'" in err
    assert {family(tree.name) for tree in load_trees(path)} == {"decoder"}


@pytest.mark.parametrize(
    "options", [{"method": "magic"}, {"protocol": "LOMO"}, {"features": "some"}], ids=str
)
def test_what_is_not_known_is_named_with_what_is(options: dict[str, Any]) -> None:
    (unknown,) = options.values()
    with pytest.raises(OptionError, match=f"{unknown}.*: take .*(irene|model)"):
        irene.crossvalidate([], **{"method": "irene", **options})
