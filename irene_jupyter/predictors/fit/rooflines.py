"""Fits the rooflines of leaves to measured trees (needs numpy and scipy).

Loss everywhere: relative least squares, on distinct measurements (a measurement is copied to
all layers of a tree).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.fit.boosting import fit_residual
from irene_jupyter.predictors.fit.measurements import Row, Table
from irene_jupyter.predictors.forms import features
from irene_jupyter.predictors.forms.coefficients import Roofline
from irene_jupyter.predictors.forms.residual import Residual

Array = NDArray[np.float64]

MAX_SHARPNESS = 12.0  # beyond it a roofline's corner is sharp
RESIDUAL_SCALE = 0.05  # of log joules; larger residuals count linearly (soft L1)
# A pull of the slopes and the sharpness to the prior, for kinds whose data show only the launch
# floor: being off by a factor e costs as much as one row in a hundred being off by this.
PRIOR_RESIDUAL = 0.01
PRIOR_SHARPNESS = 3.0
# The data count a layer normalisation's bytes twice, a product's matrices once.
GEMM_TRAFFIC = 2.0
TOLERANCE = 1e-13  # of the optimiser, so that other processors come to the same digits
NEWTON_STEPS = 6
MAX_EVALUATIONS = 300
BOUND_MARGIN = 1e-4  # in log; nearer to its bound a parameter is on it
LEAST_MEASUREMENTS = 3  # of a kind of leaf
REQUIRED = ("LayerNorm", "GEMM")


def fit_leaves(tables: Sequence[Table], *, boosted: bool = True) -> dict[str, Roofline]:
    """One roofline for each kind of leaf in the trees, with its boosted residual if wanted.

    Raises `DataError` unless there are products and normalisations, on which the fallbacks and
    the own term's prior rest. Models with RMSNorm alone lend it to LayerNorm.
    """
    data: dict[str, list[Row]] = {}
    for table in tables:
        for row in table.leaves:
            if row.kind is not None:
                data.setdefault(row.kind, []).append(row)
    if "LayerNorm" not in data and "RMSNorm" in data:
        data["LayerNorm"] = data["RMSNorm"]
    for kind in REQUIRED:
        if kind not in data:
            raise DataError(f"no {kind} leaf has been measured; add trees that contain some")
    order = ("LayerNorm", *(kind for kind in features.KIND_COLUMNS if kind != "LayerNorm"))
    leaves: dict[str, Roofline] = {}
    for kind in order:
        # Another kind of too few measurements has the fallbacks, as one that was never met.
        if kind in data and (kind in REQUIRED or _are_enough(data[kind])):
            prior = leaves["LayerNorm"].slopes[0] if kind != "LayerNorm" else None
            rows = sorted(data[kind], key=lambda row: (row.columns, row.residual, row.joules))
            leaves[kind] = _fit_roofline(kind, rows, prior, boosted=boosted)
    return {kind: leaves[kind] for kind in features.KIND_COLUMNS if kind in leaves}


def _fit_roofline(
    kind: str, data: Sequence[Row], memory_slope: float | None, *, boosted: bool
) -> Roofline:
    """Smooth roofline by robust least squares of log joules, to the optimiser's last digits."""
    columns = features.KIND_COLUMNS[kind]
    x = np.array([row.columns for row in data])
    y = np.array([row.joules for row in data])
    if not x.max(axis=0).all():
        raise DataError(f"no {kind} leaf with work has been measured; add trees that contain some")
    x = np.maximum(x, 1e-9 * x.max(axis=0))
    start = np.log(np.r_[y.min(), _start_slopes(columns, x, y, memory_slope), PRIOR_SHARPNESS])
    objective = _Objective(x, np.log(y), start)
    lower = np.r_[np.full(len(start) - 1, -np.inf), 0.0]
    upper = np.r_[np.full(len(start) - 1, np.inf), math.log(MAX_SHARPNESS)]
    solution = least_squares(
        objective.residuals,
        start,
        jac=objective.jacobian,
        bounds=(lower, upper),
        loss=objective.loss,
        xtol=TOLERANCE,
        ftol=TOLERANCE,
        gtol=TOLERANCE,
        max_nfev=MAX_EVALUATIONS,
    )
    theta = _polish(objective, solution.x, lower, upper)
    floor, *slopes, sharpness = np.exp(theta).tolist()
    ranges = zip(x.min(axis=0).tolist(), x.max(axis=0).tolist(), strict=True)
    residual: Residual | None = None
    if boosted and _are_enough(data):  # a few measurements have the prior, and nothing to boost
        left = -objective.residuals(theta)[: len(y)]
        names = features.RESIDUAL_COLUMNS.get(kind, features.OTHER_RESIDUAL_COLUMNS)
        residual = fit_residual(names, [row.residual for row in data], left.tolist())
    return Roofline(
        columns=columns,
        floor_joules=floor,
        slopes=tuple(slopes),
        sharpness=sharpness,
        ranges=tuple(ranges),
        residual=residual,
    )


def _are_enough(data: Sequence[Row]) -> bool:
    columns = zip(*(row.columns for row in data), strict=True)
    return len(data) >= LEAST_MEASUREMENTS and all(max(column) > 0 for column in columns)


def _start_slopes(columns: Sequence[str], x: Array, y: Array, memory_slope: float | None) -> Array:
    """Where the slopes start, and what they are pulled to.

    No row lies far below its slopes' sum, so the least ratio bounds each slope from above.
    """
    slopes: Array = (y[:, None] / x).min(axis=0) / x.shape[1]
    if memory_slope is None:
        return slopes
    if len(columns) == 1:
        return np.minimum(slopes, memory_slope)
    traffic = np.array([column.startswith("gemm_") for column in columns])
    return np.where(traffic, GEMM_TRAFFIC * memory_slope, slopes)


class _Objective:
    """Residuals of log joules (then of the prior), over log (floor, slopes…, sharpness)."""

    def __init__(self, x: Array, log_joules: Array, prior: Array) -> None:
        self.x, self.log_joules, self.prior = x, log_joules, prior
        self.pull = PRIOR_RESIDUAL * math.sqrt(len(log_joules) / 100)

    def _terms(self, theta: Array) -> tuple[Array, Array, float, Array, Array]:
        slopes, sharpness = np.exp(theta[1:-1]), math.exp(theta[-1])
        work = self.x @ slopes
        log_work = np.log(work)
        total = np.logaddexp(sharpness * theta[0], sharpness * log_work)
        return slopes, work, sharpness, log_work, total

    def residuals(self, theta: Array) -> Array:
        _, _, sharpness, _, total = self._terms(theta)
        pull = self.pull * (theta - self.prior)[1:]
        return np.concatenate([total / sharpness - self.log_joules, pull])

    def jacobian(self, theta: Array) -> Array:
        slopes, work, sharpness, log_work, total = self._terms(theta)
        floor_share = np.exp(sharpness * theta[0] - total)
        work_share = np.exp(sharpness * log_work - total)
        by_slope = (work_share / work)[:, None] * self.x * slopes
        by_sharpness = floor_share * theta[0] + work_share * log_work - total / sharpness
        rows = np.column_stack([floor_share, by_slope, by_sharpness])
        pull = np.zeros((len(theta) - 1, len(theta)))
        pull[:, 1:] = self.pull * np.eye(len(theta) - 1)
        return np.vstack([rows, pull])

    @staticmethod
    def loss(squares: Array) -> Array:
        """scipy's soft L1 at `RESIDUAL_SCALE`, with its two derivatives."""
        t = 1 + squares / RESIDUAL_SCALE**2
        return np.array(
            [
                2 * RESIDUAL_SCALE**2 * (np.sqrt(t) - 1),
                t**-0.5,
                -0.5 / RESIDUAL_SCALE**2 * t**-1.5,
            ]
        )

    def gradient(self, theta: Array) -> Array:
        residuals = self.residuals(theta)
        weights = self.loss(residuals**2)[1]
        return np.asarray(self.jacobian(theta).T @ (weights * residuals))


def _polish(objective: _Objective, theta: Array, lower: Array, upper: Array) -> Array:
    """Newton steps on the gradient, which is exact where the loss's own digits have run out.

    A parameter at its bound stays there. Steps that do not shrink the gradient are not taken.
    """
    theta = np.where(upper - theta < BOUND_MARGIN, upper, theta)
    theta = np.where(theta - lower < BOUND_MARGIN, lower, theta)
    free = np.flatnonzero((theta > lower) & (theta < upper))
    step = 1e-5
    for _ in range(NEWTON_STEPS):
        gradient = objective.gradient(theta)[free]
        hessian = np.empty((len(free), len(free)))
        for column, index in enumerate(free):
            shift = np.zeros_like(theta)
            shift[index] = step
            change = objective.gradient(theta + shift) - objective.gradient(theta - shift)
            hessian[:, column] = change[free] / (2 * step)
        candidate = theta.copy()
        candidate[free] -= np.linalg.solve(hessian, gradient)
        smaller = np.linalg.norm(objective.gradient(candidate)[free]) < np.linalg.norm(gradient)
        if not smaller or np.any(candidate > upper) or np.any(candidate < lower):
            break
        theta = candidate
    return theta
