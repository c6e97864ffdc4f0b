"""All counters of this machine, read together around one block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from irene_jupyter.meters.base import (
    CONTAINING,
    EnergyCounter,
    EnergyReading,
    MeterError,
    Scope,
)
from irene_jupyter.meters.counters.nvml_counter import NvmlCounter
from irene_jupyter.meters.counters.plugin_counter import PluginCounter
from irene_jupyter.meters.counters.plugins import Plugin, plugged_in
from irene_jupyter.meters.counters.rapl_counter import RaplCounter
from irene_jupyter.meters.counters.rapl_zones import POWERCAP, rapl_counters
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
    """A number that is missing, and why; the reason holds the remedy.

    Of a plug-in that could not be asked, the scope is not known.
    """

    scope: Scope | None
    name: str
    reason: str
    uuid: str | None = None


class Counters:
    """A probe for the sampler's thread, which reads the boards for both.

    Afterwards `counted` and `absent` tell of every source: a number, or the reason for none.
    """

    def __init__(self, powercap: Path = POWERCAP) -> None:
        self._powercap = powercap
        self._rapl: list[RaplCounter] = []
        self._plugged: list[PluginCounter] = []
        self._boards: list[NvmlCounter] = []
        self.counted: tuple[Counted, ...] = ()
        self.absent: tuple[Absence, ...] = ()

    def start(self, boards: Boards) -> None:
        """Finds the counters of this machine and reads each for the first time."""
        plugins = plugged_in()  # first: a plug-in's import takes time, which is not the block's
        missing: list[Absence] = []
        self._boards = [NvmlCounter(boards, index) for index in range(len(boards.names))]
        if boards.missing is not None:  # NoGpu among the reasons
            missing.append(Absence("gpu", "GPU board (NVML)", f"GPU board: {boards.missing}"))
        try:
            self._rapl = rapl_counters(self._powercap)
        except MeterError as error:
            missing.append(Absence("cpu", "CPU package (RAPL)", str(error)))
        own: list[EnergyCounter] = [*self._boards, *self._rapl]
        for counter in own:
            counter.start()
        for package in self._rapl:
            if package.reason is not None:
                missing.append(Absence(package.scope, package.name, package.reason))
        self._rapl = [each for each in self._rapl if each.reason is None]
        self._plug_in(plugins)
        plugged = {each.scope for each in self._plugged}
        self.absent += tuple(each for each in missing if each.scope not in plugged)

    def poll(self) -> None:
        """Reads every counter."""
        for counter in self._every():
            counter.poll()

    def stop(self) -> None:
        """Reads all but the boards for the last time."""
        counting: list[EnergyCounter] = [*self._rapl, *self._plugged]
        for counter in counting:
            reading = counter.stop()
            if reading is None:
                self._miss(counter.scope, counter.name, counter.reason or "no reading")
            else:
                self.counted = (*self.counted, Counted(reading, counter.curve))

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
        counting: list[EnergyCounter] = [*self._processors(), *used]
        curves = [each.curve for each in counting]
        return sum(curve[-1][1] for curve in curves if curve) if any(curves) else None

    def _processors(self) -> list[EnergyCounter]:
        """Packages and memory, from whichever source; a platform that contains them is left out."""
        found: list[EnergyCounter] = [*self._rapl, *self._plugged]
        inner = [each for each in found if each.scope in ("cpu", "dram")]
        return inner or [each for each in found if each.scope in CONTAINING][:1]

    def _every(self) -> tuple[EnergyCounter, ...]:
        """The boards first: their reading is there, and a package's window is to be the block's."""
        return (*self._boards, *self._plugged, *self._rapl)

    def _plug_in(self, plugins: Sequence[Plugin]) -> None:
        """Starts the counters of plug-ins; none counts what the system's own ones count."""
        own = {each.scope for each in self._rapl} | {each.scope for each in self._boards}
        for plugin in plugins:
            if plugin.reason is not None:
                self._miss(None, plugin.name, plugin.reason)
            for source in plugin.sources:
                counter = PluginCounter(plugin.name, source)
                if source.scope in own:
                    self._miss(None, counter.name, "RAPL or NVML counts this already")
                    continue
                self._plugged.append(counter)
                counter.start()

    def _miss(self, scope: Scope | None, name: str, reason: str, uuid: str | None = None) -> None:
        self.absent = (*self.absent, Absence(scope, name, reason, uuid))
