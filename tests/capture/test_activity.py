"""Seconds in bins: bounded, and nothing lost."""

from __future__ import annotations

import math
from collections.abc import Hashable

import pytest

from irene_jupyter.capture.watch.activity import BACKWARD, MAX_BINS, OPTIMISER, Activity


def seconds(activity: Activity, end: float) -> dict[Hashable, float]:
    found: dict[Hashable, float] = {}
    for each in activity.bins(end):
        assert each.end > each.start
        assert math.fsum(each.spent.values()) <= (each.end - each.start) * (1 + 1e-9)
        for key, value in each.spent.items():
            found[key] = found.get(key, 0.0) + value
    return found


def test_hours_of_calls_take_bounded_memory_and_keep_their_seconds() -> None:
    activity = Activity(0.0)
    for second in range(4000):
        activity.add(second % 3, second, second + 0.25)
    assert len(activity._bins) <= MAX_BINS
    assert sum(seconds(activity, 4000).values()) == pytest.approx(1000)


def test_one_very_long_call() -> None:
    activity = Activity(0.0)
    activity.add(1, 10.0, 1e6)
    assert len(activity._bins) <= MAX_BINS
    assert seconds(activity, 1e6) == pytest.approx({1: 1e6 - 10})


def test_a_forward_inside_a_backward_pass_or_a_step_is_a_forward() -> None:
    activity = Activity(0.0)
    activity.add(1, 1.0, 2.0)
    activity.add(BACKWARD, 0.0, 3.0)
    activity.add(OPTIMISER, 0.0, 4.0)
    assert seconds(activity, 4.0) == pytest.approx({1: 1.0, BACKWARD: 2.0, OPTIMISER: 1.0})


def test_threads_share_the_time() -> None:
    activity = Activity(0.0)
    activity.add(1, 0.0, 2.0)
    activity.add(2, 0.0, 2.0)
    assert seconds(activity, 2.0) == pytest.approx({1: 1.0, 2: 1.0})


def test_what_a_gpu_still_does_belongs_to_what_ran_last() -> None:
    activity = Activity(0.0)
    activity.extend(0.0, 1.0)
    assert seconds(activity, 1.0) == {}
    activity.add(1, 0.0, 0.5)
    activity.extend(0.5, 2.0)
    assert seconds(activity, 2.0) == pytest.approx({1: 2.0})
    assert activity.waited == {1: 1.5}


def test_the_cells_end_cuts() -> None:
    activity = Activity(5.0)
    activity.add(1, 5.0, 6.0)
    assert seconds(activity, 5.5) == pytest.approx({1: 0.5})
