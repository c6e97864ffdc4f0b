"""Each guard on both sides of its threshold."""

from __future__ import annotations

import math

import pytest

from irene_jupyter.meters.counters.guards import (
    Circumstances,
    coverage,
    judged,
    loaded_machine,
    other_processes,
    short_window,
    throttled,
)


def test_a_window_of_few_updates_is_widened_and_of_next_to_none_withheld() -> None:
    assert short_window(2.0, 0.1).warnings == ()
    few = short_window(0.5, 0.1)
    assert (few.low, few.high) == (0.8, 1.2)
    assert "5 updates" in few.warnings[0]
    withheld = short_window(0.15, 0.1).withheld
    assert withheld is not None
    assert "repeat the work" in withheld
    assert short_window(0.001, 0.0).withheld is None


@pytest.mark.parametrize(
    ("counter", "block", "is_withheld"),
    [
        (1.0, 1.0, False),
        (0.96, 1.0, False),
        (0.9, 1.0, True),
        (1.2, 1.0, True),
        (0.02, 0.01, False),
    ],
)
def test_the_counters_window_must_be_the_blocks(
    counter: float, block: float, is_withheld: bool
) -> None:
    assert (coverage(counter, block).withheld is not None) is is_withheld


def test_other_processes_may_have_used_it_all() -> None:
    assert other_processes(None) == other_processes(0)
    assert other_processes(0).warnings == ()
    assert other_processes(2).low == 0.0
    assert "2 other processes" in other_processes(2).warnings[0]


def test_throttling_is_told_and_changes_no_number() -> None:
    assert throttled(()).warnings == ()
    verdict = throttled(("power cap",))
    assert (verdict.low, verdict.high) == (1.0, 1.0)
    assert "power cap" in verdict.warnings[0]


@pytest.mark.parametrize(("share", "low"), [(None, 1.0), (0.05, 1.0), (0.2, 0.8)])
def test_a_loaded_machine_widens(share: float | None, low: float) -> None:
    verdict = loaded_machine(share)
    assert verdict.low == low
    assert bool(verdict.warnings) is (low < 1)
    assert verdict.withheld is None


def test_a_machine_that_works_for_others_withholds() -> None:
    assert "quiet machine" in (loaded_machine(0.6).withheld or "")


def test_all_guards_together_and_the_sensors_own_error() -> None:
    quiet = judged(10, 0.1, "gpu", Circumstances(10))
    assert (quiet.low, quiet.high, quiet.warnings, quiet.withheld) == (0.95, 1.05, (), None)
    # A loaded processor says nothing about a board, nor other processes on it about a package.
    busy = Circumstances(10, others_cpu_share=0.3, other_gpu_processes=1, throttling=("power cap",))
    assert judged(10, 0.1, "gpu", busy).low == 0
    assert len(judged(10, 0.1, "gpu", busy).warnings) == 2
    cpu = judged(10, 0.001, "cpu", busy)
    assert math.isclose(cpu.low, 0.95 * 0.7)
    assert len(cpu.warnings) == 1
