"""The profile in a JSON file: of a device, or of a board."""

from __future__ import annotations

import functools
from pathlib import Path

from irene_jupyter.checker import strict_json
from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.profiles.board_profile import BOARD_KIND, BoardProfile
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile

Profile = DeviceProfile | BoardProfile
MAX_FILE_BYTES = 4 * 2**20  # a profile of one device has some hundreds of kilobytes


def read_profile(path: str | Path) -> Profile:
    """The profile in a JSON file. Raises `DeviceError`, which names the file and the remedy.

    Every cell asks for one: a file that has not changed is read and checked once.
    """
    path = Path(path)
    try:
        return _read(path, _version(path))
    except (OSError, ValueError) as error:
        raise DeviceError(
            f"{path.name} is damaged ({error}); train or calibrate the profile again"
        ) from error


def _version(path: Path) -> tuple[int, ...]:
    """What changes with a file's content. Raises `DeviceError` where there is no profile's file."""
    if not path.is_file():
        raise DeviceError(f"no device profile at {str(path)!r}; check the path")
    found = path.stat()
    if found.st_size > MAX_FILE_BYTES:
        raise DeviceError(
            f"{path.name} is larger than {MAX_FILE_BYTES // 2**20} MiB and no device profile"
        )
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@functools.lru_cache(maxsize=32)
def _read(path: Path, version: tuple[int, ...]) -> Profile:
    """The profile in this very version of the file."""
    data = strict_json(path.read_text(encoding="utf-8"))
    is_board = isinstance(data, dict) and data.get("kind") == BOARD_KIND
    try:
        return BoardProfile.from_dict(data) if is_board else DeviceProfile.from_dict(data)
    except DeviceError as error:
        raise DeviceError(f"{path.name}: {error}") from error
