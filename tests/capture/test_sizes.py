"""Sizes that were not traced agree with a trace of them, or are traced."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from transformers import (
    BertConfig,
    GPT2Config,
    LlamaConfig,
    LongformerConfig,
    T5Config,
    ViTConfig,
)

from irene_jupyter.capture.copies.copies import bare_copy
from irene_jupyter.capture.dry.generation import generation_of
from irene_jupyter.capture.dry.sized_runs import SizedRuns, positions_of
from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.capture.models.building import Origin, build_model, portable
from irene_jupyter.errors import CaptureError, OptionError
from irene_jupyter.predictors.predict.predicted import predict_tree
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.tree import ModelTree

TINY = {
    "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4,
    "intermediate_size": 96, "vocab_size": 99,
}  # fmt: skip
CONFIGS = (
    BertConfig(**TINY, max_position_embeddings=128),
    LlamaConfig(**TINY, num_key_value_heads=2, max_position_embeddings=128),
    GPT2Config(n_layer=2, n_embd=64, n_head=4, vocab_size=99, n_positions=128),
    T5Config(num_layers=1, d_model=64, d_ff=96, d_kv=16, num_heads=4, vocab_size=99),
    ViTConfig(**{k: v for k, v in TINY.items() if k != "vocab_size"}, image_size=32, patch_size=8),
)


def agrees(guessed: ModelTree, traced: ModelTree) -> None:
    assert (guessed.name, guessed.batch_size, guessed.seq_len) == (
        traced.name,
        traced.batch_size,
        traced.seq_len,
    )
    first, second = list(guessed.root.walk()), list(traced.root.walk())
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert (a.path, a.type, a.class_name, a.primitive, a.flags) == (
            b.path, b.type, b.class_name, b.primitive, b.flags,
        )  # fmt: skip
        for name in ("flops", "bytes", "canonical_megaflops", "canonical_mebibytes"):
            x, y = getattr(a.features, name), getattr(b.features, name)
            assert math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-9), (a.path, name)
        for name in ("num_parameters", "calls", "input_shapes", "output_shapes", "dtype"):
            assert getattr(a.features, name) == getattr(b.features, name), (a.path, name)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)
def test_interpolated_sizes_are_what_a_trace_says(config: Any) -> None:
    model = build_model(config)
    sized = SizedRuns(model, 32, 128)
    assert sized.learn()
    for batch, length in ((1, 4), (5, 77), (32, 127), (31, 13)):
        assert (batch, length, 0) not in sized.visited
        assert sized.is_quick(batch, length)
        (run,) = sized.runs(batch, length)
        agrees(run.tree, structure_of(model, batch, length))
        assert (run.items, run.model) == (batch, type(model).__name__)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)
def test_an_outline_is_the_same_tree_but_for_paths(config: Any) -> None:
    sized = SizedRuns(build_model(config), 32, 128)
    assert sized.learn()
    for size in ((5, 77), (7, 30)):
        (run,), (whole,) = sized.outline(*size), sized.runs(*size)
        first, second = list(run.tree.root.walk()), list(whole.tree.root.walk())
        assert len(first) == len(second)
        for a, b in zip(first, second, strict=True):
            assert replace(a, path="", children=()) == replace(b, path="", children=())
        if config in CONFIGS[:3]:  # two layers that are alike
            assert len({id(node) for node in first}) < 0.7 * len(first)
        found, wanted = (
            predict_tree(each, load_device("gtx1080ti")) for each in (run.tree, whole.tree)
        )
        assert [node.energy for node in found.root.walk()] == [
            node.energy for node in wanted.root.walk()
        ]
    assert sized.outline(40, 8) == sized.runs(40, 8)  # traced


@pytest.mark.parametrize("config", CONFIGS[1:3], ids=lambda config: type(config).__name__)
def test_generations_too(config: Any) -> None:
    model = build_model(config, generates=True)
    sized = SizedRuns(model, 16, 128, generates=True)
    assert sized.learn()
    for length, new_tokens in ((7, 1), (20, 2), (33, 40), (5, 100)):
        runs = sized.runs(3, length, new_tokens)
        traced = generation_of(model, 3, length, new_tokens)
        assert len(runs) == len(traced)
        for a, b in zip(runs, traced, strict=True):
            agrees(a.tree, b.tree)
            assert (a.phase, a.calls, a.tokens, a.items, a.cache_length) == (
                b.phase, b.calls, b.tokens, b.items, b.cache_length,
            )  # fmt: skip


def test_what_grows_otherwise_is_traced_at_each_size() -> None:
    config = LongformerConfig(**TINY, attention_window=[8, 8], max_position_embeddings=130)
    model = build_model(config)
    sized = SizedRuns(model, 8, 64)
    assert not sized.learn()
    assert not sized.is_quick(3, 17)
    (run,) = sized.runs(3, 17)
    agrees(run.tree, structure_of(model, 3, 17))
    assert sized.is_quick(3, 17)  # from now on
    encoder_decoder = build_model(CONFIGS[3], generates=True)
    sized = SizedRuns(encoder_decoder, 8, 64, generates=True)
    assert not sized.learn()
    assert [run.phase for run in sized.runs(2, 8, 4)] == ["prefill", "decode"]


class Doubtful(nn.Module):
    """More work above a size that interpolation's samples would not show by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x[:, : x.shape[1] // 4 * 4])


def test_steps_are_noticed() -> None:
    class Embedded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(9, 8)
            self.rest = Doubtful()

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.rest(self.embedding(ids))

    model = Embedded()
    sized = SizedRuns(model, 8, 64)
    assert not sized.learn()
    (run,) = sized.runs(2, 7)
    agrees(run.tree, structure_of(model, 2, 7))


def test_outside_of_what_was_learned_a_trace_decides() -> None:
    sized = SizedRuns(build_model(CONFIGS[0]), 8, 128)
    assert sized.learn()
    assert not sized.is_quick(9, 16)
    assert sized.runs(9, 16)[0].tree.batch_size == 9
    with pytest.raises(OptionError, match="128 positions"):
        sized.runs(2, 129)
    assert positions_of(sized.model) == 128
    assert positions_of(nn.Linear(2, 2)) is None


def test_learning_that_fails_leaves_the_error_to_the_size() -> None:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("never")

    sized = SizedRuns(Broken(), 8, 64)
    assert not sized.learn()
    assert not sized.learn()
    with pytest.raises(CaptureError, match="never"):
        sized.runs(2, 8)


# --- copies without weights -------------------------------------------------------------------


def test_a_meta_copy_has_no_data_and_leaves_the_original() -> None:
    shared = nn.Linear(4, 4)
    model = nn.Sequential(shared, nn.BatchNorm1d(4), shared)
    copied = bare_copy(model, torch.float16)
    assert all(tensor.is_meta for tensor in (*copied.parameters(), *copied.buffers()))
    assert copied[0] is copied[2]
    assert next(copied.parameters()).dtype == torch.float16
    assert next(model.parameters()).dtype == torch.float32
    assert not any(tensor.is_meta for tensor in model.parameters())
    half = structure_of(copied, 2, 8).root.features
    assert half.bytes < structure_of(model, 2, 8).root.features.bytes
    assert half.dtype == "float16"


def test_what_cannot_be_copied_says_what_to_do() -> None:
    model = nn.Linear(2, 2)
    table = torch.quantize_per_tensor(torch.ones(2, 2), 0.1, 0, torch.qint8)
    model.register_buffer("table", table)  # torch has no such tensors on meta
    with pytest.raises(CaptureError, match=r"qint8 .* without data .*run the model in the cell"):
        bare_copy(model)


def test_an_origin_builds_the_same_model() -> None:
    model = build_model(CONFIGS[2], generates=True)
    origin = Origin.of(model)
    assert origin is not None
    again = build_model(origin)
    assert type(again) is type(model)
    agrees(structure_of(again, 2, 8), structure_of(model, 2, 8))
    assert Origin.of(nn.Linear(2, 2)) is None
    sent = portable(model)
    assert isinstance(sent, Origin)
    assert next(portable(nn.Linear(2, 2)).parameters()).is_meta
    assert portable(CONFIGS[0]) is CONFIGS[0]
    assert isinstance(sent.build(), type(model))
