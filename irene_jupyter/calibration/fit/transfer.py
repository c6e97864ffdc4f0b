"""Brings a profile to a new machine: the source's coefficients are the prior, few runs the data.

The joules of a part are R2's: Σ rooflines of its leaves + Σ own terms. In logarithms each
coefficient is the source's + one free scale for the machine + one for its kind of leaf + its own
departure; the latter two are pulled to zero (ridge). So a coefficient that no run bears on still
moves with the machine. Needs numpy and scipy.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from irene_jupyter.calibration.workload.part import FLOAT32
from irene_jupyter.predictors.forms import features, matrices
from irene_jupyter.predictors.forms.coefficients import Coefficients, Roofline
from irene_jupyter.predictors.predict.estimates import estimates
from irene_jupyter.predictors.predict.subtrees import Subtrees
from irene_jupyter.predictors.predict.terms import term
from irene_jupyter.tree import ModelTree, Node

Array = NDArray[np.float64]

# In logarithms: how far a kind of leaf, one of its coefficients, and an own term usually depart
# from the machine's scale. A GPU's ratios are not a processor's: a factor of 2 is nothing odd.
KIND_SPREAD = 1.0
SPREAD = 0.7
FLOOR_SPREAD = 2.0  # a launch on a GPU has nothing to do with a call on a processor
OWN_SPREAD = 1.0
# Where the search starts: where all is a launch, work has no gradient, so floors begin low, too.
FLOOR_STARTS = (0.0, -2.0)  # in FLOOR_SPREAD
MODEL_ERROR = 0.02  # of log joules: what R2 cannot say, however well it is fitted
ROBUST = 3.0  # errors beyond three times the usual count linearly
MOST_EVALUATIONS = 500
LEAST_OWN = 1e-3  # of the greatest own term of its unit: an own term of zero could never grow


@dataclass(frozen=True, slots=True)
class Target:
    """Joules that were measured for one run of these nodes, and the relative standard error."""

    tree: ModelTree
    nodes: tuple[Node, ...]
    joules: float
    relative_error: float = 0.0
    dtype: str = FLOAT32


@dataclass(slots=True)
class _Sum:
    """What a target consists of: calls of leaves by kind and features, and own terms."""

    leaves: dict[str, dict[tuple[tuple[float, ...], float], float]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(float))
    )
    own: Array = field(default_factory=lambda: np.zeros(len(features.OWN_COLUMNS)))
    fixed: float = 0.0  # J on the source's machine, of what no coefficient stands for


def transferred(
    source: Coefficients, targets: Sequence[Target], *, keep_residual: bool
) -> Coefficients:
    """The source's rules brought to the machine on which the targets were measured.

    `keep_residual` keeps the boosted residuals of the leaves, which describe a GPU's kernels.
    Kinds that the source never met and a target has begin as the fallbacks that predict them.
    Targets of another dtype tell what that makes of the joules of float32, and nothing else.
    """
    others = [target for target in targets if target.dtype != FLOAT32]
    targets = [target for target in targets if target.dtype == FLOAT32]
    source = _with_kinds(source, targets)
    if not keep_residual:
        source = replace(
            source, leaves={k: replace(leaf, residual=None) for k, leaf in source.leaves.items()}
        )
    problem = _Problem(source, [_summed(source, target) for target in targets], targets)
    tried = [
        least_squares(
            problem.residuals,
            problem.start(floor),
            problem.jacobian,
            method="lm",  # another's small decompositions wait for BLAS's threads on a busy machine
            x_scale="jac",
            max_nfev=MOST_EVALUATIONS,
        )
        for floor in FLOOR_STARTS
    ]
    found = problem.coefficients(min(tried, key=lambda each: float(each.cost)).x)
    ratios: dict[str, list[float]] = defaultdict(list)
    for target in others:
        ratios[target.dtype].append(target.joules / joules_of(found, target))
    factors = {dtype: statistics.geometric_mean(each) for dtype, each in ratios.items()}
    return replace(found, dtype_factors=factors)


def _with_kinds(source: Coefficients, targets: Sequence[Target]) -> Coefficients:
    """The source with a regressor for each of today's kinds that a target has: see `terms.py`."""
    nodes = [node for target in targets for top in target.nodes for node in top.walk()]
    met = {kind for node in nodes if not node.children and (kind := matrices.kind_of(node))}
    norm, product = source.leaves["LayerNorm"], source.leaves["GEMM"]
    nothing = ((math.inf, 0.0),)  # ranges of what was never met
    traffic = [s for c, s in zip(product.columns, product.slopes, strict=True) if c != "megaflops"]
    flops = product.slopes[product.columns.index("megaflops")]
    pointwise = source.own["rest_mebibytes"] or norm.slopes[0]
    priors = {
        "RMSNorm": replace(norm, residual=None, ranges=nothing),
        "SiLU": Roofline(norm.columns, source.launch_joules, (pointwise,), norm.sharpness, nothing),
        "GroupedMatMul": Roofline(
            features.KIND_COLUMNS["GroupedMatMul"],
            product.floor_joules,
            (flops, math.fsum(traffic) / len(traffic)),
            product.sharpness,
            2 * nothing,
        ),
    }
    more = {kind: priors[kind] for kind in sorted(met & matrices.TODAY - source.leaves.keys())}
    return replace(source, leaves={**source.leaves, **more})


def joules_of(device: Coefficients, target: Target) -> float:
    """What the coefficients say of a target."""
    subtrees = Subtrees.of(target.tree)
    found = estimates(subtrees, device)
    return sum(found[place].joules for place in _places(subtrees, target))


def _places(subtrees: Subtrees, target: Target) -> list[int]:
    """Where the target's nodes are among the distinct subtrees."""
    walk = zip(target.tree.root.walk(), subtrees.places, strict=True)
    at = {id(node): place for node, place in walk}
    return [at[id(node)] for node in target.nodes]


def _summed(source: Coefficients, target: Target) -> _Sum:
    made = _Sum()
    subtrees = Subtrees.of(target.tree)
    for place in _places(subtrees, target):
        _add(made, source, subtrees, place)
    return made


def _add(made: _Sum, source: Coefficients, subtrees: Subtrees, place: int) -> None:
    subtree = subtrees.distinct[place]
    for below in subtree.children:
        _add(made, source, subtrees, below)
    calls = subtree.node.features.calls
    part = term(source, subtree)
    if not subtree.is_leaf:
        if part.basis is None:
            made.own += calls * np.array(subtree.values(features.OWN_COLUMNS))
        else:
            made.fixed += part.joules
    elif part.basis is None:
        kind = matrices.kind_of(subtree.node)
        assert kind is not None
        residual = source.leaves[kind].residual
        factor = 1.0
        if residual is not None:
            factor = math.exp(residual.log_joules(subtree.values(residual.columns)))
        made.leaves[kind][part.row, factor] += calls
    elif part.as_trained:
        made.own[0] += calls * subtree.values(("mebibytes",))[0]  # pointwise work
    else:
        made.fixed += part.joules


class _Problem:
    """Residuals over [machine's scale, kinds' scales, floors and slopes by kind, own terms]."""

    def __init__(
        self, source: Coefficients, sums: Sequence[_Sum], targets: Sequence[Target]
    ) -> None:
        self.source = source
        self.log_joules = np.log([target.joules for target in targets])
        self.weights = 1 / np.hypot(MODEL_ERROR, [t.relative_error for t in targets])
        self.fixed = np.array([each.fixed for each in sums])
        self.kinds = list(source.leaves)
        self.rows: list[tuple[Array, Array, Array]] = []  # features, factor, calls[target, row]
        for kind in self.kinds:
            keys = sorted({key for each in sums for key in each.leaves.get(kind, ())})
            x = np.array([row for row, _ in keys]).reshape(
                len(keys), len(source.leaves[kind].columns)
            )
            calls = np.array([[s.leaves[kind].get(key, 0.0) for key in keys] for s in sums])
            self.rows.append((x, np.array([f for _, f in keys]), calls.reshape(len(sums), -1)))
        self.own = np.array([each.own for each in sums])
        self.log_own = np.log(_growable(source))
        sizes = [1 + len(source.leaves[kind].slopes) for kind in self.kinds]
        self.places = np.cumsum([1 + len(self.kinds), *sizes])
        # Of all kinds, one after the other: they are moved a hundred thousand times in a fit.
        leaves = [source.leaves[kind] for kind in self.kinds]
        self.base = np.array([v for leaf in leaves for v in (leaf.floor_joules, *leaf.slopes)])
        self.spread = np.full(len(self.base), SPREAD)
        self.spread[self.places[:-1] - self.places[0]] = FLOOR_SPREAD
        self.kind_scale = np.repeat(np.arange(1, 1 + len(self.kinds)), sizes)
        self.count = int(self.places[-1]) + len(self.log_own)

    def start(self, floor: float) -> Array:
        """Floors departing by so much, and the machine's scale if nothing else differed."""
        theta = np.zeros(self.count)
        theta[self.places[:-1]] = floor
        theta[0] = np.median(self.log_joules - np.log(self.joules(theta)))
        return theta

    def _leaves(self, theta: Array) -> list[Array]:
        """Floor and slopes of each kind."""
        here = theta[self.places[0] : self.places[-1]]
        shift = theta[0] + KIND_SPREAD * theta[self.kind_scale] + self.spread * here
        found = self.base * np.exp(np.clip(shift, -30, 30))
        ends = (self.places - self.places[0]).tolist()
        return [found[begin:end] for begin, end in itertools.pairwise(ends)]

    def _own(self, theta: Array) -> Array:
        shift = theta[0] + OWN_SPREAD * theta[self.places[-1] :]
        return np.asarray(np.exp(self.log_own + np.clip(shift, -30, 30)))

    def joules(self, theta: Array) -> Array:
        """Of all targets."""
        return np.asarray(np.maximum(self._by_part(theta).sum(axis=1), 1e-30))

    def _by_part(self, theta: Array) -> Array:
        """Joules of each target by what they follow in proportion, where both are logarithms.

        In the columns are what is fixed, each own term, and of each kind its floor and slopes:
        E^p = floor^p + work^p, so that d ln E/d ln floor = (floor/E)^p, and work has the rest.
        """
        parts = [(self.fixed * math.exp(min(theta[0], 30.0)))[:, None]]
        for kind, found, (x, factor, calls) in zip(
            self.kinds, self._leaves(theta), self.rows, strict=True
        ):
            floor, power = found[0], self.source.leaves[kind].sharpness
            shares = np.maximum(x * found[1:], 1e-30)
            work = shares.sum(axis=1)
            high, low = np.maximum(work, floor), np.minimum(work, floor)
            joules = high * (1 + (low / high) ** power) ** (1 / power)
            by_floor = (floor / joules) ** power
            by_slope = shares * ((1 - by_floor) / work)[:, None]
            parts.append(
                calls @ (np.column_stack([by_floor, by_slope]) * (joules * factor)[:, None])
            )
        return np.column_stack([*parts, self.own * self._own(theta)])

    def residuals(self, theta: Array) -> Array:
        """Of the data, robust, then of the ridge; the machine's scale is free."""
        errors = (np.log(self.joules(theta)) - self.log_joules) * self.weights
        errors = errors * np.sqrt(2 / (1 + np.sqrt(1 + (errors / ROBUST) ** 2)))
        return np.concatenate([errors, theta[1:]])

    def jacobian(self, theta: Array) -> Array:
        """The residuals' derivatives by theta."""
        parts = self._by_part(theta)
        total = np.maximum(parts.sum(axis=1), 1e-30)
        shares = parts / total[:, None]
        own = shares.shape[1] - len(self.log_own)
        leaves = shares[:, 1:own]
        kinds = np.zeros((len(leaves[0]), len(self.kinds)))
        kinds[np.arange(len(kinds)), self.kind_scale - 1] = KIND_SPREAD
        slopes = np.column_stack(
            [
                np.ones(len(total)),
                leaves @ kinds,
                leaves * self.spread,
                OWN_SPREAD * shares[:, own:],
            ]
        )
        errors = (np.log(total) - self.log_joules) * self.weights
        root = np.sqrt(1 + (errors / ROBUST) ** 2)
        robust = np.sqrt(2 / (1 + root)) * (1 - (errors / ROBUST) ** 2 / (2 * root * (1 + root)))
        return np.vstack([slopes * (self.weights * robust)[:, None], np.eye(self.count)[1:]])

    def coefficients(self, theta: Array) -> Coefficients:
        """The fitted coefficients."""
        leaves = {}
        for kind, found in zip(self.kinds, self._leaves(theta), strict=True):
            floor, *slopes = found.tolist()
            leaves[kind] = replace(
                self.source.leaves[kind], floor_joules=floor, slopes=tuple(slopes)
            )
        own = dict(zip(features.OWN_COLUMNS, self._own(theta).tolist(), strict=True))
        return Coefficients(leaves, own)


def _growable(source: Coefficients) -> Array:
    """The source's own terms, with those of zero at a small part of others of their unit."""
    units = [features.COLUMNS[column].unit for column in features.OWN_COLUMNS]
    values = [source.own[column] for column in features.OWN_COLUMNS]
    most = {unit: max(v for v, u in zip(values, units, strict=True) if u == unit) for unit in units}
    return np.array(
        [max(v, LEAST_OWN * most[u], 1e-12) for v, u in zip(values, units, strict=True)]
    )
