"""Gates on a steady run: what its own readings tell against it. Pure.

A machine warms up (leakage, fans), has background tasks of a moment, and is noisy; another program
for part of the run, a clock beyond the guards and a lost digit are none of that. So drifts are
judged by their own error, bursts against those of standby, and a part of the run that stands out
from the rest is sought beside a drift. Thresholds are listed in docs/meters.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irene_jupyter.calibration.signal.rejection import LIMITS, Limits, Rejection, Standby
from irene_jupyter.calibration.signal.samples import Floats, Samples

BURST_SECONDS = 0.6  # what is over sooner is a background task of the machine's own
BURST_REACH = 1.5  # a run's highest burst, of standby's
BURST_SIGMAS = 4.0  # of noise, that a burst stands above what is around it
BURST_SHARE = 0.02  # of the run's power, likewise
LEAST_FOR_BURSTS = 5  # samples
NORMAL_MAD = 1.4826  # standard deviations of a normal distribution in a median absolute deviation


def outlier(run: Samples, standby: Standby | None, limits: Limits = LIMITS) -> Rejection | None:
    """A sample far from the others of a steady run. Ours, not the spec's.

    A lost digit makes less of it. More may be a burst as standby has them.
    """
    middle = float(np.median(run.watts))
    beyond = limits.outlier_share * abs(middle)
    bursts = 0.0 if standby is None else BURST_REACH * standby.burst_watts
    low, high = middle - beyond, middle + max(beyond, bursts)
    # How far each lies beyond the middle, in what is allowed on its side.
    away = np.where(
        run.watts < middle,
        (middle - run.watts) / max(middle - low, 1e-12),
        (run.watts - middle) / max(high - middle, 1e-12),
    )
    at = int(np.argmax(away))
    if away[at] <= 1:
        return None
    worst = float(run.watts[at])
    return Rejection(
        "outlier",
        f"a sample of {worst:.1f} W in a steady run of {middle:.1f} W, from {low:.1f} to "
        f"{high:.1f} W is plausible",
        "a digit was lost on the line (check the cable), or the load is not steady: let the run "
        "last longer",
        worst,
        low if worst < middle else high,
    )


def slope(run: Samples, seconds: float, limits: Limits = LIMITS) -> Rejection | None:
    """Power that rises or falls over the run: slope × time, of the mean, beyond its own error."""
    rise, error = _rise(run, seconds)
    limit = limits.slope_share + limits.slope_errors * error
    if abs(rise) <= limit:
        return None
    return Rejection(
        "slope",
        f"power drifts by {100 * abs(rise):.1f} % over the run, at most {100 * limit:.1f} % are "
        f"allowed ({100 * limits.slope_share:g} % for warmth, and what its noise may feign)",
        "warm up for longer before the run, and end other programs",
        abs(rise),
        limit,
    )


def drifting(rest: Samples, limits: Limits = LIMITS) -> str | None:
    """What to note of a standby that drifts as far as it may; None for one that is steady."""
    seconds = float(np.ptp(rest.stamps)) if len(rest) else 0.0
    rise, error = _rise(rest, seconds)
    if abs(rise) <= limits.idle_share + limits.slope_errors * error:
        return None
    return (
        f"power at rest {'rose' if rise > 0 else 'fell'} by {100 * abs(rise):.1f} % in "
        f"{seconds:.0f} s: a battery that charges counts as the machine's (let it charge first)"
    )


def _rise(run: Samples, seconds: float) -> tuple[float, float]:
    """How far power rises over so many seconds, and the standard error of that; of its mean."""
    calm = run.chosen(~_in_bursts(run))
    mean = float(np.mean(calm.watts)) if len(calm) else 0.0
    times = calm.centres - np.mean(calm.centres) if len(calm) else calm.centres
    spread = float(times @ times)
    if spread == 0 or mean == 0 or len(calm) < 3:
        return 0.0, 0.0
    a_second = float(times @ calm.watts) / spread
    rest = calm.watts - mean - a_second * times
    error = math.sqrt(float(rest @ rest) / (len(calm) - 2) / spread)
    return a_second * seconds / mean, error * seconds / abs(mean)


def bursts(run: Samples, standby: Standby | None, limits: Limits = LIMITS) -> Rejection | None:
    """Short bursts of power that add more to the run than those of standby would."""
    found = _in_bursts(run)
    if not found.any():
        return None
    mean = float(np.mean(run.watts))
    calm = float(np.median(run.watts[~found]))
    extra = float(np.sum(run.watts[found] - calm)) / len(run)
    limit = max(limits.spoilt_share * mean, _usual_bursts(run, standby, limits))
    if extra <= limit:
        return None
    return Rejection(
        "bursts",
        f"bursts of less than {BURST_SECONDS:g} s add {extra:.3g} W to the run's mean, at most "
        f"{limit:.3g} W are allowed",
        "end other programs, those that wake up now and then, too",
        extra,
        limit,
    )


def _usual_bursts(run: Samples, standby: Standby | None, limits: Limits) -> float:
    """What bursts as those of standby add to the mean of so long a run at most, in watts.

    So many of so many joules come by chance: the variance of their sum is joules × sum.
    """
    if standby is None:
        return 0.0
    mean, one = standby.bursts_mean_watts, standby.burst_watts * BURST_SECONDS / 2
    seconds = max(len(run) * run.period_seconds, BURST_SECONDS)
    return mean + limits.burst_sigmas * math.sqrt(mean * one / seconds)


def uneven(run: Samples, limits: Limits = LIMITS) -> Rejection | None:
    """A part of the run that stands out from the rest by more than a drift and noise explain.

    Another program ran for a time, the clock let an edge in, or readings stood still. What counts
    is how much the part adds to the run's mean.
    """
    calm = run.chosen(~_in_bursts(run))
    if len(calm) < limits.least_samples + 1:
        return None
    part = _part_that_stands_out(calm.centres, calm.watts, limits)
    if part is None:
        return None
    more = "more" if part.watts > 0 else "less"
    return Rejection(
        "uneven",
        f"{part.seconds:.1f} s of the run took {abs(part.watts):.3g} W {more} than the rest, "
        f"{100 * part.share:.1f} % of its energy; at most {100 * limits.spoilt_share:g} % are "
        "allowed",
        "another program ran meanwhile (end it), or the clock moved; the run is repeated",
        part.share,
        limits.spoilt_share,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """So many watts above the rest for so many seconds: a share of the run's energy."""

    watts: float
    seconds: float
    share: float


def _part_that_stands_out(times: Floats, watts: Floats, limits: Limits) -> _Part | None:
    """The likeliest step up and down beside a drift, where it matters and is no chance.

    Least squares on level + drift + step × (time is in the part), for every part at once: what is
    left of the power beyond level and drift, summed over the part, over what is left of the part
    itself (Frisch and Waugh).
    """
    count = len(watts)
    drift = np.column_stack([np.ones(count), times - times.mean()])
    base, _ = np.linalg.qr(drift)
    rest = watts - base @ (base.T @ watts)
    sums = np.concatenate([[0.0], np.cumsum(rest)])
    begins, ends = np.triu_indices(count + 1, 1)
    many = ends - begins
    keep = (many >= 2) & (count - many >= 2)
    begins, ends, many = begins[keep], ends[keep], many[keep]
    above = sums[ends] - sums[begins]
    known = np.vstack([np.zeros(base.shape[1]), np.cumsum(base, axis=0)])
    free = many - np.sum((known[ends] - known[begins]) ** 2, axis=1)
    steps = above / np.maximum(free, 1e-9)
    explained = above * steps
    left = np.maximum(rest @ rest - explained, 0.0) / max(1, count - 4)
    errors = np.sqrt(left / np.maximum(free, 1e-9))
    shares = np.abs(steps) * many / count / abs(float(watts.mean()))
    bad = (free > 0.05) & (shares > limits.spoilt_share)
    bad &= np.abs(steps) > limits.step_errors * errors
    if not bad.any():
        return None
    at = int(np.argmax(np.where(bad, explained, -1.0)))
    seconds = float(times[ends[at] - 1] - times[begins[at]])
    return _Part(float(steps[at]), seconds, float(shares[at]))


def _in_bursts(run: Samples) -> NDArray[np.bool_]:
    """Which samples are in short stretches well above those around them."""
    watts, period = run.watts, run.period_seconds
    found = np.zeros(len(watts), dtype=bool)
    if len(watts) < LEAST_FOR_BURSTS or not period > 0:
        return found
    half = math.ceil(BURST_SECONDS / period)
    around = np.pad(watts, half, mode="reflect") if half < len(watts) else None
    middle = (
        np.full(len(watts), np.median(watts))
        if around is None
        else np.median(np.lib.stride_tricks.sliding_window_view(around, 2 * half + 1), axis=1)
    )
    # From neighbours, which a step does not move.
    noise = NORMAL_MAD * float(np.median(np.abs(np.diff(watts)))) / math.sqrt(2)
    beyond = max(BURST_SIGMAS * noise, BURST_SHARE * abs(float(np.median(watts))))
    high = np.concatenate([[False], watts > middle + beyond, [False]])
    begins = np.flatnonzero(high[1:] & ~high[:-1])
    ends = np.flatnonzero(~high[1:] & high[:-1])
    for begin, end in zip(begins, ends, strict=True):
        if run.stamps[end - 1] - run.stamps[begin] < BURST_SECONDS:
            found[begin:end] = True
    return found
