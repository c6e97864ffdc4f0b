"""Protocols and errors by hand, and that no method sees what it is tested on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

import pytest

from irene_jupyter.errors import DataError, OptionError
from irene_jupyter.predictors import methods
from irene_jupyter.predictors.evaluate.crossvalidation import CrossValidation, crossvalidate
from irene_jupyter.predictors.held_out import evaluation
from irene_jupyter.predictors.held_out.protocols import splits
from irene_jupyter.predictors.predict.prediction import Prediction
from irene_jupyter.tree import Energy, ModelTree, Node

MakeTree = Callable[..., ModelTree]
MakeLeaf = Callable[..., Node]


class Always:
    """Predicts the mean of the training roots' joules, ×/÷ 2; knows nothing of a test tree."""

    def fit(self, trees: Sequence[ModelTree]) -> Self:
        roots = [tree.root.energy.joules for tree in trees if tree.root.energy]
        self.joules_ = math.fsum(roots) / len(roots)
        return self

    def predict(self, trees: Sequence[ModelTree]) -> list[list[Prediction]]:
        for tree in trees:
            assert all(node.energy is None for node in tree.root.walk())
        interval = (self.joules_ / 2, self.joules_ * 2)
        one = Prediction(self.joules_, *interval, "mean")
        return [[one for _ in tree.root.walk()] for tree in trees]


@pytest.fixture
def measured(make_tree: MakeTree, make_leaf: MakeLeaf) -> Callable[..., ModelTree]:
    def make(name: str, joules: float, batch_size: int = 8, seq_len: int = 32) -> ModelTree:
        energy = Energy(joules, joules, joules, "measured")
        leaf = replace(make_leaf("LayerNorm", mebibytes=1.0), energy=energy)
        tree = make_tree(leaf, batch_size=batch_size, seq_len=seq_len)
        return replace(tree, name=name, root=replace(tree.root, energy=energy))

    return make


@pytest.fixture
def always(measured: Callable[..., ModelTree], monkeypatch: pytest.MonkeyPatch) -> CrossValidation:
    monkeypatch.setitem(methods.METHODS, "always", lambda features, seed: Always())
    trees = [measured("bert", 1.0), measured("bert", 4.0, 16), measured("gpt2", 2.0)]
    return crossvalidate(trees, "always")


def test_errors_by_hand(always: CrossValidation) -> None:
    # bert is predicted 2.0: errors 100 % and 50 %; gpt2 is predicted 2.5: 25 %.
    model = always.levels["model"]
    assert model.by_model == pytest.approx({"bert": 75.0, "gpt2": 25.0})
    assert model.mean == pytest.approx(50.0)
    assert model.pooled == pytest.approx(175 / 3)
    assert model.max == 100.0
    assert model.p99 == pytest.approx(50 + 0.98 * 50)
    assert model.coverage90 == 100.0
    assert set(always.levels) == {"ml", "model"}


def test_coverage_counts_the_bounds(
    measured: Callable[..., ModelTree], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(methods.METHODS, "always", lambda features, seed: Always())
    trees = [measured("bert", 1.0), measured("bert", 9.0), measured("gpt2", 2.0)]
    found = crossvalidate(trees, "always").levels["model"]  # bert in 1 … 4, gpt2 in 2.5 … 10
    assert found.coverage90 == pytest.approx((50 + 0) / 2)


def test_the_document_has_the_promised_keys(always: CrossValidation) -> None:
    document = always.to_dict()
    assert list(document) == ["method", "protocol", "features", "levels", "seconds"]
    assert list(document["levels"]["model"]) == [
        "mean", "pooled", "p99", "max", "coverage90", "by_model"
    ]  # fmt: skip


def test_no_interval_no_coverage(trees: list[ModelTree]) -> None:
    found = crossvalidate(trees[::8], "predicted-sum")
    assert all(errors.coverage90 is None for errors in found.levels.values())


def test_seeds_are_averaged(trees: list[ModelTree], monkeypatch: pytest.MonkeyPatch) -> None:
    some = [tree for tree in trees if tree.batch_size == 8 and tree.seq_len in (32, 128)]
    made: list[int] = []
    original = methods.METHODS["irene"]

    def recorded(features: methods.FeatureSet, seed: int) -> evaluation.Method:
        made.append(seed)
        method = original(features=features, seed=seed)
        method.steps = 3  # type: ignore[attr-defined]
        return method

    monkeypatch.setitem(methods.METHODS, "irene", recorded)
    averaged = crossvalidate(some, "irene", seeds=2)
    assert made == [0] * 6 + [1] * 6
    monkeypatch.setitem(methods.METHODS, "irene", lambda features, seed: recorded(features, seed=1))
    second = crossvalidate(some, "irene")
    monkeypatch.setitem(methods.METHODS, "irene", recorded)
    first = crossvalidate(some, "irene")
    for level, errors in averaged.levels.items():
        expected = (first.levels[level].mean + second.levels[level].mean) / 2
        assert errors.mean == pytest.approx(expected)
    assert first.levels["module"].mean != second.levels["module"].mean


@pytest.mark.parametrize(
    ("models", "protocol", "message"),
    [
        (["bert"], "model", "every line has the 'model_name' 'bert'"),
        (["bert"], "family", "every line has the 'model_name' 'bert'"),
        (["bert", "roberta"], "family", "one family by their 'model_name', encoder"),
        (["bert", "gpt2"], "size", "'batch_size' and 'seq_len'"),
    ],
)
def test_nothing_to_leave_out(
    measured: Callable[..., ModelTree], models: list[str], protocol: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        crossvalidate([measured(name, 1.0) for name in models], "software", protocol)


def test_only_the_papers_methods_have_ablations(trees: list[ModelTree]) -> None:
    with pytest.raises(OptionError, match="software has no choice of features"):
        crossvalidate(trees, "software", features="no-model")


def test_a_prediction_that_is_no_number_is_named(
    measured: Callable[..., ModelTree], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Always):
        def fit(self, trees: Sequence[ModelTree]) -> Self:
            self.joules_ = math.nan
            return self

    trees = [measured("bert", 1.0), measured("gpt2", 2.0)]
    with pytest.raises(DataError, match="bert, the root: the method predicts nan J"):
        evaluation.run(Broken, splits("model", trees))
