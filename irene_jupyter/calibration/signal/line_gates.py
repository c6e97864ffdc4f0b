"""Gates on what happened to the meter's lines: each a pure function on samples and a threshold.

Thresholds are listed in docs/meters.md, with their reasons. Samples are in the
load's clock; `run` holds those between a run's start and end.
"""

from __future__ import annotations

import math

import numpy as np

from irene_jupyter.calibration.signal.rejection import LIMITS, Limits, Rejection
from irene_jupyter.calibration.signal.samples import Floats, Samples


def few_samples(run: Samples, limits: Limits = LIMITS) -> Rejection:
    """What to say of a run with next to no samples."""
    return Rejection(
        "too_few",
        f"{len(run)} samples in the run, at least {limits.least_samples} are needed",
        "see that the meter still sends, and let the run last longer",
        len(run),
        limits.least_samples,
    )


def frozen(run: Samples, idle: Samples) -> Rejection | None:
    """Every reading of the run as the last one before it: the meter repeats an old one.

    A meter of any kind: a machine at work takes more than at rest, if only by a watt.
    """
    if not len(idle) or np.any(run.watts != idle.watts[-1]):
        return None
    return Rejection(
        "stuck",
        f"all {len(run)} samples are {run.watts[0]:.2f} W, as the last one before the run",
        "the meter repeats an old reading, or is not at this machine: see that its display moves "
        "with the load, then unplug it and plug it in again",
        len(run),
        1,
    )


def gap(
    centres: Floats, start: float, end: float, period_seconds: float, limits: Limits = LIMITS
) -> Rejection | None:
    """A pause over three periods between two samples, or at an end of the run."""
    times = np.concatenate([[start], centres, [end]])
    longest = float(np.max(np.diff(times)))
    limit = limits.gap_periods * period_seconds
    if longest <= limit:
        return None
    return Rejection(
        "gap",
        f"no sample for {longest:.3g} s, at most {limit:.3g} s "
        f"({limits.gap_periods:g} periods of the meter) are allowed",
        "check the cable and the network to the meter; the run is repeated",
        longest,
        limit,
    )


def coverage(
    run: Samples, start: float, end: float, period_seconds: float, limits: Limits = LIMITS
) -> Rejection | None:
    """Too few samples for the time that the run took; one may be missing at its ends."""
    expected = math.floor((end - start) / period_seconds)
    share = len(run) / expected if expected > 0 else 1.0
    if share >= limits.coverage or expected - len(run) <= 1:
        return None
    return Rejection(
        "coverage",
        f"{100 * share:.1f} % of the samples came, at least {100 * limits.coverage:g} % are needed",
        "check the cable and the network to the meter; the run is repeated",
        share,
        limits.coverage,
    )


def bunched(run: Samples, period_seconds: float, limits: Limits = LIMITS) -> Rejection | None:
    """Samples with next to the same stamp: they were held up, and when they were taken is lost."""
    near = np.diff(run.stamps) < limits.bunched_periods * period_seconds
    share = float(np.mean(near)) if len(near) else 0.0
    if share <= limits.bunched_share:
        return None
    return Rejection(
        "bunched",
        f"{100 * share:.1f} % of the samples came together with the one before, at most "
        f"{100 * limits.bunched_share:g} % may",
        "the network holds the meter's lines up: use a cable, or a log written on the Pi",
        share,
        limits.bunched_share,
    )


def parse_errors(run: Samples, limits: Limits = LIMITS) -> Rejection | None:
    """Lines that cannot be read, of all lines with a reading."""
    errors = len(run.error_stamps)
    share = errors / (errors + len(run)) if errors else 0.0
    if share <= limits.parse_errors:
        return None
    return Rejection(
        "parse_errors",
        f"{errors} lines ({100 * share:.1f} %) cannot be read, at most "
        f"{100 * limits.parse_errors:g} % are allowed",
        "shorten the cable or check its ground, and see that no other program reads the port",
        share,
        limits.parse_errors,
    )


def reset(run: Samples) -> Rejection | None:
    """A boot banner, or a message number that went back."""
    if not len(run.resets):
        return None
    return Rejection(
        "reset",
        f"the meter started anew {len(run.resets)} times during the run, it never should",
        "check the meter's power supply; the run is repeated",
        len(run.resets),
        0,
    )


def connection(run: Samples) -> Rejection | None:
    """The connection was lost, or the clock of the meter's machine was set."""
    if not len(run.losses):
        return None
    return Rejection(
        "connection",
        f"the connection was lost or the meter's clock was set {len(run.losses)} times during the "
        "run, it never should",
        "check the network, and let NTP settle on the meter's machine; the run is repeated",
        len(run.losses),
        0,
    )
