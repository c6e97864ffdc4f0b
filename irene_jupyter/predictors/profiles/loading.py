"""The device profiles that are known here, by name or from a file.

Needs only the standard library (and platformdirs), so that listing devices is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.profiles.automatic import AUTO, REFERENCE, Chosen, automatic
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.known import (
    SHIPPED_FOLDER,
    DeviceInfo,
    file_of,
    known,
    user_devices_folder,
)
from irene_jupyter.predictors.profiles.machine import fingerprint
from irene_jupyter.predictors.profiles.reading import Profile, read_profile

__all__ = [
    "REFERENCE",
    "SHIPPED_FOLDER",
    "DeviceInfo",
    "Profile",
    "boards",
    "chosen_device",
    "devices",
    "fingerprint",
    "load_board",
    "load_device",
    "user_devices_folder",
]


def devices() -> list[DeviceInfo]:
    """The profiles that `load_device` knows by name; damaged files are left out and logged.

    Raises nothing. The shipped ones come first; those of this machine's user follow.

    >>> import irene_jupyter as irene
    >>> [(each.name, each.label, each.scope) for each in irene.devices()][:2]
    [('gtx1080ti', 'GTX 1080 Ti PC', 'machine'), ('h100', 'H100 SXM, board alone', 'board')]
    """
    return [info for info, _ in known()]


def load_device(name_or_path: str | Path = AUTO) -> Profile:
    """A profile by name or from a JSON file, of a whole machine or of a board alone.

    "auto" is the profile whose fingerprint is this machine's (one by a real meter before a
    simulated one, then the newest), else that of its NVIDIA board, else the reference. A shipped
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
    if text == AUTO:
        return automatic().profile
    if (path := file_of(text)) is not None:
        return read_profile(path)
    every = list(known())
    for info, profile in every:  # a file may have another name than its profile
        if info.name == text:
            return profile
    names = ", ".join(info.name for info, _ in every)
    raise DeviceError(
        f"unknown device {text!r}; known are {AUTO}, {names}, or give the path of a profile's "
        ".json file"
    )


def chosen_device(name_or_path: str | Path, boards: Sequence[str] | None = None) -> Chosen:
    """As `load_device`, with the reason where it was "auto" that chose: see `automatic`."""
    if str(name_or_path) == AUTO:
        return automatic(boards)
    return Chosen(load_device(name_or_path))


def load_board(name_or_path: str | Path) -> BoardProfile | None:
    """A board's profile by name or from a JSON file; None where there is none of a board.

    Raises `DeviceError`: damaged, or of another schema version.
    """
    path = file_of(str(name_or_path))
    if _is_path(name_or_path):
        path = Path(name_or_path).expanduser()
    profile = None if path is None or not path.is_file() else read_profile(path)
    return profile if isinstance(profile, BoardProfile) else None


def boards() -> list[BoardProfile]:
    """The boards' profiles among `devices`. Raises nothing."""
    return [profile for _, profile in known() if isinstance(profile, BoardProfile)]


def _is_path(name_or_path: str | Path) -> bool:
    text = str(name_or_path)
    return isinstance(name_or_path, Path) or "/" in text or "\\" in text or text.endswith(".json")
