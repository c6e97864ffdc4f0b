"""The paper's predictors in a device profile, for `--method irene` and its kin.

Before a model ran on the profile's device, nobody knows the resources that IrEne reads (latency,
driver energy, utilisation): a profile keeps the regressors without them, which the paper's
table 8 compares, and a prediction says so.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from irene_jupyter.errors import DataError, DeviceError
from irene_jupyter.predictors.baselines.names import STORED
from irene_jupyter.predictors.forms.interval import COVERAGE, ESTIMATED, ESTIMATED_FACTOR, Interval
from irene_jupyter.predictors.held_out import evaluation
from irene_jupyter.predictors.held_out.protocols import Split, splits
from irene_jupyter.predictors.predict.estimates import reconciled
from irene_jupyter.predictors.predict.prediction import Prediction
from irene_jupyter.predictors.predict.subtrees import is_doubted
from irene_jupyter.predictors.profiles import checks
from irene_jupyter.tree import ModelTree, Source

if TYPE_CHECKING:
    from irene_jupyter.predictors.baselines.irene import PredictedSum
    from irene_jupyter.predictors.profiles.device_profile import DeviceProfile


def fit_stored(trees: Sequence[ModelTree]) -> dict[str, Any]:
    """IrEne, end2end and stepwise, without resource features, as strict JSON values.

    The intervals are from held-out families, or models where there is one family only.
    """
    from irene_jupyter.predictors.baselines.irene import IrEne
    from irene_jupyter.predictors.baselines.leaf_lines import FEATURE_SETS

    columns = FEATURE_SETS["no-resource"]
    # Rounding follows the order of the trees, and training over many steps follows rounding.
    trees = sorted(trees, key=lambda tree: (tree.name, tree.batch_size, tree.seq_len))
    parts = splits("family", trees) or splits("model", trees)
    return {
        "meaning": "IrEne's regressors (ACL 2021) without resource features; intervals are "
        "multiples of a prediction",
        "end2end": IrEne(columns).fit(trees).to_dict(),
        "stepwise": IrEne(columns, training="stepwise").fit(trees).to_dict(),
        "intervals": {
            method: {
                level: {"low": interval.low, "high": interval.high}
                for level, interval in _intervals(method, parts).items()
            }
            for method in STORED
        },
    }


def predictions(tree: ModelTree, profile: DeviceProfile, method: str) -> list[Prediction]:
    """Each node's, in the order of `root.walk()`, by one of `STORED`; no children exceed a parent.

    Raises `DeviceError` where the profile lacks it.
    """
    model, intervals = _read(profile, method)
    (found,) = model.predict([tree])
    joules = reconciled(tree, [each.joules for each in found])
    made = []
    for node, value, each in zip(tree.root.walk(), joules, found, strict=True):
        interval = intervals[node.type]
        foreign = each.basis.startswith("no ")
        flags = (f"estimated: {each.basis}",) if foreign else ()
        if is_estimated := foreign or is_doubted(node):
            interval = interval.joined(ESTIMATED)
        low, high = value * interval.low, value * interval.high
        source: Source = "estimated" if is_estimated else "predicted"
        made.append(Prediction(value, low, high, each.basis, source, flags))
    return made


def _intervals(method: str, parts: Sequence[Split]) -> dict[str, Interval]:
    from irene_jupyter.predictors.baselines.irene import method_of_paper

    ratios: dict[str, list[float]] = defaultdict(list)
    for outcome in evaluation.run(lambda: method_of_paper(method, "no-resource"), parts):
        if outcome.distinct and outcome.predicted > 0:
            ratios[outcome.level].append(abs(math.log(outcome.ratio)))
    intervals = {}
    for level in evaluation.LEVELS:
        found = ratios.get(level)
        side = math.exp(evaluation.quantile(found, COVERAGE)) if found else ESTIMATED_FACTOR
        intervals[str(level)] = Interval.factor(side)
    return intervals


def _read(profile: DeviceProfile, method: str) -> tuple[PredictedSum, Mapping[str, Interval]]:
    """The regressors in the profile, checked."""
    from irene_jupyter.predictors.baselines.irene import IrEne, PredictedSum

    if profile.irene is None:
        raise DeviceError(
            f"the profile {profile.name} has no regressors of the paper; train it again, or take "
            "--method additive"
        )
    data = dict(profile.irene)
    try:
        model: PredictedSum = IrEne.from_dict(
            checks.table(data, "stepwise" if method == "stepwise" else "end2end")
        )
    except DataError as error:
        raise checks.bad(str(error)) from error
    if method == "predicted-sum":
        leaves = model.leaves_
        model = PredictedSum(model.columns)
        model.leaves_ = leaves
    groups = checks.table(checks.table(data, "intervals"), method)
    return model, {level: checks.interval(groups.get(level)) for level in evaluation.LEVELS}
