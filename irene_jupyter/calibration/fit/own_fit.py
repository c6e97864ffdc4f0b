"""Regressors fitted anew on this machine's own trees, where every node of enough was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from irene_jupyter.calibration.fit.results import Measured, Results
from irene_jupyter.calibration.fit.scorecard import Checked, error_percent
from irene_jupyter.calibration.fit.transfer import Target, joules_of
from irene_jupyter.calibration.signal.uncertainty import NORMAL_90
from irene_jupyter.calibration.workload.part import identity
from irene_jupyter.predictors.fit.device_training import train_device
from irene_jupyter.predictors.forms import matrices
from irene_jupyter.predictors.forms.coefficients import Coefficients
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import Energy, ModelTree, Node

MOST_MISSING = 0.2  # of a tree's distinct nodes


def own_fit(
    results: Results, targets: Sequence[Target], source: Coefficients, name: str
) -> DeviceProfile:
    """`train_device` on the trees of which nearly every node was measured.

    `source` are the coefficients that were brought here. Raises `DataError` where the trees are
    too few.
    """
    trees = complete_trees(results.measured, targets, source)
    return _widened(train_device(trees, name=name), results)


def complete_trees(
    measured: Sequence[Measured], targets: Sequence[Target], source: Coefficients
) -> list[ModelTree]:
    """Trees with joules at every node; leaves without a regressor are part of their module.

    Some runs are always rejected: where most of a tree's distinct nodes were measured, the others
    have what `source`, which was fitted to the rest, says of them.
    """
    by_tree: dict[int, tuple[ModelTree, dict[Any, float]]] = {}
    for each, target in zip(measured, targets, strict=True):
        _, known = by_tree.setdefault(id(target.tree), (target.tree, {}))
        shares = [joules_of(source, replace(target, nodes=(node,))) for node in target.nodes]
        total = math.fsum(shares)
        for node, share in zip(target.nodes, shares, strict=True):
            part = share / total if len(shares) > 1 else 1.0
            known[identity(node)] = each.joules * part
    found = []
    for tree, known in by_tree.values():
        wanted = {identity(node): node for node in tree.root.walk() if _is_measurable(node)}
        missing = [node for key, node in wanted.items() if key not in known]
        if len(missing) > MOST_MISSING * len(wanted):
            continue
        filled = {identity(node): joules_of(source, Target(tree, (node,), 1.0)) for node in missing}
        found.append(replace(tree, root=_with_joules(tree.root, {**known, **filled})))
    return found


def _is_measurable(node: Node) -> bool:
    return bool(node.children) or matrices.kind_of(node) is not None


def _with_joules(node: Node, known: Mapping[Any, float]) -> Node:
    joules = known[identity(node)]
    children = [_with_joules(child, known) for child in node.children if _is_measurable(child)]
    energy = Energy(joules, joules, joules, "measured")
    return replace(node, energy=energy, children=tuple(children))


def _widened(profile: DeviceProfile, results: Results) -> DeviceProfile:
    sure = NORMAL_90 * max(
        math.hypot(each.uncertainty.meter, each.uncertainty.clock) for each in results.measured
    )
    intervals = {
        known: {
            group: Interval(
                math.exp(-math.hypot(math.log(interval.low), sure)),
                math.exp(math.hypot(math.log(interval.high), sure)),
            )
            for group, interval in groups.items()
        }
        for known, groups in profile.intervals.items()
    }
    return replace(profile, intervals=intervals)


def is_better(own: DeviceProfile, checked: Sequence[Checked]) -> bool:
    """Whether the fit of its own errs less on models that it has not seen."""
    errors = own.scorecard.get("error_percent", {}).get("LOMO", {})
    mine = [errors[level] for level in ("module", "model") if level in errors]
    transfer = error_percent(checked)
    theirs = [transfer[level] for level in ("module", "model") if level in transfer]
    return bool(mine) and bool(theirs) and sum(mine) / len(mine) < sum(theirs) / len(theirs)
