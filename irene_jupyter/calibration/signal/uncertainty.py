"""How sure a node's energy is: repeatability, the meter's calibration, the clock; put together.

After the Guide to the Expression of Uncertainty in Measurement (GUM, JCGM 100:2008): type A from
rounds (4.2), type B from what is known of the meter (4.3), combined as the root of the sum of
squares (5.1.2), expanded by Student's t of the effective degrees of freedom (G.4.1). All of it
is relative, from 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from irene_jupyter.calibration.errors import CalibrationError

# Half-widths, relative: emonPis before and after calibration, and counters by NVIDIA's data sheets.
ACCURACY = {"uncalibrated": 0.11, "calibrated": 0.06, "counter": 0.05, "simulated": 0.0}
LEVEL = 0.95  # of the expanded uncertainty
NORMAL_90 = 1.645  # standard deviations on either side that hold 90 %


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """A mean of rounds and what it is sure to, each part a relative standard uncertainty.

    The meter's part is common to all nodes of one calibration: their ratios are surer than each.
    """

    joules: float
    rounds: int
    repeatability: float
    meter: float
    clock: float

    @property
    def combined(self) -> float:
        """The relative standard uncertainty of all parts."""
        return math.hypot(self.repeatability, self.meter, self.clock)

    @property
    def coverage_factor(self) -> float:
        """Student's t of the effective degrees of freedom (Welch and Satterthwaite)."""
        if self.repeatability == 0:
            freedom = math.inf
        else:
            freedom = max(1, self.rounds - 1) * (self.combined / self.repeatability) ** 4
        return float(student.ppf((1 + LEVEL) / 2, freedom))

    @property
    def expanded(self) -> float:
        """The relative half-width of the interval that holds the true energy at `LEVEL`."""
        return self.coverage_factor * self.combined

    @property
    def expanded_repeatability(self) -> float:
        """The relative half-width within which another mean of rounds would fall, at `LEVEL`."""
        if self.repeatability == 0 or self.rounds < 2:
            return 0.0
        factor = float(student.ppf((1 + LEVEL) / 2, self.rounds - 1))
        return factor * self.repeatability

    @property
    def interval(self) -> tuple[float, float]:
        """In joules."""
        return self.joules * (1 - self.expanded), self.joules * (1 + self.expanded)

    def words(self) -> str:
        """For people: what was repeated is not thereby right."""
        return (
            f"{self.joules:.4g} J ± {_percent(self.expanded)} ({100 * LEVEL:g} %): repeated "
            f"to ± {_percent(self.expanded_repeatability)} in {self.rounds} rounds, which is "
            f"repeatability, not accuracy; the meter's calibration adds "
            f"{_percent(self.meter)} and the clock {_percent(self.clock)} (standard uncertainties)"
        )


def uncertainty_of(
    joules: Sequence[float],
    *,
    meter_accuracy: float,
    clock_joules: float = 0.0,
    within_joules: float = 0.0,
) -> Uncertainty:
    """Of rounds of one node.

    `meter_accuracy` is the relative half-width that the meter is right to (0.06 for ± 6 %): within
    it all is equally likely (a rectangle, GUM 4.3.7: half-width/√3). `clock_joules` is the
    standard uncertainty of one round's joules by the clock (`clock_joules`). Rounds that scatter
    less than a single one's own standard error, `within_joules`, do so by chance: the larger
    counts. Raises `CalibrationError` without rounds, or for joules that are no positive numbers.
    """
    values = np.asarray(joules, dtype=float)
    if not len(values) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise CalibrationError(
            "no uncertainty can be told: each round's joules must be a positive number; repeat "
            "the rounds that were rejected"
        )
    if not (math.isfinite(meter_accuracy) and 0 <= meter_accuracy < 1):
        raise CalibrationError(
            f"a meter's accuracy is a share from 0 to 1, such as 0.06 for ± 6 %; not "
            f"{meter_accuracy!r}"
        )
    mean, count = float(np.mean(values)), len(values)
    scatter = float(np.std(values, ddof=1)) if count > 1 else 0.0
    repeatability = max(scatter, within_joules) / math.sqrt(count) / mean
    return Uncertainty(
        mean,
        count,
        repeatability,
        meter_accuracy / math.sqrt(3),
        # One alignment serves all rounds: its error does not average out.
        clock_joules / mean,
    )


def clock_joules(edge_watts: float, clock_error_seconds: float) -> float:
    """The standard uncertainty of a run's joules by the clock: power at its ends × time.

    `edge_watts` is `Integral.edge_watts`: zero for a plateau, whose guards are wider.
    """
    return abs(edge_watts) * abs(clock_error_seconds)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
