"""The device profiles that are known here: shipped, and the user's own.

Needs only the standard library (and platformdirs), so that listing devices is quick.
"""

from __future__ import annotations

import logging
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.profiles.device_profile import (
    NAME,
    DeviceProfile,
    ProfileKind,
    read_profile,
)

__all__ = [
    "REFERENCE",
    "DeviceInfo",
    "DeviceProfile",
    "devices",
    "fingerprint",
    "load_device",
    "user_devices_folder",
]

REFERENCE = "gtx1080ti"  # what "auto" means where no profile was calibrated on this machine
SHIPPED_FOLDER = Path(__file__).parent / "devices"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A known profile: `origin` is "shipped" or the file's path."""

    name: str
    label: str
    kind: ProfileKind
    origin: str
    path: Path


def user_devices_folder() -> Path:
    """Where the profiles that were calibrated on this machine are kept."""
    import platformdirs

    return Path(platformdirs.user_data_dir("irene-jupyter")) / "devices"


def devices() -> list[DeviceInfo]:
    """The profiles that `load_device` knows by name; damaged files are left out and logged.

    Raises nothing. The shipped ones come first; those of this machine's user follow.

    >>> import irene_jupyter as irene
    >>> [(each.name, each.label, each.kind) for each in irene.devices() if each.origin == "shipped"]
    [('gtx1080ti', 'GTX 1080 Ti PC', 'reference')]
    """
    return [info for info, _ in _known()]


def load_device(name_or_path: str | Path = "auto") -> DeviceProfile:
    """A profile by name or from a JSON file.

    "auto" is the profile whose fingerprint is this machine's (one by a real meter before a
    simulated one, then the newest), else the reference. A shipped
    name always means the shipped profile. Raises `DeviceError`: unknown (lists the known
    ones), missing, damaged, or of another schema version.

    >>> import irene_jupyter as irene
    >>> profile = irene.load_device("gtx1080ti")
    >>> profile.scorecard["error_percent"]["LOMO"]["model"] < 5  # percent, models not seen
    True
    >>> profile.training["energy"]  # what its joules cover
    'wall power of the whole machine, idle included (emonPi, every 170 ms)'
    """
    text = str(name_or_path)
    is_path = (
        isinstance(name_or_path, Path) or "/" in text or "\\" in text or text.endswith(".json")
    )
    if is_path:
        return read_profile(Path(name_or_path).expanduser())
    if text == "auto":
        here = fingerprint()
        mine = [
            (not profile.is_simulated, info.path.stat().st_mtime, info.name, profile)
            for info, profile in _known()
            if profile.fingerprint is not None and dict(profile.fingerprint) == here
        ]
        if mine:
            return max(mine, key=lambda each: each[:3])[3]
        text = REFERENCE
    if NAME.fullmatch(text):
        for folder in (SHIPPED_FOLDER, user_devices_folder()):
            if (path := folder / f"{text}.json").is_file():
                return read_profile(path)
    known = []
    for info, profile in _known():
        if info.name == text:
            return profile
        known.append(info.name)
    raise DeviceError(
        f"unknown device {text!r}; known are auto, {', '.join(known)}, or give the path of a "
        "profile's .json file"
    )


def fingerprint() -> dict[str, Any]:
    """What this machine is to a calibrated profile: CPU, memory (GiB), NVIDIA GPUs."""
    return {"cpu": _cpu(), "memory_gibibytes": _memory_gibibytes(), "gpus": _gpus()}


def _known() -> Iterator[tuple[DeviceInfo, DeviceProfile]]:
    seen = set()
    for folder, origin in ((SHIPPED_FOLDER, "shipped"), (user_devices_folder(), None)):
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            try:
                profile = read_profile(path)
            except DeviceError as error:
                _logger.warning("device profile left out: %s", error)
                continue
            if profile.name not in seen:
                seen.add(profile.name)
                info = DeviceInfo(
                    profile.name, profile.label, profile.kind, origin or str(path), path
                )
                yield info, profile


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
