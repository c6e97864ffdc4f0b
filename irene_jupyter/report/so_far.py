"""What is known of a cell while it runs, and how it is said in one line."""

from __future__ import annotations

from dataclasses import dataclass

from irene_jupyter.report.trend import TrendSource
from irene_jupyter.report.units import format_joules, format_seconds


@dataclass(frozen=True, slots=True)
class SoFar:
    """A cell until now: `joules` are None where nothing counts or estimates them as it runs.

    `rounds` of its loop have ended, each a `unit`; `tokens` were generated.
    """

    seconds: float
    joules: float | None = None
    source: TrendSource | None = None
    unit: str = "call"
    rounds: int = 0
    tokens: int = 0

    def __str__(self) -> str:
        unit, count = ("token", self.tokens) if self.tokens else (self.unit, self.rounds)
        told = [format_seconds(self.seconds)]
        if self.joules is not None:
            told.append(f"{format_joules(self.joules)} so far ({self.source})")
        if count:
            told.append(f"{count:,} {unit}{'' if count == 1 else 's'}")
            told.append(f"{format_seconds(self.seconds / count)} a {unit}")
            if self.joules is not None:
                told[-1] += f", {format_joules(self.joules / count)}"
        return " · ".join(told)
