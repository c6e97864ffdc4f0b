"""Language models that nobody ran, on a board: what bounds them, and what batches save."""

from __future__ import annotations

import functools
import math
from typing import Any

from transformers import GPT2Config, LlamaConfig

from irene_jupyter.capture.dry.generation import generation_of
from irene_jupyter.capture.models.building import build_model
from irene_jupyter.predictors.methods import predict_with
from irene_jupyter.predictors.predict.launching import Launch, Launching
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.tree import Features, Run

PROMPT, ANSWER = 1024, 128  # tokens
HALF = {"dtype": "bfloat16"}
DEEP = LlamaConfig(
    hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
    num_key_value_heads=3, vocab_size=49152, tie_word_embeddings=True, **HALF,
)  # fmt: skip
GPT2 = GPT2Config(**HALF, n_positions=2048)
LLAMA_8B = LlamaConfig(
    hidden_size=4096, intermediate_size=14336, num_hidden_layers=32, num_attention_heads=32,
    num_key_value_heads=8, vocab_size=128256, **HALF,
)  # fmt: skip


@functools.cache
def runs_of(name: str, batch_size: int) -> tuple[Run, ...]:
    config: Any = {"deep": DEEP, "gpt2": GPT2, "8b": LLAMA_8B}[name]
    model = build_model(config, generates=True)
    return generation_of(model, batch_size, PROMPT, ANSWER, replay_seconds=0)


def predicted(name: str, batch_size: int, launch: Launch, phase: str) -> tuple[float, Features]:
    """Joules of all calls of a phase, and the features of its last kind of call."""
    profile = load_device("h100")
    joules, features = 0.0, Features()
    for run in runs_of(name, batch_size):
        if run.phase == phase:
            root = predict_with(run.tree, profile, "additive", Launching(launch)).root
            assert root.energy is not None
            joules, features = joules + run.calls * root.energy.joules, root.features
    return joules, features


def slope(name: str, launch: Launch) -> float:
    """Of the logarithm of the joules of a token, prompt included, from batch 1 to 32."""
    found = [
        sum(predicted(name, size, launch, phase)[0] for phase in ("prefill", "decode")) / size
        for size in (1, 32)
    ]
    return math.log(found[1] / found[0]) / math.log(32)


def test_a_deep_thin_model_costs_its_launches() -> None:
    """Of one size, and of 30 layers against 12: eagerly its layers count, not its weights."""
    deep, gpt2 = (predicted(name, 1, "eager", "decode") for name in ("deep", "gpt2"))
    assert deep[0] > 2.5 * gpt2[0]
    for _, features in (deep, gpt2):
        assert (features.waiting_seconds or 0.0) > 0.9 * (features.predicted_seconds or math.inf)


def test_a_large_model_reads_its_weights() -> None:
    """As a graph, a step of one row takes as long as its weights at the board's bandwidth."""
    profile = load_device("h100")
    _, features = predicted("8b", 1, "graph", "decode")
    read = 2 * features.num_parameters / profile.constants.bytes_per_second  # type: ignore[union-attr]
    assert read < (features.predicted_seconds or 0.0) < 1.3 * read


def test_batches_share_weights_and_launches() -> None:
    """About batch^−.75 eagerly and batch^−.55 as graphs are known of an 8-billion-parameter model.

    That is of a longer prompt: its share is the same for every row.
    """
    eager, graph = slope("8b", "eager"), slope("8b", "graph")
    assert -0.9 < eager < -0.65
    assert eager < graph < -0.5
