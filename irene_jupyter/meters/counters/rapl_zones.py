"""Which RAPL counters this Linux has, and which of them may be added up.

`/sys/class/powercap/intel-rapl:N` is a package (of AMD's processors, too) or "psys", the platform;
`intel-rapl:N:M` is a part of it. Of the parts "core" and "uncore" lie within the package, "dram"
beside it: the package's counter is of the processor alone (Intel SDM volume 3B, 15.10.1). "psys"
contains packages and memory. AMD's older driver amd_energy tells its sockets in /sys/class/hwmon.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from irene_jupyter.meters.base import MeterError
from irene_jupyter.meters.counters.rapl_counter import RaplCounter

POWERCAP = Path("/sys/class/powercap")
# Where a container may have the host's /sys/devices/virtual/powercap/intel-rapl mounted: at its
# own place container runtimes hide it.
MOUNTED = Path("/host/powercap")
REMEDY_MISSING = (
    "on a machine of your own try `sudo modprobe intel_rapl_msr`; most virtual machines and "
    "clouds do not offer it"
)
REMEDY_HIDDEN = (
    "start the container with `-v /sys/devices/virtual/powercap/intel-rapl:/host/powercap:ro`: "
    "container runtimes hide these files, because they tell others what the processor does "
    "(CVE-2020-8694)"
)

_ZONE = re.compile(r"intel-rapl:(\d+)")  # "intel-rapl-mmio:0" is a copy
_SOCKET = re.compile(r"Esocket(\d+)")

Clock = Callable[[], float]


def rapl_counters(
    powercap: Path = POWERCAP, clock: Clock = time.perf_counter, mounted: Path = MOUNTED
) -> list[RaplCounter]:
    """Packages first, then the memory beside each, then the platform.

    Where there is no package, the platform alone. Raises `MeterError`, with the remedy, where this
    system offers none.
    """
    for root in (powercap, mounted):
        if found := _of_powercap(root, clock):
            return found
    if found := _of_hwmon(powercap.parent / "hwmon", clock):
        return found
    try:
        is_hidden = any(_ZONE.fullmatch(each.name) for each in powercap.iterdir())
    except OSError as error:
        raise MeterError(
            f"CPU package: no RAPL counters at {POWERCAP} ({error.strerror}); {REMEDY_MISSING}"
        ) from error
    if is_hidden:
        raise MeterError(
            f"CPU package: {POWERCAP} names RAPL counters that this container hides; "
            f"{REMEDY_HIDDEN}"
        )
    raise MeterError(f"CPU package: {POWERCAP} has no RAPL package; {REMEDY_MISSING}")


def packages(
    powercap: Path = POWERCAP, clock: Clock = time.perf_counter, mounted: Path = MOUNTED
) -> list[RaplCounter]:
    """Those of `rapl_counters` that add up to the processor: the packages, or the platform."""
    found = rapl_counters(powercap, clock, mounted)
    return [each for each in found if each.scope == found[0].scope]


def _of_powercap(root: Path, clock: Clock) -> list[RaplCounter]:
    processors: list[RaplCounter] = []
    memory: list[RaplCounter] = []
    platform: list[RaplCounter] = []
    for zone in _zones(root):
        name = _text(zone / "name")
        if name.startswith("package"):
            number = name.removeprefix("package-")
            processors.append(RaplCounter(zone, f"CPU package {number}", clock=clock))
            memory += [
                RaplCounter(part, f"memory of package {number}", "dram", clock)
                for part in _parts(root, zone)
                if _text(part / "name") == "dram"
            ]
        elif name == "psys":
            platform.append(RaplCounter(zone, "platform", "board", clock))
    return [*processors, *memory, *platform]


def _of_hwmon(root: Path, clock: Clock) -> list[RaplCounter]:
    found: dict[int, RaplCounter] = {}
    for driver in _listed(root):
        if _text(driver / "name") != "amd_energy":
            continue
        for label in driver.glob("energy*_label"):
            if socket := _SOCKET.fullmatch(_text(label)):
                file = label.name.replace("_label", "_input")
                named = RaplCounter(driver, f"CPU package {socket[1]}", clock=clock, file=file)
                found[int(socket[1])] = named
    return [found[number] for number in sorted(found)]


def _zones(root: Path) -> list[Path]:
    found = [(match, each) for each in _listed(root) if (match := _ZONE.fullmatch(each.name))]
    return [each for _, each in sorted(found, key=lambda one: int(one[0][1]))]


def _parts(root: Path, zone: Path) -> Iterator[Path]:
    """The parts of a zone: in it, as in the device's folder, or beside it, as in the class's."""
    for each in {part.name: part for part in (*_listed(root), *_listed(zone))}.values():
        if re.fullmatch(rf"{re.escape(zone.name)}:\d+", each.name):
            yield each


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
