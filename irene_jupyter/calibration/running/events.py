"""What a calibration tells whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["start", "standby", "clock", "runs", "fit", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where it stands: `share` of its time is over (0 to 1); `message` is one line for people."""

    stage: Stage
    message: str
    share: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class RunRejected:
    """A run that is not used, and why; it is repeated unless `gives_up`."""

    part: str
    round: int
    reasons: tuple[str, ...]
    gives_up: bool


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run that counts: joules of one repetition."""

    part: str
    round: int
    joules: float
    seconds: float
    repeats: int


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know, and that does not stop it."""

    message: str


Event = Progress | RunRejected | RunFinished | Note
Watcher = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Nobody watches."""
