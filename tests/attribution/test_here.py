"""Cells on a processor that nobody counts: whose joules they have, and which stay as they were."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
import torch
from torch import nn

import irene_jupyter as irene
from irene_jupyter.resources.load import load_of
from irene_jupyter.resources.proc import CpuTicks
from irene_jupyter.resources.summary import Sample

IDS = torch.ones(4, 64)


@pytest.fixture(autouse=True)
def _without_counters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As where RAPL is for root only; and without a profile of this machine."""
    monkeypatch.setattr(
        "irene_jupyter.predictors.profiles.known.user_devices_folder", lambda: tmp_path
    )
    if any(os.access(file, os.R_OK) for file in Path("/sys/class/powercap").glob("*/energy_uj")):
        pytest.skip("this machine's energy is counted")


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 8))


def cell(options: irene.Options | None = None) -> irene.EnergyReport:
    model = network()
    with irene.EnergyMonitor(options or irene.Options(budget_seconds=0)) as monitor:
        for _ in range(20):
            model(IDS)
    return monitor.report


def test_the_report_is_of_this_machine_and_the_reference_stands_beside_it():
    report = cell()
    assert report.device.name == "here"
    assert report.device.kind == "estimated"
    assert {node.energy.source for node in report.walk() if node.energy} == {"estimated"}
    assert report.elsewhere is not None
    assert report.elsewhere.device.name == "gtx1080ti"
    for view in (str(report), report.to_html()):
        text = " ".join(view.split())
        assert text.index("Estimated for this machine (") < text.index("On a GTX 1080 Ti PC: ")
        assert text.count("GTX 1080 Ti") == 1
        assert "90 %" not in text.split("On a GTX")[0]


def test_parts_and_tree_have_one_level():
    report = cell()
    assert report.parts is not None
    assert report.parts["Sequential"].joules == pytest.approx(report.total_joules)
    assert report.parts["Sequential"].basis == "estimated"
    for node in report.walk():
        assert node.own_joules is not None
        below = math.fsum(child.energy.joules for child in node.children if child.energy)
        assert node.own_joules + below == pytest.approx(node.energy.joules)
    first, *others = report.root.children
    for other in others:
        times = other.features.latency_seconds / first.features.latency_seconds
        assert other.energy.joules / first.energy.joules == pytest.approx(times)


def test_it_is_told_for_any_device_and_back():
    report = cell()
    other = report.on("gtx1080ti")
    assert other.device.name == "gtx1080ti"
    assert other.elsewhere is None
    assert other.total_joules == report.elsewhere.energy.joules
    assert {node.energy.source for node in other.walk() if node.energy} <= {
        "predicted",
        "estimated",
    }
    assert all(part.basis != "estimated" for part in other.parts)
    assert other.on("here").total_joules == report.total_joules
    with pytest.raises(irene.IreneError, match="gtx1080ti"):
        report.on("gtx9999")


def test_a_report_from_a_file_is_the_same_but_cannot_be_switched(tmp_path: Path):
    report = cell()
    again = irene.load_report(report.save(tmp_path / "run.energy.json"))
    assert (again.device, again.elsewhere) == (report.device, report.elsewhere)
    assert str(again).partition("Watching")[0] == str(report).partition("Watching")[0]
    with pytest.raises(irene.IreneError, match="predict"):
        again.on("gtx1080ti")


def test_a_device_that_was_asked_for_is_predicted():
    report = cell(irene.Options("gtx1080ti", budget_seconds=0))
    assert report.device.kind == "reference"
    assert report.elsewhere is None
    assert report.root.energy.source == "predicted"
    assert report.on("gtx1080ti").total_joules == report.total_joules


def test_a_method_of_the_paper_is_a_prediction():
    assert cell(irene.Options(method="irene", budget_seconds=0)).device.kind == "reference"


def test_what_was_only_built_is_predicted():
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        kept = network()
    assert kept is not None
    assert monitor.report.device.name == "gtx1080ti"


def test_what_was_built_beside_says_for_whom_it_is_predicted():
    model = network()
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        idle = nn.Linear(8, 8)
        model(IDS)
    assert idle is not None
    assert "one forward pass each on a GTX 1080 Ti PC" in " ".join(str(monitor.report).split())


def test_two_estimates_are_not_told_apart():
    comparison = cell().compare(cell())
    assert comparison.root.is_significant is None


def test_training_has_joules_in_all_its_parts():
    model = network()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        for _ in range(10):
            optimiser.zero_grad()
            model(IDS).sum().backward()
            optimiser.step()
    parts = monitor.report.parts
    assert parts is not None
    assert all(part.joules is not None and part.basis == "estimated" for part in parts)


def sample(seconds: float, busy: int, total: int) -> Sample:
    return Sample(seconds, CpuTicks(busy, total), None, ())


def test_the_load_is_of_each_time_between_samples_that_tell_something():
    samples = [sample(0.0, 0, 0), sample(0.01, 1, 1), sample(0.2, 40, 40), sample(0.6, 50, 120)]
    load = load_of(samples, 100.0, 0.65, 0.4, 2, others_cpu_share=0.25)
    assert [(span.start, span.end) for span in load.spans] == [(100.0, 100.2), (100.2, 100.65)]
    assert [span.load for span in load.spans] == [1.0, 0.125]
    assert load.own_share == 0.75


def test_without_the_systems_word_the_load_is_our_own():
    load = load_of([], 100.0, 2.0, 1.0, 4, others_cpu_share=None)
    (span,) = load.spans
    assert (span.start, span.end, span.load) == (100.0, 102.0, 0.125)
    assert load.own_share == 1.0
