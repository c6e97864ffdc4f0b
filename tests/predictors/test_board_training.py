"""Measured runs of a board → its profile: reading, fitting, what is shipped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from board_files import TRUTH, runs_of_three, write

import irene_jupyter as irene
from irene_jupyter.errors import DataError, DeviceError
from irene_jupyter.predictors.fit.board_errors import JudgedRun
from irene_jupyter.predictors.fit.board_runs import BoardData, load_board_runs
from irene_jupyter.predictors.fit.board_training import train_board
from irene_jupyter.predictors.forms.board_constants import BOARD_KNOWN
from irene_jupyter.predictors.profiles.board_profile import CONSTANTS, BoardProfile
from irene_jupyter.predictors.profiles.loading import boards, load_board


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> BoardData:
    return load_board_runs(write(tmp_path_factory.mktemp("runs") / "runs.jsonl", runs_of_three()))


@pytest.fixture(scope="module")
def trained(made: BoardData) -> BoardProfile:
    return train_board(made, name="made")


@pytest.fixture(scope="module")
def shipped() -> BoardProfile:
    profile = load_board("h100")
    assert profile is not None
    return profile


@pytest.fixture(scope="module")
def retrained(h100_file: Path) -> BoardProfile:
    return train_board(load_board_runs(h100_file), name="h100")


# --- reading --------------------------------------------------------------------------------------


def test_a_run_becomes_a_tree_with_copies(made: BoardData) -> None:
    run = made.runs[0]
    assert made.board == "Board of the tests"
    assert (run.name, run.family, run.dtype, run.tokens) == ("one-small", "one", "bfloat16", 16)
    assert {node.path for node in run.tree.root.walk()} == {
        *("", "layer", "layer.up", "layer.gate", "layer.act", "layer.down", "head")
    }
    assert "layer.gate" not in run.distinct  # the same work as layer.up
    assert run.distinct[""] == "model"
    assert run.distinct["layer"] == "module"
    assert run.distinct["head"] == "ml"


def test_each_distinct_node_is_judged_once(made: BoardData) -> None:
    judged = JudgedRun.of(made.runs[0], 50e6)
    paths = [unit.path for unit in judged.judged]
    assert sorted(paths) == ["", "head", "layer", "layer.act", "layer.down", "layer.up"]
    assert paths[-1] == ""
    assert judged.counted.joules == judged.judged[-1].joules


def test_leaves_of_a_fused_attention_are_judged_as_one(h100_file: Path) -> None:
    runs = load_board_runs(h100_file).runs
    judged = [JudgedRun.of(run, 50e6) for run in runs]
    bert = [unit.path for unit in judged[0].judged if "attention.self." in unit.path]
    assert len([path for path in bert if "matmul" in path or "softmax" in path]) == 1
    # There only its softmax was measured: what the kernel does is not known.
    mixtral = next(each for each in judged if each.run.name == "mixtral-mini")
    assert not any(unit.path.endswith("softmax") for unit in mixtral.judged)
    levels = [unit.level for each in judged for unit in each.judged]
    assert [levels.count(level) for level in ("ml", "module", "model")] == [107, 58, 11]


def test_the_parts_of_a_fused_kernel_share_what_was_measured_of_it(tmp_path: Path) -> None:
    run = runs_of_three()[0]
    parts = [
        {**run["nodes"][0], "path": f"layer.{name}", "operation": "scaled_dot_product_attention"}
        for name in ("matmul_0", "matmul_1")
    ]
    run["nodes"] += [{**part, "same_as": []} for part in parts]
    (read,) = load_board_runs(write(tmp_path / "runs.jsonl", [run])).runs
    whole, *shared = (read.tree.root.find(f"layer.{n}") for n in ("up", "matmul_0", "matmul_1"))
    assert whole.energy is not None
    assert sum(part.energy.joules for part in shared if part.energy) == pytest.approx(
        whole.energy.joules
    )
    assert sum(part.features.latency_seconds or 0.0 for part in shared) == pytest.approx(
        whole.features.latency_seconds
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dtype": 3}, "'dtype' must be of type str"),
        ({"mode": "train"}, "'mode' must be one of forward, decode"),
        ({"tokens": 0}, "'tokens' must be a whole number"),
        ({"nodes": []}, "the model itself"),
        ({"nodes": [3]}, "a node must be an object"),
    ],
)
def test_a_bad_run_names_its_line(change: dict[str, Any], reason: str, tmp_path: Path) -> None:
    runs = runs_of_three()
    runs[1] |= change
    with pytest.raises(DataError, match=f"line 3: .*{reason}"):
        load_board_runs(write(tmp_path / "runs.jsonl", runs))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"joules": -1.0}, "'joules' must not be negative"),
        ({"joules": 0}, "'joules' must lie between"),
        ({"latency_seconds": "long"}, "'latency_seconds' must be a finite number"),
        ({"flops": 1e30}, "'flops' must be at most"),
        ({"calls": 0}, "'calls' must be a whole number"),
        ({"type": "leaf"}, "'type' must be one of"),
        ({"input_shapes": [3]}, "shapes must be lists"),
        ({"input_shapes": [[-1]]}, "a size must be a whole number"),
        ({"path": "head"}, "'head' occurs twice"),
        ({"same_as": "layer.gate"}, "'same_as' must hold strings"),
    ],
)
def test_a_bad_node_says_why(change: dict[str, Any], reason: str, tmp_path: Path) -> None:
    runs = runs_of_three()
    runs[0]["nodes"][1] |= change
    with pytest.raises(DataError, match=reason):
        load_board_runs(write(tmp_path / "runs.jsonl", runs))


@pytest.mark.parametrize("text", ["", '{"header": {}}\n', '{"header": {}}\nNaN\n', "[1]\n"])
def test_a_file_without_runs(text: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text(text)
    with pytest.raises(DataError):
        load_board_runs(path)


# --- fitting --------------------------------------------------------------------------------------


def test_the_fit_finds_the_constants_that_made_the_data(trained: BoardProfile) -> None:
    found = trained.constants
    for name in ("idle_watts", "joules_per_byte"):
        assert getattr(found, name) == pytest.approx(getattr(TRUTH, name), rel=0.1), name
    assert found.joules_per_flop["half"] == pytest.approx(1e-12, rel=0.1)
    assert trained.scorecard["error_percent"]["seconds"]["ml"]["mean"] < 5


def test_a_profile_survives_its_file(trained: BoardProfile, tmp_path: Path) -> None:
    path = trained.save(tmp_path / "made.json")
    assert load_board(path) == trained
    document = json.loads(path.read_text())
    assert document["scope"] == "board"
    for name, unit in CONSTANTS.items():
        assert document["constants"][name]["unit"] == unit


def test_runs_of_too_few_families(made: BoardData) -> None:
    data = BoardData(made.header, made.runs[:4])
    with pytest.raises(DataError, match="2 families"):
        train_board(data, name="made")
    with pytest.raises(DataError, match="cannot be named"):
        train_board(made, name="auto")


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 3},
        {"name": "../h100"},
        {"constants": {}},
        {"intervals": {}},
        {"board": ""},
    ],
)
def test_a_damaged_profile_is_refused(
    change: dict[str, Any], trained: BoardProfile, tmp_path: Path
) -> None:
    path = tmp_path / "made.json"
    path.write_text(json.dumps({**trained.to_dict(), **change}))
    with pytest.raises(DeviceError, match=r"made\.json"):
        load_board(path)


@pytest.mark.parametrize("value", [0, -1.0, 1e300, "much", None])
def test_a_constant_is_physical(value: Any, trained: BoardProfile) -> None:
    document = trained.to_dict()
    document["constants"]["cache_bytes"]["value"] = value
    with pytest.raises(DeviceError, match="cache_bytes"):
        BoardProfile.from_dict(document)


# --- what is shipped ------------------------------------------------------------------------------


def test_the_shipped_profile_is_what_the_data_give(
    shipped: BoardProfile, retrained: BoardProfile
) -> None:
    def numbers(value: Any) -> list[float]:
        if isinstance(value, dict):
            return [each for item in value.values() for each in numbers(item)]
        if isinstance(value, list):
            return [each for item in value for each in numbers(item)]
        return [value] if isinstance(value, int | float) else []

    parts = [(each["constants"], each["intervals"]) for each in map(BoardProfile.to_dict, (
        shipped, retrained))]  # fmt: skip
    for ours, theirs in zip(*parts, strict=True):
        assert numbers(ours) == pytest.approx(numbers(theirs), rel=1e-6)


def test_the_shipped_profile_holds_the_bars(shipped: BoardProfile) -> None:
    errors = shipped.scorecard["error_percent"]
    bars = {"ml": (10, 4), "module": (6, 4), "model": (5, 4)}
    for level, (mean, median) in bars.items():
        found = errors["seconds"][level]
        assert found["mean"] <= mean, level
        assert found["median"] <= median, level
    assert errors["total"]["ml"]["mean"] <= 25
    assert errors["total"]["module"]["mean"] <= 12
    assert errors["nothing"]["module"]["mean"] <= 20
    assert errors["nothing"]["model"]["mean"] <= 15
    for known in BOARD_KNOWN:
        assert 85 <= shipped.scorecard["in_interval_percent"][known]["all"] <= 95


def test_the_page_has_the_scorecards_figures(shipped: BoardProfile, repository: Path) -> None:
    page = (repository / "docs" / "boards.md").read_text()
    names = {"seconds": "each node's seconds", "nothing": "nothing"}
    for known, name in names.items():
        levels = shipped.scorecard["error_percent"][known].values()
        errors = " | ".join(f"{each['mean']:.2f} / {each['median']:.2f}" for each in levels)
        inside = shipped.scorecard["in_interval_percent"][known]["all"]
        assert f"| {name} | {errors} | {inside} % |" in page


def test_constants_are_a_boards(shipped: BoardProfile) -> None:
    constants = shipped.constants
    assert 100 < constants.idle_watts < 140  # 117 W with a context
    assert 600 < constants.idle_watts + constants.busy_watts < 700  # its limit
    assert constants.flops_per_second["half"] < 989e12  # its peak rate
    assert constants.joules_per_flop["vector"] > 5 * constants.joules_per_flop["half"]


def test_a_board_is_a_device_like_others(shipped: BoardProfile, tmp_path: Path) -> None:
    assert "h100" in [each.name for each in boards()]
    info = next(each for each in irene.devices() if each.name == "h100")
    assert (info.kind, info.scope, info.origin) == ("reference", "board", "shipped")
    assert irene.load_device("h100") == shipped
    mine = replace(shipped, fingerprint={"cpu": "one of the user's"})
    assert irene.load_device(mine.save(tmp_path / "mine.json")) == mine
    assert mine.kind == "calibrated"


def test_only_boards_are_loaded_as_such(tmp_path: Path) -> None:
    assert load_board("gtx1080ti") is None
    assert load_board("toaster") is None
    assert load_board(tmp_path / "nothing.json") is None


def test_a_profile_of_the_first_version_is_read(trained: BoardProfile) -> None:
    document = trained.to_dict()
    assert BoardProfile.from_dict({**document, "schema_version": 1}) == trained


def test_a_unit_without_a_constant_is_left_out(trained: BoardProfile) -> None:
    document = trained.to_dict()
    document["constants"]["joules_per_flop"]["value"] = {"half": 1e-12, "fp8": 5e-13}
    found = BoardProfile.from_dict(document).constants
    assert found.joules_per_flop == {"half": 1e-12, "fp8": 5e-13}
    document["constants"]["joules_per_flop"]["value"] = {"fp8": 5e-13}
    with pytest.raises(DeviceError, match="half"):
        BoardProfile.from_dict(document)
