"""Intel's and AMD's RAPL: a processor package's energy, from Linux's powercap files.

`/sys/class/powercap/intel-rapl:N/{name,energy_uj,max_energy_range_uj}`: microjoules in a counter
that wraps. Only whole packages are counted: their subzones (core, dram) are part of them, and
"psys", the whole platform, contains them. Reading needs root since Linux 5.10 (CVE-2020-8694).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from irene_jupyter.meters.base import EnergyReading, MeterError, Scope
from irene_jupyter.meters.counters.energy_curve import EnergyCurve

POWERCAP = Path("/sys/class/powercap")
UPDATE_SECONDS = 0.001  # Intel SDM volume 3B, 15.10: about every millisecond
# More than any package draws: a counter that says so did not wrap but went backwards.
MOST_WATTS = 3000.0
_JOULE = 1e6  # microjoules

_ZONE = re.compile(r"intel-rapl:\d+")  # "intel-rapl:0:0" is a subzone, "intel-rapl-mmio:0" a copy
REMEDY_MISSING = (
    "on a machine of your own try `sudo modprobe intel_rapl_msr`; most virtual machines and "
    "clouds do not offer it"
)
REMEDY_DENIED = (
    "let your user read it until the next start: `sudo chmod a+r "
    "/sys/class/powercap/intel-rapl:*/energy_uj` (it tells other users what the processor does, "
    "CVE-2020-8694: only on a machine that you do not share)"
)


class RaplCounter:
    """One package. `reason` tells why there is no reading; a failed read is never 0."""

    def __init__(
        self,
        zone: Path,
        label: str,
        scope: Scope = "cpu",
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._zone = zone
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
            self._last = _number(self._zone / "energy_uj")
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
        value = _number(self._zone / "energy_uj")
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


def packages(
    powercap: Path = POWERCAP, clock: Callable[[], float] = time.perf_counter
) -> list[RaplCounter]:
    """A counter for each package, or for "psys" where there is no package.

    Raises `MeterError`, with the remedy, where this system offers none.
    """
    try:
        zones = sorted(z for z in powercap.iterdir() if _ZONE.fullmatch(z.name))
    except OSError as error:
        raise MeterError(
            f"CPU package: no RAPL counters at {POWERCAP} ({error.strerror}); {REMEDY_MISSING}"
        ) from error
    named: list[tuple[str, Path]] = []
    for zone in zones:
        try:
            named.append(((zone / "name").read_text().strip(), zone))
        except (OSError, UnicodeDecodeError):
            continue
    found = [
        RaplCounter(zone, f"CPU package {name.removeprefix('package-')}", clock=clock)
        for name, zone in named
        if name.startswith("package")
    ]
    if not found:
        found = [
            RaplCounter(zone, "platform", "board", clock) for name, zone in named if name == "psys"
        ]
    if not found:
        raise MeterError(f"CPU package: {POWERCAP} has no RAPL package; {REMEDY_MISSING}")
    return found


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
