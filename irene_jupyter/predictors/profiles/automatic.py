"""Which profile "auto" is: this machine's own, its board's, an estimate of that, the reference."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.known import SHIPPED_FOLDER, known
from irene_jupyter.predictors.profiles.machine import board_names, fingerprint
from irene_jupyter.predictors.profiles.reading import Profile, read_profile

AUTO = "auto"
REFERENCE = "gtx1080ti"  # where nothing is known of this machine
REFERENCE_BOARD = "GTX 1080 Ti"  # part of its name, whatever the driver's version


@dataclass(frozen=True, slots=True)
class Chosen:
    """A profile, and why "auto" is this one: words for people; empty where it was asked for."""

    profile: Profile
    why: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """For a report."""
        return (f"device {AUTO} is {self.profile.name} here: {self.why}",) if self.why else ()


def automatic(boards: Sequence[str] | None = None) -> Chosen:
    """The profile for what runs on `boards`, by their driver's names; None for all of this machine.

    One that was calibrated on this very machine comes first (the user's own, by a real meter before
    a simulated one, then the newest), then that of the first of the boards that has one, likewise,
    then what the printed figures of one tell, then the reference. Without boards none of a board
    is taken.
    """
    names = board_names() if boards is None else tuple(boards)
    here = fingerprint()
    ranked = [
        ((info.origin != "shipped", not profile.is_simulated, info.path.stat().st_mtime), profile)
        for info, profile in known()
        if not isinstance(profile, BoardProfile) or profile.board in names
    ]
    mine = [each for each in ranked if _is_of(each[1], here)]
    if mine:
        return Chosen(_best(mine), "it was calibrated on this machine")
    for name in names:
        fits = [
            each for each in ranked if isinstance(each[1], BoardProfile) and each[1].board == name
        ]
        if fits:
            return Chosen(_best(fits), f"the board is an {name}")
    reference = read_profile(SHIPPED_FOLDER / f"{REFERENCE}.json")
    for name in names:
        if REFERENCE_BOARD in name:
            return Chosen(reference, f"such a machine's board is an {name}, too")
        with contextlib.suppress(DeviceError):  # nobody knows its figures
            return Chosen(_estimated(name), f"nobody measured the energy of an {name}")
    where = "no NVIDIA board has a part in it" if boards is not None else "it has no NVIDIA board"
    board = f"nothing is known of its board, an {names[0]}" if names else where
    return Chosen(reference, f"no profile was calibrated on this machine, and {board}")


@functools.cache
def _estimated(board: str) -> Profile:
    """By the figures of the driver, where this machine has such a board, else its datasheet's."""
    from irene_jupyter.predictors.profiles.datasheet_profile import datasheet_profile
    from irene_jupyter.resources.nvml import driver_facts

    here = board_names()
    facts = driver_facts(here.index(board)) if board in here else None
    return datasheet_profile(board, facts=facts)


_Ranked = tuple[tuple[bool, bool, float], Profile]


def _best(ranked: Sequence[_Ranked]) -> Profile:
    return max(ranked, key=lambda each: (*each[0], each[1].name))[1]


def _is_of(profile: Profile, machine: Mapping[str, Any]) -> bool:
    return profile.fingerprint is not None and dict(profile.fingerprint) == machine
