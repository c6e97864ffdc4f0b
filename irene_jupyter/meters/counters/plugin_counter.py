"""A plug-in's counter, read with care: whatever it does costs its own number and nothing else."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from irene_jupyter.meters.base import CounterSource, EnergyReading, Scope
from irene_jupyter.meters.counters.energy_curve import EnergyCurve
from irene_jupyter.resources.pace import Pace

_SHARE = 0.002  # of the time, that readings between the first and the last may take


class PluginCounter:
    """`plugin` is its entry point's name. `reason` tells why there is no reading."""

    def __init__(
        self,
        plugin: str,
        source: CounterSource,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._source = source
        self._clock = clock
        self.name = f"{source.name} ({plugin})"
        self.scope: Scope = source.scope
        self.reason: str | None = None
        self._origin = 0.0
        self._pace = Pace(_SHARE)
        self._curve = EnergyCurve()

    @property
    def curve(self) -> tuple[tuple[float, float], ...]:
        """(time, joules since `start`) of the readings."""
        return self._curve.points

    def start(self) -> None:
        """The first reading."""
        joules = self._joules()
        if joules is not None:
            self._origin = joules
            self._curve.add(self._clock(), 0.0)

    def poll(self) -> None:
        """A reading in between, as rarely as it is dear."""
        if self.reason is None and self._clock() - self._curve.last_time >= self._pace.seconds(1):
            self._read()

    def stop(self) -> EnergyReading | None:
        """What was counted since `start`; None where a reading failed, or nothing was counted."""
        if self.reason is None:
            self._read()
        if self.reason is not None:
            return None
        joules, seconds = self._curve.joules, self._curve.seconds
        if joules <= 0:
            self.reason = f"{self.name}: the counter stood still for {seconds:.3g} s"
            return None
        update = self._source.update_seconds
        return EnergyReading(joules, seconds, self.scope, "weak", self.name, update)

    def _read(self) -> None:
        joules = self._joules()
        if joules is None:
            return
        if joules - self._origin < self._curve.joules:
            self.reason = f"{self.name}: the counter went backwards"
        else:
            self._curve.add(self._clock(), joules - self._origin)

    def _joules(self) -> float | None:
        began = time.thread_time()
        try:
            joules = float(self._source.joules())
        except (Exception, SystemExit) as error:  # the plug-in's, of which nothing is known
            self.reason = f"{self.name}: {type(error).__name__}: {error}"
            return None
        finally:
            self._pace.took(time.thread_time() - began, 1)
        if not math.isfinite(joules):
            self.reason = f"{self.name}: the plug-in told {joules}, which is no energy"
            return None
        return joules
