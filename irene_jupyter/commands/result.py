"""What a command gives back, and how it speaks meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport


@dataclass(frozen=True)
class Result:
    """What a command has to say: a report and text for a person, or a JSON document."""

    text: str = ""
    report: EnergyReport | None = None
    depth: int | None = None
    document: Any = None
    after: Callable[[], int] | None = None  # once all is printed; its value is the exit code


def say(message: str) -> None:
    """For a person meanwhile: stdout is for the result alone."""
    print(message, file=sys.stderr, flush=True)
