"""One counter of Intel's or AMD's RAPL: microjoules in a file of Linux's, in a counter that wraps.

`energy_uj` of a powercap zone beside `max_energy_range_uj`, or `energyN_input` of the driver
amd_energy. Reading needs root since Linux 5.10 (CVE-2020-8694).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from irene_jupyter.meters.base import EnergyReading, MeterError, Scope
from irene_jupyter.meters.counters.energy_curve import EnergyCurve

UPDATE_SECONDS = 0.001  # Intel SDM volume 3B, 15.10: about every millisecond
# More than any package draws: a counter that says so did not wrap but went backwards.
MOST_WATTS = 3000.0
_JOULE = 1e6  # microjoules

REMEDY_DENIED = "`irene-jupyter doctor` has the commands that let a group of yours read it"


class RaplCounter:
    """One package, its memory or the platform: `file` in the folder `zone`.

    `reason` tells why there is no reading; a failed read is never 0.
    """

    def __init__(
        self,
        zone: Path,
        label: str,
        scope: Scope = "cpu",
        clock: Callable[[], float] = time.perf_counter,
        file: str = "energy_uj",
    ) -> None:
        self._zone = zone
        self._file = zone / file
        self._clock = clock
        self.name = f"{label} (RAPL)"
        self.scope: Scope = scope
        self.reason: str | None = None
        self._range: int | None = None
        self._last: int | None = None
        self._curve = EnergyCurve()

    @property
    def curve(self) -> tuple[tuple[float, float], ...]:
        """(time, joules since `start`) of the readings."""
        return self._curve.points

    def start(self) -> None:
        """The first reading."""
        try:
            self._range = _number(self._zone / "max_energy_range_uj")
        except MeterError:
            self._range = None  # needed only if the counter wraps
        try:
            self._last = _number(self._file)
            self._curve.add(self._clock(), 0.0)
        except MeterError as error:
            self.reason = str(error)

    def poll(self) -> None:
        """Often enough that no more than one wrap lies between two readings (minutes)."""
        if self.reason is None:
            try:
                self._read()
            except MeterError as error:
                self.reason = str(error)

    def stop(self) -> EnergyReading | None:
        """What was counted since `start`; None where a reading failed, or nothing was counted."""
        self.poll()
        if self.reason is not None:
            return None
        joules, seconds = self._curve.joules, self._curve.seconds
        if joules <= 0:
            self.reason = f"{self.name}: the counter stood still for {seconds:.3g} s"
            return None
        return EnergyReading(joules, seconds, self.scope, "weak", self.name, UPDATE_SECONDS)

    def _read(self) -> None:
        value = _number(self._file)
        now = self._clock()
        assert self._last is not None
        step = value - self._last
        seconds = now - self._curve.last_time
        if step < 0:
            if self._range is None:
                raise MeterError(
                    f"{self.name}: the counter went backwards, and its range is not known"
                )
            # The counter's values are 0 to its range: one more step brings it back to 0.
            step += self._range + 1
            if step < 0 or step > MOST_WATTS * _JOULE * max(seconds, UPDATE_SECONDS):
                raise MeterError(f"{self.name}: the counter went backwards")
        self._last = value
        self._curve.add(now, self._curve.joules + step / _JOULE)


def _number(path: Path) -> int:
    try:
        value = int(path.read_text())
    except PermissionError as error:
        raise MeterError(
            f"CPU package: {path.name} may not be read (permission denied); {REMEDY_DENIED}"
        ) from error
    except (OSError, ValueError) as error:
        raise MeterError(f"CPU package: {path.name} cannot be read ({_why(error)})") from error
    if value < 0:
        raise MeterError(f"CPU package: {path.name} is negative")
    return value


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or "not a number"
