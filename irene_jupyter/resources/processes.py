"""Who uses the processor: CPU time of the machine and of each process, on any system."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

import psutil

from irene_jupyter.resources.proc import ResourceError

# Programs that say nothing of what they run.
_INTERPRETER = re.compile(
    r"(python|pypy|node|ruby|perl|java|julia|r)[\d.]*w?(\.exe)?", re.IGNORECASE
)
_NOTEBOOK = "JPY_SESSION_NAME"  # Jupyter tells a kernel the path of its notebook


@dataclass(frozen=True, slots=True)
class ProcessTime:
    """A process's name and its CPU time since it started, in seconds of one core."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """CPU time at a moment, in seconds: busy and all time of all cores, each process's by pid."""

    monotonic: float
    busy: float
    total: float
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


def cpu_seconds() -> tuple[float, float]:
    """(busy, total) time of all cores since boot. Raises `ResourceError` where nobody tells."""
    try:
        times = psutil.cpu_times()._asdict()
    except (OSError, psutil.Error) as error:
        raise ResourceError(f"CPU: this system does not tell its time ({error})") from error
    # Linux counts the guests' time in that of users already.
    total = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
    return total - times["idle"] - times.get("iowait", 0.0), total


def snapshot() -> Snapshot:
    """Processes that end meanwhile, or that tell nobody their time, are left out.

    Raises `ResourceError` where the machine's own is not told.

    Takes some milliseconds on a machine with hundreds of processes: not for a sampler.
    """
    busy, total = cpu_seconds()
    found: dict[int, ProcessTime] = {}
    for each in psutil.process_iter(["name", "cpu_times"]):
        times = each.info["cpu_times"]
        if times is not None:
            found[each.pid] = ProcessTime(each.info["name"] or "?", times.user + times.system)
    return Snapshot(time.monotonic(), busy, total, found)


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
    ours = sum(used.get(pid, 0.0) for pid in own)
    share = max(0.0, (after.busy - before.busy - ours) / total) if total > 0 else 0.0
    others = sorted(((each, pid) for pid, each in used.items() if pid not in own), reverse=True)
    busiest = [
        (pid, each / seconds)
        for each, pid in others
        if each > 0 and pid != 0  # macOS's kernel_task and Windows' idle process are no program
    ][:most]
    told = tuple(Busy(pid, _told(pid, after.processes[pid].name), cores) for pid, cores in busiest)
    return MachineLoad(seconds, share, told)


def _told(pid: int, name: str) -> str:
    """A process's name; of an interpreter what it runs, where the system tells."""
    if not _INTERPRETER.fullmatch(name):
        return name
    try:
        process = psutil.Process(pid)
        command = process.cmdline()
        notebook = process.environ().get(_NOTEBOOK) if is_kernel(command) else None
    except (OSError, psutil.Error):  # it has ended, or is another user's
        return name
    return program_of(name, command, notebook)


def is_kernel(command: Sequence[str]) -> bool:
    """Whether a command line is that of a Jupyter kernel."""
    return any("ipykernel" in part for part in command[1:4])


def program_of(name: str, command: Sequence[str], notebook: str | None = None) -> str:
    """What an interpreter runs: "python train.py", "the kernel of lamp.ipynb"; else its name."""
    if is_kernel(command):
        return f"the kernel of {PurePath(notebook).name}" if notebook else "a Jupyter kernel"
    parts = list(command[1:])
    while parts and parts[0].startswith("-") and parts[0] not in ("-m", "-c"):
        parts.pop(0)
    if not parts or parts[0] == "-c":
        return name
    what = f"-m {parts[1]}" if parts[0] == "-m" and len(parts) > 1 else PurePath(parts[0]).name
    return f"{name} {what}"
