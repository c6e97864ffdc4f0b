"""CPU and memory of the whole machine from kept-open files of Linux's /proc.

One read of both files takes about 7 microseconds. Other systems have no /proc: opening
raises `ResourceError`, and the caller shows the reason in place of a number.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from irene_jupyter.errors import IreneError

# The lines that are read stand first in both files.
_STAT_BYTES = 512
_MEMINFO_BYTES = 512

_IDLE, _IOWAIT = 3, 4
# user nice system idle iowait irq softirq steal; the guest columns after them are
# already part of user and nice (man 5 proc_stat).
_STAT_COLUMNS = 8


class ResourceError(IreneError):
    """A resource of this machine cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class CpuTicks:
    """Time of all cores since boot, in clock ticks (10 ms each on nearly every kernel)."""

    busy: int
    total: int

    def percent_since(self, before: CpuTicks) -> float | None:
        """Use of all cores; None within a tick, or where counts went backwards."""
        busy, total = self.busy - before.busy, self.total - before.total
        # iowait may decrease (man 5 proc_stat), so that busy can exceed total by a tick.
        return min(100.0, 100.0 * busy / total) if total > 0 and busy >= 0 else None


class ProcReader:
    """/proc/stat and /proc/meminfo, kept open until `close`.

    `root` is where the files lie. Raises `ResourceError` if one cannot be opened.
    Counts are the machine's, in a container too: /proc/stat does not know of containers.
    """

    def __init__(self, root: Path = Path("/proc")) -> None:
        self._descriptors: list[int] = []
        try:
            for name in ("stat", "meminfo"):
                self._descriptors.append(os.open(root / name, os.O_RDONLY | os.O_CLOEXEC))
        except (OSError, AttributeError) as error:  # Windows has no O_CLOEXEC
            self.close()
            raise ResourceError(
                f"CPU and memory use are read from {root}, which this system does not offer "
                f"({getattr(error, 'strerror', None) or error})"
            ) from error
        except BaseException:
            self.close()
            raise
        self._stat, self._meminfo = self._descriptors

    def cpu(self) -> CpuTicks:
        """Ticks since boot. Raises `ResourceError` when the file cannot be read or parsed."""
        try:
            label, *columns = os.pread(self._stat, _STAT_BYTES, 0).partition(b"\n")[0].split()
            ticks = [int(column) for column in columns[:_STAT_COLUMNS]]
        except (OSError, ValueError) as error:
            raise ResourceError(f"CPU: /proc/stat cannot be read ({error})") from error
        if label != b"cpu" or len(ticks) < _STAT_COLUMNS:
            raise ResourceError("CPU: /proc/stat does not begin with the line of all cores")
        total = sum(ticks)
        return CpuTicks(busy=total - ticks[_IDLE] - ticks[_IOWAIT], total=total)

    def memory_percent(self) -> float:
        """Memory in use, in percent: what is not available to a new program.

        Raises `ResourceError` when the file cannot be read or parsed.
        """
        kibibytes: dict[bytes, int] = {}
        try:
            for line in os.pread(self._meminfo, _MEMINFO_BYTES, 0).splitlines():
                name, _, value = line.partition(b":")
                if name in (b"MemTotal", b"MemAvailable"):
                    kibibytes[name] = int(value.split()[0])
            total = kibibytes[b"MemTotal"]
            return 100.0 * (total - kibibytes[b"MemAvailable"]) / total
        except (OSError, ValueError, IndexError, ZeroDivisionError) as error:
            raise ResourceError(f"memory: /proc/meminfo cannot be read ({error})") from error
        except KeyError as error:
            raise ResourceError(
                f"memory: /proc/meminfo has no {error.args[0].decode()}; it needs Linux 3.14"
            ) from error

    def close(self) -> None:
        """Closes the files; a second call does nothing."""
        while self._descriptors:
            with contextlib.suppress(OSError):
                os.close(self._descriptors.pop())
