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
from boards import h100, linear, model, run

sys.path.insert(0, str(Path(__file__).parents[1] / "meters"))
from machine import Driver

from irene_jupyter.assembly import make_report
from irene_jupyter.attribution import cell as cells
from irene_jupyter.capture.watch.activity import BACKWARD, Activity
from irene_jupyter.meters.counters import guards
from irene_jupyter.meters.counters.counters import Counters
from irene_jupyter.report.report import EnergyReport
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
