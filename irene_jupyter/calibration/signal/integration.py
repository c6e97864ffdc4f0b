"""A run's energy from samples of power. Pure.

A steady loop's energy is its plateau's mean power times its time: samples that reach over an edge
are left out, so neither the meter's window nor a few milliseconds of clock matter. Anything else
is summed up by trapezoids between the samples' middles (see docs/calibration.md).
A counter's samples touch one another: their sum is exact, but for the two at the ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from irene_jupyter.calibration.errors import IntegrationError
from irene_jupyter.calibration.signal.samples import Floats, Samples

GUARD_SECONDS = 0.5  # at both ends of a plateau
LEAST_PLATEAU_SAMPLES = 5

Method = Literal["plateau", "trapezoid", "counter"]


@dataclass(frozen=True, slots=True)
class Integral:
    """Energy from `start` to `end`. `samples` is how many it rests on.

    `watts` is the mean over that time. The standard error is that of the power's fluctuation,
    neither the clock's nor the meter's. `edge_watts` is how many joules a clock that is off by
    a second would let in or leave out at the ends; zero for a plateau, whose guards keep it away.
    """

    joules: float
    watts: float
    seconds: float
    standard_error_joules: float
    samples: int
    method: Method
    edge_watts: float = 0.0


def guard_length(least_seconds: float, hold_seconds: float, smoothing_seconds: float) -> float:
    """Seconds at a run's ends that do not count: a reading may have been held as it is fetched, and
    how a meter smooths is known roughly."""
    return max(least_seconds, hold_seconds + smoothing_seconds)


def on_plateau(
    samples: Samples, start: float, end: float, guard_seconds: float = GUARD_SECONDS
) -> Samples:
    """The samples whose whole window lies between the guards: no edge is in them."""
    half = samples.windows / 2
    inside = (samples.centres - half >= start + guard_seconds) & (
        samples.centres + half <= end - guard_seconds
    )
    return samples.chosen(inside)


def plateau(
    samples: Samples, start: float, end: float, guard_seconds: float = GUARD_SECONDS
) -> Integral:
    """A steady loop's energy: mean power within the guards, times its time.

    `samples` are in the load's clock (`Clock.aligned`). Counted are those whose whole window lies
    between the guards. Raises `IntegrationError` for fewer than five.
    """
    _check(start, end)
    inside = on_plateau(samples, start, end, guard_seconds)
    watts, windows = inside.watts, inside.windows
    if len(watts) < LEAST_PLATEAU_SAMPLES:
        raise IntegrationError(
            f"only {len(watts)} samples lie within a run of {end - start:.3g} s; at least "
            f"{LEAST_PLATEAU_SAMPLES} are needed: repeat the work for longer, about "
            f"{_enough(samples, guard_seconds):.0f} s with this meter"
        )
    seconds = end - start
    # A counter's windows differ; of other meters all are alike.
    mean = float(np.average(watts, weights=windows if np.all(windows > 0) else None))
    return Integral(
        mean * seconds, mean, seconds, seconds * _mean_error(watts), len(watts), "plateau"
    )


def trapezoid(samples: Samples, start: float, end: float) -> Integral:
    """Any run's energy: power between the samples' middles is a straight line.

    Needs a sample before `start` and one after `end`. Raises `IntegrationError`. The standard
    error is that of noise as the differences of neighbours show it, the run's own changes
    included: rather too large than too small.
    """
    _check(start, end)
    centres, watts = samples.centres, samples.watts
    _check_reach(centres, start, end)
    inside = (centres > start) & (centres < end)
    ends = np.interp([start, end], centres, watts)
    times = np.concatenate([[start], centres[inside], [end]])
    powers = np.concatenate([ends[:1], watts[inside], ends[1:]])
    joules = float(np.trapezoid(powers, times))
    steps = np.diff(times)
    weights = (np.concatenate([[0.0], steps]) + np.concatenate([steps, [0.0]])) / 2
    noise = float(np.sqrt(np.mean(np.diff(powers) ** 2) / 2))
    error = noise * float(np.sqrt(np.sum(weights**2)))
    return Integral(
        joules,
        joules / (end - start),
        end - start,
        error,
        int(inside.sum()),
        "trapezoid",
        _edge_watts(samples, start, end),
    )


def counter(samples: Samples, start: float, end: float) -> Integral:
    """What a counter counted, whose samples are means since the sample before.

    Its standard error is that of its reading at both ends: up to one window's energy each, evenly
    spread. Raises `IntegrationError`.
    """
    _check(start, end)
    if len(samples) < 2:
        raise IntegrationError("no samples of the counter in this run: is it still read?")
    times = np.concatenate([samples.stamps[:1] - samples.windows[:1], samples.stamps])
    _check_reach(times, start, end)
    total = np.concatenate([[0.0], np.cumsum(samples.watts * np.diff(times))])
    first, last = np.interp([start, end], times, total)
    inside = (samples.stamps > start) & (samples.stamps <= end)
    joules, seconds = float(last - first), end - start
    window = float(np.median(samples.windows))
    watts = joules / seconds
    # A quantity anywhere in ±a/2 has the standard deviation a/√12; two ends add in squares.
    error = abs(watts) * window / math.sqrt(12) * math.sqrt(2)
    return Integral(joules, watts, seconds, error, int(inside.sum()), "counter")


def _check(start: float, end: float) -> None:
    if not end > start:
        raise IntegrationError("a run's end is not after its start: stamp both with one clock")


def _check_reach(times: Floats, start: float, end: float) -> None:
    if len(times) < 2 or times[0] > start or times[-1] < end:
        raise IntegrationError(
            "the samples do not reach over the run: wait for the meter's next reading before "
            "integrating, and start no run before its first"
        )


def _enough(samples: Samples, guard_seconds: float) -> float:
    """A run's length that holds twice the samples that are needed."""
    period = samples.period_seconds
    period = period if math.isfinite(period) else 1.0
    return 2 * guard_seconds + 2 * (LEAST_PLATEAU_SAMPLES + 1) * period


def _mean_error(watts: Floats) -> float:
    """The standard error of a mean whose neighbours may be alike (slow drifts, a periodic load).

    Of a first-order autoregression with the correlation r there are n(1 − r)/(1 + r) free samples.
    """
    count = len(watts)
    away = watts - watts.mean()
    spread = float(away @ away)
    if spread == 0:
        return 0.0
    alike = min(0.9, max(0.0, float(away[1:] @ away[:-1]) / spread))
    free = count * (1 - alike) / (1 + alike)
    return math.sqrt(spread / (count - 1) / max(1.0, free))


def _edge_watts(samples: Samples, start: float, end: float) -> float:
    """What a late clock lets in at one end, less what it loses at the other, in watts.

    Late by δ, the time from `start` to `end` holds what truly was δ earlier: it has δ of the power
    before the start in place of δ of the power before the end. Early, the same with those after.
    """
    reach = max(float(np.median(samples.windows)), samples.period_seconds)
    before, first, last, after = np.interp(
        [start - reach, start + reach, end - reach, end + reach], samples.centres, samples.watts
    )
    return float(max(abs(before - last), abs(after - first)))
