"""What this machine is: its fingerprint, and its boards by the names that their driver has."""

from __future__ import annotations

import functools
import platform
import re
from pathlib import Path
from typing import Any


def fingerprint() -> dict[str, Any]:
    """What this machine is to a calibrated profile: CPU, memory (GiB), NVIDIA GPUs."""
    return {"cpu": _cpu(), "memory_gibibytes": _memory_gibibytes(), "gpus": _gpus()}


@functools.cache
def board_names() -> tuple[str, ...]:
    """NVIDIA's boards of this machine, in the driver's order; asked once. Raises nothing."""
    if named := _gpus():
        return tuple(named)
    from irene_jupyter.resources.nvml import NvmlSession
    from irene_jupyter.resources.proc import ResourceError

    try:  # where the driver tells nothing in files, as in some containers and off Linux
        session = NvmlSession()
    except ResourceError:
        return ()
    session.close()
    return session.names


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _field(text: str, key: str) -> str | None:
    match = re.search(rf"^{re.escape(key)}\s*:\s*(.+?)\s*$", text, re.MULTILINE)
    return match[1] if match else None


def _cpu() -> str:
    return _field(_read(Path("/proc/cpuinfo")), "model name") or platform.processor() or "unknown"


def _memory_gibibytes() -> int:
    total = _field(_read(Path("/proc/meminfo")), "MemTotal")
    return round(int(total.split()[0]) / 2**20) if total else 0


def _gpus() -> list[str]:
    files = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    return [model for file in files if (model := _field(_read(file), "Model"))]
