"""What elementwise operations return on meta, by shape alone.

torch's own meta kernels are written in Python: of a trace without data they took a third.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

# By canonical name. Of floating-point tensors of one dtype they return that dtype.
_KNOWN = frozenset({"add", "sub", "mul", "pow", "neg", "rsqrt"})


def without_kernel(
    name: str, function: Any, args: Any, kwargs: Mapping[str, Any]
) -> torch.Tensor | None:
    """The result as an empty tensor; None where torch has to tell it.

    Only for plain contiguous tensors on meta, out of place and without gradients: there the
    result is contiguous and new, and of the shape to which both broadcast. `name` is canonical.
    """
    if name not in _KNOWN or kwargs or not 0 < len(args) < 3 or torch.is_grad_enabled():
        return None
    called = function.__name__
    if called.startswith("__i") or (called.endswith("_") and not called.endswith("__")):
        return None  # in place
    tensors = [value for value in args if isinstance(value, torch.Tensor)]
    if not tensors or not all(_is_plain(value, tensors[0].dtype) for value in tensors):
        return None
    if not all(isinstance(value, torch.Tensor | int | float) for value in args):
        return None
    shape: Any = torch.broadcast_shapes(*(value.shape for value in tensors))  # type: ignore[no-untyped-call]
    return tensors[0].new_empty(shape)


def _is_plain(value: torch.Tensor, dtype: torch.dtype) -> bool:
    return (
        value.is_meta
        and type(value) in (torch.Tensor, nn.Parameter)
        and value.dtype is dtype
        and value.is_floating_point()
        and value.is_contiguous()
    )
