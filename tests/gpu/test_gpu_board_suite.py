"""The suite `board` on a real board, cut to two minutes: its constants are a board's."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

import irene_jupyter as irene
from irene_jupyter.calibration.board_calibration import NODES
from irene_jupyter.calibration.running.events import Event, Note
from irene_jupyter.calibration.workload.board_bench import half_of
from irene_jupyter.calibration.workload.board_suite import BoardSuite, BoardTiming, board_suite
from irene_jupyter.predictors.evaluate.board_evaluation import evaluate_board
from irene_jupyter.predictors.fit.board_runs import load_board_runs
from irene_jupyter.predictors.profiles.board_profile import BoardProfile

pytestmark = [pytest.mark.usefixtures("cuda"), pytest.mark.timeout(300)]


def test_a_board_tells_its_own_constants(
    cuda: torch.device,
    figures: dict[str, Any],
    tmp_path: Path,
    results_folder: Path | None,
) -> None:
    whole = board_suite(half_of(str(cuda)))
    # A small encoder, the decoder (with a cache where there is half precision), operations.
    few = BoardSuite(
        (whole.cases[1], whole.cases[3], whole.cases[4]),
        BoardTiming(warm_seconds=0.3, run_seconds=0.9, most_seconds=2.0, rest_seconds=5.0),
    )
    notes: list[str] = []

    def watch(event: Event) -> None:
        if isinstance(event, Note):
            notes.append(event.message)

    began = time.monotonic()
    path = tmp_path / "board.json"
    profile = irene.calibrate(
        "nvml", suite=few, name="gpu-test-board", output=path, device=str(cuda), watch=watch
    )
    seconds = time.monotonic() - began
    assert isinstance(profile, BoardProfile)
    runs = tmp_path / f"board.calibration{NODES}"
    if results_folder is not None:
        shutil.copy(path, results_folder / "board-profile.json")
        shutil.copy(runs, results_folder / f"board{NODES}")
    data = load_board_runs(runs)
    errors = evaluate_board(data, profile, "seconds").to_dict()["levels"]
    figures["board_suite"] = {
        "seconds": seconds,
        "constants": asdict(profile.constants),
        "errors": errors,
        "header": dict(data.header),
        "notes": notes,
    }
    assert seconds < 120
    constants = profile.constants
    limit = data.header["power_limit_watts"]
    assert 5 < constants.idle_watts < 0.5 * limit
    assert 0.4 * limit < constants.idle_watts + constants.busy_watts < 1.5 * limit
    assert constants.idle_watts == pytest.approx(profile.training["standby_watts"], rel=0.5)
    assert 1e-6 < constants.host_seconds_per_operation < 1e-4
    # To the nodes that it was fitted to; the bars for others are in docs/boards.md.
    assert errors["ml"]["median"] < 15
    assert errors["model"]["mean"] < 15
