"""The methods that can be cross-validated, by name; a new one is one entry of `METHODS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from irene_jupyter.predictors.held_out.evaluation import Method

if TYPE_CHECKING:
    from irene_jupyter.predictors.predict.estimates import Known

FeatureSet = Literal["all", "no-resource", "no-model"]


def _irene(features: FeatureSet, seed: int) -> Method:
    from irene_jupyter.predictors.baselines.irene import IrEne
    from irene_jupyter.predictors.baselines.leaf_lines import FEATURE_SETS

    return IrEne(FEATURE_SETS[features], seed=seed)


def _stepwise(features: FeatureSet, seed: int) -> Method:
    from irene_jupyter.predictors.baselines.irene import IrEne
    from irene_jupyter.predictors.baselines.leaf_lines import FEATURE_SETS

    return IrEne(FEATURE_SETS[features], training="stepwise", seed=seed)


def _predicted_sum(features: FeatureSet, seed: int) -> Method:
    from irene_jupyter.predictors.baselines.irene import PredictedSum
    from irene_jupyter.predictors.baselines.leaf_lines import FEATURE_SETS

    return PredictedSum(FEATURE_SETS[features])


def _unstructured(features: FeatureSet, seed: int) -> Method:
    from irene_jupyter.predictors.baselines.irene import Unstructured
    from irene_jupyter.predictors.baselines.leaf_lines import FEATURE_SETS

    return Unstructured(FEATURE_SETS[features])


def _software(features: FeatureSet, seed: int) -> Method:
    from irene_jupyter.predictors.baselines.software import Software

    return Software()


def _additive(known: Known) -> Callable[..., Method]:
    def additive(features: FeatureSet, seed: int) -> Method:
        from irene_jupyter.predictors.fit.additive import Additive

        return Additive(known)

    return additive


# Name → a fresh method, called with the keywords `features` and `seed`.
METHODS: dict[str, Callable[..., Method]] = {
    "irene": _irene,
    "stepwise": _stepwise,
    "predicted-sum": _predicted_sum,
    "unstructured": _unstructured,
    "software": _software,
    "additive-measured": _additive("measured"),
    "additive-leaves": _additive("leaves"),
    "additive-latency": _additive("latency"),
    "additive": _additive("features"),
    "additive-root": _additive("root"),
    "additive-root-latency": _additive("root-latency"),
}
# Those that the feature ablations are about; the others' features are what defines them.
ABLATED = frozenset({"irene", "stepwise", "predicted-sum", "unstructured"})
# Those that start at random; the others give the same with every seed.
SEEDED = frozenset({"irene", "stepwise"})


def make(name: str, *, features: FeatureSet = "all", seed: int = 0) -> Method:
    """A fresh method of a known name. Raises `KeyError` for an unknown one."""
    return METHODS[name](features=features, seed=seed)
