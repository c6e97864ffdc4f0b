"""Every registered method, under every protocol, on a part of the data."""

from __future__ import annotations

import pytest

from irene_jupyter.predictors import methods
from irene_jupyter.predictors.baselines.names import ABLATED, SEEDED
from irene_jupyter.predictors.evaluate.crossvalidation import crossvalidate
from irene_jupyter.predictors.held_out import evaluation
from irene_jupyter.tree import ModelTree

NAMES = (
    "irene",
    "stepwise",
    "predicted-sum",
    "unstructured",
    "software",
    "additive-measured",
    "additive-leaves",
    "additive-latency",
    "additive",
    "additive-root",
    "additive-root-latency",
)


@pytest.fixture(scope="module")
def some(trees: list[ModelTree]) -> list[ModelTree]:
    return [tree for tree in trees if tree.seq_len in (32, 160) and tree.batch_size < 24]


def test_the_promised_methods_are_there() -> None:
    assert tuple(methods.METHODS) == NAMES
    assert set(NAMES) >= ABLATED >= SEEDED


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("protocol", ["model", "family"])
def test_a_method_predicts_every_node(some: list[ModelTree], name: str, protocol: str) -> None:
    found = crossvalidate(some, name, protocol)
    assert len(found.outcomes) == sum(1 for tree in some for _ in tree.root.walk())
    for outcome in found.outcomes:
        assert 0 <= outcome.low <= outcome.predicted <= outcome.high
    assert set(found.levels) == set(evaluation.LEVELS)
    models = {tree.name for tree in some}
    assert all(set(errors.by_model) == models for errors in found.levels.values())


@pytest.mark.parametrize("name", sorted(ABLATED))
def test_ablations_use_other_features(some: list[ModelTree], name: str) -> None:
    chosen: tuple[methods.FeatureSet, ...] = ("all", "no-resource", "no-model")
    columns = [set(methods.make(name, features=each).columns) for each in chosen]
    assert columns[0] == columns[1] | columns[2]
    assert not columns[1] & columns[2]
    assert {"latency_seconds", "gpu_energy_joules"} <= columns[2]
