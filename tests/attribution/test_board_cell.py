"""A watched cell whose board is played: driver, sampler, counters, division, report.

What ran and how long it took is told; all else is what a cell on a GPU goes through.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch
import transformers as hf
from boards import h100, linear, model, run

sys.path.insert(0, str(Path(__file__).parents[1] / "meters"))
from machine import Driver
from torch import nn

import irene_jupyter as irene
from irene_jupyter.assembly import make_report
from irene_jupyter.attribution import cell as cells
from irene_jupyter.capture.watch.activity import BACKWARD, Activity
from irene_jupyter.meters.counters import guards
from irene_jupyter.meters.counters.counters import Counters
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.said import counter_line, said
from irene_jupyter.report.words import badge, provenance
from irene_jupyter.resources.sampler import Sampler
from irene_jupyter.tree import Run

WATTS = 300.0


class Drawing(Driver):
    """A board that draws `WATTS`; its counter costs a hundred times what its power does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._began = time.perf_counter()
        super().__init__(monkeypatch)
        self.offer_fields()
        self.watts = WATTS

    @property
    def joules(self) -> float:
        return 1000.0 + WATTS * (time.perf_counter() - self._began)

    @joules.setter
    def joules(self, _: float) -> None:
        """It counts by itself."""


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawing]:
    monkeypatch.setattr(guards, "COVERAGE_SLACK_SECONDS", 3600.0)  # a thread may wake late
    monkeypatch.setattr(cells, "boards_used", lambda: frozenset({"GPU-a"}))
    monkeypatch.setattr(cells, "board_name", lambda _: h100().board)
    return Drawing(monkeypatch)


def net(name: str = "net", calls: int = 1000, seconds: float = 0.2, **what) -> Run:
    root = model(
        linear("small", 64, 4e-5, 3e-5),
        linear("large", 4096, 1.2e-4, 0.0),
        seconds=2e-4,
        waited=7e-5,
    )
    return run(root, name, calls, seconds, **what)


def watched(
    tmp_path: Path, runs: Mapping[int, Run], spans: Mapping[object, float], seconds: float
) -> EnergyReport:
    """A cell of so many seconds, of which each key of the activity had a span, one by one."""
    counters = Counters(tmp_path)
    with Sampler(0.02, probe=counters, boards_in_use=lambda: frozenset({"GPU-a"})):
        start = time.perf_counter()
        time.sleep(seconds)
        end = time.perf_counter()
    activity, now = Activity(start), start
    for key, span in spans.items():
        activity.add(key, now, now + span)
        now += span
    found = cells.observed_cell(
        activity,
        {key: each.model for key, each in runs.items()},
        tuple(runs.values()),
        counters,
        start,
        end,
        None,
    )
    return make_report(tuple(runs.values()), h100(), "measure", cell=found)


def adds_up(report: EnergyReport) -> None:
    assert report.parts is not None
    assert report.measured is not None
    assert report.root is not None
    assert report.parts.total_joules == report.measured.joules
    assert math.fsum(part.joules or 0.0 for part in report.parts.models) == pytest.approx(
        report.total_joules, rel=1e-9
    )
    for node in report.root.walk():
        assert node.energy is not None
        below = math.fsum(child.energy.joules for child in node.children if child.energy)
        assert below <= node.energy.joules * (1 + 1e-12)


def test_a_run_and_the_rest_of_its_cell(board: Drawing, tmp_path: Path) -> None:
    report = watched(tmp_path, {1: net()}, {1: 0.2}, 0.5)
    adds_up(report)
    assert report.measured is not None
    assert report.measured.joules == pytest.approx(
        WATTS * (report.measured.seconds or 0.0), rel=1e-3
    )
    assert report.measured.scope == "GPU board"
    assert report.root is not None
    small, large = report.root.children
    assert small.energy is not None
    assert large.energy is not None
    # By features alone a product of 64 rows is a sixtieth of the other; its waiting makes it more.
    assert 0.05 < small.energy.joules / large.energy.joules < 0.5


def test_phases_a_second_model_and_a_backward_pass(board: Drawing, tmp_path: Path) -> None:
    runs = {
        1: net("lm", 100, 0.02, phase="prefill"),
        2: net("lm", 500, 0.1, phase="decode"),
        3: net("student", 250, 0.05, training=True),
    }
    spans = {1: 0.02, 2: 0.1, 3: 0.05, BACKWARD: 0.1}
    report = watched(tmp_path, runs, spans, 0.5)
    adds_up(report)
    assert report.parts is not None
    assert [part.kind for part in report.parts] == ["model", "model", "backward", "rest"]
    prefill, decode = report.phases
    assert prefill.is_here
    assert prefill.joules + decode.joules == pytest.approx(report.parts["lm"].joules)
    assert decode.joules == pytest.approx(5 * prefill.joules)
    assert EnergyReport.from_dict(report.to_dict()).to_dict() == report.to_dict()


def test_what_people_read_of_it(board: Drawing, tmp_path: Path) -> None:
    report = watched(tmp_path, {1: net(calls=2500, seconds=0.5)}, {1: 0.5}, 0.5)
    constants = "divided by its times and the constants of H100 SXM, board alone"
    assert provenance(report).endswith(constants)
    assert "(GPU board)" in provenance(report)
    assert "times what H100 SXM, board alone expects" in counter_line(report)
    assert badge(report).startswith("measured")
    assert EnergyReport.from_dict(report.to_dict()).measured == report.measured


def test_a_board_that_tells_no_energy(board: Drawing, tmp_path: Path) -> None:
    for name in ("FieldValues", "TotalEnergyConsumption", "PowerUsage"):
        board.fail(f"nvmlDeviceGet{name}")
    report = watched(tmp_path, {1: net(phase="decode")}, {1: 0.2}, 0.5)
    assert report.parts is not None
    assert [part.basis for part in report.parts] == ["timed", None]
    told = "for H100 SXM, board alone (this board), by the times measured here"
    assert provenance(report) == f"Predicted {told}"
    assert told in said(report)["phases"]["legend"]
    assert badge(report) == "predicted, this board"
    assert "predicted" in said(report)["parts"]["rows"][0][2]
    # The product of 64 rows waits for its host: 30 µs of 40, at idle power.
    assert report["small"].features.waiting_seconds == pytest.approx(0.03)


def test_models_on_a_processor_are_not_its_boards(board: Drawing) -> None:
    board.say("nvmlDeviceGetName", lambda handle: h100().board)
    net = nn.Linear(8, 8)
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        net(torch.ones(2, 8))
    assert monitor.report.device.name == "here"
    assert not any("auto" in note for note in monitor.report.notes)


@pytest.mark.parametrize(
    ("boards", "method", "device"),
    [
        ({h100().board}, "additive", "h100"),
        ({h100().board}, "irene", "gtx1080ti"),  # which a board's profile does not know
        ({h100().board, "NVIDIA GeForce GTX 1080 Ti"}, "additive", "gtx1080ti"),
        (set(), "additive", "gtx1080ti"),
    ],
)
def test_auto_is_the_board_that_all_models_ran_on(
    boards: set[str], method: str, device: str
) -> None:
    monitor = irene.EnergyMonitor(irene.Options(method=method))
    assert monitor._automatic(frozenset(boards)).profile.name == device


@pytest.fixture
def as_on_a_board(board: Drawing, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's models count as run on the played board, which tells no times of its own."""
    board.say("nvmlDeviceGetName", lambda handle: h100().board)
    monkeypatch.setattr(cells, "_is_on_gpu", lambda _: True)
    monkeypatch.setattr(cells, "_boards_of", lambda runs: frozenset({h100().board} if runs else ()))


def test_a_generation_in_a_cell(as_on_a_board: None) -> None:
    torch.manual_seed(0)
    config = hf.LlamaConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, vocab_size=100, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    net = hf.LlamaForCausalLM(config).eval()
    ids = torch.randint(3, 100, (2, 16))
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        while time.perf_counter() - monitor._started < 0.3:  # two updates of a counter
            net.generate(ids, max_new_tokens=8, do_sample=False, eos_token_id=None, pad_token_id=0)
    report = monitor.report
    assert report.device.name == "h100"
    assert f"device auto is h100 here: the board is an {h100().board}" in report.notes
    adds_up(report)
    prefill, decode = report.phases
    assert prefill.joules + decode.joules == pytest.approx(report.total_joules)
    assert prefill.is_here
    assert decode["model.layers.0.mlp"].energy is not None
    assert report.measured is not None
    assert report.measured.beyond_idle is not None


def test_training_in_a_cell(as_on_a_board: None) -> None:
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))
    optimiser = torch.optim.Adam(net.parameters())
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        while time.perf_counter() - monitor._started < 0.3:
            optimiser.zero_grad()
            net(torch.ones(4, 64)).pow(2).sum().backward()
            optimiser.step()
    report = monitor.report
    adds_up(report)
    assert report.parts is not None
    assert {part.kind: part.basis for part in report.parts} == {
        "model": "divided", "rest": "divided",
    }  # fmt: skip
    phases = [report.phase(name)["0"] for name in ("forward", "backward", "optimiser")]
    assert all(node.energy is not None and node.energy.joules > 0 for node in phases)
