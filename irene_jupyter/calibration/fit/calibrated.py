"""Measured parts → a device profile: a transfer from a shipped one, or a fit of its own.

The scorecard comes with it: each node (or model) predicted by a fit that has not seen it. What
the meter is sure to, and how well the rounds repeat, widens the intervals of predictions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from irene_jupyter.calibration.fit.own_fit import is_better, own_fit
from irene_jupyter.calibration.fit.results import Measured, Results
from irene_jupyter.calibration.fit.scorecard import Checked, left_out, scorecard_dict
from irene_jupyter.calibration.fit.transfer import Target, transferred
from irene_jupyter.calibration.signal.uncertainty import NORMAL_90
from irene_jupyter.calibration.workload.bench import Bench
from irene_jupyter.calibration.workload.part import FLOAT32
from irene_jupyter.errors import DataError
from irene_jupyter.predictors.forms import features, matrices
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.loading import fingerprint

LEAST_HALF = math.log1p(0.02)  # no interval of a transferred profile is tighter


def calibrated(
    results: Results,
    bench: Bench,
    source: DeviceProfile,
    *,
    name: str,
    label: str,
    complete: bool,
    training: Mapping[str, Any],
    tell: Callable[[float], None] = lambda _: None,
) -> DeviceProfile:
    """The profile of this machine. `training` says where the numbers come from.

    `tell` is called with the share that is done, from 0 to 1.
    """
    everything = [_target(bench, each) for each in results.measured]
    # A dtype's only node tells nothing of one that is left out.
    seen = replace(results, measured=tuple(m for m in results.measured if m.part.dtype == FLOAT32))
    targets = [target for target in everything if target.dtype == FLOAT32]
    # A GPU's boosted residuals are about its tiles: they say nothing of a processor.
    keep = bench.device.startswith("cuda")
    by_node = complete is False
    checked = []
    for each in left_out(source.coefficients, seen.measured, targets, keep=keep, by_node=by_node):
        checked.append(each)
        tell(len(checked) / (len(targets) + 1))
    protocol = "node" if by_node else "model"
    profile = _transferred(source, everything, results, checked, keep=keep)
    method = f"transfer from {source.name}: its coefficients are the prior (R2)"
    if complete:
        try:
            own = own_fit(seen, targets, profile.coefficients, name)
        except DataError as error:
            method += f"; no fit of its own: {error}"
        else:
            if is_better(own, checked):
                factors = profile.coefficients.dtype_factors
                coefficients = replace(own.coefficients, dtype_factors=factors)
                profile = replace(own, coefficients=coefficients)
                method = "a fit of its own (R2)"
            else:
                method += "; a fit of its own errs more on models that it has not seen"
    scorecard = {
        **scorecard_dict(results, checked, protocol),
        **({"own_fit": profile.scorecard} if profile.scorecard else {}),
    }
    factors = profile.coefficients.dtype_factors
    return replace(
        profile,
        dtypes=(FLOAT32, *factors),
        name=name,
        label=label,
        kind="calibrated",
        training={
            **training,
            "method": method,
            "nodes": len(results.measured),
        },
        scorecard=scorecard,
        fingerprint=fingerprint(),
        memory_gibibytes=bench.memory_gibibytes,
    )


def _target(bench: Bench, measured: Measured) -> Target:
    part = measured.part
    return Target(
        bench.tree(part),
        bench.nodes(part),
        measured.joules,
        measured.uncertainty.repeatability,
        part.dtype,
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
    found = transferred(source.coefficients, targets, keep_residual=keep)
    known = _with_groups(source.intervals.get("features", {}), found.leaves)
    nodes = [node for target in targets for top in target.nodes for node in top.walk()]
    leaves = {
        kind: replace(leaf, ranges=_wider_leaf(kind, leaf.columns, leaf.ranges, targets))
        for kind, leaf in found.leaves.items()
    }
    ranges = dict(source.ranges)
    for target in targets:
        for key, ends in _ranges(target).items():
            low, high = ranges.get(key, ends)
            ranges[key] = (min(low, ends[0]), max(high, ends[1]))
    return replace(
        source,
        coefficients=replace(found, leaves=leaves),
        intervals={"features": _intervals(known, results, checked)},
        patterns=source.patterns | {features.pattern(node) for node in nodes},
        sizes=source.sizes | {(each.tree.batch_size, each.tree.seq_len) for each in targets},
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
    widths = [w for top in target.nodes for n in top.walk() if (w := matrices.gemm_widths(n))]
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
        if not node.children and matrices.kind_of(node) == kind
    ]
    return tuple(
        (min([low, *(row[at] for row in rows)]), max([high, *(row[at] for row in rows)]))
        for at, (low, high) in enumerate(ranges)
    )


def _with_groups(source: Mapping[str, Interval], kinds: Iterable[str]) -> dict[str, Interval]:
    """The source's intervals, with those of a layer normalisation for kinds that it never met."""
    found = dict(source)
    for kind in kinds:
        for group, interval in source.items():
            if group.partition(" ")[0] == "ml:LayerNorm":
                found.setdefault(group.replace("LayerNorm", kind, 1), interval)
    return found


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
