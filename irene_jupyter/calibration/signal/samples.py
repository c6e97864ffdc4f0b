"""What a meter saw, as arrays: the plain data that alignment, integration and gates work on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from irene_jupyter.meters.meter import Observation

Floats = NDArray[np.float64]
StampClock = Literal["monotonic", "realtime"]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples in the order of their time, and what happened to the line between them.

    `stamps` are seconds of one clock, when the lines came: about when each sample's window ended.
    `windows` are the seconds that each sample is a mean of. `volts` is NaN where none was sent.
    `error_stamps` are those of lines that could not be read, `resets` of boot banners and message
    numbers that went back, `losses` of disconnects and clocks that were set.
    """

    stamps: Floats
    watts: Floats
    volts: Floats
    windows: Floats
    error_stamps: Floats
    resets: Floats
    losses: Floats
    is_simulated: bool = False

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def centres(self) -> Floats:
        """The middles of the samples' windows: the time that a sample is true for."""
        return np.asarray(self.stamps - self.windows / 2)

    @property
    def period_seconds(self) -> float:
        """The median time from one sample to the next; NaN for fewer than two."""
        return float(np.median(np.diff(self.stamps))) if len(self) > 1 else float("nan")

    def between(self, start: float, end: float) -> Samples:
        """The samples whose centres are in [start, end], and what happened in that time."""

        def inside(times: Floats) -> Floats:
            return times[(times >= start) & (times <= end)]

        chosen = self.chosen((self.centres >= start) & (self.centres <= end))
        return replace(
            chosen,
            error_stamps=inside(self.error_stamps),
            resets=inside(self.resets),
            losses=inside(self.losses),
        )

    def chosen(self, keep: NDArray[np.bool_]) -> Samples:
        """The samples where `keep` is true, and all that happened to the line."""
        return replace(
            self,
            stamps=self.stamps[keep],
            watts=self.watts[keep],
            volts=self.volts[keep],
            windows=self.windows[keep],
        )


def samples_of(
    observations: Iterable[Observation],
    window_seconds: float | None = 0.0,
    clock: StampClock = "monotonic",
) -> Samples:
    """A meter's observations as arrays.

    `window_seconds` is what one sample is a mean of (`PowerMeter.window_seconds`); None: all the
    time since the sample before, as counters tell it. The first of those has no window, and is
    left out. `clock` tells which of an observation's two times counts.
    """
    found = sorted(observations, key=lambda each: getattr(each, clock))
    stamps: list[float] = []
    watts: list[float] = []
    volts: list[float] = []
    errors: list[float] = []
    resets: list[float] = []
    losses: list[float] = []
    is_simulated = False
    for each in found:
        stamp = each.monotonic if clock == "monotonic" else each.realtime
        kinds = {event.kind for event in each.events}
        is_simulated = is_simulated or "simulated" in kinds
        if "reset" in kinds:
            resets.append(stamp)
        if kinds & {"disconnected", "clock"}:
            losses.append(stamp)
        if each.error is not None:
            errors.append(stamp)
        if each.sample is not None:
            is_simulated = is_simulated or "simulated" in each.sample.flags
            stamps.append(stamp)
            watts.append(each.sample.watts)
            volts.append(float("nan") if each.sample.volts is None else each.sample.volts)
    times = np.array(stamps, dtype=float)
    first = 0
    if window_seconds is None:
        windows = np.diff(times)
        first = min(1, len(times))
    else:
        windows = np.full(len(times), float(window_seconds))
    return Samples(
        times[first:],
        np.array(watts[first:], dtype=float),
        np.array(volts[first:], dtype=float),
        windows,
        np.array(errors, dtype=float),
        np.array(resets, dtype=float),
        np.array(losses, dtype=float),
        is_simulated,
    )
