"""What the samples of a block add up to, one after another. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from irene_jupyter.resources.proc import CpuTicks
from irene_jupyter.resources.summary import GpuSummary, ResourceSummary, Sample
from irene_jupyter.resources.timeline import STATES, columns

# 12 minutes at the default interval; beyond it every second sample is dropped from the timeline.
MAX_TIMELINE = 4096
# Ticks of 10 ms say nothing about other processes in less than this.
_LOAD_SECONDS = 0.2


class Totals:
    """What has come so far. `timeline` is thinned evenly beyond `MAX_TIMELINE`."""

    def __init__(self) -> None:
        self.timeline: list[Sample] = []
        self._stride = 1  # every how many samples one enters the timeline
        self._taken = 0
        self._last_seconds = 0.0
        self._longest_gap = 0.0
        self._first_cpu: CpuTicks | None = None
        self._last_cpu: CpuTicks | None = None
        self._first_joules: dict[int, float] = {}
        self._last_joules: dict[int, float] = {}
        self._means: dict[tuple[int, str], _Mean] = {}

    def add(self, sample: Sample) -> None:
        """One more."""
        if self._taken:
            self._longest_gap = max(self._longest_gap, sample.seconds - self._last_seconds)
        self._last_seconds = sample.seconds
        if sample.cpu is not None:
            self._first_cpu = self._first_cpu or sample.cpu
            self._last_cpu = sample.cpu
        self._mean(-1, "memory_percent").add(sample.seconds, sample.memory_percent)
        for index, gpu in enumerate(sample.gpus):
            if gpu.power is not None:
                self._mean(index, "watts").add(sample.seconds, gpu.power.watts)
                if gpu.power.joules is not None:
                    self._first_joules.setdefault(index, gpu.power.joules)
                    self._last_joules[index] = gpu.power.joules
            if gpu.state is not None:
                for name in STATES:
                    self._mean(index, name).add(sample.seconds, getattr(gpu.state, name))
        if self._taken % self._stride == 0:
            self.timeline.append(sample)
            if len(self.timeline) > MAX_TIMELINE:
                self.timeline = self.timeline[::2]
                self._stride *= 2
        self._taken += 1

    def _mean(self, source: int, name: str) -> _Mean:
        # A board's state is read rarely, and its utilisation is that of the time before.
        of_time_before = source >= 0 and name in STATES
        return self._means.setdefault((source, name), _Mean(of_time_before))

    def summary(
        self,
        gpu_names: Sequence[str],
        notes: Sequence[str],
        own_cpu_seconds: float | None,
        *,
        duration_seconds: float,
        **seconds: Any,
    ) -> ResourceSummary:
        """All of it. `own_cpu_seconds` are this process's; None while the block has not ended.

        `seconds` are what the sampler knows of its own times, by their names in the summary.
        """
        cpu_percent = None
        if self._first_cpu is not None and self._last_cpu is not None:
            cpu_percent = self._last_cpu.percent_since(self._first_cpu)
            if cpu_percent is None:
                notes = [*notes, "CPU: the time was too short for /proc/stat, which counts 10 ms"]
        return ResourceSummary(
            duration_seconds=duration_seconds,
            samples=self._taken,
            longest_gap_seconds=self._longest_gap,
            cpu_percent=cpu_percent,
            memory_percent_mean=self._mean(-1, "memory_percent").value,
            memory_percent_max=self._mean(-1, "memory_percent").highest,
            gpus=tuple(self._gpu(index, name) for index, name in enumerate(gpu_names)),
            notes=tuple(notes),
            others_cpu_share=self.others_cpu_share(duration_seconds, own_cpu_seconds),
            timeline=columns(self.timeline, gpu_names),
            **seconds,
        )

    def _gpu(self, index: int, name: str) -> GpuSummary:
        means = {key: self._mean(index, key).value for key in ("watts", *STATES)}
        return GpuSummary(
            name=name,
            memory_percent_mean=means.pop("memory_percent"),
            memory_percent_max=self._mean(index, "memory_percent").highest,
            joules=_counted(self._first_joules, self._last_joules, index),
            **means,
        )

    def others_cpu_share(self, duration: float, own_cpu_seconds: float | None) -> float | None:
        """Of all CPU time that was used, what was not this process's; None in short blocks."""
        if own_cpu_seconds is None or duration < _LOAD_SECONDS:
            return None
        if self._first_cpu is None or self._last_cpu is None:
            return None
        try:
            tick = 1 / os.sysconf("SC_CLK_TCK")
        except (AttributeError, ValueError, OSError):
            return None
        used = (self._last_cpu.busy - self._first_cpu.busy) * tick
        return min(1.0, max(0.0, 1 - own_cpu_seconds / used)) if used > 0 else None


def _counted(first: Mapping[int, float], last: Mapping[int, float], index: int) -> float | None:
    """Joules between two readings; None without them, or where the counter went backwards."""
    joules = last[index] - first[index] if index in first else 0.0
    return joules if joules > 0 else None


class _Mean:
    """A mean over time and the highest value.

    Between two readings the value lies on a line; a reading `of_time_before` is that of the time
    since the one before, or since the block began.
    """

    def __init__(self, of_time_before: bool = False) -> None:
        self._of_time_before = of_time_before
        self.highest: float | None = None
        self._last_seconds = 0.0
        self._last: float | None = None
        self._area = 0.0
        self._seconds = 0.0
        self._sum = 0.0
        self._count = 0

    def add(self, seconds: float, value: float | None) -> None:
        since, before = self._last_seconds, value if self._of_time_before else self._last
        self._last_seconds, self._last = seconds, value
        if value is None:
            return
        if before is not None:  # no line is drawn over a gap
            self._area += (seconds - since) * (value + before) / 2
            self._seconds += seconds - since
        self._sum += value
        self._count += 1
        self.highest = value if self.highest is None else max(self.highest, value)

    @property
    def value(self) -> float | None:
        if self.highest is None:
            return None
        mean = self._area / self._seconds if self._seconds > 0 else self._sum / self._count
        return min(mean, self.highest)  # sums round: a mean of equal values can come out above
