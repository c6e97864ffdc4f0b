"""`quick`, on a machine of a known law and in simulated time, predicts models it never saw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from known_machine import known_suite, tiny
from simulated_time import SimulatedMachine, make_simulated

from irene_jupyter.calibration.workload import suite
from irene_jupyter.calibration.workload.architectures import ARCHITECTURES
from irene_jupyter.calibration.workload.part import Part
from irene_jupyter.calibration.workload.suite import suite_of
from irene_jupyter.predictors.predict.predicted import predict_tree
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.reading import read_profile

QWEN = {
    "hidden_size": 1024, "intermediate_size": 2816, "num_hidden_layers": 8, "head_dim": 64,
    "num_attention_heads": 16, "num_key_value_heads": 4, "vocab_size": 20000,
}  # fmt: skip
MODELS = ("distilbert-base-uncased", "roberta-base", "distilgpt2", "openai-gpt", "other-qwen")
LARGE = [Part(model, *size) for model in MODELS for size in ((8, 96), (16, 128))]
SMALL = [Part(model, 1, 16) for model in MODELS]
EXPERTS = [Part("small-mixtral", *size) for size in ((4, 64), (8, 128))]
HALVES = [Part(model, 8, 96, dtype="bfloat16") for model in MODELS]
STEPS = [Part("other-qwen", 4, 1, cached=128), Part("gpt2", 1, 1, cached=64)]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedMachine]:
    ARCHITECTURES["other-qwen"] = tiny("Qwen3Config", **QWEN)
    with pytest.MonkeyPatch.context() as patch:
        made = make_simulated(patch, Path(tmp_path_factory.mktemp("unseen")))
        made.fits = True
        yield made


@pytest.fixture(scope="module")
def profile(machine: SimulatedMachine) -> DeviceProfile:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suite, "has_bfloat16", lambda: True)  # whatever this machine has
        parts = suite_of("quick").parts
    meter = machine.meter(noise_watts=0.5)
    found = machine.calibrate(meter=meter, suite=known_suite(machine.bench, parts), rounds=2)
    assert len(found.scorecard["nodes"]) == len(parts) - 1, "all but the one in bfloat16"
    assert found.dtypes == ("float32", "bfloat16")
    return read_profile(machine.output)


@pytest.mark.parametrize(
    ("parts", "most"),
    [(LARGE, 0.08), (SMALL, 0.08), (EXPERTS, 0.08), (STEPS, 0.10), (HALVES, 0.08)],
    ids=["five models", "at 1 × 16", "with experts", "steps with a cache", "in bfloat16"],
)
def test_unseen_models_are_predicted(
    machine: SimulatedMachine, profile: DeviceProfile, parts: list[Part], most: float
) -> None:
    for part in parts:
        tree = machine.bench.tree(part)
        energy = predict_tree(tree, profile).root.energy
        assert energy is not None
        true = machine.bench.true_joules(part)
        assert energy.joules == pytest.approx(true, rel=most), part
        assert energy.low < true < energy.high
