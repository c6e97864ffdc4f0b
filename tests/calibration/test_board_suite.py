"""The suite `board` on a simulated H100, whose law is known: its constants come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from simulated_board import IDLE_WATTS, LAW, LIMIT_WATTS, NAME, SimulatedH100
from transformers import BertConfig

import irene_jupyter as irene
from irene_jupyter.calibration import board_calibration
from irene_jupyter.calibration.board_calibration import NODES
from irene_jupyter.calibration.calibrate import calibrate, plan
from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.fit.view import html, text
from irene_jupyter.calibration.running.events import Note, Progress
from irene_jupyter.calibration.running.journal import read_journal
from irene_jupyter.calibration.running.records import NodeRun
from irene_jupyter.calibration.workload.board_bench import BoardBench, DistinctNode
from irene_jupyter.calibration.workload.board_suite import BoardSuite, BoardTiming, board_suite
from irene_jupyter.errors import OptionError
from irene_jupyter.predictors.evaluate.board_evaluation import evaluate_board
from irene_jupyter.predictors.fit.board_runs import load_board_runs
from irene_jupyter.predictors.forms.dtypes import HALF, TF32, UNALIGNED, VECTOR
from irene_jupyter.predictors.profiles.automatic import automatic
from irene_jupyter.predictors.profiles.loading import fingerprint, load_board

SUITE = board_suite("bfloat16")
# A small encoder, a decoding step, and operations: enough for a fit, and soon done.
FEW = BoardSuite(
    (SUITE.cases[1], SUITE.cases[3], SUITE.cases[4]),
    BoardTiming(warm_seconds=0.3, run_seconds=0.6, rest_seconds=3.0),
)


@pytest.fixture
def h100(monkeypatch: pytest.MonkeyPatch) -> SimulatedH100:
    return SimulatedH100(monkeypatch)


def calibrated(h100: SimulatedH100, folder: Path, suite: BoardSuite, **options: Any) -> Any:
    return calibrate(
        h100.meter(),
        suite=replace(suite, make_bench=lambda: h100.bench),
        name="mine",
        output=folder / "mine.json",
        **options,
    )


def test_the_constants_of_a_known_board_come_back(h100: SimulatedH100, tmp_path: Path) -> None:
    events: list[Any] = []
    began = h100.time.now
    profile = calibrated(h100, tmp_path, SUITE, watch=events.append)
    assert h100.time.now - began < 300  # of the board's time
    found = profile.constants
    for name in (
        *("idle_watts", "busy_watts", "joules_per_pointwise_flop", "joules_per_byte"),
        *("joules_per_streamed_byte", "bytes_per_second", "host_seconds_per_operation"),
    ):
        assert getattr(found, name) == pytest.approx(getattr(LAW, name), rel=0.03), name
    for unit in (HALF, UNALIGNED, VECTOR, TF32):
        for each in ("joules_per_flop", "flops_per_second"):
            true = getattr(LAW, each)[unit]
            assert getattr(found, each)[unit] == pytest.approx(true, rel=0.03), (each, unit)
    # What it says on the way, and how far it is.
    told = [each for each in events if isinstance(each, Progress)]
    assert any("until the board is at rest" in each.message for each in told)
    shares = [each.share for each in told]
    assert shares == sorted(shares)
    left = [each for each in told if each.stage == "runs"]
    whole = h100.time.now - began
    halfway = min(left, key=lambda each: abs(each.share - 0.5))
    assert 0.67 < halfway.seconds_left / (whole / 2) < 1.5
    # The profile, and the measured runs beside it.
    assert load_board(tmp_path / "mine.json") == profile
    assert profile.fingerprint == fingerprint()
    assert profile.host == fingerprint()["cpu"]
    assert profile.training["standby_watts"] == pytest.approx(IDLE_WATTS, rel=0.02)
    assert profile.training["header"]["power_limit_watts"] == LIMIT_WATTS
    assert (profile.training["meter"], profile.training["truth"]) == (
        f"GPU 0: {NAME} (NVML energy counter)",
        "weak",
    )
    data = load_board_runs(tmp_path / f"mine.calibration{NODES}")
    assert [run.description["mode"] for run in data.runs].count("decode") == 1
    assert {run.dtype for run in data.runs} == {"bfloat16", "float32", "tf32"}
    errors = evaluate_board(data, profile, "seconds").to_dict()["levels"]
    assert all(errors[level]["mean"] < 3 for level in ("ml", "module", "model"))
    for shown in (text(profile), html(profile)):
        assert "117" in shown  # watts at rest
        assert "the host, to launch an operation" in shown
        assert "Mean error on models that were left out" in shown


def test_what_was_measured_is_kept(h100: SimulatedH100, tmp_path: Path) -> None:
    journal = tmp_path / "mine.calibration.jsonl"
    worked: list[str] = []

    def keep(node: DistinctNode) -> None:
        worked.append(node.path)

    h100.bench.on_work = keep
    h100.time.interrupt_at = h100.time.now + 45
    with pytest.raises(KeyboardInterrupt):
        calibrated(h100, tmp_path, FEW)
    before = [each for each in read_journal(journal).records if isinstance(each, NodeRun)]
    assert 15 < len(before) < 48
    first = len(worked)
    profile = calibrated(h100, tmp_path, FEW, resume=True)
    after = [each for each in read_journal(journal).records if isinstance(each, NodeRun)]
    assert after[: len(before)] == before
    assert len(after) == len({(each.case, each.path) for each in after})
    assert len(worked) - first == len(after) - len(before)
    assert len(after) == sum(case.nodes for case in FEW.cases)
    assert profile.constants.idle_watts == pytest.approx(IDLE_WATTS, rel=0.03)


def test_others_on_the_board_and_a_power_cap_are_told(h100: SimulatedH100, tmp_path: Path) -> None:
    h100.driver.processes = [1, 2]
    h100.driver.limit_watts = 500.0
    h100.driver.celsius = 61
    events: list[Any] = []
    profile = calibrated(h100, tmp_path, FEW, watch=events.append)
    notes = [each.message for each in events if isinstance(each, Note)]
    assert [note for note in notes if "1 other process has the board" in note]
    assert [note for note in notes if "capped at 500 W, usual are 700 W" in note]
    assert len(notes) == len(set(notes))
    header = profile.training["header"]
    assert (header["other_processes"], header["celsius"]) == (1, [61, 61])
    assert "capped at 500 W" in text(profile)


def test_auto_takes_the_board_that_was_calibrated_here(
    h100: SimulatedH100, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def open_meter(name: str, **options: Any) -> Any:
        opened.append((name, options))
        return h100.meter("0", **options)

    monkeypatch.setattr(board_calibration, "open_meter", open_meter)
    mine = calibrate("nvml", suite=replace(FEW, make_bench=lambda: h100.bench), name="mine")
    assert opened == [("nvml:GPU-a", {"period_seconds": 0.1})]  # the board in use, each change
    chosen = automatic([NAME])
    assert chosen.profile == mine == irene.load_device("mine")
    assert "calibrated on this machine" in chosen.why
    made = irene.predict(BertConfig(), 8, 64, device="mine")
    assert made.total_joules > 0
    assert automatic([]).profile.name != "mine"  # what runs on the processor is not the board's


def test_a_case_that_does_not_fit_is_left_out(
    h100: SimulatedH100, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = h100.bench.open

    def refuse(case: Any) -> Any:
        if case.name.startswith("llama"):
            raise CalibrationError(f"{case.key} does not fit the memory of cuda")
        return opened(case)

    monkeypatch.setattr(h100.bench, "open", refuse)
    events: list[Any] = []
    with pytest.raises(CalibrationError, match=r"runs of 2 families.*Calibrate again"):
        calibrated(h100, tmp_path, FEW, watch=events.append)
    assert [each for each in events if isinstance(each, Note) and "left out" in each.message]


def test_nodes_that_cannot_be_repeated_end_it_with_the_reason(
    h100: SimulatedH100, tmp_path: Path
) -> None:
    def fail(node: DistinctNode) -> None:
        raise RuntimeError("CUDA error: an illegal memory access")

    h100.bench.on_work = fail
    with pytest.raises(CalibrationError, match=r"5 nodes in a row.*illegal memory access"):
        calibrated(h100, tmp_path, FEW)


def test_a_meter_of_something_else_is_refused(h100: SimulatedH100, tmp_path: Path) -> None:
    suite = replace(FEW, make_bench=lambda: h100.bench)
    for meter in ("rapl", "simulated"):
        with pytest.raises(OptionError, match=f"{meter} does not: take the meter nvml"):
            calibrate(meter, suite=suite, name="mine", output=tmp_path / "mine.json")


def test_without_a_board_it_says_so() -> None:
    with pytest.raises(CalibrationError, match="device must be cuda"):
        irene.calibrate("nvml", suite="board", name="mine", device="cpu")
    if torch.cuda.is_available():
        pytest.skip("here is a board")
    with pytest.raises(CalibrationError, match="needs an NVIDIA board that torch can use"):
        irene.calibrate("nvml", suite="board", name="mine")


@pytest.mark.parametrize("half", ["bfloat16", None])
def test_the_plan_counts_the_nodes_that_there_are(half: str | None, h100: SimulatedH100) -> None:
    suite = board_suite(half)
    bench = h100.bench
    for case in suite.cases:
        assert len(BoardBench.open(bench, case).nodes) == case.nodes, case.key
    families = {case.name.partition("-")[0] for case in suite.cases}
    assert families == {"bert", "llama", "operations"}
    assert suite.seconds(1) <= 300


def test_the_plan_in_words() -> None:
    planned = plan("board", name="mine")
    assert planned.rounds == 1
    said = planned.text()
    assert "llama-1b" in said
    assert "decoding step" in said
    assert "about 4 min" in said
    assert plan("board").name.endswith("-board")
    assert plan("quick").rounds == 4
