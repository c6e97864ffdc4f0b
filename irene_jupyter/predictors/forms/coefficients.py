"""What was learned about a device: the coefficients from which all estimates are made.

R1: E = a·driver joules + P·seconds. R2: rooflines of the leaves and the own term of modules.
R3: watts·seconds + factor·R2. Root scaling: a power of measured root / estimated root.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from irene_jupyter.predictors.forms.residual import Residual
from irene_jupyter.tree import MEBIBYTE

# What of a run may be used. "features": nothing was run (R2). "leaves": latency and driver energy
# of the leaves (R1), own terms above them. "latency": R3. "measured": node by node the best that
# is known, R1 before R3 before R2. "root", "root-latency": R2 or R3, brought to the root's R1 (R5).
Known = Literal["features", "leaves", "latency", "measured", "root", "root-latency"]
KNOWN: tuple[Known, ...] = get_args(Known)
Role = Literal["ml", "module", "container"]  # of a node that is scaled to the root
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Roofline:
    """Joules of one call of a kind of leaf: (floor^p + (Σ slope·feature)^p)^(1/p)·exp(residual).

    A launch floor (J) that goes over smoothly, by the sharpness p >= 1, into slopes (J per
    column's unit). `ranges` are the smallest and largest feature values in training.
    """

    columns: tuple[str, ...]
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
class Coefficients:
    """All coefficients of one device; `driver` and `latency` are None where never measured.

    `leaves` are by kind, `own` has J per unit of each of `features.OWN_COLUMNS`. `scaling` has,
    for each of `KNOWN` with a root, the power of the root's ratio for each of `ROLES`.
    `dtype_factors` are joules in another dtype over those of the same work in float32.
    """

    leaves: Mapping[str, Roofline]
    own: Mapping[str, float]
    driver: DriverRule | None = None
    latency: LatencyRule | None = None
    scaling: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    dtype_factors: Mapping[str, float] = field(default_factory=dict)

    @property
    def launch_joules(self) -> float:
        """What the cheapest kernel needs, however small its work."""
        return min(leaf.floor_joules for leaf in self.leaves.values())

    @property
    def least_joules_per_byte(self) -> float | None:
        """Of the kernels that only move data, the cheapest one's; None where none was fitted."""
        slopes = [
            leaf.slopes[0] / MEBIBYTE
            for leaf in self.leaves.values()
            if leaf.columns == ("mebibytes",) and leaf.slopes[0] > 0
        ]
        return min(slopes, default=None)
