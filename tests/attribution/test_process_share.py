"""This process's share of the packages: beside the total, never in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irene_jupyter.attribution.apportion import measured_energy
from irene_jupyter.attribution.process_share import process_share
from irene_jupyter.meters.base import EnergyReading
from irene_jupyter.meters.counters.counters import Absence, Counted


def counted(scope="cpu", joules=100.0, seconds=10.0) -> Counted:
    reading = EnergyReading(joules, seconds, scope, "weak", f"a {scope} counter", 0.001)
    return Counted(reading, ((0.0, 0.0), (seconds, joules)))


def test_two_sockets_by_cpu_time() -> None:
    found = process_share([counted(), counted("cpu", 60.0), counted("dram", 9.0)], 0, 10, 0.25)
    assert found is not None
    assert (found.cpu_share, found.joules, found.packages_joules) == (0.75, 120.0, 160.0)
    # At half of the others' power a second .75 of the time is .6 of the joules, at twice 6/7.
    assert found.low == pytest.approx(0.95 * 0.6 * 160)
    assert found.high == pytest.approx(1.05 * 6 / 7 * 160)


@given(st.floats(0, 1))
def test_it_lies_in_its_interval_and_that_in_what_was_counted(others: float) -> None:
    found = process_share([counted()], 0, 10, others)
    assert found is not None
    assert 0 <= found.low <= found.joules <= found.high <= 105


def test_it_is_told_where_the_load_of_others_withholds_the_total() -> None:
    busy = measured_energy([counted()], (), 0, 10, others_cpu_share=0.7).measured
    assert busy.joules is None
    assert busy.process is not None
    assert busy.process.joules == pytest.approx(30)
    quiet = measured_energy([counted()], (), 0, 10, others_cpu_share=0.2).measured
    assert quiet.joules == 100.0
    assert quiet.process is not None
    assert quiet.process.joules == pytest.approx(80)


@pytest.mark.parametrize(
    ("counters", "others"),
    [([counted()], None), ([counted("gpu")], 0.1), ([counted(seconds=0.001)], 0.1)],
)
def test_nothing_is_known_without_packages_or_load(
    counters: list[Counted], others: float | None
) -> None:
    assert process_share(counters, 0, 10, others) is None


def test_memory_is_added_and_what_contains_others_is_not() -> None:
    rapl = [counted(), counted("dram", 9.0), counted("board", 130.0)]
    found = measured_energy(rapl, (), 0, 10).measured
    assert (found.joules, found.scope) == (109.0, "CPU package + memory")
    assert [(each.scope, each.used) for each in found.counters] == [
        ("cpu", True),
        ("dram", True),
        ("board", False),
    ]
    alone = measured_energy([counted("board", 130.0), counted("wall", 200.0)], (), 0, 10).measured
    assert (alone.joules, alone.scope) == (130.0, "board")


def test_only_what_the_models_ran_on_has_to_be_there() -> None:
    gaps = (Absence("dram", "memory", "stood still"), Absence("board", "platform", "stood still"))
    with_plugin = (*gaps, Absence(None, "moon", "counter plug-in moon: no driver"))
    assert measured_energy([counted()], with_plugin, 0, 10).measured.joules == 100.0
    assert measured_energy([counted("dram")], (), 0, 10).measured.joules is None
    lone = measured_energy([], (gaps[1],), 0, 10).measured
    assert lone.reason == "stood still"
