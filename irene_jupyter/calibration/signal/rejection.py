"""Why a run is not used: the thresholds, and a reason with its value, limit and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Code = Literal[
    "too_few", "gap", "coverage", "bunched", "parse_errors", "reset", "connection", "stuck",
    "near_wrap", "jump", "outlier", "reversed", "idle", "below_standby", "slope", "bursts",
    "uneven", "voltage", "clock", "variation", "busy",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds. Shares are from 0 to 1."""

    gap_periods: float = 3.0
    coverage: float = 0.95
    parse_errors: float = 0.01
    stuck_samples: int = 10
    stuck_steps: float = 5.0  # standby's deviation, in the meter's last digits, for that to hold
    wrap_watts: float = 640.0  # irene: beyond it its 16-bit number may have begun anew
    jump_watts: float = 500.0  # or half of the run's power, where that is more
    idle_sigmas: float = 3.0
    idle_share: float = 0.02  # of standby
    idle_run_share: float = 0.035  # of the run's power: a fan that still turns does not spoil it
    # Leakage of + 8 % that comes in 15 s makes 5.6 % of slope over 20 s.
    slope_share: float = 0.07
    slope_errors: float = 2.0  # standard errors of the slope that do not count
    # A battery's charging falls by 3 % a minute.
    standby_slope_share: float = 0.05
    # What may be in a run that is not its own: of its mean power.
    spoilt_share: float = 0.025
    step_errors: float = 4.0  # standard errors that a part must stand out by: of many, the best
    burst_sigmas: float = 2.0  # of the bursts that a run has by chance
    volts_share: float = 0.10
    clock_seconds: float = 0.05
    variation: float = 0.01
    quiet_share: float = 0.001  # of all cores' time, by others: spec 3.1 asks for this
    # Ours. Lines that a network held up come at once: their stamps tell nothing.
    bunched_periods: float = 0.1
    bunched_share: float = 0.05
    # A byte that a serial line loses makes 30.23 W of 301.23 W: well formed, and no jump of 500 W.
    outlier_share: float = 0.45  # a line that lost a digit tells at most half
    least_samples: int = 5
    # A desktop with a browser is never as quiet as the spec asks; from here on it stops.
    busy_share: float = 0.02


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a run, or all rounds of a node, are not used. The message has the value and the limit."""

    code: Code
    message: str
    remedy: str
    value: float
    limit: float

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class Standby:
    """The machine at rest, without its bursts: mean, standard deviation, number of samples.

    Bursts are background tasks of a moment: `burst_watts` is how far they reach above the mean,
    `bursts_mean_watts` what they add to it. `step_watts` is the least difference between two
    readings: the last digit of a meter that tells few.
    """

    watts: float
    sigma_watts: float
    samples: int
    volts: float | None = None
    burst_watts: float = 0.0
    bursts_mean_watts: float = 0.0
    step_watts: float = 0.0
