"""The device profiles that are known here: shipped, and the user's own.

Needs only the standard library (and platformdirs), so that listing devices is quick.
"""

from __future__ import annotations

import contextlib
import logging
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.checks import NAME
from irene_jupyter.predictors.profiles.device_profile import (
    BOARD_KIND,
    BoardOnlyError,
    DeviceProfile,
    ProfileKind,
    read_document,
    read_profile,
)

__all__ = [
    "REFERENCE",
    "DeviceInfo",
    "DeviceProfile",
    "boards",
    "devices",
    "fingerprint",
    "load_board",
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
    if _is_path(name_or_path):
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
    if (path := _file_of(text)) is not None:
        return read_profile(path)
    known = []
    for info, profile in _known():
        if info.name == text:
            return profile
        known.append(info.name)
    alone = ", ".join(board.name for board in boards())
    raise DeviceError(
        f"unknown device {text!r}; known are auto, {', '.join(known)}, for evaluate alone {alone}, "
        "or give the path of a profile's .json file"
    )


def load_board(name_or_path: str | Path) -> BoardProfile | None:
    """A board's profile by name or from a JSON file; None where there is none of a board.

    Raises `DeviceError`: damaged, or of another schema version.
    """
    path = _file_of(str(name_or_path))
    if _is_path(name_or_path):
        path = Path(name_or_path).expanduser()
    if path is None or not path.is_file():
        return None
    data = read_document(path)
    if not isinstance(data, dict) or data.get("kind") != BOARD_KIND:
        return None
    try:
        return BoardProfile.from_dict(data)
    except DeviceError as error:
        raise DeviceError(f"{path.name}: {error}") from error


def boards() -> list[BoardProfile]:
    """The boards' profiles that `load_board` knows by name. Raises nothing."""
    found: dict[str, BoardProfile] = {}
    for folder in (SHIPPED_FOLDER, user_devices_folder()):
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            with contextlib.suppress(DeviceError):
                if path.stem not in found and (board := load_board(path)) is not None:
                    found[path.stem] = board
    return list(found.values())


def _is_path(name_or_path: str | Path) -> bool:
    text = str(name_or_path)
    return isinstance(name_or_path, Path) or "/" in text or "\\" in text or text.endswith(".json")


def _file_of(name: str) -> Path | None:
    """Of the profile with this name, the shipped one first."""
    if NAME.fullmatch(name):
        for folder in (SHIPPED_FOLDER, user_devices_folder()):
            if (path := folder / f"{name}.json").is_file():
                return path
    return None


def fingerprint() -> dict[str, Any]:
    """What this machine is to a calibrated profile: CPU, memory (GiB), NVIDIA GPUs."""
    return {"cpu": _cpu(), "memory_gibibytes": _memory_gibibytes(), "gpus": _gpus()}


def _known() -> Iterator[tuple[DeviceInfo, DeviceProfile]]:
    seen = set()
    for folder, origin in ((SHIPPED_FOLDER, "shipped"), (user_devices_folder(), None)):
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            try:
                profile = read_profile(path)
            except BoardOnlyError:  # whose cells it cannot predict
                continue
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
