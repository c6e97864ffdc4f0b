"""Counted cells on a board that a profile knows, divided; against what was counted alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from gpu_workloads import generate, llama

import irene_jupyter as irene
from irene_jupyter.predictors.profiles.loading import boards

pytestmark = pytest.mark.usefixtures("cuda")
OPTIONS = irene.Options(budget_seconds=0)
BATCH, LENGTH = 8, 512
SECONDS_OF_A_CELL = 4.0


@pytest.fixture(scope="module")
def profile(cuda: torch.device) -> str:
    """The name of this board's profile."""
    board = torch.cuda.get_device_properties(cuda).name
    for each in boards():
        if each.board == board:
            return each.name
    pytest.skip(f"no profile of {board} is shipped")


def counted(run: Callable[[], Any]) -> irene.EnergyReport:
    """A cell around `run`, after one that loads its kernels."""
    run()
    torch.cuda.synchronize()
    with irene.EnergyMonitor(OPTIONS) as monitor:
        run()
    report = monitor.report
    assert report.measured is not None
    if report.measured.joules is None:
        pytest.skip(f"no total: {report.measured.reason}")
    return report


def forwards(model: Any, cuda: torch.device) -> Callable[[], Any]:
    """Calls for some seconds, launched without waiting for one another."""
    ids = torch.ones(BATCH, LENGTH, dtype=torch.long, device=cuda)

    def once() -> Any:
        with torch.no_grad():
            return model(input_ids=ids, use_cache=False)

    once()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    once()
    end.record()
    end.synchronize()
    calls = max(3, round(SECONDS_OF_A_CELL * 1e3 / begin.elapsed_time(end)))
    return lambda: [once() for _ in range(calls)]


def adds_up(report: irene.EnergyReport) -> None:
    assert report.parts is not None
    assert report.measured is not None
    assert report.parts.total_joules == pytest.approx(report.measured.joules, rel=1e-9)
    assert math.fsum(part.joules or 0.0 for part in report.parts.models) == pytest.approx(
        report.total_joules, rel=1e-6
    )


def test_a_generation_is_divided_by_the_profile_of_its_board(
    cuda: torch.device, profile: str, figures: dict[str, Any]
) -> None:
    model = llama("1b", cuda)
    report = counted(lambda: generate(model, BATCH, 128, 96))
    adds_up(report)
    assert report.device.name == profile
    assert report.measured is not None
    assert report.measured.beyond_idle is not None
    prefill, decode = report.phases
    assert prefill.joules + decode.joules == pytest.approx(report.total_joules, rel=1e-6)
    figures["generation by the board's profile"] = {
        "beyond_idle": report.measured.beyond_idle,
        "joules": report.measured.joules,
        "decode_joules_a_token": decode.joules_per_token,
        "waiting_share": (report.root.features.waiting_seconds or 0.0)
        / (report.root.features.latency_seconds or 1.0),
        "notes": list(report.notes),
    }
    assert 0.5 <= report.measured.beyond_idle <= 2


def test_a_run_that_was_the_cell_has_the_counters_interval(
    cuda: torch.device, profile: str, figures: dict[str, Any]
) -> None:
    report = counted(forwards(llama("1b", cuda), cuda))
    adds_up(report)
    assert report.root is not None
    energy, measured = report.root.energy, report.measured
    assert energy is not None
    assert measured is not None
    figures["interval of a run that was the cell"] = {
        "interval": [energy.low / energy.joules, energy.high / energy.joules],
        "share of the time": [part.seconds for part in report.parts or ()],
        "beyond_idle": measured.beyond_idle,
    }
    assert energy.source == "measured"
    assert energy.high / energy.joules == pytest.approx(
        (measured.high or 0.0) / (measured.joules or 1.0), rel=1e-3
    )


def test_two_models_of_one_cell_need_what_they_need_alone(
    cuda: torch.device, profile: str, figures: dict[str, Any]
) -> None:
    """The host is ahead of the board, and the cell's end waits for both."""
    runs = {
        "large": forwards(llama("1b", cuda), cuda),
        "small": forwards(llama("small", cuda), cuda),
    }
    alone = {name: counted(run).total_joules for name, run in runs.items()}
    both = counted(lambda: [run() for run in runs.values()])
    adds_up(both)
    assert both.parts is not None
    together = [part.joules or 0.0 for part in both.parts.models]
    ratios = {name: joules / alone[name] for name, joules in zip(runs, together, strict=True)}
    figures["two models in one cell over each alone"] = ratios
    assert all(0.85 < ratio < 1.15 for ratio in ratios.values())


def test_training_whose_loss_is_waited_for_is_no_idle_cell(
    cuda: torch.device, profile: str, figures: dict[str, Any]
) -> None:
    model = llama("1b", cuda).train()
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-4)
    ids = torch.ones(2, LENGTH, dtype=torch.long, device=cuda)

    def train() -> None:
        for _ in range(12):
            loss = model(input_ids=ids, labels=ids, use_cache=False).loss
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            loss.item()

    report = counted(train)
    adds_up(report)
    assert report.parts is not None
    joules = {part.kind: part.joules or 0.0 for part in report.parts}
    figures["training"] = {
        "joules": joules,
        "seconds": {part.kind: part.seconds for part in report.parts},
        "beyond_idle": report.measured.beyond_idle if report.measured else None,
    }
    assert 1.5 < joules["backward"] / joules["model"] < 3
    assert joules["rest"] < 0.2 * report.parts.total_joules
