"""Who uses the processor: CPU time of the machine and of each process, from Linux's /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from irene_jupyter.resources.proc import ProcReader


@dataclass(frozen=True, slots=True)
class ProcessTime:
    """A process's name and its CPU time since it started, in seconds of one core."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """CPU time at a moment: busy and all ticks of the machine, and each process's time by pid."""

    monotonic: float
    busy: int
    total: int
    processes: Mapping[int, ProcessTime]


@dataclass(frozen=True, slots=True)
class Busy:
    """A process and its use of one core, from 0 on; beyond 1 where it has several at work."""

    pid: int
    name: str
    cores: float


@dataclass(frozen=True, slots=True)
class MachineLoad:
    """Between two snapshots: the share of all cores' time that others used, and who did.

    `busiest` is of the processes that this one sees, the busiest first; in a container those
    outside are missing, though `others_share` counts them.
    """

    seconds: float
    others_share: float
    busiest: tuple[Busy, ...] = field(default=())


def snapshot(root: Path = Path("/proc")) -> Snapshot:
    """Raises `ResourceError` where there is no /proc/stat; processes that end meanwhile are left.

    Takes some milliseconds on a machine with hundreds of processes: not for a sampler.
    """
    reader = ProcReader(root)
    try:
        ticks = reader.cpu()
    finally:
        reader.close()
    per_second = os.sysconf("SC_CLK_TCK")
    found: dict[int, ProcessTime] = {}
    for folder in root.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # The name may hold spaces and brackets: the last ")" ends it (man 5 proc_pid_stat).
            head, _, rest = (folder / "stat").read_text(errors="replace").rpartition(")")
            columns = rest.split()
            seconds = (int(columns[11]) + int(columns[12])) / per_second  # utime, stime
        except (OSError, ValueError, IndexError):
            continue
        found[int(folder.name)] = ProcessTime(head.partition("(")[2], seconds)
    return Snapshot(time.monotonic(), ticks.busy, ticks.total, found)


def load_between(
    before: Snapshot, after: Snapshot, own: frozenset[int] | None = None, most: int = 5
) -> MachineLoad:
    """What others than the processes `own` (by default this one) used, and the `most` busiest."""
    own = frozenset({os.getpid()}) if own is None else own
    seconds = max(after.monotonic - before.monotonic, 1e-9)
    used = {
        pid: each.seconds - (before.processes[pid].seconds if pid in before.processes else 0.0)
        for pid, each in after.processes.items()
    }
    total = after.total - before.total
    ours = sum(used.get(pid, 0.0) for pid in own) * os.sysconf("SC_CLK_TCK")
    share = max(0.0, (after.busy - before.busy - ours) / total) if total > 0 else 0.0
    others = sorted(((each, pid) for pid, each in used.items() if pid not in own), reverse=True)
    busiest = tuple(
        Busy(pid, after.processes[pid].name, each / seconds) for each, pid in others if each > 0
    )
    return MachineLoad(seconds, share, busiest[:most])
