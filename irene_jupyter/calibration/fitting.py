"""Measured parts → a device profile: a transfer from a shipped one, or a fit of its own.

The scorecard comes with it: each node (or model) predicted by a fit that has not seen it. What
the meter is sure to, and how well the rounds repeat, widens the intervals of predictions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from irene_jupyter.calibration.bench import Bench
from irene_jupyter.calibration.parts import identity
from irene_jupyter.calibration.results import Measured, Results
from irene_jupyter.calibration.transfer import Target, joules_of, transferred
from irene_jupyter.errors import DataError
from irene_jupyter.predictors import evaluation, features
from irene_jupyter.predictors.device import fingerprint
from irene_jupyter.predictors.profile import DeviceProfile
from irene_jupyter.predictors.rules import Interval, Rules
from irene_jupyter.predictors.training import LEAST_TREES, train_device
from irene_jupyter.tree import Energy, ModelTree, Node, NodeType

NORMAL_90 = 1.645  # standard deviations on either side that hold 90 %
LEAST_HALF = math.log1p(0.02)  # no interval of a transferred profile is tighter


@dataclass(frozen=True, slots=True)
class Checked:
    """A measured part and what a fit without it (its node, or its model) says."""

    measured: Measured
    level: NodeType
    class_name: str
    joules: float

    @property
    def percent_error(self) -> float:
        """100·|predicted − measured| / measured."""
        return 100 * abs(self.joules / self.measured.joules - 1)


def fitted(
    results: Results,
    bench: Bench,
    source: DeviceProfile,
    *,
    name: str,
    label: str,
    complete: bool,
    training: Mapping[str, Any],
) -> DeviceProfile:
    """The profile of this machine. `training` says where the numbers come from."""
    targets = [_target(bench, each) for each in results.measured]
    # A GPU's boosted residuals are about its tiles: they say nothing of a processor.
    keep = bench.device.startswith("cuda")
    by_node = complete is False
    checked = _left_out(source.rules, results.measured, targets, keep=keep, by_node=by_node)
    protocol = "node" if by_node else "model"
    profile = _transferred(source, targets, results, checked, keep=keep)
    method = f"transfer from {source.name}: its coefficients are the prior (R2)"
    if complete:
        own = _own_fit(results, bench, source.rules, name)
        if own is not None and _is_better(own, checked):
            profile, method = own, "a fit of its own (R2)"
    scorecard = {
        **_scorecard(results, checked, protocol),
        **({"own_fit": profile.scorecard} if profile.scorecard else {}),
    }
    return replace(
        profile,
        name=name,
        label=label,
        kind="calibrated",
        training={**training, "method": method, "nodes": len(results.measured)},
        scorecard=scorecard,
        fingerprint=fingerprint(),
    )


def _target(bench: Bench, measured: Measured) -> Target:
    part = measured.part
    return Target(
        bench.tree(part), bench.nodes(part), measured.joules, measured.uncertainty.repeatability
    )


# --- the transfer ---------------------------------------------------------------------------------


def _transferred(
    source: DeviceProfile,
    targets: Sequence[Target],
    results: Results,
    checked: Sequence[Checked],
    *,
    keep: bool,
) -> DeviceProfile:
    rules = transferred(source.rules, targets, keep_residual=keep)
    trees = list({id(t.tree): t.tree for t in targets}.values())
    nodes = [node for target in targets for top in target.nodes for node in top.walk()]
    leaves = {
        kind: replace(leaf, ranges=_wider_leaf(kind, leaf.columns, leaf.ranges, targets))
        for kind, leaf in rules.leaves.items()
    }
    ranges = dict(source.ranges)
    for target in targets:
        for key, ends in _ranges(target).items():
            low, high = ranges.get(key, ends)
            ranges[key] = (min(low, ends[0]), max(high, ends[1]))
    return replace(
        source,
        leaves=leaves,
        own=rules.own,
        driver=None,
        latency=None,
        scaling={},
        intervals={"features": _intervals(source.intervals.get("features", {}), results, checked)},
        patterns=source.patterns | {features.pattern(node) for node in nodes},
        sizes=source.sizes | {(tree.batch_size, tree.seq_len) for tree in trees},
        ranges=ranges,
        scorecard={},
        irene=None,
    )


def _ranges(target: Target) -> dict[str, tuple[float, float]]:
    tree = target.tree
    found: dict[str, tuple[float, float]] = {
        "batch_size": (tree.batch_size, tree.batch_size),
        "seq_len": (tree.seq_len, tree.seq_len),
    }
    widths = [w for top in target.nodes for n in top.walk() if (w := features.gemm_widths(n))]
    for at, key in enumerate(("gemm_k", "gemm_n")):
        if widths:
            found[key] = (float(min(w[at] for w in widths)), float(max(w[at] for w in widths)))
    return found


def _wider_leaf(
    kind: str,
    columns: Sequence[str],
    ranges: Sequence[tuple[float, float]],
    targets: Sequence[Target],
) -> tuple[tuple[float, float], ...]:
    rows = [
        features.values(columns, target.tree, node)
        for target in targets
        for top in target.nodes
        for node in top.walk()
        if not node.children and features.kind_of(node) == kind
    ]
    return tuple(
        (min([low, *(row[at] for row in rows)]), max([high, *(row[at] for row in rows)]))
        for at, (low, high) in enumerate(ranges)
    )


def _intervals(
    source: Mapping[str, Interval], results: Results, checked: Sequence[Checked]
) -> dict[str, Interval]:
    """The source's intervals, what the fit missed of nodes that it had not seen, and the meter.

    Independent, so their squares add up (in logarithms). A level's misses are few and about zero:
    90 % of the next one lie within Student's t times their root mean square. A level without any
    has all nodes' misses.
    """
    found = {}
    for group, interval in source.items():
        level = group.partition(":")[0].partition(" ")[0]
        nodes = [each for each in checked if each.level == level] or checked
        missed = _likely([math.log(each.joules / each.measured.joules) for each in nodes])
        sure = NORMAL_90 * _root_mean_square(
            [
                math.hypot(uncertainty.meter, uncertainty.clock, uncertainty.repeatability)
                for uncertainty in (each.measured.uncertainty for each in nodes)
            ]
        )
        down, up = (
            max(LEAST_HALF, math.hypot(math.log(side), missed, sure))
            for side in (interval.low, interval.high)
        )
        found[group] = Interval(math.exp(-min(down, 5.0)), math.exp(min(up, 5.0)))
    return found


def _likely(errors: Sequence[float]) -> float:
    """What 90 % of further errors do not exceed, either way, by a few that are about zero."""
    from scipy.stats import t

    return float(t.ppf(0.95, len(errors))) * _root_mean_square(errors)


def _root_mean_square(values: Sequence[float]) -> float:
    return math.sqrt(math.fsum(value * value for value in values) / len(values))


def _left_out(
    source: Rules,
    measured: Sequence[Measured],
    targets: Sequence[Target],
    *,
    keep: bool,
    by_node: bool,
) -> list[Checked]:
    """Each part by a fit without it: without its model, or by node without itself alone."""
    found = []
    models: dict[str, Rules] = {}
    for at, (each, target) in enumerate(zip(measured, targets, strict=True)):
        if by_node:
            rest = [t for other, t in enumerate(targets) if other != at]
            rules = transferred(source, rest, keep_residual=keep)
        else:
            model = each.part.architecture
            if model not in models:
                rest = [
                    t
                    for m, t in zip(measured, targets, strict=True)
                    if m.part.architecture != model
                ]
                models[model] = transferred(source, rest or targets, keep_residual=keep)
            rules = models[model]
        first = target.nodes[0]
        found.append(Checked(each, first.type, first.class_name, joules_of(rules, target)))
    return found


# --- a fit of its own -----------------------------------------------------------------------------


def _own_fit(results: Results, bench: Bench, source: Rules, name: str) -> DeviceProfile | None:
    """`train_device` on the trees of which every node was measured; None where too few are."""
    trees = complete_trees(results, bench, source)
    if len(trees) < LEAST_TREES:
        return None
    try:
        return _widened(train_device(trees, name=name), results)
    except DataError:
        return None


def complete_trees(results: Results, bench: Bench, source: Rules) -> list[ModelTree]:
    """Trees with joules at every node; leaves without a regressor are part of their module."""
    by_tree: dict[int, tuple[ModelTree, dict[Any, float]]] = {}
    for each in results.measured:
        target = _target(bench, each)
        _, known = by_tree.setdefault(id(target.tree), (target.tree, {}))
        shares = [joules_of(source, replace(target, nodes=(node,))) for node in target.nodes]
        total = math.fsum(shares)
        for node, share in zip(target.nodes, shares, strict=True):
            part = share / total if len(shares) > 1 else 1.0
            known[identity(node)] = each.joules * part
    found = []
    for tree, known in by_tree.values():
        root = _filled(tree.root, known)
        if root is not None:
            found.append(replace(tree, root=root))
    return found


def _filled(node: Node, known: Mapping[Any, float]) -> Node | None:
    joules = known.get(identity(node))
    if joules is None:
        return None
    children = []
    for child in node.children:
        if not child.children and features.kind_of(child) is None:
            continue
        filled = _filled(child, known)
        if filled is None:
            return None
        children.append(filled)
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


def _is_better(own: DeviceProfile, checked: Sequence[Checked]) -> bool:
    """Whether the fit of its own errs less on models that it has not seen."""
    errors = own.scorecard.get("error_percent", {}).get("LOMO", {})
    mine = [errors[level] for level in ("module", "model") if level in errors]
    transfer = error_percent(checked)
    theirs = [transfer[level] for level in ("module", "model") if level in transfer]
    return bool(mine) and bool(theirs) and sum(mine) / len(mine) < sum(theirs) / len(theirs)


# --- the scorecard --------------------------------------------------------------------------------


def error_percent(checked: Sequence[Checked]) -> dict[str, float]:
    """The mean error of each level."""
    found: dict[str, float] = {}
    for level in evaluation.LEVELS:
        errors = [each.percent_error for each in checked if each.level == level]
        if errors:
            found[level] = math.fsum(errors) / len(errors)
    return found


def _scorecard(results: Results, checked: Sequence[Checked], protocol: str) -> dict[str, Any]:
    return {
        "error_percent": {f"leave one {protocol} out": error_percent(checked)},
        "meaning": "each node is predicted by a fit that has not seen it; joules are of one run, "
        "mean of the rounds; ± is the expanded uncertainty (95 %) of the measurement",
        "nodes": [
            {
                "node": each.measured.part.key,
                "level": each.level,
                "class_name": each.class_name,
                "measured_joules": each.measured.joules,
                "plus_minus_percent": 100 * each.measured.uncertainty.expanded,
                "repeatability_percent": 100 * each.measured.uncertainty.repeatability,
                "meter_percent": 100 * each.measured.uncertainty.meter,
                "clock_percent": 100 * each.measured.uncertainty.clock,
                "predicted_joules": each.joules,
                "error_percent": each.percent_error,
                "rounds": each.measured.uncertainty.rounds,
                "seconds": each.measured.seconds,
                "variation_percent": 100 * each.measured.variation,
                "unstable": each.measured.unstable,
                "rejected_runs": len(each.measured.rejected),
            }
            for each in checked
        ],
        "failed": [{"node": part.key, "reason": reason} for part, reason in results.failed],
    }
