"""Intervals that hold: quantiles of measured / predicted on trees that a fit has not seen.

Each model of the training trees is held out in turn, alone and with a quarter of the input
sizes, then each family. A node whose `pattern` (primitive, or parts of a module) was in
training has the interval of its group's held-out nodes for which that was so too; a node of a
new pattern, or in a tree of a new size, that of those which were new. Needs numpy.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from irene_jupyter.predictors.fit.least_squares import fit_coefficients, fit_scaling
from irene_jupyter.predictors.fit.measurements import Table, tables_of
from irene_jupyter.predictors.forms.coefficients import ROLES, Coefficients, Known
from irene_jupyter.predictors.forms.interval import COVERAGE, NEW, OTHER_SIZE, Interval
from irene_jupyter.predictors.held_out.evaluation import quantile
from irene_jupyter.predictors.held_out.protocols import SIZE_PARTS, Split, size_part, splits
from irene_jupyter.predictors.predict.estimates import role
from irene_jupyter.tree import ModelTree

# A new pattern's interval is this much wider (in logarithms) than a known one's where none
# could be tried: near twins make models look easier than families are.
# A whole model is no more than its parts, whose errors differ in sign.
NEW_FACTOR = {"ml": 2.0, "module": 2.0, "model": 1.0}
LEAST_SPREAD = 0.01  # no interval is tighter on a side: two runs of one node differ by half of it
KEPT_FITS = 256
LEAST_SAMPLES = 10  # of a group; fewer are not a distribution


@dataclass(frozen=True, slots=True)
class Fold:
    """Held-out tables, coefficients of a fit without them, and the patterns that it has seen."""

    coefficients: Coefficients
    patterns: frozenset[str]
    sizes: frozenset[tuple[int, int]]
    tables: tuple[Table, ...]


def folds_of(trees: Sequence[ModelTree]) -> list[Fold]:
    """Each model held out in turn, each with a quarter of the sizes, and each family.

    None where only one model is there.
    """
    models = sorted(splits("model", trees), key=lambda split: split.held_out)
    sizes = [_without_sizes(split, at % SIZE_PARTS) for at, split in enumerate(models)]
    folds = []
    for split in (*models, *sizes, *splits("family", trees)):
        tables = tables_of(split.train)
        kinds = {row.kind for table in tables for row in table.leaves}
        if not split.test or "GEMM" not in kinds or kinds.isdisjoint({"LayerNorm", "RMSNorm"}):
            continue
        patterns = frozenset(row.pattern for table in tables for row in table.rows)
        known = frozenset((tree.batch_size, tree.seq_len) for tree in split.train)
        folds.append(Fold(fitted(tuple(tables)), patterns, known, tuple(tables_of(split.test))))
    return folds


def _without_sizes(split: Split, part: int) -> Split:
    return Split(
        split.held_out,
        train=tuple(tree for tree in split.train if size_part(tree) != part),
        test=tuple(tree for tree in split.test if size_part(tree) == part),
    )


@lru_cache(KEPT_FITS)
def fitted(tables: tuple[Table, ...]) -> Coefficients:
    """`fit_coefficients`, once for equal tables: methods are compared on equal folds."""
    return fit_coefficients(tables)


def calibrated(
    device: Coefficients, folds: Sequence[Fold], known: Iterable[Known], scaled: Iterable[Known]
) -> tuple[Coefficients, dict[str, dict[str, Interval]]]:
    """The coefficients with their scaling to a measured root, and the intervals for each `known`.

    `scaled` are those of "root" and "root-latency" to which the device is scaled.
    """
    scaling = {str(each): _scaling(folds, each) for each in scaled}
    folds = [
        replace(fold, coefficients=replace(fold.coefficients, scaling=scaling)) for fold in folds
    ]
    intervals = {str(each): _intervals(folds, each) for each in known}
    return replace(device, scaling=scaling), intervals


def _scaling(folds: Sequence[Fold], known: Known) -> dict[str, float]:
    samples: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    base: Known = "features" if known == "root" else "latency"
    for fold in folds:
        for table in fold.tables:
            found = table.estimates(fold.coefficients, base)
            exact = table.estimates(replace(fold.coefficients, scaling={}), known)
            ratio = exact[-1].joules / found[-1].joules
            for row, each in zip(table.rows, found, strict=True):
                if row.node is not table.tree.root:
                    part = role(table.subtrees.distinct[row.place])
                    samples[part].append((row.joules, each.joules, ratio))
    return fit_scaling(samples, ROLES)


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
            found = table.estimates(fold.coefficients, known)
            size = (table.tree.batch_size, table.tree.seq_len)
            for row, estimate in zip(table.rows, found, strict=True):
                if row.kind is not None and row.kind not in fold.coefficients.leaves:
                    continue  # no regressor: such a node is estimated, not predicted
                if estimate.joules > 0:
                    suffix = "" if row.pattern in fold.patterns else NEW
                    if not suffix and size not in fold.sizes:
                        suffix = OTHER_SIZE
                    yield row.group + suffix, row.joules / estimate.joules


def _interval(ratios: Sequence[float], *, symmetric: bool) -> Interval:
    least = math.log1p(LEAST_SPREAD)
    # With n samples, n + 1 places for the next: the quantile that holds for it, too.
    inside = min(1.0, COVERAGE * (1 + 1 / len(ratios)))
    if symmetric:
        up = down = quantile([abs(math.log(ratio)) for ratio in ratios], inside)
    else:
        tail = (1 - inside) / 2
        down = -math.log(quantile(ratios, tail))
        up = math.log(quantile(ratios, 1 - tail))
    return Interval(math.exp(-max(down, least)), math.exp(max(up, least)))
