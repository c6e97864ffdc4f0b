"""Measured kernels of a board → its constants and the forms of its kernels, and how they do."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kernel_files import BYTE, FLOP, IDLE, LIMIT, RATE, product, rows, write

from irene_jupyter.cli import main
from irene_jupyter.errors import DataError, DeviceError
from irene_jupyter.predictors.evaluate.kernel_evaluation import evaluate_kernels
from irene_jupyter.predictors.fit.board_errors import JudgedRun
from irene_jupyter.predictors.fit.board_runs import load_board_runs
from irene_jupyter.predictors.fit.kernel_rows import KernelData, holds_kernels, load_kernels
from irene_jupyter.predictors.fit.kernel_training import TrainedKernels, train_kernels
from irene_jupyter.predictors.forms.dtypes import is_half
from irene_jupyter.predictors.forms.kernel_form import residual_values
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.kernel_profile import KernelProfile, read_kernels
from irene_jupyter.predictors.profiles.loading import load_board, load_kernel_profile

BOARDS = ("h200", "b200")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("kernels") / "kernels.csv", rows())


@pytest.fixture(scope="module")
def data(file: Path) -> KernelData:
    return load_kernels(file)


@pytest.fixture(scope="module")
def trained(data: KernelData) -> TrainedKernels:
    return train_kernels(data, name="made")


def shipped(name: str) -> BoardProfile:
    profile = load_board(name)
    assert profile is not None
    return profile


@pytest.fixture(params=BOARDS)
def kernels_data(request: pytest.FixtureRequest) -> KernelData:
    """Of a board whose profile is shipped."""
    given = Path(os.environ.get("IRENE_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = (given if given.is_dir() else given.parent) / f"kernels_{request.param}.csv.gz"
    if not path.is_file():
        pytest.skip(f"no {path.name}: set IRENE_DATA to its folder")
    return load_kernels(path)


# --- reading --------------------------------------------------------------------------------------


def test_rows_are_told_by_their_kind(data: KernelData, file: Path) -> None:
    assert holds_kernels(file)
    assert data.board == "B300"
    assert [kernels.kind.operation for kernels in data.kinds] == ["attention_generation", "gemm"]
    products = data.kinds[1]
    assert products.limit_watts == LIMIT
    assert (~products.is_powered).sum() == 1
    assert len(set(products.families)) == 8


def test_a_file_of_runs_is_no_table(tmp_path: Path) -> None:
    other = tmp_path / "runs.jsonl"
    other.write_text('{"header": {}}\n')
    assert not holds_kernels(other)
    assert not holds_kernels(tmp_path / "missing.csv")
    with pytest.raises(DataError, match=r"runs\.jsonl"):
        load_kernels(other)
    with pytest.raises(DataError, match="missing"):
        load_kernels(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"op": "dance"}, "line 3: 'op' must be one of gemm"),
        ({"dtype": "int3"}, "line 3: 'dtype' must be one of bfloat16"),
        ({"seconds": -1}, "line 3: 'seconds' must be a time"),
        ({"seconds": "long"}, "no table of kernels"),
        ({"watts": 0}, "line 3: 'watts' must be a power"),
        ({"board": "H100"}, "line 3: another board"),
        ({"m": ""}, "need a size as 'm'"),
        ({"n": 0}, "need a size as 'n'"),
    ],
)
def test_a_bad_row_says_why(change: dict[str, object], reason: str, tmp_path: Path) -> None:
    made = [product(32, 64, 128), {**product(64, 64, 128), **change}]
    with pytest.raises(DataError, match=reason):
        load_kernels(write(tmp_path / "bad.csv", made))


# --- fitting --------------------------------------------------------------------------------------


def test_constants_are_found(trained: TrainedKernels) -> None:
    found = trained.profile.constants
    assert found.idle_watts == IDLE
    assert found.idle_watts + found.busy_watts == pytest.approx(0.983 * LIMIT)
    assert found.joules_per_flop["half"] == pytest.approx(FLOP, rel=0.05)
    assert found.joules_per_byte == pytest.approx(BYTE, rel=0.05)
    assert found.flops_per_second["half"] == pytest.approx(RATE, rel=0.1)
    assert "fp8" not in found.joules_per_flop  # there were none
    h100 = shipped("h100").constants
    assert found.host_seconds_per_operation == h100.host_seconds_per_operation


def test_families_that_were_left_out_are_predicted(trained: TrainedKernels) -> None:
    for figures in trained.profile.scorecard["kernels"].values():
        assert figures["seconds"]["median"] < 4
        assert figures["joules"]["median"] < 6


def test_forms_survive_their_file(trained: TrainedKernels, tmp_path: Path) -> None:
    path = trained.kernels.save(tmp_path / "made.kernels.json.gz")
    assert read_kernels(path) == trained.kernels
    assert path.read_bytes() == trained.kernels.save(path).read_bytes()  # no time in it
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DeviceError, match=r"made\.kernels\.json\.gz"):
        read_kernels(path)


@pytest.mark.parametrize("value", [0, -1.0, 1e300, "much", None])
def test_a_form_is_physical(value: object, trained: TrainedKernels) -> None:
    document = json.loads(json.dumps(trained.kernels.to_dict()))
    next(iter(document["forms"].values()))["flops_per_second"] = value
    with pytest.raises(DeviceError, match="flops_per_second"):
        KernelProfile.from_dict(document)


def test_many_rows_are_as_one(trained: TrainedKernels, data: KernelData) -> None:
    kernels = data.kinds[1]
    residual = trained.kernels.forms["/".join(kernels.kind)].seconds_residual
    table = kernels.work.table()[:40]
    table[0] += 3.0  # beyond what was trained
    alone = [residual.log_joules(row) for row in table.tolist()]
    assert residual_values(residual, table).tolist() == pytest.approx(alone, abs=1e-9)


def test_a_table_without_power_is_refused(tmp_path: Path) -> None:
    made = [{**row, "watts": "", "nvml_readings_at_least": 0} for row in rows()[:50]]
    with pytest.raises(DataError, match="power"):
        train_kernels(load_kernels(write(tmp_path / "times.csv", made)), name="made")


# --- the command ----------------------------------------------------------------------------------


def test_a_table_is_trained_and_judged_by_one_command_each(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "made.json"
    assert main(["train", str(file), "--name", "made", "--output", str(target)]) == 0
    assert "made.kernels.json.gz" in capsys.readouterr().out
    assert main(["evaluate", str(file), "--device", str(target), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    products = document["operations"]["gemm"]
    assert products["kernels"] == 8 * 9 * 4
    assert products["joules"]["median"] < 6
    assert list(products["by_kind"]) == ["vllm made bfloat16"]
    assert document["in_interval_percent"]["nothing"]["gemm"] > 80
    assert document["without_form"] == []
    assert main(["evaluate", str(file), "--device", str(target)]) == 0
    assert "matrix products" in capsys.readouterr().out


def test_a_profile_without_forms_says_so(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(file), "--device", "h100"]) == 1
    assert "take h200 or b200" in capsys.readouterr().err


# --- what is shipped ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOARDS)
def test_shipped_boards_hold_the_bars_of_products(name: str) -> None:
    figures = shipped(name).scorecard["kernels"]
    assert figures["gemm"]["seconds"]["median"] <= 4
    assert figures["gemm"]["joules"]["median"] <= 6


@pytest.mark.parametrize("name", BOARDS)
def test_shipped_constants_are_a_boards(name: str) -> None:
    constants = shipped(name).constants
    limit = {"h200": 700, "b200": 1000}[name]
    assert 0.1 * limit < constants.idle_watts < 0.3 * limit
    assert constants.idle_watts + constants.busy_watts < limit
    assert 3e-13 < constants.joules_per_flop["half"] < 2e-12
    assert 5e-11 < constants.joules_per_byte < 2e-10
    assert load_kernel_profile(name).idle_watts == pytest.approx(constants.idle_watts, rel=1e-3)


def test_shipped_forms_are_what_their_scorecard_says(kernels_data: KernelData) -> None:
    """On what they were fitted to they are better than on what was left out, and not by far."""
    name = kernels_data.board.lower()
    found = evaluate_kernels(kernels_data, name, load_kernel_profile(name)).to_dict()
    told = shipped(name).scorecard["kernels"]
    for operation in ("gemm", "attention_context", "attention_generation"):
        seen, unseen = (each[operation]["joules"]["median"] for each in (
            found["operations"], told))  # fmt: skip
        assert unseen / 3 < seen < unseen * 1.05, operation


def test_constants_are_shared_within_a_generation(h100_file: Path) -> None:
    """The H100's eager Linear leaves by the H200's constants, its own idle power and limit."""
    own = shipped("h100").constants
    constants = replace(
        shipped("h200").constants, idle_watts=own.idle_watts, busy_watts=own.busy_watts
    )
    errors = []
    for run in load_board_runs(h100_file).runs:
        judged = JudgedRun.of(run, own.cache_bytes)
        for unit in judged.judged:
            work = judged.units[unit.place]
            if is_half(run.dtype) and work.nodes[0].primitive in ("Linear", "Conv1D"):
                errors.append(abs(constants.joules(work.work, unit.seconds) / unit.joules - 1))
    assert len(errors) >= 40
    assert np.median(errors) <= 0.05
    assert np.mean(errors) <= 0.09


@pytest.mark.parametrize("name", BOARDS)
def test_the_page_has_the_scorecards_figures(name: str, repository: Path) -> None:
    page = (repository / "docs" / "boards.md").read_text()
    card = shipped(name).scorecard
    labels = {
        "gemm": "products",
        "attention_context": "attention, context",
        "attention_generation": "attention, generation",
        "attention_encoder": "attention, encoder",
        "moe": "experts",
    }
    for operation, label in labels.items():
        figures = card["kernels"][operation]
        errors = " | ".join(
            f"{figures[each]['mean']:.1f} / {figures[each]['median']:.1f}"
            for each in ("seconds", "joules", "joules_of_known_seconds")
        )
        inside = card["in_interval_percent"]["nothing"][operation]
        assert f"| {name.upper()} {label} | {errors} | {inside} % |" in page
