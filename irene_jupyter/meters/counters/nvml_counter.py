"""NVIDIA boards: the driver's energy counter, or its power integrated over actual time stamps.

`nvmlDeviceGetTotalEnergyConsumption` counts millijoules on Volta and newer; it changes every 20
to 100 ms, so short blocks are beyond it. Where it is dear to ask it is read rarely, and power in
between tells how the counted joules lie in time. Elsewhere power is read at every poll and summed
up by trapezoids. The library itself is reached through `resources.nvml` alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from irene_jupyter.meters.base import BoardCondition, EnergyReading, Scope
from irene_jupyter.meters.counters.energy_curve import EnergyCurve, shaped
from irene_jupyter.resources.boards import Boards
from irene_jupyter.resources.nvml import GpuPower, NvmlSession
from irene_jupyter.resources.summary import GpuSample

UPDATE_SECONDS = 0.1  # spec: every 20 to 100 ms; the longest is assumed
# Power is a mean over up to this long on Ampere and newer, where no instant reading is offered.
POWER_UPDATE_SECONDS = 1.0


class NvmlCounter:
    """One board. `reason` tells why there is no reading; a failed read is never 0.

    Of `Boards` it takes what the sampler has read of them, at their times; a session it asks.
    """

    scope: Scope = "gpu"

    def __init__(
        self,
        source: NvmlSession | Boards,
        index: int,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._source = source
        self._clock = clock
        self.index = index
        self.uuid = source.uuids[index]
        self.board = source.names[index]
        self.name = f"GPU {index}: {self.board}"
        self.reason: str | None = None
        self.throttling: tuple[str, ...] = ()  # seen at any reading of the state
        self.other_processes: int | None = None  # the most seen at start and end
        self._origin: float | None = None  # None: by power
        self._watts = 0.0  # at the last reading
        self._between: list[tuple[float, float]] = []  # (time, watts) since the counter was read
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
        sample = self._read()
        power = sample.power or GpuPower(None, None)
        if power.joules is None and (power.watts is None or power.problem):
            self._fail("neither energy nor power can be read", power)
            return
        self._origin, self._watts = power.joules, power.watts or 0.0
        self._curve.add(sample.at, 0.0)

    def poll(self) -> None:
        """A reading in between, where there is a new one."""
        sample = self._read()
        if sample.state is not None:
            seen = (*self.throttling, *sample.state.throttling)
            self.throttling = tuple(dict.fromkeys(seen))
        if self.reason is None and sample.power is not None:
            self._take(sample.at, sample.power)

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

    def _take(self, at: float, power: GpuPower) -> None:
        before = self._curve.joules
        if self._origin is not None and not power.has_asked_counter:
            # A mean over the last second would tell of the second before.
            if power.is_instant and power.watts is not None:
                self._between.append((at, power.watts))
            return
        if (power.watts if self._origin is None else power.joules) is None:
            self._fail("a reading failed half-way", power)
        elif self._origin is None:
            watts = power.watts or 0.0
            self._curve.add(at, before + (at - self._curve.last_time) * (watts + self._watts) / 2)
            self._watts = watts
        elif (joules := (power.joules or 0.0) - self._origin) < before:
            self.reason = f"GPU board: the energy counter of GPU {self.index} went backwards"
        else:
            since, watts = self._curve.last_time, power.watts or 0.0
            rows = [(since, self._watts), *self._between, (at, watts)]
            for seconds, counted in shaped(rows, joules - before) if self._between else ():
                self._curve.add(seconds, before + counted)
            self._curve.add(at, joules)
            self._between, self._watts = [], watts

    def _read(self) -> GpuSample:
        if isinstance(self._source, Boards):
            return self._source.samples[self.index]
        power = self._source.power(self.index)
        return GpuSample(self._clock(), power)

    def _fail(self, what: str, power: GpuPower) -> None:
        why = power.problem or "it does not offer this reading"
        self.reason = f"GPU board: {what} (GPU {self.index}: {why})"

    def condition(self) -> BoardCondition:
        """How the board is now; of a session alone."""
        assert isinstance(self._source, NvmlSession)
        self._count_processes()
        throttling = self._source.state(self.index).throttling
        limits = self._source.limits(self.index)
        return BoardCondition(
            self.board,
            limits.celsius,
            limits.limit_watts,
            limits.usual_limit_watts,
            self.other_processes,
            throttling,
        )

    def _count_processes(self) -> None:
        found = self._source.processes(self.index)
        if found is None:
            return
        own = os.getpid()
        # Beyond a container's wall our own number is another: one of them may be us.
        others = len(found - {own}) if own in found else max(0, len(found) - 1)
        self.other_processes = max(others, self.other_processes or 0)
