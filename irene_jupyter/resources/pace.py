"""How often a reading that costs processor time is worth it."""

from __future__ import annotations

import math


class Pace:
    """The time between two readings, so that they take `share` of it at most.

    It lies between `shortest` and `longest` seconds, which may mean a larger share. The cost is
    the mean of all readings so far, because some systems count CPU time in ticks of 10 ms.
    """

    def __init__(self, share: float, shortest: float = 0.0, longest: float = math.inf) -> None:
        self._share = share
        self._shortest = shortest
        self._longest = longest
        self._cost = 0.0  # seconds of CPU time
        self._boards = 0

    def took(self, seconds: float, boards: int) -> None:
        """A reading of so many boards took so much CPU time."""
        self._cost += seconds
        self._boards += boards

    def seconds(self, boards: int) -> float:
        """Between two readings of so many boards."""
        each = self._cost / self._boards if self._boards else 0.0
        return min(max(self._shortest, each * boards / self._share), self._longest)
