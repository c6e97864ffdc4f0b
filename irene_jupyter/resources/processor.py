"""This machine's processor: what its system calls it, and how much of it there is."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

_SYSCTL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor as its system shows it.

    `threads` are the logical CPUs of the system. A virtual machine has a slice of some other
    machine's processor, whose name its `name` may be, cut short or not at all.
    """

    name: str
    threads: int
    sockets: int = 1
    is_virtual: bool = False
    has_battery: bool = False


@functools.cache
def this_processor() -> Processor:
    """Asked once: names do not change. Raises nothing; an unknown name is "unknown processor"."""
    text = _cpuinfo()
    return Processor(
        name=_name(text) or "unknown processor",
        threads=os.cpu_count() or 1,
        sockets=len(set(re.findall(r"^physical id\s*:\s*(\d+)", text, re.MULTILINE))) or 1,
        is_virtual=bool(re.search(r"^flags\s*:.*\bhypervisor\b", text, re.MULTILINE)),
        has_battery=_has_battery(),
    )


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _name(cpuinfo: str) -> str:
    if sys.platform == "darwin":
        return _sysctl("machdep.cpu.brand_string")
    if sys.platform == "win32":
        return _registered()
    for key in ("model name", "Hardware", "Model"):  # x86; ARM, which often has neither
        if found := re.search(rf"^{key}\s*:\s*(.+?)\s*$", cpuinfo, re.MULTILINE):
            return found[1]
    return platform.processor() or platform.machine()


def _sysctl(key: str) -> str:
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", key],
            capture_output=True,
            text=True,
            timeout=_SYSCTL_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return platform.processor()
    return done.stdout.strip()


def _registered() -> str:
    """Windows: platform.processor() is "Intel64 Family 6 …" there, which is no name."""
    if sys.platform == "win32":
        import winreg

        with contextlib.suppress(OSError):
            path = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
                return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
    return platform.processor()


def _has_battery() -> bool:
    try:
        return psutil.sensors_battery() is not None
    except (AttributeError, OSError, RuntimeError, psutil.Error):
        return False
