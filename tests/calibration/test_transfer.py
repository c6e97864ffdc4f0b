"""The shipped coefficients brought to machines that follow laws of their own. Nothing is run."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from known_machine import law

from irene_jupyter.calibration.fit.transfer import Target, joules_of, transferred
from irene_jupyter.calibration.workload.bench import Bench
from irene_jupyter.calibration.workload.part import Part, covered, distinct
from irene_jupyter.calibration.workload.suite import suite_of
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.tree import ModelTree, Node

UNSEEN = (
    Part("distilbert-base-uncased", 8, 64),
    Part("roberta-base", 8, 96),
    Part("distilgpt2", 16, 64),
    Part("openai-gpt", 8, 128),
    Part("bert-base-uncased", 16, 128),
)
Law = Callable[[ModelTree, Sequence[Node]], float]


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench("cpu")


def target(bench: Bench, part: Part, joules: float) -> Target:
    return Target(bench.tree(part), bench.nodes(part), joules, 0.002)


def test_quick_suite_predicts_unseen_models_of_a_machine_with_another_law(bench: Bench) -> None:
    """Ten times the joules of a GPU, no launches, other ratios; each run is off by 1 %."""
    source = load_device("gtx1080ti").coefficients
    noise = random.Random(0)
    targets = [
        target(bench, part, law(bench.tree(part), bench.nodes(part)) * noise.gauss(1, 0.01))
        for part in suite_of("quick").parts
    ]
    rules = transferred(source, targets, keep_residual=False)
    for part in UNSEEN:
        true = law(bench.tree(part), bench.nodes(part))
        assert joules_of(rules, target(bench, part, true)) == pytest.approx(true, rel=0.10), part


def test_a_machine_that_only_needs_more_is_found_by_one_run(bench: Bench) -> None:
    """1.7 times the source's joules everywhere: what no run bears on moves along."""
    source = load_device("gtx1080ti").coefficients
    known = Part("bert-base-uncased", 16, 128)
    true = 1.7 * joules_of(source, target(bench, known, 1.0))
    rules = transferred(source, [target(bench, known, true)], keep_residual=True)
    for part in UNSEEN:
        each = target(bench, part, 1.0)
        assert joules_of(rules, each) == pytest.approx(1.7 * joules_of(source, each), rel=0.03)


def test_parts_of_a_fused_attention_run_as_one(bench: Bench) -> None:
    tree = bench.tree(Part("bert-base-uncased", 8, 128))
    path = "encoder.layer.0.attention.self.matmul_0"
    assert [node.primitive for node in covered(tree, path)] == ["MatMul", "Softmax", "MatMul"]
    paths = list(distinct(tree))
    assert path in paths
    assert "encoder.layer.0.attention.self.softmax" not in paths
    assert not any(path.startswith("encoder.layer.1.") for path in paths)


def test_all_parts_of_the_suites_exist(bench: Bench) -> None:
    for name in ("quick", "standard"):
        suite = suite_of(name)
        assert len({part.key for part in suite.parts}) == len(suite.parts)
        for part in suite.parts:
            assert bench.nodes(part)
    assert suite_of("standard").seconds(5) <= 1.4 * 3600
