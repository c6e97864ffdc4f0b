"""When a cell's models ran, and its backward passes and optimiser steps: seconds in bins of time.

Bins keep the memory bounded and the cost of an entry small, whatever a cell does; within a bin
the time of its parts is known and their order is not. Times are the host's: on a GPU work may
run on after the call that launched it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

FIRST_BIN_SECONDS = 0.01
MAX_BINS = 4096  # 41 s of the first width; beyond it bins are joined in pairs

BACKWARD = "backward"
OPTIMISER = "optimiser"


@dataclass(frozen=True, slots=True)
class Bin:
    """`spent` seconds by key between two times; what is left of the bin is nobody's."""

    start: float  # time.perf_counter()
    end: float
    spent: Mapping[Hashable, float]


class Activity:
    """Collects intervals by key. Not locked: the recorder's lock is held around `add`."""

    def __init__(self, start: float) -> None:
        self._start = start
        self._width = FIRST_BIN_SECONDS
        self._bins: dict[int, dict[Hashable, float]] = {}
        self._last: Hashable | None = None
        self.waited: dict[Hashable, float] = {}  # of a key's seconds, what `extend` added

    def add(self, key: Hashable, start: float, end: float) -> None:
        """An interval of `key`, in seconds of time.perf_counter()."""
        self._last = key
        width = self._width
        first = int((start - self._start) / width)
        last = int((end - self._start) / width)
        if first == last:  # nearly every call of a small model
            spent = self._bins.get(first)
            if spent is None:
                spent = self._new(first)
            spent[key] = spent.get(key, 0.0) + (end - start)
            return
        while last - first >= MAX_BINS:
            self._join()
            first = int((start - self._start) / self._width)
            last = int((end - self._start) / self._width)
        width = self._width
        for index in range(first, last + 1):
            low = max(start, self._start + index * width)
            high = min(end, self._start + (index + 1) * width)
            if high > low:
                spent = self._bins.setdefault(index, {})
                spent[key] = spent.get(key, 0.0) + (high - low)
        while len(self._bins) > MAX_BINS:
            self._join()

    def extend(self, start: float, end: float) -> None:
        """Time after the last interval that belongs to its key: a GPU still at work."""
        if self._last is not None:
            self.waited[self._last] = self.waited.get(self._last, 0.0) + end - start
            self.add(self._last, start, end)

    def bins(self, end: float) -> tuple[Bin, ...]:
        """The bins with something in them until `end`, in order; no bin holds more than its width.

        A forward inside a backward pass (checkpointing) or an optimiser's step (a closure) is a
        forward: models come first, then backward passes, then optimiser steps.
        """
        found = []
        for index in sorted(self._bins):
            low = self._start + index * self._width
            high = min(end, low + self._width)
            if high > low:
                found.append(Bin(low, high, _fitted(self._bins[index], high - low)))
        return tuple(found)

    def _new(self, index: int) -> dict[Hashable, float]:
        spent: dict[Hashable, float] = {}
        self._bins[index] = spent
        if len(self._bins) > MAX_BINS:
            self._join()
            spent = self._bins[index // 2]
        return spent

    def _join(self) -> None:
        joined: dict[int, dict[Hashable, float]] = {}
        for index, spent in self._bins.items():
            target = joined.setdefault(index // 2, {})
            for key, seconds in spent.items():
                target[key] = target.get(key, 0.0) + seconds
        self._bins = joined
        self._width *= 2


def _fitted(spent: Mapping[Hashable, float], width: float) -> dict[Hashable, float]:
    models = {key: s for key, s in spent.items() if key not in (BACKWARD, OPTIMISER)}
    total = sum(models.values())
    if total > width:  # several threads at once: each has its part
        models = {key: s * width / total for key, s in models.items()}
        total = width
    fitted = models
    for key in (BACKWARD, OPTIMISER):
        if key in spent:
            fitted[key] = min(spent[key], width - total)
            total += fitted[key]
    return fitted
