"""Times in place are the board's own, and so are the joules that follow from them."""

from __future__ import annotations

import math
import statistics
from typing import Any

import pytest
import torch
from gpu_workloads import (
    Burner,
    doubled,
    event_seconds,
    forward_pass,
    llama,
    repeated_for,
    watched,
)
from torch import nn

import irene_jupyter as irene
from irene_jupyter.report.report import EnergyReport

pytestmark = pytest.mark.usefixtures("cuda")
QUICK = irene.Options(budget_seconds=0)
SECONDS = 3.0
PARTS = ("self_attn", "mlp", "lm_head")
WITHIN = 0.15


def of_calls(run: Any, calls: int = 6) -> EnergyReport:
    run()
    with torch.no_grad(), irene.EnergyMonitor(QUICK) as monitor:
        for _ in range(calls):
            run()
    return monitor.report


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("size", ["small", "1b"])
def test_segments_add_up_to_one_pair_of_events(
    size: str, phase: str, cuda: torch.device, figures: dict[str, Any]
) -> None:
    """Whether the board or the host sets the pace."""
    run = forward_pass(llama(size, cuda), phase)
    with torch.no_grad():
        alone = event_seconds(run, 10)
    report = of_calls(run)
    root = report.root
    seconds = root.features.latency_seconds / root.features.calls
    waiting = root.features.waiting_seconds / root.features.latency_seconds
    figures[f"in place, llama-{size} {phase}"] = {
        "seconds": seconds, "over_events": seconds / alone, "waiting": waiting,
    }  # fmt: skip
    for node in root.walk():
        assert node.features.latency_seconds is not None, node.path
        below = [child.features.latency_seconds for child in node.children]
        assert math.fsum(below) <= node.features.latency_seconds * (1 + 1e-6)
        assert 0 <= node.features.waiting_seconds <= node.features.latency_seconds * (1 + 1e-6)
    assert seconds == pytest.approx(alone, rel=0.25)


def test_a_board_that_is_busy_does_not_wait_and_one_that_is_launched_at_does(
    cuda: torch.device, figures: dict[str, Any]
) -> None:
    x = torch.randn(4096, 4096, device=cuda).bfloat16()
    burner = Burner(4096, cuda)
    busy = of_calls(lambda: burner(x)).root
    step = of_calls(forward_pass(llama("small", cuda), "decode", batch=1)).root
    shares = [n.features.waiting_seconds / n.features.latency_seconds for n in (busy, step)]
    figures["waiting of a busy board, and of one launched at"] = shares
    assert shares[0] < 0.2
    assert shares[1] > 0.6
    assert not any(flag.startswith("launch-bound") for flag in busy.flags)
    assert any(flag.startswith("launch-bound") for flag in step.flags)


def test_two_streams(cuda: torch.device) -> None:
    side = torch.cuda.Stream()

    class Forks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = (Burner(2048, cuda) for _ in range(2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                right = self.right(x)
            left = self.left(x)
            torch.cuda.current_stream().wait_stream(side)
            return left + right

    x = torch.randn(2048, 2048, device=cuda).bfloat16()
    model = Forks()
    root = of_calls(lambda: model(x)).root
    times = [child.features.latency_seconds for child in root.children]
    assert root.features.latency_seconds > 0
    known = [seconds for seconds in times if seconds is not None]
    assert math.fsum(known) <= root.features.latency_seconds * (1 + 1e-6)
    assert known  # at least what ran on the model's own stream


def test_a_capture_in_the_midst_of_timed_calls_is_left_alone(cuda: torch.device) -> None:
    model = nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 64)).to(cuda).eval()
    x = torch.randn(4, 64, device=cuda)
    graph = torch.cuda.CUDAGraph()
    with torch.no_grad():
        plain = model(x)
        with irene.EnergyMonitor(QUICK) as monitor:
            for _ in range(2):  # recorded, and timed
                model(x)
            with torch.cuda.graph(graph):
                output = model(x)
            for _ in range(3):
                model(x)
            graph.replay()
    assert torch.equal(output, plain)
    assert monitor.report.root.features.latency_seconds > 0


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_doubling_a_module_costs_what_it_has_in_place(
    phase: str, cuda: torch.device, figures: dict[str, Any]
) -> None:
    """What counter and clock see of a module that is run twice, against its node."""
    model = llama("1b", cuda)
    run = forward_pass(model, phase)
    repeated_for(run, 2.0)  # warm, and at its clocks

    def cost() -> tuple[float, float]:
        """(joules, seconds) of one call, by the board's counter."""
        calls: list[int] = []
        counted, _ = watched(lambda: calls.append(repeated_for(run, SECONDS)), cuda)
        return counted.reading.joules / calls[0], counted.reading.seconds / calls[0]

    plain = [cost()]
    twice: dict[str, tuple[float, float]] = {}
    for part in PARTS:
        with doubled(model, part) as modules:
            assert modules > 0
            twice[part] = cost()
        plain.append(cost())  # the board warms up: each difference is to what was around it
    with torch.no_grad(), irene.EnergyMonitor(QUICK) as monitor:
        repeated_for(run, SECONDS)
    report = monitor.report
    found: dict[str, dict[str, float]] = {}
    for index, part in enumerate(PARTS):
        nodes = [node for node in report.walk() if node.path.endswith(part)]
        calls = report.root.features.calls
        around = [statistics.fmean(pair) for pair in zip(*plain[index : index + 2], strict=True)]
        joules, seconds = (a - b for a, b in zip(twice[part], around, strict=True))
        latency = math.fsum(node.features.latency_seconds for node in nodes) / calls
        energy = math.fsum(node.energy.joules for node in nodes) / calls
        found[part] = {
            "joules": joules, "over_counted": energy / joules,
            "seconds": seconds, "over_clock": latency / seconds,
        }  # fmt: skip
    figures[f"doubling, llama-1b {phase}"] = found
    for part, of in found.items():
        assert of["over_clock"] == pytest.approx(1, abs=WITHIN), part
    for part, of in found.items():
        assert of["over_counted"] == pytest.approx(1, abs=WITHIN), part
