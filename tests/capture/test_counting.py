"""Flops and bytes against arithmetic done by hand."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from irene_jupyter.capture.record.recording import Recording
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.tree import MEBIBYTE, MEGAFLOP, Features


class Calls(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(6, 4))

    def forward(self, *tensors: torch.Tensor):
        return self.function(*tensors)


def features_of(module: nn.Module, *tensors: torch.Tensor) -> Features:
    with Recording(module, 1) as recording:
        module(*tensors)
    node = recording.finish()
    assert node is not None
    return node.features


def ones(*size: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.ones(*size, dtype=dtype)


@pytest.mark.parametrize(
    ("function", "tensors", "flops"),
    [
        (torch.matmul, (ones(3, 4), ones(4, 5)), 2 * 3 * 4 * 5),
        (lambda a, b: a @ b, (ones(2, 3, 4), ones(2, 4, 5)), 2 * 2 * 3 * 4 * 5),
        (torch.bmm, (ones(2, 3, 4), ones(2, 4, 5)), 2 * 2 * 3 * 4 * 5),
        (lambda a, b: torch.matmul(a, other=b), (ones(3, 4), ones(4)), 2 * 3 * 4),
        (lambda a, b: torch.einsum("bij,bjk->bik", a, b), (ones(2, 3, 4), ones(2, 4, 5)), 240),
        (
            lambda c, a, b: torch.baddbmm(c, a, b),
            (ones(2, 3, 5), ones(2, 3, 4), ones(2, 4, 5)),
            240 + 30,
        ),
        (lambda x: x.softmax(-1), (ones(2, 5),), 5 * 10),
        (lambda x: F.softmax(x, -1), (ones(2, 5),), 5 * 10),
        (lambda x: x + 1, (ones(2, 5),), 10),
        (lambda x: 2 * x, (ones(2, 5),), 10),
        (lambda x: x.transpose(0, 1).reshape(-1)[2:], (ones(2, 5),), 0),
        (lambda x: x.sum(), (ones(2, 5),), 10),
        (F.conv2d, (ones(2, 3, 8, 8), ones(4, 3, 3, 3)), 2 * (2 * 4 * 6 * 6) * 27),
        (
            F.scaled_dot_product_attention,
            (ones(1, 2, 3, 4), ones(1, 2, 5, 4), ones(1, 2, 5, 6)),
            2 * 2 * 3 * 5 * 4 + 5 * 30 + 2 * 2 * 3 * 5 * 6 + 30,
        ),
    ],
)
def test_flops(function, tensors: tuple[torch.Tensor, ...], flops: float):
    assert features_of(Calls(function), *tensors).flops == flops


def test_bytes_are_those_of_the_dtype_and_canonical_ones_are_float32():
    half = features_of(Calls(torch.matmul), *(ones(8, 8, dtype=torch.bfloat16) for _ in "ab"))
    assert half.bytes == 3 * 64 * 2
    assert half.canonical_mebibytes == 3 * 64 * 4 / MEBIBYTE
    assert half.flops == half.canonical_megaflops * MEGAFLOP


def test_a_view_moves_nothing_and_a_copy_does():
    assert features_of(Calls(lambda x: x.t().contiguous()), ones(4, 8)).bytes == 2 * 32 * 4
    assert features_of(Calls(lambda x: x.contiguous()), ones(4, 8)).bytes == 0


def test_linear_as_in_the_data():
    layer = nn.Linear(6, 5)
    batched = features_of(layer, ones(2, 3, 6))
    assert batched.flops == 2 * 2 * 3 * 6 * 5 + 30
    assert batched.canonical_mebibytes * MEBIBYTE == pytest.approx(
        4 * (2 * (3 * 6 + 6 * 5 + 3 * 5) + 2 * 30)
    )
    flat = features_of(layer, ones(3, 6))
    assert flat.flops == 2 * 3 * 6 * 5
    assert flat.canonical_mebibytes * MEBIBYTE == pytest.approx(4 * (3 * 6 + 6 * 5 + 3 * 5))


def test_lstm_counts_every_weight_for_every_token():
    lstm = nn.LSTM(3, 4, num_layers=2, batch_first=True)
    weights = sum(p.numel() for p in lstm.parameters() if p.dim() == 2)
    assert features_of(lstm, ones(2, 5, 3)).flops == 2 * 2 * 5 * weights


def test_an_expanded_tensor_is_read_once():
    x = ones(1, 8).expand(1000, 8)
    assert features_of(Calls(lambda x: x * 2), x).bytes == 8 * 4 + 8000 * 4


def test_functional_primitives_hang_under_their_module_and_functions_cost_it():
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            scores = (self.inner(x) @ x.transpose(-1, -2)) * 0.5
            return F.gelu(torch.softmax(scores, -1) @ x)

    module = Mixed()
    with Recording(module, 1) as recording:
        module(ones(2, 3, 4))
    root = recording.finish()
    assert root is not None
    assert [child.path for child in root.children] == ["inner", "matmul_0", "softmax", "matmul_1"]
    below = sum(child.features.flops for child in root.children)
    assert root.features.flops == below + 2 * 3 * 3 + 6 * 2 * 3 * 4  # scale and gelu


def test_a_fault_of_ours_is_flagged_and_the_users_call_goes_on():
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2

    from irene_jupyter import register_primitive
    from irene_jupyter.capture.count.primitives import unregister_primitive

    register_primitive("Sine", functions=["sin"], flops=lambda x: 1 / 0)
    try:
        model = Calls(torch.sin)
        with Recorder() as recorder:
            assert model(ones(3)).shape == (3,)
        (signature,) = recorder.signatures
        assert signature.record is not None
        assert signature.record.node is not None
        assert signature.record.node.flags[0].startswith(
            "incomplete: could not record sin (ZeroDivision"
        )
    finally:
        unregister_primitive("Sine")
