"""The device profiles that are known here by name: shipped, and the user's own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.profiles.checks import NAME
from irene_jupyter.predictors.profiles.device_profile import ProfileKind, Scope
from irene_jupyter.predictors.profiles.reading import Profile, read_profile

SHIPPED_FOLDER = Path(__file__).parent / "devices"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A known profile: `origin` is "shipped" or the file's path.

    `scope` says whether its joules are of a whole machine or of a board alone.
    """

    name: str
    label: str
    kind: ProfileKind
    scope: Scope
    origin: str
    path: Path

    @classmethod
    def of(cls, profile: Profile, origin: str, path: Path) -> DeviceInfo:
        """Of a profile in the file at `path`."""
        return cls(profile.name, profile.label, profile.kind, profile.scope, origin, path)


def user_devices_folder() -> Path:
    """Where the profiles that were calibrated on this machine are kept."""
    import platformdirs

    return Path(platformdirs.user_data_dir("irene-jupyter")) / "devices"


def known() -> Iterator[tuple[DeviceInfo, Profile]]:
    """The shipped profiles, then the user's; of one name the first. Damaged ones are logged."""
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
                yield DeviceInfo.of(profile, origin or str(path), path), profile


def file_of(name: str) -> Path | None:
    """Of the profile with this name, the shipped one first."""
    if NAME.fullmatch(name):
        for folder in (SHIPPED_FOLDER, user_devices_folder()):
            if (path := folder / f"{name}.json").is_file():
                return path
    return None
