"""Joules and seconds of a cell's parts, by pure functions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irene_jupyter.attribution.apportion import (
    Share,
    measured_energy,
    seconds_by_part,
    shares,
)
from irene_jupyter.attribution.cell import REST, Cell
from irene_jupyter.attribution.leveling import scaled_to
from irene_jupyter.capture.watch.activity import BACKWARD, Activity, Bin
from irene_jupyter.meters.base import EnergyReading
from irene_jupyter.meters.counters.counters import Absence, Counted
from irene_jupyter.report.parts import MeasuredEnergy
from irene_jupyter.tree import Energy, Node


def counted(scope="cpu", joules=100.0, seconds=10.0, uuid=None, **what) -> Counted:
    reading = EnergyReading(joules, seconds, scope, "weak", f"a {scope} counter", 0.001)
    return Counted(reading, ((0.0, 0.0), (seconds, joules)), uuid, **what)


def node(joules: float, *children: Node, path: str = "", source="predicted") -> Node:
    energy = Energy(joules, joules * 0.8, joules * 1.5, source)
    return Node(path, "module" if path else "model", "X", children=children, energy=energy)


def test_joules_follow_the_power_not_only_the_time() -> None:
    curve = ((0.0, 0.0), (1.0, 10.0), (2.0, 110.0))  # 10 W, then 100 W
    found = shares([curve], [Bin(0, 1, {"a": 1.0}), Bin(1, 2, {"b": 1.0})], 0, 2)
    assert (found["a"].joules, found["b"].joules) == (10.0, 100.0)
    assert (found["b"].low, found["b"].high, found["b"].time) == (100.0, 100.0, 0.5)


def test_within_two_readings_time_divides_and_the_interval_is_wide() -> None:
    curve = ((0.0, 0.0), (1.0, 100.0))
    found = shares([curve], [Bin(0, 0.5, {"a": 0.25}), Bin(0.5, 1, {"a": 0.25, "b": 0.1})], 0, 1)
    assert found["a"].joules == pytest.approx(50)
    assert (found["a"].low, found["a"].high) == pytest.approx((25, 100))
    assert (found["b"].low, found["b"].high) == pytest.approx((5, 20))


def test_two_counters_add_up_and_the_cells_ends_cut_them() -> None:
    cpu, gpu = ((0.0, 0.0), (10.0, 100.0)), ((0.5, 0.0), (9.5, 900.0))
    found = shares([cpu, gpu], [Bin(1, 9, {"a": 8.0})], 1, 9)
    assert found["a"].joules == pytest.approx(80 + 800)
    assert found["a"].is_whole


def test_a_gpu_counts_where_the_models_ran_on_it() -> None:
    both = [counted("cpu"), counted("gpu", 500.0, uuid="GPU-a"), counted("gpu", 7.0, uuid="GPU-b")]
    cpu = measured_energy(both, (), 0, 10).measured
    assert (cpu.joules, cpu.scope) == (100.0, "CPU package")
    mine = measured_energy(both, (), 0, 10, on_gpu=True, boards=frozenset({"GPU-a"})).measured
    assert (mine.joules, mine.scope) == (600.0, "CPU package + GPU board")
    unknown = measured_energy(both, (), 0, 10, on_gpu=True).measured
    assert unknown.joules == 607.0


def test_without_the_counter_of_what_ran_there_is_no_total() -> None:
    absent = (Absence("gpu", "GPU 0", "GPU board: a reading failed half-way"),)
    found = measured_energy([counted("cpu")], absent, 0, 10, on_gpu=True).measured
    assert found.joules is None
    assert "half-way" in (found.reason or "")
    assert not any(note.used for note in found.counters)
    alone = measured_energy([counted("gpu")], (), 0, 10).measured
    assert alone.joules is None


def test_a_board_counts_without_the_package() -> None:
    absent = (Absence("cpu", "CPU package", "permission denied"),)
    found = measured_energy([counted("gpu")], absent, 0, 10, on_gpu=True).measured
    assert (found.joules, found.scope) == (100.0, "GPU board")


def test_other_processes_on_the_board_widen_and_warn() -> None:
    usable = measured_energy([counted("gpu", other_processes=2)], (), 0, 10, on_gpu=True)
    assert usable.measured.low == 0
    assert "2 other processes" in usable.warnings[0]


def test_a_short_cell_is_withheld() -> None:
    short = counted("cpu", 0.1, 0.001)
    assert "repeat the work" in (measured_energy([short], (), 0, 0.001).measured.reason or "")


@given(st.floats(1e-6, 1e6), st.floats(0.2, 1), st.floats(1, 3), st.floats(0, 1))
def test_a_scaled_tree_keeps_its_shares(
    joules: float, low: float, high: float, time: float
) -> None:
    tree = node(10, node(6, node(5, path="a.b", source="estimated"), path="a"), node(3, path="c"))
    share = Share(joules, joules * low, joules * high, time)
    found = scaled_to(tree, share)
    assert found.energy.joules == pytest.approx(joules)
    assert found.energy.source == ("measured" if share.is_whole else "predicted")
    assert found.find("a").energy.joules == pytest.approx(joules * 0.6)
    assert found.find("a.b").energy.source == "estimated"
    for each in found.walk():
        assert math.fsum(child.energy.joules for child in each.children) <= each.energy.joules
        assert each.energy.low <= each.energy.joules <= each.energy.high


def test_a_tree_without_joules_gets_them_at_its_root() -> None:
    found = scaled_to(node(0, node(0, path="a")), Share(5, 4, 6, 1.0))
    assert (found.energy.joules, found.own_joules) == (5, 5)


@given(
    st.floats(0.001, 1e5),
    st.lists(st.floats(0, 1), min_size=1, max_size=4),
    st.floats(0, 1),
)
def test_parts_add_up_exactly_whatever_they_are(
    joules: float, weights: list[float], back: float
) -> None:
    whole = sum(weights) + back + 0.1
    names = [f"m{i}" for i in range(len(weights))]
    keys = [("model", name) for name in names]
    found = {
        key: Share(joules * w / whole, joules * w / whole / 2, joules * w / whole * 2, w / whole)
        for key, w in zip([*keys, BACKWARD], [*weights, back], strict=True)
    }
    spent = {key: share.time for key, share in found.items()}
    measured = MeasuredEnergy(joules, joules * 0.9, joules * 1.1, 1.0, "CPU package")
    cell = Cell(1.0, spent, measured, found)
    models = [(name, cell.leveled(name, node(2.0))) for name in names]
    parts = cell.parts(models)
    assert math.fsum(part.joules for part in parts if part.joules is not None) == parts.total_joules
    assert parts.total_joules == pytest.approx(joules, rel=1e-12)
    assert parts.total_seconds == pytest.approx(1.0)
    assert parts[REST].joules >= 0


def test_seconds_of_an_activity() -> None:
    activity = Activity(0.0)
    activity.add(1, 0.5, 2.5)
    activity.add(BACKWARD, 2.5, 3.0)
    assert seconds_by_part(activity.bins(4.0)) == pytest.approx({1: 2.0, BACKWARD: 0.5})
