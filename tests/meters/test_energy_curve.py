"""Energy over time, thinned and interpolated."""

from __future__ import annotations

import pytest

from irene_jupyter.meters.counters.energy_curve import MAX_POINTS, EnergyCurve, at


@pytest.mark.parametrize("count", [1, 2, 5, MAX_POINTS, MAX_POINTS + 1, 5 * MAX_POINTS + 3])
def test_ends_are_kept_and_memory_is_bounded(count: int) -> None:
    curve = EnergyCurve()
    for index in range(count):
        curve.add(float(index), 2.0 * index)
        assert curve.last_time == index
    points = curve.points
    assert len(points) <= MAX_POINTS
    assert points[0] == (0.0, 0.0)
    assert points[-1] == (count - 1.0, 2.0 * (count - 1))
    assert list(points) == sorted(set(points))
    assert curve.joules == 2.0 * (count - 1)
    assert curve.seconds == count - 1


def test_between_and_beyond_the_points() -> None:
    points = ((1.0, 0.0), (2.0, 10.0), (4.0, 10.0), (5.0, 40.0))
    assert [at(points, t) for t in (0, 1, 1.5, 3, 4.5, 9)] == [0, 0, 5, 10, 25, 40]
    assert at((), 3) == 0
