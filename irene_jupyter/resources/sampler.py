"""What the machine did while a block of code ran: CPU, memory and GPU, in a background thread.

Utilisation is the difference between the first and the last count over the actual times,
because /proc counts in ticks of 10 ms and a Python thread wakes late while others hold the GIL.
Where a GPU's driver is slow to answer, it is asked less often than was asked for: `boards.py`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Self

from irene_jupyter.errors import IreneError, OptionError
from irene_jupyter.resources.boards import Boards, InUse
from irene_jupyter.resources.kept_session import KEPT
from irene_jupyter.resources.load import Load, load_of
from irene_jupyter.resources.nvml import NoGpu
from irene_jupyter.resources.proc import ProcReader, ResourceError
from irene_jupyter.resources.summary import ResourceSummary, Sample
from irene_jupyter.resources.totals import Totals

DEFAULT_INTERVAL_SECONDS = 0.17  # as the IrEne paper's own profiler, section 4.2
SHORTEST_INTERVAL_SECONDS = 0.02  # twice the tick of /proc/stat
LONGEST_INTERVAL_SECONDS = 3600.0
# A driver that hangs must not hang the user's cell; the thread is a daemon.
_JOIN_SECONDS = 5.0
# Nor does the block wait longer than this for the first readings of counters.
_READY_SECONDS = 5.0


class Probe(Protocol):
    """Something else to read in the sampler's thread, at the same times."""

    def start(self, boards: Boards) -> None:
        """Before the block begins; the boards were read just now."""

    def poll(self) -> None:
        """At every sample, after the boards."""

    def stop(self) -> None:
        """At the block's end; also after a failure of the others, if `start` was called."""

    def conclude(self) -> None:
        """After `stop`, when the boards were read for the last time."""


class Sampler:
    """Context manager: samples every `interval_seconds`, and at the start and the end.

    Less often where a GPU's driver is slow; the summary tells. `boards_in_use` tells which GPUs
    the block uses, where that is known: the others are read at its start and end only.
    `each_time` is called in the sampler's thread after each sample within the block.
    It never raises because of what a machine lacks: the summary then holds None and a note.
    The thread ends and its files are closed when the block ends, however it ends.
    Raises `OptionError` for an interval under 20 ms or over an hour.
    """

    def __init__(
        self,
        interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
        *,
        proc_root: Path = Path("/proc"),
        probe: Probe | None = None,
        boards_in_use: InUse = lambda: None,
        each_time: Callable[[], None] = lambda: None,
    ) -> None:
        if not SHORTEST_INTERVAL_SECONDS <= interval_seconds <= LONGEST_INTERVAL_SECONDS:
            raise OptionError(
                f"the sampling interval must be {SHORTEST_INTERVAL_SECONDS} s (/proc counts in "
                f"steps of 10 ms) to {LONGEST_INTERVAL_SECONDS} s, not {interval_seconds} s"
            )
        self._interval_seconds = interval_seconds
        self._proc_root = proc_root
        self._probe = probe
        self._each_time = each_time
        self._ready = threading.Event()
        self._own_cpu_seconds: float | None = None  # of this process, over the block
        self._cpu_began = 0.0
        self._proc: ProcReader | None = None
        self._boards = Boards(interval_seconds, boards_in_use)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._notes: list[str] = []
        self._totals = Totals()
        self._start = 0.0
        self._entering_seconds = 0.0  # CPU time, as is the next
        self._thread_seconds = 0.0
        self._block_seconds = 0.0
        self._used_interval_seconds: float | None = None
        self._duration_seconds: float | None = None

    def __enter__(self) -> Self:
        if self._start:
            raise IreneError("a Sampler covers one block; make a new one for the next")
        began = time.thread_time()
        try:
            self._proc = ProcReader(self._proc_root)
        except ResourceError as error:
            self._note(error)
        self._start = time.perf_counter()
        try:
            self._sample()
            self._thread = threading.Thread(target=self._run, name="irene-sampler", daemon=True)
            self._thread.start()
            if self._probe is not None and not self._ready.wait(_READY_SECONDS):
                self._note("counters: the GPU's driver does not answer; the block began without")
        except RuntimeError as error:  # no more threads: the block itself can still run
            self._note(f"the sampling thread did not start ({error})")
            self._thread = None
            self._close()
        except BaseException:
            self._stop.set()
            if self._thread is None or not self._thread.is_alive():
                self._close()
            raise
        self._entering_seconds = time.thread_time() - began
        self._cpu_began = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()  # first: the thread then ends even if the join is interrupted
        self._own_cpu_seconds = time.process_time() - self._cpu_began
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS)
            if self._thread.is_alive():
                self._note("the last sample is missing: the GPU's driver does not answer")
                KEPT.abandon()
        self._duration_seconds = time.perf_counter() - self._start

    @property
    def timeline(self) -> tuple[Sample, ...]:
        """The samples so far, thinned evenly when there are more than `MAX_TIMELINE`."""
        with self._lock:
            return tuple(self._totals.timeline)

    def summary(self) -> ResourceSummary:
        """The block so far, or all of it once it has ended. Raises `IreneError` before it began."""
        if not self._start:
            raise IreneError("nothing was sampled yet: use `with Sampler() as sampler:` first")
        with self._lock:
            ended = self._duration_seconds
            return self._totals.summary(
                self._boards.names,
                self._notes,
                None if ended is None else self._own_cpu_seconds,
                duration_seconds=time.perf_counter() - self._start if ended is None else ended,
                interval_seconds=self._interval_seconds,
                used_interval_seconds=self._used_interval_seconds,
                overhead_seconds=self._entering_seconds + self._thread_seconds,
                block_overhead_seconds=self._block_seconds,
            )

    def load(self, threads: int) -> Load:
        """How busy the processor of so many logical CPUs was, in the block so far or all of it.

        Of this process's children nothing is known: they are among the others.
        """
        seconds, own = self._duration_seconds, self._own_cpu_seconds
        if seconds is None:
            seconds = time.perf_counter() - self._start
        if own is None:
            own = time.process_time() - self._cpu_began
        with self._lock:
            others = self._totals.others_cpu_share(seconds, own)
        return load_of(self.timeline, self._start, seconds, own, threads, others)

    def _run(self) -> None:
        try:
            self._watch()
        finally:
            self._close()
            self._ready.set()
            self._thread_seconds = time.thread_time()

    def _watch(self) -> None:
        try:
            # In the thread, because a driver may take a second to answer for the first time.
            self._boards.open()
            if self._boards.missing is None:
                self._boards.begin()
                self._sample()
            elif not isinstance(self._boards.missing, NoGpu):
                self._note(self._boards.missing)
            self._ask_probe("start", self._boards)
            if self._proc is None and not self._boards.names and self._probe is None:
                return
            began, began_at, samples = time.thread_time(), time.perf_counter(), 0
            self._ready.set()
            while not self._stop.wait(self._boards.interval_seconds):
                self._boards.read()
                self._ask_probe("poll")
                self._sample()
                self._tell()
                samples += 1
                self._used_interval_seconds = (time.perf_counter() - began_at) / samples
                self._thread_seconds = time.thread_time()
                self._block_seconds = self._thread_seconds - began
        finally:
            self._ask_probe("stop")  # first: what comes later is not the block's
            self._boards.end()
            self._ask_probe("conclude")
            self._sample()

    def _ask_probe(self, what: str, *about: Boards) -> None:
        if self._probe is None:
            return
        try:
            getattr(self._probe, what)(*about)
        except Exception as error:  # the samples go on
            self._note(f"counters: {type(error).__name__}: {error}")

    def _tell(self) -> None:
        try:
            self._each_time()
        except Exception as error:  # the samples go on
            self._note(f"live line: {type(error).__name__}: {error}")

    def _sample(self) -> None:
        cpu = memory = None
        if self._proc is not None:
            try:
                cpu = self._proc.cpu()
            except ResourceError as error:
                self._note(error)
            try:
                memory = self._proc.memory_percent()
            except ResourceError as error:
                self._note(error)
        gpus = self._boards.samples
        for gpu in gpus:
            for told in (gpu.power, gpu.state):
                if told is not None and told.problem:
                    self._note(f"GPU: {told.problem}")
        if self._proc is None and not gpus:
            return
        sample = Sample(time.perf_counter() - self._start, cpu, memory, gpus)
        with self._lock:
            self._totals.add(sample)

    def _note(self, reason: object) -> None:
        if str(reason) not in self._notes:
            self._notes.append(str(reason))

    def _close(self) -> None:
        if self._proc is not None:
            self._proc.close()
