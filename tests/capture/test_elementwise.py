"""Results on meta without torch's kernels: as torch's own, or left to torch."""

from __future__ import annotations

import operator

import pytest
import torch

from irene_jupyter.capture.count.counting import canonical_name
from irene_jupyter.capture.count.elementwise import without_kernel


def meta(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


TOLD = [
    (torch.add, (meta(2, 3), meta(2, 3))),
    (torch.Tensor.__radd__, (meta(2, 3), 1e-6)),
    (torch.Tensor.__rsub__, (meta(2, 3), 1)),
    (torch.mul, (meta(4, 1, 5), meta(3, 1))),
    (torch.mul, (meta(2, 0, 5), meta(5))),
    (torch.mul, (meta(7, dtype=torch.bfloat16), meta(dtype=torch.bfloat16))),
    (torch.mul, (2, meta(3))),
    (torch.Tensor.pow, (meta(2, 3), 2)),
    (torch.neg, (meta(2, 3),)),
    (torch.rsqrt, (meta(2, 1, dtype=torch.float16),)),
]
LEFT = [
    (torch.Tensor.add_, (meta(2, 3), meta(2, 3))),
    (torch.Tensor.__iadd__, (meta(2, 3), meta(2, 3))),
    (torch.add, (torch.ones(2), torch.ones(2))),
    (torch.add, (meta(2), meta(2, dtype=torch.float64))),
    (torch.add, (meta(2, dtype=torch.int64), 1.5)),
    (torch.mul, (meta(2, 3).T, 2)),
    (torch.mul, (meta(2, 3), 1j)),
    (torch.matmul, (meta(2, 3), meta(3, 2))),
]


@pytest.mark.parametrize(("function", "args"), TOLD)
def test_what_is_told_is_what_torch_says(function, args):
    with torch.no_grad():
        told = without_kernel(canonical_name(function), function, args, {})
        real = function(*args)
    assert told is not None
    assert (told.shape, told.stride(), told.dtype, told.device) == (
        real.shape, real.stride(), real.dtype, real.device,
    )  # fmt: skip


@pytest.mark.parametrize(("function", "args"), LEFT)
def test_the_rest_is_left_to_torch(function, args):
    with torch.no_grad():
        assert without_kernel(canonical_name(function), function, args, {}) is None


def test_nothing_is_told_with_gradients_or_further_arguments():
    args = (meta(2), meta(2))
    assert without_kernel("add", torch.add, args, {}) is None
    with torch.no_grad():
        assert without_kernel("add", torch.add, args, {"alpha": 2}) is None
        assert without_kernel("add", operator.add, (), {}) is None


def test_shapes_that_do_not_fit_are_refused_as_by_torch():
    with torch.no_grad(), pytest.raises(RuntimeError):
        without_kernel("add", torch.add, (meta(2), meta(3)), {})
