"""Regressors fitted anew where every node of enough trees was measured. Nothing is run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from known_machine import law

from irene_jupyter.calibration.fit.calibrated import calibrated
from irene_jupyter.calibration.fit.own_fit import own_fit
from irene_jupyter.calibration.fit.results import Measured, Results
from irene_jupyter.calibration.fit.transfer import Target, transferred
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
    return measured(bench, MODELS, SIZES)


def measured(bench: Bench, models: Sequence[str], sizes: Sequence[tuple[int, int]]) -> Results:
    """All distinct nodes of a tree for each model and size, each round off by 0.5 %."""
    noise = random.Random(0)
    found = []
    for model in models:
        for batch_size, seq_len in sizes:
            whole = Part(model, batch_size, seq_len)
            for path in distinct(bench.tree(whole)):
                part = replace(whole, path=path)
                true = law(bench.tree(part), bench.nodes(part))
                rounds = [true * noise.gauss(1, 0.005) for _ in range(5)]
                sure = uncertainty_of(rounds, meter_accuracy=0.02)
                found.append(Measured(part, sure, 1.0, 0.005, False))
    return Results(tuple(found), ())


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


def test_rejected_nodes_do_not_refuse_the_fit(results: Results, bench: Bench) -> None:
    """One in twelve nodes is missing, as after a calibration on a busy machine."""
    kept = tuple(each for at, each in enumerate(results.measured) if at % 12 != 5)
    assert len(results.measured) - len(kept) > 9
    profile = fit(replace(results, measured=kept), bench)
    assert "a fit of its own (R2)" in profile.training["method"]
    for part in UNSEEN:
        tree = bench.tree(part)
        energy = predict_tree(tree, profile).root.energy
        assert energy is not None
        assert energy.joules == pytest.approx(law(tree, [tree.root]), rel=0.08), part


def test_trees_of_which_half_is_missing_leave_the_transfer(results: Results, bench: Bench) -> None:
    some = tuple(
        each
        for at, each in enumerate(results.measured)
        if each.part.architecture == "gpt2" or at % 2
    )
    profile = fit(replace(results, measured=some), bench)
    assert profile.training["method"].startswith("transfer from gtx1080ti")
    assert "no fit of its own: 5 trees are too few" in profile.training["method"]


@pytest.mark.parametrize(
    ("models", "sizes"),
    [
        (("bert-base-uncased", "gpt2", "openai-gpt", "distilgpt2"), ((8, 32), (8, 128))),
        (("bert-base-uncased", "gpt2", "openai-gpt", "distilgpt2"), ((8, 32), (8, 64), (16, 128))),
        (("small-llama", "small-mixtral"), ((1, 16), (4, 32), (4, 64), (8, 64))),
        (("bert-base-uncased", "small-llama"), ((1, 16), (4, 32), (4, 64), (8, 64))),
    ],
    ids=["four models, two sizes", "four models, three sizes", "no LayerNorm", "two families"],
)
def test_any_mix_of_models_is_fitted(
    bench: Bench, models: tuple[str, ...], sizes: tuple[tuple[int, int], ...]
) -> None:
    found = measured(bench, models, sizes)
    targets = [
        Target(bench.tree(each.part), bench.nodes(each.part), each.joules)
        for each in found.measured
    ]
    source = transferred(load_device("gtx1080ti").coefficients, targets, keep_residual=False)
    profile = own_fit(found, targets, source, "mix")
    part = Part("distilgpt2" if "gpt2" in models else models[0], 8, 48)
    tree = bench.tree(part)
    energy = predict_tree(tree, profile).root.energy
    assert energy is not None
    assert energy.joules == pytest.approx(law(tree, [tree.root]), rel=0.10)
