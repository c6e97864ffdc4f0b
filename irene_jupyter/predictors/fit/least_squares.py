"""Fits everything but the leaves' rooflines: own terms, R1, R3, and the scaling to a root.

Loss everywhere: relative least squares, on distinct measurements (a measurement is copied to
all layers of a tree). Needs numpy and scipy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import nnls

from irene_jupyter.predictors.fit import rooflines
from irene_jupyter.predictors.fit.measurements import Array, Row, Table
from irene_jupyter.predictors.forms import features
from irene_jupyter.predictors.forms.coefficients import Coefficients, DriverRule, LatencyRule

OWN_RIDGE = 0.02  # weight of the ridge in rows of data, relative to their number
OWN_RIDGE_RESIDUAL = 0.05
OWN_CONSTANT_SCALE = 5.0  # of a constant term (J), in J/MiB of layer normalisation
LEVEL_WEIGHTS = {"module": 0.7, "model": 0.3}
ROBUST_SCALE = 0.005  # two measurements of one node differ by it; larger residuals count less
ROBUST_LATENCY_SCALE = 0.02
ROBUST_STEPS = 8
NO_SPREAD = 1e-20  # of seconds per joule, squared: the GPU's use tells nothing new
LEAST_DRIVER_ROWS = 3


def fit_coefficients(tables: Sequence[Table]) -> Coefficients:
    """All coefficients but the root's scaling. Raises `DataError` if the trees are too few."""
    leaves = rooflines.fit_leaves(tables)
    own = fit_own(tables, leaves["LayerNorm"].slopes[0])
    device = Coefficients(leaves, own, fit_driver(tables))
    return replace(device, latency=fit_latency(tables, device))


def fit_own(tables: Sequence[Table], memory_slope: float) -> dict[str, float]:
    """J per unit of each of `features.OWN_COLUMNS`, none negative.

    The target is what the measured leaves below a node leave of it: fitted on measured rather
    than predicted leaves, the terms do not take up the leaves' errors, and carry over better to
    another family of models. `memory_slope` is layer normalisation's, in J/MiB.
    """
    columns, rests, totals, levels = [], [], [], []
    for table in sorted(tables, key=_order):
        here = np.array([row.columns for row in table.inner])
        if not len(here):
            continue
        columns.append(table.inner_below @ here)
        joules = np.array([row.joules for row in table.inner])
        rests.append(joules - table.leaves_below @ np.array([r.joules for r in table.leaves]))
        totals.append(joules)
        levels += [row.node.type for row in table.inner]
    count = len(levels)
    scale, prior = _own_scale(memory_slope)
    if not count:
        return dict(zip(features.OWN_COLUMNS, prior.tolist(), strict=True))
    weights = np.zeros(count)
    for level, weight in LEVEL_WEIGHTS.items():
        rows = np.array(levels) == level
        if rows.any():
            weights[rows] = weight * count / rows.sum()
    scaled = np.sqrt(weights) / np.concatenate(totals)
    ridge = math.sqrt(OWN_RIDGE * count) * OWN_RIDGE_RESIDUAL / scale
    matrix = np.vstack([np.vstack(columns) * scaled[:, None], np.diag(ridge)])
    target = np.concatenate([np.concatenate(rests) * scaled, ridge * prior])
    # In the ridge's own units all columns are of one size, which keeps the last digits.
    coefficients, _ = nnls(matrix * scale, target)
    return dict(zip(features.OWN_COLUMNS, (coefficients * scale).tolist(), strict=True))


def _own_scale(memory_slope: float) -> tuple[Array, Array]:
    """The usual size of each own coefficient, and where the ridge pulls it."""
    constants = [features.COLUMNS[column].unit == "1" for column in features.OWN_COLUMNS]
    scale = memory_slope * np.where(constants, OWN_CONSTANT_SCALE, 1.0)
    prior = np.zeros(len(scale))
    prior[:2] = memory_slope
    return scale, prior


def _order(table: Table) -> tuple[str, int, int, float]:
    """The same for the same trees, in whatever order they come."""
    tree = table.tree
    return tree.name, tree.batch_size, tree.seq_len, tree.root.features.flops


def fit_driver(tables: Sequence[Table]) -> DriverRule | None:
    """R1, robust, each distinct measurement once; None where latency or driver energy lack."""
    rows = [row for table in sorted(tables, key=_order) for row in table.rows if _was_read(row)]
    if len(rows) < LEAST_DRIVER_ROWS:
        return None
    joules = np.array([row.joules for row in rows])
    driver = np.array([row.reading.driver_joules for row in rows])
    seconds = np.array([row.reading.seconds for row in rows])
    idle = 1 - np.array([row.reading.gpu_percent for row in rows]) / 100
    matrix = np.column_stack([driver, seconds]) / joules[:, None]
    size = matrix.max(axis=0)
    matrix /= size
    extra = np.where(np.isnan(idle), 0.0, idle) * seconds / joules
    weights = np.ones(len(rows))
    for _ in range(ROBUST_STEPS):
        pair = np.column_stack([matrix, extra]) * weights[:, None]
        found, _ = nnls(pair[:, :2], weights)
        # What the GPU's own watts do not tell of its idle time, so that a and P stay as they are.
        usual, *_ = np.linalg.lstsq(pair[:, :2], pair[:, 2], rcond=None)
        unusual = extra - matrix @ usual
        left = 1 - matrix @ found
        spread = float((unusual * weights) @ (unusual * weights))
        waiting = 0.0
        if spread > NO_SPREAD and not np.isnan(idle).any():
            waiting = float((unusual * weights) @ (left * weights)) / spread
        weights = (1 + ((left - waiting * unusual) / ROBUST_SCALE) ** 2) ** -0.25
    a, watts = (found / size).tolist()
    if not waiting:
        return DriverRule(a, watts)
    by_watt, base = (usual / size).tolist()
    return DriverRule(a, watts, waiting, base, by_watt)


def _was_read(row: Row) -> bool:
    return row.reading.seconds > 0 and row.reading.driver_joules >= 0  # False for NaN


def fit_latency(tables: Sequence[Table], device: Coefficients) -> LatencyRule | None:
    """R3; None where no latency was measured."""
    leaves: list[list[float]] = []
    modules: list[list[float]] = []
    for table in sorted(tables, key=_order):
        for row, each in zip(table.rows, table.estimates(device), strict=True):
            if row.node.children:
                if not math.isnan(each.beyond_seconds):
                    parts = (each.leaves, each.beyond_seconds, each.own)
                    modules.append([part / row.joules for part in parts])
            elif row.reading.seconds > 0:
                leaves.append([row.reading.seconds / row.joules, each.leaves / row.joules])
    if min(len(leaves), len(modules)) < LEAST_DRIVER_ROWS:
        return None
    return LatencyRule(*_robust(leaves, 1), *_robust(modules, ROBUST_STEPS))


def _robust(rows: Sequence[Sequence[float]], steps: int) -> list[float]:
    """Non-negative coefficients that bring the sum of each row's columns to 1."""
    matrix = np.array(rows)
    size = np.abs(matrix).max(axis=0)
    size[size == 0] = 1.0
    weights = np.ones(len(matrix))
    for _ in range(steps):
        found, _ = nnls(matrix / size * weights[:, None], weights)
        left = matrix / size @ found - 1
        weights = (1 + (left / ROBUST_LATENCY_SCALE) ** 2) ** -0.25
    return [float(value) for value in found / size]


def fit_scaling(
    samples: Mapping[str, Sequence[tuple[float, float, float]]], roles: Sequence[str]
) -> dict[str, float]:
    """The power of the root's ratio for each role, least mean error; held-out samples.

    A sample is (measured, estimated, root's ratio). Without samples the ratio is not used.
    """
    powers = np.linspace(0.0, 1.0, 11)
    found = {}
    for role in roles:
        rows = np.array(samples.get(role, ()), dtype=float).reshape(-1, 3)
        if not len(rows):
            found[role] = 0.0
            continue
        measured, estimated, ratio = rows.T
        errors = [np.abs(estimated * ratio**power / measured - 1).mean() for power in powers]
        found[role] = float(powers[int(np.argmin(np.round(errors, 9)))])
    return found
