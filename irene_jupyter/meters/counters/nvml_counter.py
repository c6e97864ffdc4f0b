"""NVIDIA boards: the driver's energy counter, or its power integrated over actual time stamps.

`nvmlDeviceGetTotalEnergyConsumption` counts millijoules on Volta and newer; it changes every 20
to 100 ms, so short blocks are beyond it. Elsewhere power is read at every poll and summed up by
trapezoids. The library itself is reached through `resources.nvml` alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from irene_jupyter.meters.base import EnergyReading, Scope
from irene_jupyter.meters.counters.energy_curve import EnergyCurve
from irene_jupyter.resources.nvml import NvmlSession, Unsupported
from irene_jupyter.resources.proc import ResourceError

UPDATE_SECONDS = 0.1  # spec: every 20 to 100 ms; the longest is assumed
# Power is a mean over up to this long on Ampere and newer, where no instant reading is offered.
POWER_UPDATE_SECONDS = 1.0


class NvmlCounter:
    """One board. `reason` tells why there is no reading; a failed read is never 0."""

    scope: Scope = "gpu"

    def __init__(
        self, session: NvmlSession, index: int, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._session = session
        self._clock = clock
        self.index = index
        self.uuid = session.uuids[index]
        self.board = session.names[index]
        self.name = f"GPU {index}: {self.board}"
        self.reason: str | None = None
        self.throttling: tuple[str, ...] = ()  # seen at any poll
        self.other_processes: int | None = None  # the most seen at start and end
        self._origin: float | None = None  # None: by power
        self._watts = 0.0
        self._curve = EnergyCurve()

    @property
    def source(self) -> str:
        """The board, and which of its readings is taken; known from `start` on."""
        kind = "power" if self._origin is None else "energy counter"
        return f"{self.name} (NVML {kind})"

    @property
    def curve(self) -> tuple[tuple[float, float], ...]:
        """(time, joules since `start`) of the readings."""
        return self._curve.points

    def start(self) -> None:
        """The first reading; decides between counter and power."""
        self._count_processes()
        try:
            try:
                self._origin = self._session.joules(self.index)
            except Unsupported:
                self._watts = self._session.watts(self.index)
            self._curve.add(self._clock(), 0.0)
        except ResourceError as error:
            self.reason = f"GPU board: neither energy nor power can be read ({error})"

    def poll(self) -> None:
        """A reading in between."""
        if self.reason is None:
            self.throttling = tuple(
                dict.fromkeys((*self.throttling, *self._session.throttling(self.index)))
            )
            try:
                self._read()
            except ResourceError as error:
                self.reason = f"GPU board: a reading failed half-way ({error})"

    def stop(self) -> EnergyReading | None:
        """What was counted since `start`; None where a reading failed or the counter stood."""
        self.poll()
        self._count_processes()
        if self.reason is not None:
            return None
        joules, seconds = self._curve.joules, self._curve.seconds
        if joules <= 0:
            self.reason = (
                f"GPU board: the energy counter of GPU {self.index} stood still for {seconds:.3g} s"
            )
            return None
        counted = self._origin is not None
        return EnergyReading(
            joules,
            seconds,
            "gpu",
            "weak",
            self.source,
            UPDATE_SECONDS if counted else POWER_UPDATE_SECONDS,
        )

    def _read(self) -> None:
        if self._origin is None:
            watts, now = self._session.watts(self.index), self._clock()
            step = (now - self._curve.last_time) * (watts + self._watts) / 2
            self._watts = watts
            self._curve.add(now, self._curve.joules + step)
            return
        joules = self._session.joules(self.index) - self._origin
        if joules < self._curve.joules:
            self.reason = f"GPU board: the energy counter of GPU {self.index} went backwards"
            return
        self._curve.add(self._clock(), joules)

    def _count_processes(self) -> None:
        found = self._session.processes(self.index)
        if found is None:
            return
        own = os.getpid()
        # Beyond a container's wall our own number is another: one of them may be us.
        others = len(found - {own}) if own in found else max(0, len(found) - 1)
        self.other_processes = max(others, self.other_processes or 0)
