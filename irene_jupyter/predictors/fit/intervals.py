"""Intervals that hold: quantiles of measured / predicted on trees that a fit has not seen.

Each model of the training trees is held out in turn, alone and with a quarter of the input
sizes, then each family. A node whose `pattern` (primitive, or parts of a module) was in
training has the interval of its group's held-out nodes for which that was so too; a node of a
new pattern, or in a tree of a new size, that of those which were new. Needs numpy.
"""

from __future__ import annotations

import math
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from irene_jupyter.predictors.fit import least_squares
from irene_jupyter.predictors.fit.measurements import Array, Table, tables_of
from irene_jupyter.predictors.forms.coefficients import NEW, OTHER_SIZE, Interval, Rules
from irene_jupyter.predictors.held_out import evaluation
from irene_jupyter.predictors.held_out.evaluation import Split
from irene_jupyter.predictors.predict.estimates import KNOWN, ROLES, Known, role
from irene_jupyter.tree import ModelTree

COVERAGE = 0.9  # of an interval
# A new pattern's interval is this much wider (in logarithms) than a known one's where none
# could be tried: near twins make models look easier than families are.
# A whole model is no more than its parts, whose errors differ in sign.
NEW_FACTOR = {"ml": 2.0, "module": 2.0, "model": 1.0}
LEAST_SPREAD = 0.01  # no interval is tighter on a side: two runs of one node differ by half of it
KEPT_FITS = 256  # tables stay alive with their fit, so that an id is never another's
LEAST_SAMPLES = 10  # of a group; fewer are not a distribution


@dataclass(frozen=True, slots=True)
class Fold:
    """Held-out tables, the rules that have not seen them, and the patterns these have seen."""

    rules: Rules
    patterns: frozenset[str]
    sizes: frozenset[tuple[int, int]]
    tables: tuple[Table, ...]


def held_out(trees: Sequence[ModelTree]) -> list[Fold]:
    """Each model held out in turn, each with a quarter of the sizes, and each family.

    None where only one model is there.
    """
    models = sorted(evaluation.splits("LOMO", trees), key=lambda split: split.held_out)
    sizes = [_without_sizes(split, at % evaluation.SIZE_PARTS) for at, split in enumerate(models)]
    folds = []
    for split in (*models, *sizes, *evaluation.splits("FAM", trees)):
        tables = tables_of(split.train)
        kinds = {row.kind for table in tables for row in table.leaves}
        if not split.test or not kinds >= {"GEMM", "LayerNorm"}:
            continue
        patterns = frozenset(row.pattern for table in tables for row in table.rows)
        known = frozenset((tree.batch_size, tree.seq_len) for tree in split.train)
        folds.append(Fold(fitted(tables), patterns, known, tuple(tables_of(split.test))))
    return folds


def _without_sizes(split: Split, part: int) -> Split:
    return Split(
        split.held_out,
        train=tuple(tree for tree in split.train if evaluation.size_part(tree) != part),
        test=tuple(tree for tree in split.test if evaluation.size_part(tree) == part),
    )


_fitted: OrderedDict[frozenset[int], tuple[list[Table], Rules]] = OrderedDict()


def fitted(tables: Sequence[Table]) -> Rules:
    """`least_squares.fit_rules`, once for the same tables: methods are compared on equal folds."""
    key = frozenset(map(id, tables))
    if key not in _fitted:
        _fitted[key] = (list(tables), least_squares.fit_rules(tables))
        while len(_fitted) > KEPT_FITS:
            _fitted.popitem(last=False)
    return _fitted[key][1]


def calibrated(
    rules: Rules, folds: Sequence[Fold], known: Iterable[Known] = KNOWN
) -> tuple[Rules, dict[str, dict[str, Interval]]]:
    """The rules with their scaling to a measured root, and the intervals for each knowledge."""
    scaling = dict(rules.scaling)
    intervals = {}
    for each in known:
        if each in ("root", "root-latency"):
            scaling[each] = _scaling(folds, each)
        scaled = [replace(fold, rules=replace(fold.rules, scaling=scaling)) for fold in folds]
        intervals[str(each)] = _intervals(scaled, each)
    return replace(rules, scaling=scaling), intervals


def table_estimates(table: Table, rules: Rules, known: Known) -> Array:
    """Joules of the table's rows as `estimates.estimates` makes them."""
    by_features = least_squares.features_joules(table, rules)
    driver = rules.driver
    r1 = np.array(
        [
            math.nan
            if driver is None or not row.seconds > 0 or not row.driver_joules >= 0
            else driver.joules(row.seconds, row.driver_joules, row.gpu_percent)
            * row.node.features.calls
            for row in table.rows
        ]
    )
    r3 = _by_latency(table, rules, by_features)
    count = len(table.leaves)
    if known in ("features", "root"):
        found = by_features
    elif known in ("latency", "root-latency"):
        found = np.where(np.isnan(r3), by_features, r3)
    else:
        leaves = np.where(np.isnan(r1), by_features, r1)[:count]
        above = table.leaves_below @ leaves + least_squares.own_joules(table, rules)
        found = np.concatenate([leaves, above])
        if known == "measured":
            found = np.where(np.isnan(r1), np.where(np.isnan(r3), found, r3), r1)
    if known in ("root", "root-latency"):
        found = found.copy()
        at = _root_place(table)
        if not math.isnan(r1[at]):
            ratio = r1[at] / found[at]
            powers = rules.scaling.get(known, {})
            roles = [role(row.node, row.parent) for row in table.rows]
            found *= np.array([ratio ** powers.get(part, 0.0) for part in roles])
            found[at] = r1[at]
    return found


def _by_latency(table: Table, rules: Rules, by_features: Array) -> Array:
    """R3 of the table's rows, NaN where a latency is unknown."""
    rule = rules.latency
    if rule is None:
        return np.full(len(table.rows), math.nan)
    count = len(table.leaves)
    leaves = [
        rule.of_leaf(row.seconds * row.node.features.calls, joules)
        for row, joules in zip(table.leaves, by_features[:count], strict=True)
    ]
    own = least_squares.own_joules(table, rules)
    below = table.leaves_below @ by_features[:count]
    seconds = least_squares.own_seconds(table)
    inner = [
        math.nan if math.isnan(each[0]) else rule.of_module(*each)
        for each in zip(seconds.tolist(), below.tolist(), own.tolist(), strict=True)
    ]
    return np.array([*leaves, *inner])


def _root_place(table: Table) -> int:
    return next(at for at, row in enumerate(table.rows) if row.parent is None)


def _scaling(folds: Sequence[Fold], known: Known) -> dict[str, float]:
    samples: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    base: Known = "features" if known == "root" else "latency"
    for fold in folds:
        for table in fold.tables:
            found = table_estimates(table, fold.rules, base)
            exact = table_estimates(table, replace(fold.rules, scaling={}), known)
            at = _root_place(table)
            ratio = float(exact[at] / found[at])
            for row, joules in zip(table.rows, found, strict=True):
                part = role(row.node, row.parent)
                samples[part].append((row.joules, float(joules), ratio))
    return least_squares.fit_scaling(samples, ROLES)


def _intervals(folds: Sequence[Fold], known: Known) -> dict[str, Interval]:
    """For each group, and each group + `NEW`, the interval of measured / predicted.

    Leaves have the quantiles as they are: their errors have the shape of a kernel's. A module's
    errors change sign with the family that is held out, and nobody knows a new family's sign:
    the greater side holds for both.
    """
    ratios: dict[str, list[float]] = defaultdict(list)
    for group, ratio in _ratios(folds, known):
        ratios[group].append(ratio)
    intervals = {
        group: _interval(found, symmetric=not group.startswith("ml:"))
        for group, found in sorted(ratios.items())
        if len(found) >= LEAST_SAMPLES
    }
    for group in sorted({name.removesuffix(NEW).removesuffix(OTHER_SIZE) for name in ratios}):
        seen, new, size = (intervals.get(group + suffix) for suffix in ("", NEW, OTHER_SIZE))
        if seen is None:
            seen = size or new
            if seen is None:  # too few to tell
                continue
            intervals[group] = seen
        factor = NEW_FACTOR[group.partition(":")[0]]
        intervals[group + NEW] = seen.widened(factor, 1.0) if new is None else seen.joined(new)
        intervals[group + OTHER_SIZE] = seen if size is None else seen.joined(size)
    return dict(sorted(intervals.items()))


def _ratios(folds: Sequence[Fold], known: Known) -> Iterator[tuple[str, float]]:
    for fold in folds:
        for table in fold.tables:
            joules = table_estimates(table, fold.rules, known)
            size = (table.tree.batch_size, table.tree.seq_len)
            for row, predicted in zip(table.rows, joules, strict=True):
                if row.kind is not None and row.kind not in fold.rules.leaves:
                    continue  # no regressor: such a node is estimated, not predicted
                if predicted > 0:
                    suffix = "" if row.pattern in fold.patterns else NEW
                    if not suffix and size not in fold.sizes:
                        suffix = OTHER_SIZE
                    yield row.group + suffix, row.joules / predicted


def _interval(ratios: Sequence[float], *, symmetric: bool) -> Interval:
    least = math.log1p(LEAST_SPREAD)
    # With n samples, n + 1 places for the next: the quantile that holds for it, too.
    inside = min(1.0, COVERAGE * (1 + 1 / len(ratios)))
    if symmetric:
        up = down = evaluation.quantile([abs(math.log(ratio)) for ratio in ratios], inside)
    else:
        tail = (1 - inside) / 2
        down = -math.log(evaluation.quantile(ratios, tail))
        up = math.log(evaluation.quantile(ratios, 1 - tail))
    return Interval(math.exp(-max(down, least)), math.exp(max(up, least)))
