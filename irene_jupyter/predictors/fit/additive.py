"""The additive model as an estimator: what `crossvalidate` compares, by what may be known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from irene_jupyter.predictors.fit.profile_fit import fit_profile
from irene_jupyter.predictors.forms.coefficients import Known
from irene_jupyter.predictors.predict.estimates import R5
from irene_jupyter.predictors.predict.predicted import predictions
from irene_jupyter.predictors.predict.prediction import Prediction
from irene_jupyter.predictors.predict.subtrees import readings
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import ModelTree


class Additive:
    """R1, R2, R3 and R5 behind one interface; `known` says what `predict` may read.

    "features" reads nothing that was run; "measured" uses, node by node, the best that is known,
    and each `Prediction.basis` says which. Without `intervals` fitting is quicker, and they are
    the declared ×/÷ 3, but scaling to a root needs them. After `fit`: `profile_`.
    """

    profile_: DeviceProfile

    def __init__(self, known: Known = "features", *, intervals: bool = True) -> None:
        self.known = known
        self.intervals = intervals

    def fit(self, trees: Sequence[ModelTree]) -> Self:
        """Learn from measured trees. Raises `DataError` if they are too few."""
        known = [self.known] if self.intervals else []
        scaled = [self.known] if self.known in R5 else []
        self.profile_ = fit_profile(trees, "fitted", known, scaled)
        return self

    def predict(self, trees: Sequence[ModelTree]) -> list[list[Prediction]]:
        """For each tree, the predictions of its nodes in the order of `root.walk()`."""
        return [predictions(tree, self.profile_, self.known, readings(tree)) for tree in trees]
