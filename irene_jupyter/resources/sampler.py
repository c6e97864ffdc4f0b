"""What the machine did while a block of code ran: CPU, memory and GPU, in a background thread.

Utilisation is the difference between the first and the last count over the actual times,
because /proc counts in ticks of 10 ms and a Python thread wakes late while others hold the GIL.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Protocol, Self

from irene_jupyter.errors import IreneError, OptionError
from irene_jupyter.resources.nvml import GpuSample, NoGpu, NvmlSession
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

    def start(self) -> None:
        """Before the block begins."""

    def poll(self) -> None:
        """At every sample."""

    def stop(self) -> None:
        """At the block's end; also after a failure of the others, if `start` was called."""


class Sampler:
    """Context manager: samples every `interval_seconds`, and at the start and the end.

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
    ) -> None:
        if not SHORTEST_INTERVAL_SECONDS <= interval_seconds <= LONGEST_INTERVAL_SECONDS:
            raise OptionError(
                f"the sampling interval must be {SHORTEST_INTERVAL_SECONDS} s (/proc counts in "
                f"steps of 10 ms) to {LONGEST_INTERVAL_SECONDS} s, not {interval_seconds} s"
            )
        self._interval_seconds = interval_seconds
        self._proc_root = proc_root
        self._probe = probe
        self._ready = threading.Event()
        self._own_cpu_seconds: float | None = None  # of this process, over the block
        self._cpu_began = 0.0
        self._proc: ProcReader | None = None
        self._nvml: NvmlSession | None = None
        self._gpu_names: tuple[str, ...] = ()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._notes: list[str] = []
        self._totals = Totals()
        self._start = 0.0
        self._entering_seconds = 0.0  # CPU time, as is the next
        self._thread_seconds = 0.0
        self._block_seconds = 0.0
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
                self._gpu_names,
                self._notes,
                None if ended is None else self._own_cpu_seconds,
                duration_seconds=time.perf_counter() - self._start if ended is None else ended,
                interval_seconds=self._interval_seconds,
                overhead_seconds=self._entering_seconds + self._thread_seconds,
                block_overhead_seconds=self._block_seconds,
            )

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
            try:
                self._nvml = NvmlSession()
                self._gpu_names = self._nvml.names
                self._sample()
            except NoGpu:
                pass
            except ResourceError as error:
                self._note(error)
            self._ask_probe("start")
            if self._proc is None and self._nvml is None and self._probe is None:
                return
            began = time.thread_time()
            self._ready.set()
            while not self._stop.wait(self._interval_seconds):
                self._ask_probe("poll")
                self._sample()
                self._thread_seconds = time.thread_time()
                self._block_seconds = self._thread_seconds - began
        finally:
            self._ask_probe("stop")  # first: what comes later is not the block's
            self._sample()

    def _ask_probe(self, what: str) -> None:
        if self._probe is None:
            return
        try:
            getattr(self._probe, what)()
        except Exception as error:  # the samples go on
            self._note(f"counters: {type(error).__name__}: {error}")

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
        gpus: tuple[GpuSample, ...] = ()
        if self._nvml is not None:
            gpus = self._nvml.read()
            for problem in self._nvml.problems:
                self._note(problem)
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
        if self._nvml is not None:
            self._nvml.close()
