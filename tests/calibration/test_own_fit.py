"""Regressors fitted anew where every node of enough trees was measured. Nothing is run."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from known_machine import law

from irene_jupyter.calibration.fit.calibrated import calibrated
from irene_jupyter.calibration.fit.results import Measured, Results
from irene_jupyter.calibration.signal.uncertainty import uncertainty_of
from irene_jupyter.calibration.workload.bench import Bench
from irene_jupyter.calibration.workload.part import Part, distinct
from irene_jupyter.predictors.predict.predicted import predict_tree
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.loading import load_device

MODELS = ("bert-base-uncased", "gpt2")
SIZES = ((8, 32), (8, 128), (16, 64), (32, 128), (16, 256))
UNSEEN = (Part("distilbert-base-uncased", 8, 64), Part("distilgpt2", 16, 96))


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench("cpu")


@pytest.fixture(scope="module")
def results(bench: Bench) -> Results:
    """All distinct nodes of ten trees, each round off by 0.5 %."""
    noise = random.Random(0)
    measured = []
    for model in MODELS:
        for batch_size, seq_len in SIZES:
            whole = Part(model, batch_size, seq_len)
            for path in distinct(bench.tree(whole)):
                part = replace(whole, path=path)
                true = law(bench.tree(part), bench.nodes(part))
                rounds = [true * noise.gauss(1, 0.005) for _ in range(5)]
                sure = uncertainty_of(rounds, meter_accuracy=0.02)
                measured.append(Measured(part, sure, 1.0, 0.005, False))
    return Results(tuple(measured), ())


def fit(results: Results, bench: Bench) -> DeviceProfile:
    source = load_device("gtx1080ti")
    return calibrated(
        results, bench, source, name="own", label="own", complete=True, training={"suite": "known"}
    )


def test_complete_trees_are_fitted_anew_and_predict_models_not_among_them(
    results: Results, bench: Bench
) -> None:
    profile = fit(results, bench)
    assert "fit of its own" in profile.training["method"]
    assert profile.scorecard["own_fit"]
    for part in UNSEEN:
        tree = bench.tree(part)
        root = predict_tree(tree, profile).root
        assert root.energy is not None
        true = law(tree, [tree.root])
        assert root.energy.joules == pytest.approx(true, rel=0.05), part
        assert root.energy.low < true < root.energy.high


def test_one_node_that_is_missing_leaves_the_transfer(results: Results, bench: Bench) -> None:
    without = tuple(
        each for each in results.measured if not each.part.path.endswith("intermediate.dense")
    )
    profile = fit(replace(results, measured=without), bench)
    assert profile.training["method"].startswith("transfer from gtx1080ti")
    assert "no fit of its own: 5 trees are too few" in profile.training["method"]
