"""Power as the slope of an energy counter over some of its changes, and what that is sure to. Pure.

A counter that changes ten times a second tells the power of a second to a percent in this way, and
where it is read has no say in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from irene_jupyter.calibration.signal.samples import Samples

LEAST_CHANGES = 5  # a line, a bend, and two to tell how sure they are


@dataclass(frozen=True, slots=True)
class CounterSlope:
    """Mean power between the first and last change; errors are standard errors.

    `drift_watts` is how much power rose from the one to the other.
    """

    watts: float
    error_watts: float
    drift_watts: float
    drift_error_watts: float
    changes: int

    def is_steady(self, share: float, sigmas: float = 2.0) -> bool:
        """Whether power drifts by less than `share` of it, or no more than by chance."""
        allowed = max(share * abs(self.watts), sigmas * self.drift_error_watts)
        return abs(self.drift_watts) <= allowed


def counter_slope(samples: Samples, start: float, end: float) -> CounterSlope | None:
    """By least squares over the changes in [start, end]; None for too few of them.

    `samples` are those of a counter: each the mean power since the one before.
    """
    ends = samples.stamps
    inside = (ends >= start) & (ends <= end)
    times = ends[inside]
    if len(times) < LEAST_CHANGES:
        return None
    # What the first change ends was counted before it.
    joules = np.concatenate([[0.0], np.cumsum((samples.watts * samples.windows)[inside][1:])])
    span = float(times[-1] - times[0])
    x = (times - times[0]) / span - 0.5
    line, line_error = _fitted(x, joules, 1)
    bend, bend_error = _fitted(x, joules, 2)
    # Joules = … + bend·x²: its slope, a power, goes up by 2·bend from one end to the other.
    return CounterSlope(
        line / span, line_error / span, 2 * bend / span, 2 * bend_error / span, len(times)
    )


def _fitted(x: np.ndarray, y: np.ndarray, degree: int) -> tuple[float, float]:
    """The highest coefficient of the polynomial, and its standard error."""
    terms = np.vander(x, degree + 1)
    found, *_ = np.linalg.lstsq(terms, y, rcond=None)
    left = y - terms @ found
    variance = float(left @ left) / (len(x) - degree - 1)
    error = math.sqrt(variance * float(np.linalg.inv(terms.T @ terms)[0, 0]))
    return float(found[0]), error
