"""Backward passes of a cell: which forward calls they went through; some of each kind are timed.

Passes are of one kind that come after the same forward calls and begin at nodes of the same names.
What is done for a pass that is not timed takes a few microseconds.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import torch

from irene_jupyter.capture.in_place.boundaries import Events
from irene_jupyter.capture.training.forwards import Forward
from irene_jupyter.capture.training.graph import graph_of, roots_of
from irene_jupyter.capture.training.timed_pass import NOBODY, TimedPass

logger = logging.getLogger(__name__)

# Of one kind: the first, which is slower, and those of the forward calls that were timed after it.
TIMED_PASSES = 6
MAX_FORWARDS = 4096  # calls of a thread that a pass may go back to
MAX_KINDS = 1024
# Of the cell's time, what timing passes of further sizes may take.
TIMING_SHARE = 0.015
_DISTRIBUTED = frozenset({"DistributedDataParallel", "FullyShardedDataParallel", "DataParallel"})

COMPILED = "compiled code has no modules in its backward pass"
DISTRIBUTED = "its gradients are exchanged with other processes or boards while it runs"
TRANSFORMED = "torch.func took it through its own transforms"
TOO_LARGE = "its graph has too many nodes"
UNKNOWN = "it could not be looked into"
TOO_MANY = "too many kinds of them ran"


@dataclass(slots=True)
class Kind:
    """Passes that are alike. `problem` says why they cannot be divided, where they cannot.

    `general` is what they have in common with those of other sizes; `last` is the signature that
    was called last before them.
    """

    general: Any
    last: int | None
    calls: Sequence[tuple[int, Any]]  # signature and its kind, of the calls before the pass
    passes: int = 0
    seconds: float = 0.0  # of all, without forward calls and other passes within them
    timed: list[TimedPass] = field(default_factory=list)
    problem: str | None = None


@dataclass(slots=True)
class Pass:
    """A pass that is running; `inside` are seconds of forward calls and passes within it."""

    kind: Kind | None
    timed: TimedPass | None = None
    started: float = 0.0  # time.perf_counter()
    inside: float = 0.0


class _Thread(threading.local):
    def __init__(self) -> None:
        self.forwards: deque[Forward] = deque(maxlen=MAX_FORWARDS)
        self.pending: list[Forward] = []  # since the last pass


class Passes:
    """Told of forward calls by `called`, of passes by `begins` and `ends`, in their threads.

    `own_share` is what recording took of the cell's time so far.
    """

    def __init__(self, events: Events, own_share: Callable[[], float]) -> None:
        self.kinds: dict[Any, Kind] = {}
        self.own_seconds = 0.0
        self._events = events
        self._own_share = own_share
        self._this = _Thread()
        self._open: list[Pass] = []
        self._met: set[Any] = set()  # general kinds
        self._lock = threading.Lock()

    def called(self, forward: Forward) -> None:
        """After a root call that made autograd nodes."""
        this = self._this
        this.forwards.append(forward)
        if len(this.pending) < MAX_FORWARDS:
            this.pending.append(forward)

    def stands_aside(self) -> None:
        """A forward call begins within a pass: checkpointing."""
        if self._open and (timed := self._open[-1].timed) is not None:
            timed.stands_aside()

    def goes_on(self, seconds: float) -> None:
        """And has ended, after so many `seconds`."""
        if self._open:
            running = self._open[-1]
            running.inside += seconds
            if running.timed is not None:
                running.timed.goes_on()

    def begins(self, what: str, outputs: Any) -> Pass:
        """Before a pass from `outputs`; the clock runs from here on."""
        began = time.perf_counter()
        try:
            running = self._begun(what, outputs)
        except Exception as error:  # never in place of the user's own pass
            logger.debug("a backward pass was not looked into", exc_info=error)
            running = Pass(None)
        self.stands_aside()
        with self._lock:
            self._open.append(running)
        running.started = time.perf_counter()
        self.own_seconds += running.started - began
        return running

    def ends(self, running: Pass) -> float:
        """After it, whether or not it raised. Returns when it ended."""
        ended = time.perf_counter()
        own = 0.0
        if running.timed is not None:
            running.timed.ended()
            own = running.timed.own_seconds
        with self._lock:
            self._open.remove(running)
            if running.kind is not None:
                running.kind.passes += 1
                running.kind.seconds += ended - running.started - running.inside
        # What was called within it is computed again: the next pass does not go through that.
        self._this.pending = []
        self.goes_on(ended - running.started)
        self.own_seconds += own + time.perf_counter() - ended
        return ended

    def _begun(self, what: str, outputs: Any) -> Pass:
        this = self._this
        before, this.pending = this.pending, []
        with torch._C.DisableTorchFunction():
            roots = roots_of(outputs)
        names = tuple(type(root).__name__ for root in roots)
        runs = tuple((key, sum(1 for _ in same)) for key, same in groupby(f.key for f in before))
        key = (what, names, runs)
        kind = self.kinds.get(key)
        if kind is None:
            with self._lock:
                kind = self.kinds[key] = self._new(key, what, names, before)
        is_first = not kind.passes
        if is_first and kind.problem is None:
            kind.problem = _problem(before)
        timed = self._timed(kind, roots, is_first) if self._is_to_time(kind, before) else None
        return Pass(kind, timed)

    def _new(self, key: Any, what: str, names: tuple[str, ...], before: list[Forward]) -> Kind:
        if len(self.kinds) >= MAX_KINDS:
            return self.kinds.setdefault(None, Kind(None, None, (), problem=TOO_MANY))
        general = (what, names, tuple(kind for kind, _ in groupby(each.kind for each in before)))
        calls = dict.fromkeys((each.key, each.kind) for each in before)
        return Kind(general, before[-1].key if before else None, tuple(calls))

    def _is_to_time(self, kind: Kind, before: Sequence[Forward]) -> bool:
        if kind.problem is not None or len(kind.timed) >= TIMED_PASSES:
            return False
        if not kind.timed:
            is_new = kind.general not in self._met
            self._met.add(kind.general)
            return is_new or self._own_share() < TIMING_SHARE
        last = before[-1] if before else self._this.forwards[-1] if self._this.forwards else None
        return last is not None and last.passed is not None

    def _timed(self, kind: Kind, roots: Sequence[Any], is_first: bool) -> TimedPass | None:
        forwards = list(self._this.forwards)
        begins = [each.begin for each in forwards]

        def maker(number: int) -> int:
            place = bisect_right(begins, number) - 1
            return place if place >= 0 and number < forwards[place].end else NOBODY

        graph = graph_of(roots, lambda number: maker(number) != NOBODY)
        if is_first and (graph.is_compiled or not graph.is_whole):
            kind.problem = COMPILED if graph.is_compiled else TOO_LARGE
        if kind.problem is not None:
            return None
        makers = [maker(number) for number in graph.numbers]
        used = {place: index for index, place in enumerate(sorted({*makers} - {NOBODY}))}
        made_by = [used.get(place, NOBODY) for place in makers]
        timed = TimedPass(graph, [forwards[place] for place in used], made_by, self._events)
        kind.timed.append(timed)
        return timed


def _problem(before: Sequence[Forward]) -> str | None:
    if torch._C._functorch.peek_interpreter_stack() is not None:
        return TRANSFORMED
    compiled = sys.modules.get("torch._dynamo.compiled_autograd")
    if compiled is not None and getattr(compiled, "compiled_autograd_enabled", False):
        return COMPILED
    names = {each.class_name for each in before}
    if names & _DISTRIBUTED or any(name.startswith("FSDP") for name in names):
        return DISTRIBUTED
    return None
