"""What the machine did while a block of code ran: one sample of it, and all in a few numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from irene_jupyter.resources.nvml import GpuPower, GpuState
from irene_jupyter.resources.proc import CpuTicks


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One look at a GPU; None is what was not asked for then."""

    at: float  # of the power, by time.perf_counter()
    power: GpuPower | None = None
    state: GpuState | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of the machine; None is a reading that failed or has no source."""

    seconds: float  # since the block began
    cpu: CpuTicks | None
    memory_percent: float | None
    gpus: tuple[GpuSample, ...]


@dataclass(frozen=True, slots=True)
class GpuSummary:
    """One GPU over the block: means over time; None where the driver does not tell.

    A board on which this process has nothing is read at the block's begin and end only.
    """

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
    used_interval_seconds: float | None  # as it came to be; None where the block was shorter
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
