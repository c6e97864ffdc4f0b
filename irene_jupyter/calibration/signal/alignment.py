"""The meter's clock against the load's: a known load pattern is sought in the samples. Pure.

Two machines' clocks differ, and a line travels before it is stamped. So the machine under test
runs a load that goes on and off in a pseudo-random pattern, and the pattern, averaged over the
meter's window, is shifted over the samples until it fits best.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import max_len_seq

from irene_jupyter.calibration.errors import AlignmentError, ReversedClampError, UnseenLoadError
from irene_jupyter.calibration.signal.samples import Floats, Samples

SLOT_SECONDS = 1.0  # of the pattern: several windows of a fast meter, so that plateaus show
STEP_SECONDS = 0.005  # of the scan; least squares goes on from there
PAD_SECONDS = 1.0  # the machine is idle so long before and after the pattern
_COARSE_SLOTS = 0.1  # of the shortest slot: the pattern's correlation falls to zero over one
_OFFSETS_AT_ONCE = 256

LEAST_CORRELATION = 0.8
LEAST_LEAD = 2.0  # what the next best fit leaves unexplained, over what the best one does
LEAST_COVERAGE = 0.8  # of the samples that the pattern's time should hold
LEAST_SAMPLES = 12

_REMEDY = "let the machine rest while the load runs, and make the load larger"

Edges = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How late the samples are stamped, as found at the load's time `at_seconds`.

    A sample's window ended at its stamp less `seconds`. `watts_step` is the load's power as the
    meter saw it, `correlation` how well the pattern fits, from 0 to 1.
    """

    seconds: float
    standard_error_seconds: float
    watts_step: float
    correlation: float
    at_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Clock:
    """The meter's clock between two alignments; in between and beyond, its drift is linear."""

    before: ClockOffset
    after: ClockOffset | None = None

    @property
    def moved_seconds(self) -> float:
        """How far the offset moved from the first alignment to the second."""
        return 0.0 if self.after is None else self.after.seconds - self.before.seconds

    @property
    def drift(self) -> float:
        """Seconds of offset gained in a second."""
        if self.after is None or self.after.at_seconds == self.before.at_seconds:
            return 0.0
        return self.moved_seconds / (self.after.at_seconds - self.before.at_seconds)

    @property
    def standard_error_seconds(self) -> float:
        """Of an offset between the two: no better than the worse of them."""
        ends = [self.before] if self.after is None else [self.before, self.after]
        return max(each.standard_error_seconds for each in ends)

    def offset(self, load_seconds: float) -> float:
        """The offset at a time of the load's clock."""
        return self.before.seconds + self.drift * (load_seconds - self.before.at_seconds)

    def to_load(self, stamps: Floats) -> Floats:
        """Stamps of the meter's clock as times of the load's."""
        start = self.before.at_seconds
        return np.asarray(start + (stamps - start - self.before.seconds) / (1 + self.drift))

    def to_meter(self, load_seconds: float) -> float:
        """A time of the load's clock as a stamp of the meter's."""
        return load_seconds + self.offset(load_seconds)

    def aligned(self, samples: Samples) -> Samples:
        """The samples with all their times in the load's clock."""
        return replace(
            samples,
            stamps=self.to_load(samples.stamps),
            error_stamps=self.to_load(samples.error_stamps),
            resets=self.to_load(samples.resets),
            losses=self.to_load(samples.losses),
        )


def pattern_seconds(period_seconds: float) -> int:
    """How long a pattern a meter with this period needs: 31 s, or more for slow ones."""
    slots = max(31.0, 2 * LEAST_SAMPLES * period_seconds / SLOT_SECONDS)
    return int(2 ** math.ceil(math.log2(slots + 1)) - 1)


def load_pattern(seconds: int = 31, seed: int = 0) -> tuple[bool, ...]:
    """Whether the load is on in each second: a maximum length sequence, as `seed` begins it.

    Of 31, 63, 127 … seconds its correlation with itself, shifted, is as small as can be.
    """
    if seconds < 3:
        raise AlignmentError(f"a pattern of {seconds} s tells nothing: take 31 or more")
    bits = max(2, int(seconds).bit_length())
    state = 1 + seed % (2**bits - 1)
    sequence, _ = max_len_seq(bits, state=[state >> bit & 1 for bit in range(bits)], length=seconds)
    return tuple(bool(each) for each in sequence)


def find_offset(
    samples: Samples,
    edges: Edges,
    *,
    near_seconds: float = 0.0,
    search_seconds: float = 2.0,
    pad_seconds: float = PAD_SECONDS,
) -> ClockOffset:
    """The offset within `search_seconds` of `near_seconds` at which the load explains the power.

    `edges` are (time, level) as executed, in the load's clock: from that time on the load is at
    that level, 0 for off, 1 for on; the last one ends the pattern at 0. For logs of another
    machine's clock `search_seconds` may be hours. Raises `AlignmentError`, `ReversedClampError`.
    """
    load = _Load(edges)
    expected = (load.end - load.start + 2 * pad_seconds) / max(samples.period_seconds, 1e-9)
    least = max(LEAST_SAMPLES, LEAST_COVERAGE * expected) if math.isfinite(expected) else math.inf

    def scan(offsets: Floats) -> Floats:
        parts = [
            _correlations(samples, load, offsets[at : at + _OFFSETS_AT_ONCE], pad_seconds, least)
            for at in range(0, len(offsets), _OFFSETS_AT_ONCE)
        ]
        return np.concatenate(parts)

    step = min(max(_COARSE_SLOTS * load.slot, 4 * STEP_SECONDS), _COARSE_SLOTS * SLOT_SECONDS)
    steps = math.ceil(search_seconds / step)
    coarse: Floats = near_seconds + step * np.arange(-steps, steps + 1, dtype=np.float64)
    found = scan(coarse)
    if not np.isfinite(found).any():
        raise _too_few(least, load)
    strength = np.nan_to_num(np.abs(found), nan=0.0)
    best = float(coarse[int(np.argmax(strength))])
    steps = round(SLOT_SECONDS / STEP_SECONDS)
    fine: Floats = best + STEP_SECONDS * np.arange(-steps, steps + 1, dtype=np.float64)
    low, high = _as_good(fine, scan(fine), len(samples.between(load.start + best, load.end + best)))
    offset = _refined(samples, load, (low + high) / 2, pad_seconds)
    # Where no sample falls on an edge, all offsets between fit alike, and the slope tells nothing.
    error = max(offset.standard_error_seconds, (high - low) / 4)
    offset = replace(offset, standard_error_seconds=error)
    _judge(offset, float(np.max(strength[np.abs(coarse - best) > 2 * SLOT_SECONDS], initial=0.0)))
    return offset


class _Load:
    """A load over time, and its mean over any window."""

    def __init__(self, edges: Edges) -> None:
        times = np.array([time for time, _ in edges], dtype=float)
        levels = np.array([level for _, level in edges], dtype=float)
        if len(times) < 3 or np.any(np.diff(times) < 0) or levels[-1] != 0 or np.ptp(levels) == 0:
            raise AlignmentError(
                "a load pattern is (time, level) in the order of time, on at least once, and off "
                "at its end: take those of load_pattern, as executed"
            )
        self.start, self.end = float(times[0]), float(times[-1])
        self.slot = float(np.min(np.diff(times)))
        self._times = times
        self._total = np.concatenate([[0.0], np.cumsum(np.diff(times) * levels[:-1])])

    def mean(self, centres: Floats, windows: Floats) -> Floats:
        """The mean level in windows around `centres`; a point is taken as a millisecond."""
        half = np.maximum(windows, 1e-3) / 2
        late = np.interp(centres + half, self._times, self._total)
        early = np.interp(centres - half, self._times, self._total)
        return np.asarray((late - early) / (2 * half))


def _correlations(
    samples: Samples, load: _Load, offsets: Floats, pad: float, least: float
) -> Floats:
    """Of power and load at each offset; NaN where too few samples are in the pattern's time."""
    centres = samples.centres
    low, high = np.searchsorted(
        centres, (load.start - pad + offsets.min(), load.end + pad + offsets.max())
    )
    watts, windows = samples.watts[low:high], samples.windows[low:high]
    shifted = centres[low:high] - offsets[:, None]
    weights = ((shifted >= load.start - pad) & (shifted <= load.end + pad)).astype(float)
    level = load.mean(shifted, np.broadcast_to(windows, shifted.shape))
    counts = np.maximum(weights.sum(axis=1), 1)
    level = level - ((weights * level).sum(axis=1) / counts)[:, None]
    power = watts - ((weights * watts).sum(axis=1) / counts)[:, None]
    covariance = (weights * level * power).sum(axis=1)
    spread = (weights * level**2).sum(axis=1) * (weights * power**2).sum(axis=1)
    found = covariance / np.sqrt(np.where(spread > 0, spread, np.inf))
    return np.asarray(np.where(counts >= least, found, np.nan))


def _as_good(offsets: Floats, correlations: Floats, count: int) -> tuple[float, float]:
    """From where to where the fit is as good as the best, to two standard errors.

    By the ratio of likelihoods, the squares grow by 4/n of the least there.
    """
    squares = 1 - np.nan_to_num(correlations, nan=0.0) ** 2
    best = int(np.argmin(squares))
    worse = np.flatnonzero(squares > squares[best] * (1 + 4 / max(count, 1)))
    low = max(worse[worse < best], default=-1) + 1
    high = min(worse[worse > best], default=len(offsets)) - 1
    return float(offsets[low]), float(offsets[high])


def _refined(samples: Samples, load: _Load, offset: float, pad: float) -> ClockOffset:
    """Gauss and Newton's method on watts = a + b · load(time − offset), over the same samples."""
    shifted = samples.centres - offset
    keep = (shifted >= load.start - pad) & (shifted <= load.end + pad)
    centres, windows, watts = samples.centres[keep], samples.windows[keep], samples.watts[keep]
    small = STEP_SECONDS / 2
    error, step, correlation = math.inf, 0.0, 0.0
    for _ in range(8):
        level = load.mean(centres - offset, windows)
        slope = (
            load.mean(centres - offset - small, windows)
            - load.mean(centres - offset + small, windows)
        ) / (2 * small)
        linear = np.column_stack([np.ones_like(level), level])
        (base, step), *_ = np.linalg.lstsq(linear, watts, rcond=None)
        table = np.column_stack([linear, step * slope])
        found, *_ = np.linalg.lstsq(table, watts - base - step * level, rcond=None)
        residual = watts - base - step * level - table @ found
        variance = float(residual @ residual) / max(1, len(watts) - 3)
        inverse = np.linalg.pinv(table.T @ table)
        error = math.sqrt(max(0.0, variance * float(inverse[2, 2])))
        correlation = _correlation(level, watts)
        move = float(np.clip(found[2], -STEP_SECONDS, STEP_SECONDS))
        offset += move
        if abs(move) < 1e-6:
            break
    middle = (load.start + load.end) / 2
    return ClockOffset(offset, error, float(step), correlation, middle)


def _correlation(level: Floats, watts: Floats) -> float:
    spread = float(np.std(level) * np.std(watts))
    if spread == 0:
        return 0.0
    return float(np.mean((level - level.mean()) * (watts - watts.mean())) / spread)


def _too_few(least: float, load: _Load) -> AlignmentError:
    if not math.isfinite(least):
        return AlignmentError("no samples while the load pattern ran: is the meter running?")
    return AlignmentError(
        f"too few samples while the load pattern ran: {math.ceil(least)} are needed in "
        f"{load.end - load.start:.0f} s. Is the meter running, is its log of this time, and does "
        "it read often enough? A slow meter needs a longer pattern"
    )


def _judge(offset: ClockOffset, next_best: float) -> None:
    """Raises for a fit that is none, one of several, or upside down."""
    strength = abs(offset.correlation)
    if strength < LEAST_CORRELATION:
        raise UnseenLoadError(
            f"the load pattern is not seen in the meter's samples (correlation {strength:.2f}, "
            f"at least {LEAST_CORRELATION:g} is needed): {_REMEDY}"
        )
    if 1 - next_best**2 < LEAST_LEAD * (1 - strength**2):
        raise UnseenLoadError(
            f"the load pattern fits at more than one offset (correlations {strength:.2f} and "
            f"{next_best:.2f}): {_REMEDY}"
        )
    if offset.correlation < 0:
        raise ReversedClampError(
            f"the meter shows {-offset.watts_step:.0f} W less while the load is on: the clamp is "
            "the wrong way round. Turn it on the wire, then calibrate again"
        )
