"""The meter's clock against the load's: a known load pattern is sought in the samples. Pure.

Two machines' clocks differ, and a line travels before it is stamped. So the machine under test
runs a load that goes on and off in a pseudo-random pattern, and the pattern, averaged over the
meter's window, is shifted over the samples until it fits best. Plugs smooth what they tell: so the
pattern is smoothed, too, as far as the samples ask for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import max_len_seq

from irene_jupyter.calibration.errors import AlignmentError, ReversedClampError, UnseenLoadError
from irene_jupyter.calibration.signal.load import Edges, Load
from irene_jupyter.calibration.signal.samples import Floats, Samples

SLOT_SECONDS = 1.0  # of the pattern: several windows of a fast meter, so that plateaus show
# And at least so many periods: the samples of a plug then fall everywhere between edges, and most
# evenly as its fraction is the golden one. Slower meters need many edges more than long slots.
SLOT_PERIODS = 2.382
_SLOW_SECONDS = 3.0
STEP_SECONDS = 0.005  # of the scan; least squares goes on from there
PAD_SECONDS = 1.0  # the machine is idle so long before and after the pattern
_COARSE_SLOTS = 0.1  # of the shortest slot: the pattern's correlation falls to zero over one
_OFFSETS_AT_ONCE = 256

# A meter's smoothing is taken to be a first-order one: after so many of its time constants a
# thousandth of a step is left.
TAILS = 7.0
MOST_SMOOTHING_SECONDS = 6.0
_SMOOTHINGS = (0.0, 0.7, 2.0, 4.5)  # seconds: those that are first tried
_FINER = np.geomspace(0.1, MOST_SMOOTHING_SECONDS, 28)
# Twice the logarithm of the likelihoods' ratio, above which a meter is held to smooth: by chance
# in one of two thousand.
_LEAST_RATIO = 12.0
_NEGLIGIBLE = 0.005  # of the power's square: so much the jitter of stamps and edges leaves anyway

LEAST_CORRELATION = 0.8
LEAST_LEAD = 2.0  # what the next best fit leaves unexplained, over what the best one does
LEAST_COVERAGE = 0.8  # of the samples that the pattern's time should hold
LEAST_SAMPLES = 12

_REMEDY = "let the machine rest while the load runs, and make the load larger"


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How late the samples are stamped, as found at the load's time `at_seconds`.

    A sample's window ended at its stamp less `seconds`. `watts_step` is the load's power as the
    meter saw it, `correlation` how well the pattern fits, from 0 to 1. `smoothing_seconds` is the
    time constant with which the meter follows a step.
    """

    seconds: float
    standard_error_seconds: float
    watts_step: float
    correlation: float
    at_seconds: float = 0.0
    smoothing_seconds: float = 0.0

    @property
    def late_seconds(self) -> float:
        """How late the samples tell of a change, on average."""
        return self.seconds + self.smoothing_seconds

    @property
    def tail_seconds(self) -> float:
        """How long a change is seen in the samples."""
        return TAILS * self.smoothing_seconds


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
        """The samples with all their times in the load's clock.

        What a meter that smooths has in a sample reaches back: its window is so much wider.
        """
        return replace(
            samples,
            windows=samples.windows + self.before.tail_seconds,
            stamps=self.to_load(samples.stamps),
            error_stamps=self.to_load(samples.error_stamps),
            resets=self.to_load(samples.resets),
            losses=self.to_load(samples.losses),
        )


def slot_seconds(period_seconds: float, least_seconds: float = SLOT_SECONDS) -> float:
    """How long the load stays as it is, at least, for a meter with this period."""
    is_slow = period_seconds > _SLOW_SECONDS
    return max(least_seconds, 0.0 if is_slow else SLOT_PERIODS * period_seconds)


def pattern_slots(period_seconds: float) -> int:
    """How many slots a pattern for a meter with this period has: 31, or more for slow ones."""
    slots = 31.0
    if period_seconds > _SLOW_SECONDS:
        slots = max(slots, 2 * LEAST_SAMPLES * period_seconds / SLOT_SECONDS)
    return int(2 ** math.ceil(math.log2(slots + 1)) - 1)


def load_pattern(slots: int = 31, seed: int = 0) -> tuple[bool, ...]:
    """Whether the load is on in each slot: a maximum length sequence, as `seed` begins it.

    Of 15, 31, 63 … slots its correlation with itself, shifted, is as small as can be.
    """
    if slots < 3:
        raise AlignmentError(f"a pattern of {slots} slots tells nothing: take 31 or more")
    bits = max(2, int(slots).bit_length())
    state = 1 + seed % (2**bits - 1)
    sequence, _ = max_len_seq(bits, state=[state >> bit & 1 for bit in range(bits)], length=slots)
    return tuple(bool(each) for each in sequence)


def find_offset(
    samples: Samples,
    edges: Edges,
    *,
    near_seconds: float = 0.0,
    search_seconds: float = 2.0,
    pad_seconds: float = PAD_SECONDS,
    smoothing_seconds: float | None = None,
) -> ClockOffset:
    """The offset within `search_seconds` of `near_seconds` at which the load explains the power.

    `edges` are (time, level) as executed, in the load's clock: from that time on the load is at
    that level, 0 for off, 1 for on; the last one ends the pattern at 0. For logs of another
    machine's clock `search_seconds` may be hours. `smoothing_seconds` is the meter's where it is
    known; else it is found. Raises `AlignmentError`, `ReversedClampError`.
    """
    load = Load(edges)
    expected = (load.end - load.start + 2 * pad_seconds) / max(samples.period_seconds, 1e-9)
    least = max(LEAST_SAMPLES, LEAST_COVERAGE * expected) if math.isfinite(expected) else math.inf

    def scan(offsets: Floats, smoothing: float) -> Floats:
        parts = [
            _correlations(
                samples, load, offsets[at : at + _OFFSETS_AT_ONCE], pad_seconds, least, smoothing
            )
            for at in range(0, len(offsets), _OFFSETS_AT_ONCE)
        ]
        return np.concatenate(parts)

    step = min(max(_COARSE_SLOTS * load.slot, 4 * STEP_SECONDS), _COARSE_SLOTS * SLOT_SECONDS)
    steps = math.ceil(search_seconds / step)
    coarse: Floats = near_seconds + step * np.arange(-steps, steps + 1, dtype=np.float64)
    tried = _SMOOTHINGS if smoothing_seconds is None else (smoothing_seconds,)
    scans = {each: np.nan_to_num(np.abs(scan(coarse, each)), nan=0.0) for each in tried}
    first = max(tried, key=lambda each: float(np.max(scans[each])))
    if not np.max(scans[first]) > 0 and not np.isfinite(scan(coarse, first)).any():
        raise _too_few(least, load)
    best = float(coarse[int(np.argmax(scans[first]))])
    if smoothing_seconds is None:
        count = len(samples.between(load.start + best, load.end + best))
        first, best = _smoothing(scan, first, best, count)
    steps = round(SLOT_SECONDS / STEP_SECONDS)
    fine: Floats = best + STEP_SECONDS * np.arange(-steps, steps + 1, dtype=np.float64)
    count = len(samples.between(load.start + best, load.end + best))
    fits = scan(fine, first)
    _check_seen(float(np.max(np.nan_to_num(np.abs(fits), nan=0.0))))
    low, high = _as_good(fine, fits, count)
    offset = _refined(samples, load, (low + high) / 2, pad_seconds, first)
    # Where no sample falls on an edge, all offsets between fit alike, and the slope tells nothing.
    error = max(offset.standard_error_seconds, (high - low) / 4)
    offset = replace(offset, standard_error_seconds=error)
    strength = np.nan_to_num(np.abs(scan(coarse, first)), nan=0.0)
    wide = 2 * max(SLOT_SECONDS, load.slot) + 3 * first
    _judge(offset, float(np.max(strength[np.abs(coarse - best) > wide], initial=0.0)))
    return offset


def _smoothing(
    scan: Callable[[Floats, float], Floats], first: float, best: float, count: int
) -> tuple[float, float]:
    """The meter's smoothing and the best offset with it; 0 unless the samples clearly ask for one.

    A longer smoothing goes with an earlier offset: what is late on average stays.
    """
    reach = np.arange(-SLOT_SECONDS, SLOT_SECONDS, 4 * STEP_SECONDS)
    least: dict[float, tuple[float, float]] = {}  # smoothing: what it leaves unexplained, offset
    for each in (0.0, *map(float, _FINER)):
        offsets: Floats = best + first - each + (1 + each) * reach
        left = 1 - np.nan_to_num(scan(offsets, each), nan=0.0) ** 2
        at = int(np.argmin(left))
        least[each] = float(left[at]), float(offsets[at])
    found = min(least, key=lambda each: least[each][0])
    ratio = count * math.log((least[0.0][0] + _NEGLIGIBLE) / (least[found][0] + _NEGLIGIBLE))
    chosen = found if ratio > _LEAST_RATIO else 0.0
    return chosen, least[chosen][1]


def _correlations(
    samples: Samples, load: Load, offsets: Floats, pad: float, least: float, smoothing: float
) -> Floats:
    """Of power and load at each offset; NaN where too few samples are in the pattern's time."""
    centres = samples.centres
    low, high = np.searchsorted(
        centres, (load.start - pad + offsets.min(), load.end + pad + offsets.max())
    )
    watts, windows = samples.watts[low:high], samples.windows[low:high]
    shifted = centres[low:high] - offsets[:, None]
    weights = ((shifted >= load.start - pad) & (shifted <= load.end + pad)).astype(float)
    level = load.mean(shifted, np.broadcast_to(windows, shifted.shape), smoothing)
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


def _refined(
    samples: Samples, load: Load, offset: float, pad: float, smoothing: float
) -> ClockOffset:
    """Gauss and Newton's method on watts = a + b · load(time − offset), over the same samples."""
    shifted = samples.centres - offset
    keep = (shifted >= load.start - pad) & (shifted <= load.end + pad)
    centres, windows, watts = samples.centres[keep], samples.windows[keep], samples.watts[keep]
    small = STEP_SECONDS / 2
    error, step, correlation = math.inf, 0.0, 0.0
    for _ in range(8):
        level = load.mean(centres - offset, windows, smoothing)
        slope = (
            load.mean(centres - offset - small, windows, smoothing)
            - load.mean(centres - offset + small, windows, smoothing)
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
    return ClockOffset(offset, error, float(step), correlation, middle, smoothing)


def _correlation(level: Floats, watts: Floats) -> float:
    spread = float(np.std(level) * np.std(watts))
    if spread == 0:
        return 0.0
    return float(np.mean((level - level.mean()) * (watts - watts.mean())) / spread)


def _too_few(least: float, load: Load) -> AlignmentError:
    if not math.isfinite(least):
        return AlignmentError("no samples while the load pattern ran: is the meter running?")
    return AlignmentError(
        f"too few samples while the load pattern ran: {math.ceil(least)} are needed in "
        f"{load.end - load.start:.0f} s. Is the meter running, is its log of this time, and does "
        "it read often enough? A slow meter needs a longer pattern"
    )


def _check_seen(strength: float) -> None:
    if strength < LEAST_CORRELATION:
        raise UnseenLoadError(
            f"the load pattern is not seen in the meter's samples (correlation {strength:.2f}, "
            f"at least {LEAST_CORRELATION:g} is needed): {_REMEDY}"
        )


def _judge(offset: ClockOffset, next_best: float) -> None:
    """Raises for a fit that is none, one of several, or upside down."""
    strength = abs(offset.correlation)
    _check_seen(strength)
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
