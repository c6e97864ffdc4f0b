"""A cell's energy and time in parts: the models, and what lies beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

PartKind = Literal["model", "backward", "optimiser", "rest"]
Basis = Literal["measured", "split", "divided", "timed", "predicted", "estimated"]

PART_KINDS: tuple[PartKind, ...] = ("model", "backward", "optimiser", "rest")
# How a part's joules are known.
BASES: Mapping[Basis, str] = {
    "measured": "measured: it took all of the cell's time",
    "split": "measured, divided by time",
    "divided": "measured, divided by the constants of the board",
    "timed": "predicted for this board by the times measured here",
    "predicted": "predicted",
    "estimated": "estimated by the processor's rated power and load",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A model, the backward passes, optimiser steps, or the rest of the cell.

    A model has its forward passes, and of its training all that its tree divides: the whole steps.
    Backward passes and steps have a part where there were some that no tree divides.

    `joules` is None where they are not known: of backward passes and steps where nothing was
    measured, and of a model in a measured cell that has only another device's prediction.
    """

    name: str
    kind: PartKind
    seconds: float | None = None  # on this machine
    joules: float | None = None
    low: float | None = None
    high: float | None = None
    basis: Basis | None = None

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of a cell, models first. Their joules and seconds add up exactly to the totals."""

    rows: tuple[Part, ...] = ()

    def __iter__(self) -> Iterator[Part]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Part:
        """The part of that name. Raises `KeyError` with the names that there are."""
        for part in self.rows:
            if part.name == name:
                return part
        raise KeyError(f"no part {name!r}; there are {', '.join(part.name for part in self.rows)}")

    @property
    def models(self) -> tuple[Part, ...]:
        """The models: what the tree divides."""
        return tuple(part for part in self.rows if part.kind == "model")

    @property
    def remainder(self) -> tuple[Part, ...]:
        """What is not in the tree: backward, optimiser, and Python, data handling and idling."""
        return tuple(part for part in self.rows if part.kind != "model")

    @property
    def total_joules(self) -> float:
        """Of all parts whose joules are known."""
        return math.fsum(part.joules for part in self.rows if part.joules is not None)

    @property
    def total_seconds(self) -> float:
        """The cell's time."""
        return math.fsum(part.seconds for part in self.rows if part.seconds is not None)


@dataclass(frozen=True, slots=True)
class CounterNote:
    """One counter of this machine: its joules, or why it has none. `used`: in the total."""

    name: str
    scope: str
    joules: float | None = None
    seconds: float | None = None
    used: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ProcessShare:
    """This process's share of the CPU time that was used, and of the packages' joules by it.

    The interval allows for other processes that drew half or twice as much in the same time. It
    tells of a machine with company, and is no part of the cell's total.
    """

    cpu_share: float  # 0 to 1
    joules: float
    low: float
    high: float
    packages_joules: float


@dataclass(frozen=True, slots=True)
class MeasuredEnergy:
    """What this machine's counters say of the cell; `joules` is None where they say too little.

    `scope` names all that is in the joules, such as "CPU package + GPU board"; it is never the
    wall's energy unless a meter at the wall was read. `reason` tells in a line why there is none.
    Where a board's profile divided the joules, `beyond_idle` is what was counted beyond idle power
    over what the profile expects there. `process` is of the CPU packages, also where the load of
    others withholds the joules.
    """

    joules: float | None = None
    low: float | None = None
    high: float | None = None
    seconds: float | None = None
    scope: str = ""
    counters: tuple[CounterNote, ...] = ()
    reason: str | None = None
    beyond_idle: float | None = None
    process: ProcessShare | None = None

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values; `beyond_idle` and `process` only where they are known."""
        found = {**asdict(self), "counters": [asdict(counter) for counter in self.counters]}
        return {
            name: value
            for name, value in found.items()
            if value is not None or name not in ("beyond_idle", "process")
        }
