"""What was learned about a device: the coefficients from which all estimates are made.

R1: E = a·driver joules + P·seconds. R2: rooflines of the leaves and the own term of modules.
R3: watts·seconds + factor·R2. Root scaling: a power of measured root / estimated root.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from irene_jupyter.predictors.forms.boosting import Residual

# Added to the group of a node whose pattern was not in training, or else its tree's size.
NEW = " (new)"
OTHER_SIZE = " (other size)"


@dataclass(frozen=True, slots=True)
class Roofline:
    """Joules of one call of a kind of leaf: (floor^p + (Σ slope·feature)^p)^(1/p)·exp(residual).

    A launch floor (J) that goes over smoothly, by the sharpness p >= 1, into slopes (J per
    feature's unit). `ranges` are the smallest and largest feature values in training.
    """

    columns: tuple[str, ...]
    units: tuple[str, ...]  # of the slopes
    floor_joules: float
    slopes: tuple[float, ...]
    sharpness: float
    ranges: tuple[tuple[float, float], ...]
    residual: Residual | None = None

    def work_joules(self, features: Sequence[float]) -> float:
        """Joules of the work alone, without the launch."""
        return sum(slope * feature for slope, feature in zip(self.slopes, features, strict=True))

    def joules(self, features: Sequence[float], residual: Sequence[float] | None = None) -> float:
        """Joules of one call with these features, in the order of `columns`.

        `residual` are the residual's features; without them only the roofline counts.
        """
        work = self.work_joules(features)
        high, low = max(self.floor_joules, work), min(self.floor_joules, work)
        joules = high
        if low > 0:
            joules = high * (1 + (low / high) ** self.sharpness) ** (1 / self.sharpness)
        if residual is not None and self.residual is not None:
            joules *= math.exp(self.residual.log_joules(residual))
        return float(joules)


@dataclass(frozen=True, slots=True)
class DriverRule:
    """R1: E = a·g + P·t + W·t·(idle − usual idle), g the driver's joules, t seconds.

    A joule of the driver costs a at the wall, an idle watt of the machine P·t. W is what the
    host draws besides while the GPU waits for longer (idle = 1 − its use) than is usual at
    g/t watts: usual idle = `usual_idle` + `usual_idle_per_watt`·g/t.
    """

    joules_per_driver_joule: float
    watts: float
    waiting_watts: float = 0.0
    usual_idle: float = 0.0
    usual_idle_per_watt: float = 0.0

    def joules(self, seconds: float, driver_joules: float, gpu_percent: float = math.nan) -> float:
        """Joules of one run; never negative. Without the GPU's use, W has no say."""
        joules = self.joules_per_driver_joule * driver_joules + self.watts * seconds
        if not math.isnan(gpu_percent):
            usual = self.usual_idle * seconds + self.usual_idle_per_watt * driver_joules
            joules += self.waiting_watts * ((1 - gpu_percent / 100) * seconds - usual)
        return max(0.0, joules)


@dataclass(frozen=True, slots=True)
class LatencyRule:
    """R3: a static part of so many watts, and a dynamic part in proportion to R2.

    A leaf needs `watts`·t + `factor`·(R2). A module needs `leaves_factor`·(R2 of its leaves)
    + `own_watts`·(its t − its leaves' t) + `own_factor`·(R2 of the own terms from it down).
    """

    watts: float
    factor: float
    leaves_factor: float
    own_watts: float
    own_factor: float

    def of_leaf(self, seconds: float, joules: float) -> float:
        """Joules of a leaf's run whose features alone make `joules`."""
        return self.watts * seconds + self.factor * joules

    def of_module(self, own_seconds: float, leaves_joules: float, own_joules: float) -> float:
        """Joules of a module's run; its leaves, run one by one, may take longer than it does."""
        total = self.leaves_factor * leaves_joules + self.own_factor * own_joules
        return max(0.0, total + self.own_watts * own_seconds)


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of 90 % of the true values, as multiples of the prediction: low <= 1 <= high."""

    low: float
    high: float

    def widened(self, factor: float, least: float, most: float = math.inf) -> Interval:
        """`factor` times as wide (in logarithms) on either side, within bounds.

        By no more than ×/÷ `most`, for what is wide already knows little; to at least ×/÷ `least`.
        """
        sides = (abs(math.log(self.low)), abs(math.log(self.high)))
        down, up = (
            max(min(side * factor, side + math.log(most)), math.log(least)) for side in sides
        )
        return Interval(math.exp(-down), math.exp(up))

    def joined(self, other: Interval) -> Interval:
        """What holds both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))


@dataclass(frozen=True, slots=True)
class Rules:
    """All coefficients of one device; `driver` and `latency` are None where never measured.

    `scaling` has, for each of `KNOWLEDGE` with a root, the power of the root's ratio for
    each of `ROLES`.
    """

    leaves: Mapping[str, Roofline]
    own: Mapping[str, float]
    driver: DriverRule | None = None
    latency: LatencyRule | None = None
    scaling: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
