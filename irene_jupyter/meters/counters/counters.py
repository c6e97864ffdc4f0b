"""All counters of this machine, read together around one block."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from irene_jupyter.meters.base import EnergyCounter, EnergyReading, MeterError, Scope
from irene_jupyter.meters.counters.nvml_counter import NvmlCounter
from irene_jupyter.meters.counters.rapl_counter import POWERCAP, RaplCounter, packages
from irene_jupyter.resources.boards import Boards


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
    """A probe for the sampler's thread, which reads the boards for both.

    Afterwards `counted` and `absent` tell of every source: a number, or the reason for none.
    """

    def __init__(self, powercap: Path = POWERCAP) -> None:
        self._powercap = powercap
        self._packages: list[RaplCounter] = []
        self._boards: list[NvmlCounter] = []
        self.counted: tuple[Counted, ...] = ()
        self.absent: tuple[Absence, ...] = ()

    def start(self, boards: Boards) -> None:
        """Finds the counters of this machine and reads each for the first time."""
        try:
            self._packages = packages(self._powercap)
        except MeterError as error:
            self._miss("cpu", "CPU package (RAPL)", str(error))
        if boards.missing is not None:  # NoGpu among the reasons
            self._miss("gpu", "GPU board (NVML)", f"GPU board: {boards.missing}")
        self._boards = [NvmlCounter(boards, index) for index in range(len(boards.names))]
        for counter in self._every():
            counter.start()

    def poll(self) -> None:
        """Reads every counter."""
        for counter in self._every():
            counter.poll()

    def stop(self) -> None:
        """Reads the packages for the last time."""
        for package in self._packages:
            reading = package.stop()
            if reading is None:
                self._miss(package.scope, package.name, package.reason or "no reading")
            else:
                self.counted = (*self.counted, Counted(reading, package.curve))

    def conclude(self) -> None:
        """The boards' last reading."""
        for board in self._boards:
            reading = board.stop()
            if reading is None:
                self._miss(board.scope, board.name, board.reason or "no reading", board.uuid)
            else:
                found = Counted(
                    reading, board.curve, board.uuid, board.other_processes, board.throttling
                )
                self.counted = (*self.counted, found)

    def joules_so_far(self, boards: frozenset[str] | None) -> float | None:
        """What was counted until the last reading, while the block runs; None without counters.

        Of boards those that this process uses; where it uses some, they are needed.
        """
        used = [each for each in self._boards if boards is None or each.uuid in boards]
        if boards and not used:
            return None
        counting: list[EnergyCounter] = [*self._packages, *used]
        curves = [each.curve for each in counting]
        return sum(curve[-1][1] for curve in curves if curve) if any(curves) else None

    def _every(self) -> tuple[EnergyCounter, ...]:
        """The boards first: their reading is there, and a package's window is to be the block's."""
        return (*self._boards, *self._packages)

    def _miss(self, scope: Scope, name: str, reason: str, uuid: str | None = None) -> None:
        self.absent = (*self.absent, Absence(scope, name, reason, uuid))
