"""The paper's predictors in a device profile, for `--method irene` and its kin.

Before a model ran on the profile's device, nobody knows the resources that IrEne reads (latency,
driver energy, utilisation): a profile keeps the regressors without them, which the paper's
table 8 compares, and a prediction says so.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from irene_jupyter.errors import DataError, DeviceError, OptionError
from irene_jupyter.predictors.forms.coefficients import Interval
from irene_jupyter.predictors.held_out import evaluation
from irene_jupyter.predictors.predict.estimates import reconciled
from irene_jupyter.predictors.predict.terms import is_doubted
from irene_jupyter.tree import Energy, ModelTree, Node

if TYPE_CHECKING:
    from irene_jupyter.predictors.baselines.irene import PredictedSum
    from irene_jupyter.predictors.profiles.device_profile import DeviceProfile

DEFAULT = "additive"
PAPER_METHODS = ("irene", "stepwise", "predicted-sum")
METHODS = (DEFAULT, *PAPER_METHODS)
COVERAGE = 0.9  # of an interval
FOREIGN_FACTOR = 3.0  # ×/÷, for a primitive that training never met
NOTE = (
    "predicted by {method} without resource features: latency, utilisation and driver energy on "
    "{label} are not known of a run elsewhere"
)


def check_method(name: str) -> str:
    """The name, if it is one of `METHODS`. Raises `OptionError` that lists them."""
    if name not in METHODS:
        raise OptionError(f"unknown method {name!r}; known are {', '.join(METHODS)}")
    return name


def fit_paper(trees: Sequence[ModelTree]) -> dict[str, Any]:
    """IrEne, end2end and stepwise, without resource features, as strict JSON values.

    The intervals are from held-out families, or models where there is one family only.
    """
    # Rounding follows the order of the trees, and training over many steps follows rounding.
    trees = sorted(trees, key=lambda tree: (tree.name, tree.batch_size, tree.seq_len))
    parts = evaluation.splits("FAM", trees) or evaluation.splits("LOMO", trees)
    return {
        "meaning": "IrEne's regressors (ACL 2021) without resource features; intervals are "
        "multiples of a prediction",
        **{training: _model(training).fit(trees).to_dict() for training in ("end2end", "stepwise")},
        "intervals": {
            method: {
                level: {"low": interval.low, "high": interval.high}
                for level, interval in _intervals(method, parts).items()
            }
            for method in PAPER_METHODS
        },
    }


def predict_with(tree: ModelTree, profile: DeviceProfile, method: str) -> ModelTree:
    """A copy of `tree` with the energy by one of `METHODS`; no children exceed their parent.

    Raises `OptionError` for another method, `DeviceError` where the profile lacks it.
    """
    if check_method(method) == DEFAULT:
        from irene_jupyter.predictors.predict.predicted import predict_tree

        predicted = predict_tree(tree, profile)
        if profile.is_simulated:
            predicted = replace(predicted, root=_simulated(predicted.root))
        return predicted
    model, intervals = _stored(profile, method)
    (found,) = model.predict([tree])
    joules = iter(reconciled(tree, [each.joules for each in found]))
    bases = iter(each.basis for each in found)

    def filled(node: Node) -> Node:
        value, basis = next(joules), next(bases)
        children = tuple(filled(child) for child in node.children)
        interval = intervals[node.type]
        flags = node.flags
        foreign = basis.startswith("no ")
        if foreign:
            flags = (*flags, f"estimated: {basis}")
        foreign = foreign or is_doubted(node)
        if foreign:
            interval = interval.joined(Interval(1 / FOREIGN_FACTOR, FOREIGN_FACTOR))
        energy = Energy(
            value,
            value * interval.low,
            value * interval.high,
            "estimated" if foreign else "predicted",
        )
        return replace(node, energy=energy, children=children, flags=flags)

    return replace(tree, root=filled(tree.root))


def _simulated(node: Node) -> Node:
    """The tree with every energy marked: a meter that is no hardware had a part in it."""
    children = tuple(_simulated(child) for child in node.children)
    energy = None if node.energy is None else replace(node.energy, source="simulated")
    return replace(node, energy=energy, children=children)


def _model(training: str) -> Any:
    from irene_jupyter.predictors.baselines.irene import IrEne
    from irene_jupyter.predictors.baselines.leaf_lines import FEATURE_SETS

    return IrEne(FEATURE_SETS["no-resource"], training=training)  # type: ignore[arg-type]


def _fresh(method: str) -> Any:
    if method == "predicted-sum":
        from irene_jupyter.predictors.baselines.irene import PredictedSum
        from irene_jupyter.predictors.baselines.leaf_lines import FEATURE_SETS

        return PredictedSum(FEATURE_SETS["no-resource"])
    return _model("end2end" if method == "irene" else method)


def _intervals(method: str, parts: Sequence[evaluation.Split]) -> dict[str, Interval]:
    ratios: dict[str, list[float]] = defaultdict(list)
    for outcome in evaluation.run(lambda: _fresh(method), parts):
        if outcome.distinct and outcome.predicted > 0:
            ratios[outcome.level].append(abs(math.log(outcome.ratio)))
    intervals = {}
    for level in evaluation.LEVELS:
        found = ratios.get(level)
        side = math.exp(evaluation.quantile(found, COVERAGE)) if found else FOREIGN_FACTOR
        intervals[str(level)] = Interval(1 / side, side)
    return intervals


def _stored(profile: DeviceProfile, method: str) -> tuple[PredictedSum, Mapping[str, Interval]]:
    """The regressors in the profile, checked."""
    from irene_jupyter.predictors.baselines.irene import IrEne, PredictedSum
    from irene_jupyter.predictors.profiles import checks

    if profile.irene is None:
        raise DeviceError(
            f"the profile {profile.name} has no regressors of the paper; train it again, or take "
            f"--method {DEFAULT}"
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
