"""All counters of this machine, read together around one block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from irene_jupyter.meters.base import EnergyReading, MeterError, Scope
from irene_jupyter.meters.counters.nvml_counter import NvmlCounter
from irene_jupyter.meters.counters.rapl_counter import POWERCAP, RaplCounter, packages
from irene_jupyter.resources.nvml import NvmlSession
from irene_jupyter.resources.proc import ResourceError


@dataclass(frozen=True, slots=True)
class Counted:
    """What one counter counted, and what else was seen that bears on it."""

    reading: EnergyReading
    curve: tuple[tuple[float, float], ...]  # (time.perf_counter(), joules since the start)
    uuid: str | None = None  # of a GPU
    other_processes: int | None = None  # on the GPU, beside this one; None where nobody tells
    throttling: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """A number that is missing, and why; the reason holds the remedy."""

    scope: Scope
    name: str
    reason: str
    uuid: str | None = None


class Counters:
    """A probe for the sampler's thread: `start`, `poll` at each sample, `stop`.

    Afterwards `counted` and `absent` tell of every source: a number, or the reason for none.
    """

    def __init__(
        self, powercap: Path = POWERCAP, open_nvml: Callable[[], NvmlSession] = NvmlSession
    ) -> None:
        self._powercap = powercap
        self._open_nvml = open_nvml
        self._session: NvmlSession | None = None
        self._counters: list[RaplCounter | NvmlCounter] = []
        self.counted: tuple[Counted, ...] = ()
        self.absent: tuple[Absence, ...] = ()

    def start(self) -> None:
        """Finds the counters of this machine and reads each for the first time."""
        try:
            self._counters += packages(self._powercap)
        except MeterError as error:
            self._miss("cpu", "CPU package (RAPL)", str(error))
        try:
            self._session = self._open_nvml()
            self._counters += [
                NvmlCounter(self._session, index) for index in range(len(self._session.names))
            ]
        except ResourceError as error:  # NoGpu among them
            self._miss("gpu", "GPU board (NVML)", f"GPU board: {error}")
        for counter in self._counters:
            counter.start()

    def poll(self) -> None:
        """Reads every counter."""
        for counter in self._counters:
            counter.poll()

    def stop(self) -> None:
        """Reads every counter for the last time and gives the driver's library back."""
        try:
            counted = []
            for counter in self._counters:
                gpu = counter if isinstance(counter, NvmlCounter) else None
                reading = counter.stop()
                if reading is None:
                    reason = counter.reason or "no reading"
                    uuid = None if gpu is None else gpu.uuid
                    self._miss(counter.scope, counter.name, reason, uuid)
                elif gpu is None:
                    counted.append(Counted(reading, counter.curve))
                else:
                    counted.append(
                        Counted(reading, gpu.curve, gpu.uuid, gpu.other_processes, gpu.throttling)
                    )
            self.counted = tuple(counted)
        finally:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _miss(self, scope: Scope, name: str, reason: str, uuid: str | None = None) -> None:
        self.absent = (*self.absent, Absence(scope, name, reason, uuid))
