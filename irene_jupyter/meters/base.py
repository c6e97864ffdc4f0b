"""What every meter and counter hands over: samples of power, readings of energy, and reasons.

A number is true to a scope: "gpu" is a board as its driver measures it, "cpu" a processor's
package, "dram" the memory beside it, "wall" all that the plug gives. Scopes add up to no other
scope: CPU and GPU together are never called wall energy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from irene_jupyter.errors import IreneError

Scope = Literal["wall", "cpu", "dram", "gpu", "board"]
Truth = Literal["truth", "weak"]

# Those that contain others, so that they are never added to them; the narrower one first.
CONTAINING: tuple[Scope, ...] = ("board", "wall")
# How a scope is called before people.
SCOPE_NAMES: dict[Scope, str] = {
    "wall": "wall",
    "cpu": "CPU package",
    "dram": "memory",
    "gpu": "GPU board",
    "board": "board",
}

# What `opening.open_meter` opens, for people.
METERS = (
    "emonpi:URL, csv:PATH, shelly:HOST, tasmota:HOST, homeassistant:HOST/sensor.NAME, "
    "http:URL#path, mqtt:HOST/TOPIC, nvml, nvml:GPU, rapl or simulated"
)

EventKind = Literal[
    "discarded",  # the first line after opening
    "format",  # found
    "reset",  # boot banner, or a message number that went back
    "dropped",  # messages that never arrived; `count` of them
    "repeated",  # a message number seen twice
    "keys",  # the meter's lines have other keys from here on
    "simulated",  # an emulator of this package says what it is
    "disconnected",
    "clock",  # of a log: it was set while logging
    "reconnected",
]


class MeterError(IreneError):
    """A meter or counter cannot be read; the message says which, why, and what helps."""


@dataclass(frozen=True, slots=True)
class PowerSample:
    """One reading of power. `flags` say what is odd: zero, near_wrap, negative …"""

    watts: float
    volts: float | None = None
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the meter or the line, for quality gates and for people."""

    kind: EventKind
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class BoardCondition:
    """How a GPU board is while it is measured; None where the driver does not tell."""

    board: str
    celsius: float | None
    limit_watts: float | None  # the power cap that is set
    usual_limit_watts: float | None
    other_processes: int | None  # beside this one
    throttling: tuple[str, ...]  # why the clocks are held down

    @property
    def doubts(self) -> tuple[str, ...]:
        """What bears on joules that are measured now, a sentence each."""
        found = []
        if self.other_processes:
            others = "1 other process has" if self.other_processes == 1 else (
                f"{self.other_processes} other processes have"
            )  # fmt: skip
            found.append(f"{others} the board, too: what they do is counted with ours")
        limit, usual = self.limit_watts, self.usual_limit_watts
        if limit is not None and usual is not None and limit < usual:
            found.append(
                f"the board's power is capped at {limit:.0f} W, usual are {usual:.0f} W: the "
                "profile holds for that cap"
            )
        return tuple(f"{self.board}: {each}" for each in found)


@dataclass(frozen=True, slots=True)
class EnergyReading:
    """Energy that a source counted over `seconds`, between two readings of its own.

    `truth` is "truth" for a meter of the whole energy in its scope, "weak" where a driver or a
    model inside the processor tells it. `update_seconds` is how seldom the source changes.
    """

    joules: float
    seconds: float
    scope: Scope
    truth: Truth
    source: str  # "NVML energy counter, GPU 0: NVIDIA H200"
    update_seconds: float = 0.0
    notes: tuple[str, ...] = ()


class EnergyCounter(Protocol):
    """A source that is read at a block's start and end, and in between so that wraps are seen.

    None of the methods raises for what a machine lacks: `stop` is then None, `reason` says why.
    """

    @property
    def name(self) -> str:
        """What is counted, for people: "CPU package 0 (RAPL)"."""

    @property
    def scope(self) -> Scope:
        """What the joules cover."""

    @property
    def reason(self) -> str | None:
        """Why there is no reading, with the remedy; None while there is one."""

    def start(self) -> None:
        """The first reading."""

    def poll(self) -> None:
        """A reading in between; called every sampling interval."""

    def stop(self) -> EnergyReading | None:
        """The last reading, and what was counted since `start`."""

    @property
    def curve(self) -> tuple[tuple[float, float], ...]:
        """(time.perf_counter(), joules since `start`) of the readings, thinned."""


@dataclass(frozen=True, slots=True)
class CounterSource:
    """A counter of another maker, as a plug-in offers it (entry points `irene_jupyter.counters`).

    `joules` tells what was counted since a moment of its own, ever more, within milliseconds; it
    may raise, which costs its number and nothing else. It changes every `update_seconds`.
    """

    name: str  # for people: "GPU 0: AMD Instinct MI300X"
    scope: Scope
    joules: Callable[[], float]
    update_seconds: float = 0.001
