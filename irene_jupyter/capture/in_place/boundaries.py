"""The boundaries that one call passes, in the order in which its thread does: when, and on what.

This is all that is done while a cell runs. Nothing waits for a GPU: an event is put into the queue
of the stream that a module works on, and read after the cell has ended.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol

from torch._C._autograd import _get_sequence_nr

# Of one call. Beyond them (a scan over thousands of steps in Python) the call is not timed.
MAX_BOUNDARIES = 2**17


@dataclass(frozen=True, slots=True)
class Moment:
    """An event in the queue of a GPU; those of one `line` come one after the other."""

    event: Any
    line: tuple[int, int]  # the GPU, and its stream


class Events(Protocol):
    """Where moments of GPUs come from: `CudaEvents`, and in tests a queue that behaves as one."""

    def record(self, gpu: int) -> Moment | None:
        """The moment at which the current stream of a GPU gets here; None where it must not be."""

    def seconds_between(self, earlier: Moment, later: Moment) -> float:
        """Of one line, once both have passed; raises `RuntimeError` before."""

    def give_back(self, moments: list[Moment | None]) -> None:
        """Those that nobody will ask for."""


class Boundaries:
    """The boundaries of one call. `own_seconds` is what we did in it so far, these included.

    `keys` tell one call's boundaries from another's; `hosts` are times of time.perf_counter() at
    which they were passed, `owns` what `own_seconds` was then, `moments` those of GPUs, `numbers`
    those that the next autograd node of the thread was to get.
    """

    __slots__ = ("events", "hosts", "is_full", "keys", "moments", "numbers", "own_seconds", "owns")

    def __init__(self, events: Events | None = None) -> None:
        self.events = events
        self.keys: list[int] = []
        self.hosts: list[float] = []
        self.owns: list[float] = []
        self.moments: list[Moment | None] = []
        self.numbers: list[int] = []
        self.own_seconds = 0.0
        self.is_full = False

    def mark(self, key: int, gpu: int | None) -> None:
        """The thread is at a boundary; `gpu` is what works on both sides of it, if one does."""
        now = time.perf_counter()
        if len(self.keys) >= MAX_BOUNDARIES:
            self.is_full = True
            return
        if self.events is not None:
            self.moments.append(None if gpu is None else self.events.record(gpu))
        self.keys.append(key)
        self.numbers.append(_get_sequence_nr())
        passed = time.perf_counter()
        self.own_seconds += passed - now
        self.hosts.append(passed)
        self.owns.append(self.own_seconds)

    def forget(self, count: int) -> None:
        """The last `count` boundaries were none."""
        if self.is_full:
            return
        if self.events is not None:
            self.events.give_back(self.moments[-count:])
            del self.moments[-count:]
        for column in (self.keys, self.hosts, self.owns, self.numbers):
            del column[-count:]

    def release(self) -> None:
        """Nobody will ask for its times."""
        if self.events is not None:
            self.events.give_back(self.moments)
            self.moments.clear()
