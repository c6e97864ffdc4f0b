"""The paper's predictors: IrEne (End2End, Stepwise), PredictedSum and Unstructured.

Source: Cao et al., "IrEne: Interpretable Energy Prediction for Transformers", ACL 2021,
section 3, equations 1 to 5. Estimators in scikit-learn's manner: `fit`, `predict`, what was
learned ends in an underscore. They compute on `TreeArrays`: all trees at once, level by level.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from sklearn.preprocessing import PolynomialFeatures

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.baselines.arrays import Floats, TreeArrays, arrays_of
from irene_jupyter.predictors.baselines.leaf_lines import (
    FEATURE_SETS,
    LeafLines,
    Line,
    array,
    finite,
    standard,
)
from irene_jupyter.predictors.forms import features
from irene_jupyter.predictors.predict.prediction import Prediction
from irene_jupyter.tree import ModelTree

TAU = 10.0  # of equation 4: a child's weight lies within 1 ± 1/τ
DEGREE = 3  # of the polynomial features of α
LEARNING_RATE = 1e-3  # Adam's
# Steps on the whole training set; the paper gives no number. The loss still falls slowly then,
# while the errors of unseen models have settled.
STEPS = 800


class PredictedSum:
    """Leaves by linear regression (eq. 1), a node as the sum of its children (eq. 2).

    After `fit`: `leaves_`, a `LeafLines`.
    """

    leaves_: LeafLines
    _inner_basis = "sum of its children"

    def __init__(self, columns: Sequence[str] = FEATURE_SETS["all"]) -> None:
        self.columns = tuple(columns)

    def fit(self, trees: Sequence[ModelTree]) -> Self:
        """Learn from measured trees. Raises `DataError` for none, or nodes without energy."""
        arrays = _measured(trees, self.columns)
        self.leaves_ = LeafLines.fit(arrays)
        self._fit_inner(arrays)
        return self

    def predict(self, trees: Sequence[ModelTree]) -> list[list[Prediction]]:
        """For each tree, the predictions of its nodes in the order of `root.walk()`.

        Raises `DataError` where a column of a node has no value.
        """
        arrays = arrays_of(trees, self.columns)
        joules, bases = self.leaves_.joules(arrays)
        weights = self._weights(arrays)
        for level in arrays.levels:
            below = level.count * weights[level.child] * joules[level.child]
            np.add.at(joules, level.parent, below)
            bases |= dict.fromkeys(level.nodes.tolist(), self._inner_basis)
        return _in_order(arrays, joules, bases)

    def _fit_inner(self, arrays: TreeArrays) -> None:
        """PredictedSum has nothing to learn there."""

    def _weights(self, arrays: TreeArrays) -> Floats:
        """α of every node, as a child."""
        return np.ones(len(arrays.rows))


class IrEne(PredictedSum):
    """A node is the weighted sum of its children (eq. 3), α = 1 + tanh(w·feat + b)/τ (eq. 4).

    One (w, b) for all nodes, on standardised polynomial features. Trained on the loss
    Σ (P − G)²/G² over a tree's inner nodes with P from P of the children ("end2end"), or from
    their measured energy, so that no error flows down ("stepwise", eq. 5). After `fit`, besides
    `leaves_`: `coef_`, `intercept_`, `feature_mean_`, `feature_scale_` (of the columns),
    `polynomial_mean_`, `polynomial_scale_`, `losses_` (mean loss of a tree before each step).
    """

    _inner_basis = "weighted sum of its children"

    def __init__(
        self,
        columns: Sequence[str] = FEATURE_SETS["all"],
        *,
        training: Literal["end2end", "stepwise"] = "end2end",
        seed: int = 0,
        steps: int = STEPS,
    ) -> None:
        super().__init__(columns)
        self.training = training
        self.seed = seed
        self.steps = steps

    def _fit_inner(self, arrays: TreeArrays) -> None:
        from irene_jupyter.predictors.baselines.weighting import (
            train_weights,  # torch, for training only
        )

        self.feature_mean_, self.feature_scale_ = standard(arrays.rows, arrays.copies)
        terms = self._terms(arrays)
        self.polynomial_mean_, self.polynomial_scale_ = standard(terms, arrays.copies)
        self.coef_, self.intercept_, self.losses_ = train_weights(
            arrays,
            self._inputs(arrays),
            None if self.training == "stepwise" else self.leaves_.joules(arrays)[0],
            tau=TAU,
            learning_rate=LEARNING_RATE,
            steps=self.steps,
            seed=self.seed,
        )

    def _terms(self, arrays: TreeArrays) -> Floats:
        """The polynomial of every node's standardised columns."""
        rows = (arrays.rows - self.feature_mean_) / self.feature_scale_
        terms: Floats = PolynomialFeatures(DEGREE, include_bias=False).fit_transform(rows)
        return terms

    def _inputs(self, arrays: TreeArrays) -> Floats:
        """What w is multiplied with."""
        return (self._terms(arrays) - self.polynomial_mean_) / self.polynomial_scale_

    def _weights(self, arrays: TreeArrays) -> Floats:
        weights: Floats = 1 + np.tanh(self._inputs(arrays) @ self.coef_ + self.intercept_) / TAU
        return weights

    def to_dict(self) -> dict[str, Any]:
        """What was learned, as strict JSON values."""
        names = ("coef", "feature_mean", "feature_scale", "polynomial_mean", "polynomial_scale")
        return {
            "columns": list(self.columns),
            "training": self.training,
            "seed": self.seed,
            "steps": self.steps,
            "leaves": self.leaves_.to_dict(),
            "alpha": {
                "intercept": self.intercept_,
                **{name: getattr(self, f"{name}_").tolist() for name in names},
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The fitted model that `to_dict` wrote; it predicts the same.

        Raises `DataError` for anything else.
        """
        try:
            return cls._from_dict(data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"these are not IrEne's regressors ({error}); train the profile again with "
                "irene-jupyter train"
            ) from error

    @classmethod
    def _from_dict(cls, data: Mapping[str, Any]) -> Self:
        columns, training = tuple(map(str, data["columns"])), data["training"]
        unknown = [name for name in columns if name not in features.COLUMNS]
        if unknown:
            raise ValueError(f"unknown columns {', '.join(unknown)}")
        if training not in ("end2end", "stepwise"):
            raise ValueError(f"training {training!r}")
        model = cls(columns, training=training, seed=int(data["seed"]), steps=int(data["steps"]))
        width = len(columns)
        model.leaves_ = LeafLines.from_dict(data["leaves"], width)
        alpha = data["alpha"]
        terms = math.comb(width + DEGREE, DEGREE) - 1
        model.intercept_ = finite(alpha["intercept"])
        model.coef_ = array(alpha["coef"], terms)
        model.feature_mean_ = array(alpha["feature_mean"], width)
        model.feature_scale_ = array(alpha["feature_scale"], width)
        model.polynomial_mean_ = array(alpha["polynomial_mean"], terms)
        model.polynomial_scale_ = array(alpha["polynomial_scale"], terms)
        if not (model.feature_scale_.all() and model.polynomial_scale_.all()):
            raise ValueError("a scale of zero")
        return model


class Unstructured:
    """Ignores the tree: a linear regression from a node's own features to its energy.

    Leaves as in IrEne (`leaves_`); one `Line` for all modules and one for all models (`inner_`).
    """

    leaves_: LeafLines
    inner_: Mapping[str, Line]

    def __init__(self, columns: Sequence[str] = FEATURE_SETS["all"]) -> None:
        self.columns = tuple(columns)

    def fit(self, trees: Sequence[ModelTree]) -> Self:
        """Learn from measured trees. Raises `DataError` for none, or nodes without energy."""
        arrays = _measured(trees, self.columns)
        self.leaves_ = LeafLines.fit(arrays)
        self.inner_ = {
            level: Line.of(arrays, indices) for level, indices in _inner(arrays) if indices
        }
        return self

    def predict(self, trees: Sequence[ModelTree]) -> list[list[Prediction]]:
        """For each tree, the predictions of its nodes in the order of `root.walk()`.

        Raises `DataError` where a column of a node has no value.
        """
        arrays = arrays_of(trees, self.columns)
        joules, bases = self.leaves_.joules(arrays)
        for level, indices in _inner(arrays):
            # Training without any module, or with models of one node: all leaves then.
            line = self.inner_.get(level, self.leaves_.foreign)
            joules[indices] = arrays.calls[indices] * line.joules(arrays.rows[indices])
            bases |= dict.fromkeys(indices, f"linear regression of every {level}")
        return _in_order(arrays, joules, bases)


def method_of_paper(name: str, features: str = "all", seed: int = 0) -> PredictedSum | Unstructured:
    """A fresh method: irene, stepwise, predicted-sum or unstructured, on a set of features."""
    columns = FEATURE_SETS[features]
    if name == "unstructured":
        return Unstructured(columns)
    if name == "predicted-sum":
        return PredictedSum(columns)
    return IrEne(columns, training="stepwise" if name == "stepwise" else "end2end", seed=seed)


def _inner(arrays: TreeArrays) -> Iterator[tuple[str, list[int]]]:
    """The inner nodes by level: "module" and "model"."""
    roots = {order[0] for order in arrays.places}
    inner = arrays.inner.tolist()
    yield "module", [index for index in inner if index not in roots]
    yield "model", [index for index in inner if index in roots]


def _measured(trees: Sequence[ModelTree], columns: Sequence[str]) -> TreeArrays:
    """The arrays of `trees`, if every node in it can be learned from."""
    if not trees:
        raise DataError("there is no tree to train on; give measured trees of two or more models")
    arrays = arrays_of(trees, columns)
    if not (arrays.joules > 0).all():
        raise DataError("a node has no measured energy above zero; remove its tree, or measure it")
    return arrays


def _in_order(
    arrays: TreeArrays, joules: Floats, bases: Mapping[int, str]
) -> list[list[Prediction]]:
    distinct = [Prediction.exact(value, bases[i]) for i, value in enumerate(joules.tolist())]
    return [[distinct[index] for index in order] for order in arrays.places]
