"""Energy over time: what a counter has counted at the times of its readings."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

MAX_POINTS = 4096  # twelve minutes at 170 ms; beyond it every second one is dropped


class EnergyCurve:
    """Joules since the first reading, at times of one clock. The last point is always kept."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float]] = []
        self._stride = 1
        self._count = 0
        self._is_provisional = False  # the last point stands only for the end

    def add(self, seconds: float, joules: float) -> None:
        """A reading; `seconds` never decrease."""
        if self._is_provisional:
            self._points.pop()
        self._points.append((seconds, joules))
        self._is_provisional = self._count % self._stride != 0
        self._count += 1
        if len(self._points) > MAX_POINTS:
            self._points = self._points[:-1][::2] + self._points[-1:]
            self._stride *= 2

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """(time, joules) in order."""
        return tuple(self._points)

    @property
    def joules(self) -> float:
        """What was counted until the last reading."""
        return self._points[-1][1] if self._points else 0.0

    @property
    def last_time(self) -> float:
        """Of the last reading."""
        return self._points[-1][0] if self._points else 0.0

    @property
    def seconds(self) -> float:
        """From the first reading to the last."""
        return self._points[-1][0] - self._points[0][0] if self._points else 0.0


def at(points: tuple[tuple[float, float], ...], seconds: float) -> float:
    """The joules of a curve at a time, by a straight line between readings; flat outside them."""
    if not points:
        return 0.0
    index = bisect_right(points, seconds, key=lambda point: point[0])
    if index == 0:
        return points[0][1]
    if index == len(points):
        return points[-1][1]
    (t0, j0), (t1, j1) = points[index - 1], points[index]
    return j0 + (j1 - j0) * (seconds - t0) / (t1 - t0)


def shaped(watts: Sequence[tuple[float, float]], joules: float) -> list[tuple[float, float]]:
    """`joules` over the readings of power from the first to the last, as their trapezoids lie.

    At the (time, W) of `watts`: (time, joules so far), of those in between.
    """
    areas = [(t1 - t0) * (p0 + p1) / 2 for (t0, p0), (t1, p1) in pairwise(watts)]
    whole = sum(areas)
    if whole <= 0:
        return []
    sums = accumulate(areas[:-1])
    return [
        (time, joules * area / whole) for (time, _), area in zip(watts[1:-1], sums, strict=True)
    ]
