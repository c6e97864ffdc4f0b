"""Counters around real cells: the joules add up, or their absence is told."""

from __future__ import annotations

import functools
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent / "meters"))
from machine import Driver

import irene_jupyter as irene
from irene_jupyter.meters.counters import counters, guards
from irene_jupyter.meters.counters import rapl_counter as rapl
from irene_jupyter.resources import totals

WATTS = 40.0
X = torch.ones(4, 64)


class Package:
    """A RAPL package that draws `WATTS`; `read` may be replaced to break it."""

    def __init__(self, root: Path) -> None:
        zone = root / "intel-rapl:0"
        zone.mkdir(parents=True)
        (zone / "name").write_text("package-0")
        self.root = root
        self.read: Any = lambda: int(WATTS * 1e6 * time.perf_counter())

    def number(self, path: Path) -> int:
        return 2**62 if path.name == "max_energy_range_uj" else self.read()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    found = Package(tmp_path / "powercap")
    monkeypatch.setattr(rapl, "_number", found.number)
    monkeypatch.setattr(
        counters, "Counters", functools.partial(counters.Counters, powercap=found.root)
    )
    # What else runs on this machine is no matter of these tests, nor how late a thread wakes.
    monkeypatch.setattr(guards, "COVERAGE_SLACK_SECONDS", 3600.0)
    monkeypatch.setattr(totals.Totals, "others_cpu_share", lambda *_: 0.0)
    return found


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))


def run_for(net: nn.Module, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        net(X)


def adds_up(report: irene.EnergyReport) -> None:
    parts = report.parts
    assert math.fsum(part.joules for part in parts) == parts.total_joules
    assert parts.total_joules == report.measured.joules
    assert math.fsum(p.joules for p in parts.models) + math.fsum(
        p.joules for p in parts.remainder
    ) == pytest.approx(parts.total_joules, rel=1e-12)
    assert parts.total_seconds == pytest.approx(report.measured.seconds, rel=1e-9)
    for part in parts:
        assert 0 <= part.low <= part.joules <= part.high
    assert math.fsum(p.joules for p in parts.models) == pytest.approx(report.total_joules, rel=1e-9)
    for node in report.walk():
        below = math.fsum(child.energy.joules for child in node.children)
        assert below <= node.energy.joules * (1 + 1e-12)


def test_two_models_python_and_a_sleep_add_up_exactly(package: Package, repository: Path) -> None:
    first, second = model(), model()
    with irene.EnergyMonitor(
        irene.Options(interval_seconds=0.02), namespace={"first": first, "second": second}
    ) as monitor:
        run_for(first, 0.15)
        sum(i * i for i in range(200_000))
        time.sleep(0.1)
        run_for(second, 0.1)
    report = monitor.report
    adds_up(report)
    assert [part.kind for part in report.parts] == ["model", "model", "rest"]
    assert report.parts["first"].joules == report["first"].energy.joules
    assert report.parts["first"].basis == "split"
    assert report.parts.remainder[0].joules > 0
    # The whole is what the counter said between the cell's ends.
    assert report.measured.joules == pytest.approx(WATTS * report.measured.seconds, rel=1e-4)
    assert report.measured.scope == "CPU package"
    assert report.root.energy.source in ("predicted", "estimated")
    text = str(report)
    assert "Part of what was measured on this machine (CPU package)" in text
    assert "Python, data handling, idle" in text
    assert "the whole cell" in text
    assert "the whole cell" in report.to_html()
    assert "wall" not in text
    document = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    schema = repository / "irene_jupyter" / "report" / "energy.schema.json"
    jsonschema.validate(document, json.loads(schema.read_text()))
    assert irene.EnergyReport.from_dict(document).to_dict() == document


def test_a_cell_that_is_one_models_run_is_measured_and_its_parts_predicted(
    package: Package,
) -> None:
    class Slow(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            time.sleep(0.3)
            return self.inner(x)

    net = Slow()
    net(X)
    report = irene.measure(net, X)
    adds_up(report)
    assert report.root.energy.source == "measured"
    assert {node.energy.source for node in report.walk() if node.path} <= {
        "predicted",
        "estimated",
    }
    assert report.parts.models[0].basis == "measured"
    assert str(report).startswith("Measured on this machine (CPU package), divided as predicted")
    predicted = irene.predict(net.inner, 4, 1)
    share = predicted["0"].energy.joules / predicted.total_joules
    inner = report["inner"].energy.joules
    assert report["inner.0"].energy.joules / inner == pytest.approx(share, rel=1e-6)
    assert math.fsum(run.joules for run in report.runs) == pytest.approx(report.total_joules)


def test_a_models_energy_is_its_whole_training_steps(package: Package) -> None:
    net = model()
    optimiser = torch.optim.Adam(net.parameters())
    with irene.EnergyMonitor(irene.Options(interval_seconds=0.02)) as monitor:
        end = time.perf_counter() + 0.25
        while time.perf_counter() < end:
            optimiser.zero_grad()
            net(X).pow(2).sum().backward()
            optimiser.step()
        with torch.no_grad():
            net.eval()(X)
    report = monitor.report
    adds_up(report)
    assert [part.kind for part in report.parts] == ["model", "rest"]
    assert [phase.phase for phase in report.phases] == [
        "forward", "backward", "optimiser", "evaluation",
    ]  # fmt: skip
    assert math.fsum(phase.joules for phase in report.phases) == report.total_joules
    # Even watts: each phase has the joules of its time, whatever the profile predicts.
    for phase in report.phases[1:3]:
        assert phase.joules == pytest.approx(WATTS * phase.seconds, rel=0.05)
    for node in report.root.children:
        parts = [
            phase[node.path].energy.joules
            for phase in report.phases
            if any(each.path == node.path for each in phase.root.walk())
        ]
        assert math.fsum(parts) == pytest.approx(node.energy.joules, rel=1e-9)
    assert report.phase("backward").calls == report.phase("backward").steps
    assert "a step" in report.to_dict()["said"]["title"]


def test_gradients_that_are_asked_for_are_a_part_of_the_cell(package: Package) -> None:
    net = model()
    with irene.EnergyMonitor(irene.Options(interval_seconds=0.02)) as monitor:
        end = time.perf_counter() + 0.2
        while time.perf_counter() < end:
            weight = torch.ones(64, 64, requires_grad=True)
            torch.autograd.grad((weight @ weight).sum(), weight)
            net(X)
    report = monitor.report
    adds_up(report)
    assert [part.kind for part in report.parts] == ["model", "backward", "rest"]
    assert report.parts["backward passes"].basis == "split"
    assert report.parts["backward passes"].joules > 0
    assert not report.phases


def test_a_counter_that_fails_half_way_is_no_number(package: Package) -> None:
    reads = []

    def fails() -> int:
        reads.append(1)
        if len(reads) > 3:
            raise rapl.MeterError("CPU package: energy_uj cannot be read (No such device)")
        return int(WATTS * 1e6 * time.perf_counter())

    package.read = fails
    net = model()
    with irene.EnergyMonitor(irene.Options(interval_seconds=0.02)) as monitor:
        while len(reads) <= 3:  # until it has failed, however rarely the sampler gets to run
            net(X)
    report = monitor.report
    assert report.measured.joules is None
    assert "No such device" in report.measured.reason
    told = " ".join(str(report).split())
    assert "Not counted (CPU package: energy_uj cannot be read (No such device))" in told
    assert all(part.basis == "estimated" for part in report.parts)
    assert report.root.energy.source == "estimated"


@pytest.mark.parametrize("watts", [0.0, -5.0])
def test_a_counter_that_stands_or_runs_backwards_is_no_number(
    package: Package, watts: float
) -> None:
    package.read = lambda: int(1e15 + watts * 1e6 * time.perf_counter())
    report = irene.measure(model(), X)
    assert report.measured.joules is None
    assert "0 J" not in str(report).split("energy counters")[-1]
    (cpu,) = (each for each in report.measured.counters if each.scope == "cpu")
    assert cpu.joules is None
    assert "stood still" in cpu.reason or "went backwards" in cpu.reason


def test_a_cell_on_the_processor_does_not_ask_boards_in_between(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = Driver(monkeypatch)
    driver.offer_fields()
    net = model()
    with irene.EnergyMonitor(irene.Options(interval_seconds=0.02, budget_seconds=0)) as monitor:
        driver.asked.clear()
        driver.joules += 30
        run_for(net, 0.2)
        assert sum(driver.asked.values()) == 0
    (gpu,) = monitor.report.resources["gpus"]
    assert (gpu["joules"], gpu["utilisation_percent"]) == (30.0, 50.0)


def test_a_loaded_machine_withholds(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals.Totals, "others_cpu_share", lambda *_: 0.7)
    net = model()
    with irene.EnergyMonitor() as monitor:
        run_for(net, 0.1)
    measured = monitor.report.measured
    assert measured.joules is None
    assert "quiet machine" in measured.reason
    (cpu,) = (each for each in measured.counters if each.scope == "cpu")
    assert cpu.joules > 0  # what the counter said stays visible, with the reason
    assert not cpu.used


def test_a_loaded_machine_widens_and_warns(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals.Totals, "others_cpu_share", lambda *_: 0.3)
    net = model()
    with irene.EnergyMonitor() as monitor:
        run_for(net, 0.1)
    report = monitor.report
    assert report.measured.low == pytest.approx(report.measured.joules * 0.95 * 0.7)
    assert any("other processes took 30 %" in note for note in report.notes)


def test_without_counters_the_seconds_add_up_and_the_joules_are_estimated() -> None:
    net = model()
    with irene.EnergyMonitor() as monitor:
        net(X)
        time.sleep(0.02)
    report = monitor.report
    if report.measured.joules is not None:
        pytest.skip("this machine has counters")
    assert report.measured.counters
    assert all(each.reason for each in report.measured.counters)
    first, *others = report.parts
    assert first.joules == report.total_joules
    assert all(part.basis == "estimated" for part in report.parts)
    assert report.parts.total_joules == pytest.approx(
        report.total_joules + sum(part.joules for part in others)
    )
    assert report.parts.total_seconds >= 0.02
    assert "irene-jupyter doctor" in " ".join(str(report).split())


def test_the_cost_of_the_observer_is_in_every_view() -> None:
    report = irene.measure(model(), X)
    assert set(report.observer["stages"]) == {
        "entering", "recording", "sampling", "leaving", "structure", "replay", "prediction",
        "display",
    }  # fmt: skip
    assert report.observer["percent"] > 0
    assert all(value is None or value >= 0 for value in report.observer["stages"].values())
    assert "Watching added" in str(report)
    assert "display" in str(report)
    assert "Watching added" in report.to_html()
    assert report.to_dict()["observer"]["during_seconds"] > 0


def test_the_timeline_is_kept_and_drawable() -> None:
    with irene.EnergyMonitor(irene.Options(interval_seconds=0.02)) as monitor:
        model()(X)
        time.sleep(0.15)
    report = monitor.report
    frame = report.timeline()
    assert list(frame.columns) == ["seconds", "cpu_percent", "memory_percent"]
    assert len(frame) >= 4
    assert frame["seconds"].is_monotonic_increasing
    drawing = report.plot_timeline()
    assert drawing.svg.startswith("<svg ")
    assert "memory" in str(drawing)


@pytest.mark.parametrize("interval", [0.01, 0, -1, float("nan"), "fast", True, 1e9])
def test_an_interval_out_of_range_is_refused(interval: Any) -> None:
    with pytest.raises(irene.IreneError, match="interval_seconds"):
        irene.Options(interval_seconds=interval)
