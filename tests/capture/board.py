"""A GPU that is none: a queue for each stream, kernels of known length, and a host that launches.

As with CUDA a launch returns at once, kernels of a stream run one after the other, an event passes
once all before it in its stream is done, and its time can be read only after that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from irene_jupyter.capture.in_place.boundaries import Moment

LAUNCH = 4e-6  # seconds from the host to the board


class Host:
    """A clock that goes on only where the host does something: in place of time.perf_counter."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def works(self, seconds: float) -> None:
        self.now += seconds


class Board:
    """`Events` of a board whose kernels `host` launches; recording one takes `event_seconds`."""

    def __init__(
        self, host: Host, event_seconds: float = 0.0, queue_seconds: float = math.inf
    ) -> None:
        self.host = host
        self.queue_seconds = queue_seconds  # of kernels that a stream takes; then a launch waits
        self.event_seconds = event_seconds
        self.is_capturing = False
        self.recorded = 0
        self.given_back = 0
        self._stream = 0
        self._free_at: dict[int, float] = {}

    def launches(self, seconds: float) -> None:
        """A kernel of so many seconds on the current stream."""
        full = self._free_at.get(self._stream, 0.0) - self.queue_seconds
        self.host.now = max(self.host.now, full)
        start = max(self.host.now + LAUNCH, self._free_at.get(self._stream, 0.0))
        self._free_at[self._stream] = start + seconds

    @contextmanager
    def stream(self, number: int) -> Iterator[None]:
        before, self._stream = self._stream, number
        yield
        self._stream = before

    def waits_for(self, stream: int) -> None:
        """The current stream goes on when another has done what it was given."""
        done = self._free_at.get(stream, 0.0)
        self._free_at[self._stream] = max(self._free_at.get(self._stream, 0.0), done)

    def synchronises(self) -> None:
        self.host.now = max(self.host.now, *self._free_at.values(), self.host.now + LAUNCH)

    def record(self, gpu: int) -> Moment | None:
        if self.is_capturing:
            return None
        self.recorded += 1
        self.host.works(self.event_seconds)
        passes = max(self.host.now + LAUNCH, self._free_at.get(self._stream, 0.0))
        return Moment(passes, (gpu, self._stream))

    def seconds_between(self, earlier: Moment, later: Moment) -> float:
        if max(earlier.event, later.event) > self.host.now:
            raise RuntimeError("CUDA error: device not ready")
        assert earlier.line == later.line
        return float(later.event - earlier.event)

    def give_back(self, moments: list[Moment | None]) -> None:
        self.given_back += sum(moment is not None for moment in moments)
