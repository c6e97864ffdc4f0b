"""What a calibration tells whoever watches it: where it stands, and each run as in its journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from irene_jupyter.calibration.running.records import NodeRun, Rejected, Run

SIMULATED = (
    "SIMULATED: this meter is no hardware, and what comes of it is no energy of this machine"
)
Stage = Literal["start", "standby", "clock", "runs", "fit", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where it stands: `share` of its time is over (0 to 1); `message` is one line for people."""

    stage: Stage
    message: str
    share: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know, and that does not stop it."""

    message: str


Event = Progress | Run | NodeRun | Rejected | Note
Watcher = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Nobody watches."""
