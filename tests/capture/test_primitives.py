"""The registry: what is a leaf, and how a user adds one."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers.activations import ACT2FN
from transformers.models.t5.modeling_t5 import T5LayerNorm
from transformers.pytorch_utils import Conv1D

import irene_jupyter as irene
from irene_jupyter.capture.count.primitives import is_ignored, primitive_of, unregister_primitive


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (nn.Linear(1, 1), "Linear"),
        (nn.LayerNorm(1), "LayerNorm"),
        (nn.Embedding(1, 1), "Embedding"),
        (nn.BatchNorm1d(1), "BatchNorm1d"),
        (nn.Conv1d(1, 1, 1), "Conv1d"),
        (nn.MaxPool1d(1), "MaxPool1d"),
        (nn.AvgPool1d(1), "AvgPool1d"),
        (nn.LSTM(1, 1), "LSTM"),
        (nn.Tanh(), "Tanh"),
        (Conv1D(1, 1), "Conv1D"),
        (nn.LogSigmoid(), "LogSigmoid"),
        (nn.ReLU(), "ReLU"),
        (nn.Sigmoid(), "Sigmoid"),
        (nn.GELU(), "GELU"),
        (nn.LeakyReLU(), "LeakyReLU"),
        (ACT2FN["gelu"], "GELU"),
        (ACT2FN["gelu_new"], "GELU"),
        (ACT2FN["silu"], "SiLU"),
        (T5LayerNorm(1), "RMSNorm"),
        (nn.RMSNorm(1), "RMSNorm"),
        (nn.MultiheadAttention(2, 1).out_proj, "Linear"),
        (nn.MultiheadAttention(2, 1), None),
        (nn.Sequential(), None),
        (nn.CrossEntropyLoss(), None),
    ],
)
def test_built_in(module: nn.Module, name: str | None):
    assert primitive_of(module) == name


def test_a_class_that_borrows_a_name_is_no_leaf_if_it_has_parts():
    class FancyLayerNorm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.LayerNorm(4)

    assert primitive_of(FancyLayerNorm()) is None


def test_dropout_and_identity_are_ignored():
    assert is_ignored(nn.Dropout())
    assert is_ignored(nn.Identity())
    assert not is_ignored(nn.Linear(1, 1))


class Snake(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) + torch.sin(x).pow(2)


def test_a_user_adds_a_module_in_one_line_and_it_has_energy():
    model = nn.Sequential(Snake(), nn.Linear(4, 2))
    assert irene.measure(model, torch.ones(2, 4))["0"].type == "module"
    irene.register_primitive("Snake", modules=[Snake])
    try:
        options = irene.Options(device="gtx1080ti")
        node = irene.measure(model, torch.ones(2, 4), options=options)["0"]
    finally:
        unregister_primitive("Snake")
    assert (node.type, node.primitive, node.children) == ("ml", "Snake", ())
    assert node.energy is not None
    assert node.energy.joules > 0
    assert node.energy.source == "estimated"
    assert any(flag.startswith("estimated: ") for flag in node.flags)


def test_a_user_adds_a_function_with_its_flops():
    class Distances(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cdist(x, x)

    irene.register_primitive("CDist", functions=["cdist"], flops=lambda a, b: 3 * a.numel())
    try:
        node = irene.measure(Distances(), torch.ones(5, 4))["cdist"]
    finally:
        unregister_primitive("CDist")
    assert (node.primitive, node.features.flops) == ("CDist", 60)


@pytest.mark.parametrize(
    "arguments",
    [{"name": "X"}, {"name": "", "functions": ["cdist"]}, {"name": "X", "modules": [int]}],
)
def test_nothing_to_match_is_refused(arguments):
    with pytest.raises(irene.IreneError, match="register_primitive"):
        irene.register_primitive(**arguments)
