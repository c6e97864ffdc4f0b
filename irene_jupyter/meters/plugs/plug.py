"""What every kind of plug comes to: where it is read, and what one answer says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from irene_jupyter.meters.base import PowerSample

PATIENCE_SECONDS = 10.0  # a plug that starts anew, or changes its access point, is back by then
STALE_SECONDS = 120.0  # without a new reading: a sensor that is told once in minutes is no meter


@dataclass(frozen=True, slots=True)
class PlugReading:
    """One answer. `counted_joules` is what its own counter stands at, by which a restart shows.

    `realtime` is when it was measured, in seconds since 1970, where the answer tells it.
    """

    watts: float
    volts: float | None = None
    counted_joules: float | None = None
    realtime: float | None = None

    @property
    def sample(self) -> PowerSample:
        """The power of it, with what is odd."""
        flags = {"zero"} if self.watts == 0 else {"negative"} if self.watts < 0 else set()
        return PowerSample(self.watts, self.volts, frozenset(flags))


@dataclass(frozen=True, slots=True)
class Plug:
    """A plug that was found: `read` makes readings of the documents at `url`.

    `read` raises `PlugAnswerError` for a document without power, `PlugSilentError` for one that
    says that there is none just now. `tells_time`: its readings have a `realtime`.
    """

    name: str  # for people and profiles: without keys and tokens
    url: str = field(repr=False)
    read: Callable[[Any], PlugReading]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    unit_is_known: bool = True
    tells_time: bool = False
