"""What the machine did while a block of code ran: CPU, memory and GPU, in a background thread.

Utilisation is the difference between the first and the last count over the actual times,
because /proc counts in ticks of 10 ms and a Python thread wakes late while others hold the GIL.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from irene_jupyter.errors import IreneError, OptionError
from irene_jupyter.resources.nvml import GpuSample, NoGpu, NvmlSession
from irene_jupyter.resources.proc import CpuTicks, ProcReader, ResourceError
from irene_jupyter.resources.timeline import columns

DEFAULT_INTERVAL_SECONDS = 0.17  # as the IrEne paper's own profiler, section 4.2
SHORTEST_INTERVAL_SECONDS = 0.02  # twice the tick of /proc/stat
LONGEST_INTERVAL_SECONDS = 3600.0
# 12 minutes at the default interval; beyond it every second sample is dropped from the timeline.
MAX_TIMELINE = 4096
# A driver that hangs must not hang the user's cell; the thread is a daemon.
_JOIN_SECONDS = 5.0
# Nor does the block wait longer than this for the first readings of counters.
_READY_SECONDS = 5.0
# Ticks of 10 ms say nothing about other processes in less than this.
_LOAD_SECONDS = 0.2


class Probe(Protocol):
    """Something else to read in the sampler's thread, at the same times."""

    def start(self) -> None:
        """Before the block begins."""

    def poll(self) -> None:
        """At every sample."""

    def stop(self) -> None:
        """At the block's end; also after a failure of the others, if `start` was called."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of the machine; None is a reading that failed or has no source."""

    seconds: float  # since the block began
    cpu: CpuTicks | None
    memory_percent: float | None
    gpus: tuple[GpuSample, ...]


@dataclass(frozen=True, slots=True)
class GpuSummary:
    """One GPU over the block: means over time; None where the driver does not tell."""

    name: str
    utilisation_percent: float | None
    memory_percent_mean: float | None
    memory_percent_max: float | None
    sm_clock_megahertz: float | None
    memory_clock_megahertz: float | None
    watts: float | None
    joules: float | None = None  # by the board's own counter, between the first and last sample


@dataclass(frozen=True, slots=True)
class ResourceSummary:
    """The machine over the block: all processes, not only this one.

    None is an unknown value, never a zero; `notes` say why.
    """

    duration_seconds: float
    samples: int
    interval_seconds: float  # as asked for
    longest_gap_seconds: float  # between two samples that were taken
    cpu_percent: float | None  # 100 is all cores busy
    memory_percent_mean: float | None
    memory_percent_max: float | None
    gpus: tuple[GpuSummary, ...]  # empty where there is none
    overhead_seconds: float  # CPU time that the sampling itself took
    notes: tuple[str, ...] = ()
    block_overhead_seconds: float = 0.0  # the part of it between the first and the last sample
    # CPU time of other processes as a fraction of all that was used; None in short blocks.
    others_cpu_share: float | None = None
    timeline: Mapping[str, Any] = field(default_factory=dict)  # see `resources.timeline.columns`

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values."""
        data = asdict(self)
        data["gpus"] = list(data["gpus"])
        data["notes"] = list(data["notes"])
        return data


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
        self._timeline: list[Sample] = []
        self._stride = 1  # every how many samples one enters the timeline
        self._taken = 0
        self._start = 0.0
        self._last_seconds = 0.0
        self._longest_gap = 0.0
        self._first_cpu: CpuTicks | None = None
        self._last_cpu: CpuTicks | None = None
        self._first_joules: dict[int, float] = {}
        self._last_joules: dict[int, float] = {}
        self._means: dict[tuple[int, str], _Mean] = {}
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
            return tuple(self._timeline)

    def summary(self) -> ResourceSummary:
        """The block so far, or all of it once it has ended. Raises `IreneError` before it began."""
        if not self._start:
            raise IreneError("nothing was sampled yet: use `with Sampler() as sampler:` first")
        with self._lock:
            duration = self._duration_seconds
            notes = list(self._notes)
            cpu_percent = _utilisation_percent(self._first_cpu, self._last_cpu)
            if cpu_percent is None and self._first_cpu is not None:
                notes.append("CPU: the time was too short for /proc/stat, which counts 10 ms")
            return ResourceSummary(
                duration_seconds=(
                    time.perf_counter() - self._start if duration is None else duration
                ),
                samples=self._taken,
                interval_seconds=self._interval_seconds,
                longest_gap_seconds=self._longest_gap,
                cpu_percent=cpu_percent,
                memory_percent_mean=self._mean(-1, "memory_percent").value,
                memory_percent_max=self._mean(-1, "memory_percent").highest,
                gpus=tuple(
                    GpuSummary(
                        name=name,
                        utilisation_percent=self._mean(index, "utilisation_percent").value,
                        memory_percent_mean=self._mean(index, "memory_percent").value,
                        memory_percent_max=self._mean(index, "memory_percent").highest,
                        sm_clock_megahertz=self._mean(index, "sm_clock_megahertz").value,
                        memory_clock_megahertz=self._mean(index, "memory_clock_megahertz").value,
                        watts=self._mean(index, "watts").value,
                        joules=_counted(self._first_joules, self._last_joules, index),
                    )
                    for index, name in enumerate(self._gpu_names)
                ),
                overhead_seconds=self._entering_seconds + self._thread_seconds,
                notes=tuple(notes),
                block_overhead_seconds=self._block_seconds,
                others_cpu_share=self._others_cpu_share(duration),
                timeline=columns(self._timeline, self._gpu_names),
            )

    def _others_cpu_share(self, duration: float | None) -> float | None:
        if duration is None or duration < _LOAD_SECONDS or self._own_cpu_seconds is None:
            return None
        if self._first_cpu is None or self._last_cpu is None:
            return None
        try:
            tick = 1 / os.sysconf("SC_CLK_TCK")
        except (AttributeError, ValueError, OSError):
            return None
        used = (self._last_cpu.busy - self._first_cpu.busy) * tick
        return min(1.0, max(0.0, 1 - self._own_cpu_seconds / used)) if used > 0 else None

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
            self._add(sample)

    def _add(self, sample: Sample) -> None:
        if self._taken:
            self._longest_gap = max(self._longest_gap, sample.seconds - self._last_seconds)
        self._last_seconds = sample.seconds
        if sample.cpu is not None:
            self._first_cpu = self._first_cpu or sample.cpu
            self._last_cpu = sample.cpu
        self._mean(-1, "memory_percent").add(sample.seconds, sample.memory_percent)
        for index, gpu in enumerate(sample.gpus):
            for name in _MEANS:
                self._mean(index, name).add(sample.seconds, getattr(gpu, name))
            if gpu.joules is not None:
                self._first_joules.setdefault(index, gpu.joules)
                self._last_joules[index] = gpu.joules
        if self._taken % self._stride == 0:
            self._timeline.append(sample)
            if len(self._timeline) > MAX_TIMELINE:
                self._timeline = self._timeline[::2]
                self._stride *= 2
        self._taken += 1

    def _mean(self, source: int, name: str) -> _Mean:
        return self._means.setdefault((source, name), _Mean())

    def _note(self, reason: object) -> None:
        if str(reason) not in self._notes:
            self._notes.append(str(reason))

    def _close(self) -> None:
        if self._proc is not None:
            self._proc.close()
        if self._nvml is not None:
            self._nvml.close()


_MEANS = tuple(name for name in GpuSample.__dataclass_fields__ if name != "joules")


def _counted(first: Mapping[int, float], last: Mapping[int, float], index: int) -> float | None:
    """Joules between two readings; None without them, or where the counter went backwards."""
    if index not in first:
        return None
    joules = last[index] - first[index]
    return joules if joules > 0 else None


class _Mean:
    """A mean over time (trapezoids between samples) and the highest value."""

    def __init__(self) -> None:
        self.highest: float | None = None
        self._last: tuple[float, float] | None = None
        self._area = 0.0
        self._seconds = 0.0
        self._sum = 0.0
        self._count = 0

    def add(self, seconds: float, value: float | None) -> None:
        if value is None:
            self._last = None  # no line is drawn over a gap
            return
        if self._last is not None:
            self._area += (seconds - self._last[0]) * (value + self._last[1]) / 2
            self._seconds += seconds - self._last[0]
        self._last = (seconds, value)
        self._sum += value
        self._count += 1
        self.highest = value if self.highest is None else max(self.highest, value)

    @property
    def value(self) -> float | None:
        if self.highest is None:
            return None
        mean = self._area / self._seconds if self._seconds > 0 else self._sum / self._count
        return min(mean, self.highest)  # sums round: a mean of equal values can come out above


def _utilisation_percent(first: CpuTicks | None, last: CpuTicks | None) -> float | None:
    """Percent of all cores; None for a block shorter than a tick, or counts that went backwards."""
    if first is None or last is None:
        return None
    busy, total = last.busy - first.busy, last.total - first.total
    # iowait may decrease (man 5 proc_stat), so that busy can exceed total by a tick.
    return min(100.0, 100.0 * busy / total) if total > 0 and busy >= 0 else None
