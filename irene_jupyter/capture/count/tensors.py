"""The tensors among a call's arguments, and how much each of them really holds.

A tensor's shape may be the logical one: of one example within `torch.func.vmap`, of all zeros and
values of a sparse tensor, of a packed weight as if it were unpacked.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch._C import _functorch

_TAKES = (torch.Tensor, torch.nn.Parameter)


def tensors_in(value: Any) -> list[torch.Tensor]:
    """The tensors in nested tuples, lists and mappings, in order."""
    found: list[torch.Tensor] = []
    _collect(value, found, 0)
    return found


def _collect(value: Any, found: list[torch.Tensor], depth: int) -> None:
    if isinstance(value, torch.Tensor):
        found.append(value)
    elif value is None or isinstance(value, int | float | str):
        return  # most arguments; to ask whether they are mappings takes far longer
    elif depth < 8 and isinstance(value, tuple | list):
        for item in value:
            _collect(item, found, depth + 1)
    elif depth < 8 and isinstance(value, Mapping):
        for item in value.values():
            _collect(item, found, depth + 1)


def stored(tensor: torch.Tensor) -> list[torch.Tensor]:
    """The plain strided tensors that hold what `tensor` stands for; itself if it is plain.

    Of a sparse tensor its values and indices, of a nested one its values, of a subclass (as
    torchao's quantised weights are) its inner tensors, of a batched one the whole batch.
    """
    if type(tensor) in _TAKES and tensor.layout is torch.strided and not tensor.is_nested:
        if not _functorch.is_functorch_wrapped_tensor(tensor):
            return [tensor]
        return stored(_functorch.get_unwrapped(tensor))
    layout = tensor.layout
    if layout is torch.sparse_coo:
        return [tensor._values(), tensor._indices()]
    if layout in (torch.sparse_csr, torch.sparse_bsr):
        return [tensor.values(), tensor.crow_indices(), tensor.col_indices()]
    if layout in (torch.sparse_csc, torch.sparse_bsc):
        return [tensor.values(), tensor.ccol_indices(), tensor.row_indices()]
    if layout is torch.jagged:
        return [tensor.values()]
    flatten = getattr(tensor, "__tensor_flatten__", None)
    if flatten is None:
        return [tensor]
    return [part for name in flatten()[0] for part in stored(getattr(tensor, name))]


def is_packed(weight: torch.Tensor | None) -> bool:
    """Whether a weight is kept in integers or in floats of one byte."""
    if weight is None or type(weight) is torch.nn.UninitializedParameter:
        return False
    return any(not t.is_floating_point() or t.element_size() == 1 for t in stored(weight)) and (
        not weight.is_complex()
    )


def parts(value: Any) -> list[torch.Tensor]:
    """The tensors in an argument, and those that a packed object of torch.ao holds."""
    if isinstance(value, torch.ScriptObject):
        return unpacked(value)
    if isinstance(value, tuple | list):
        return [part for item in value for part in parts(item)]
    return [value] if isinstance(value, torch.Tensor) else []


def unpacked(packed: Any) -> list[torch.Tensor]:
    """The tensors in an object that torch packed for its quantised kernels, each once."""
    for method in ("unpack", "__getstate__"):
        if packed._has_method(method):
            with contextlib.suppress(RuntimeError):
                held = parts(getattr(packed, method)())
                return list({(t.data_ptr(), t.shape): t for t in held}.values())
    return []


def elements(tensor: torch.Tensor) -> int:
    """Elements that are computed on: of sparse tensors the stored ones, of batched ones all."""
    if type(tensor) in _TAKES and tensor.layout is torch.strided:
        if not _functorch.is_functorch_wrapped_tensor(tensor):
            return tensor.numel()  # of a strided nested tensor as well
    elif tensor.layout is torch.strided:
        return tensor.numel()
    return stored(tensor)[0].numel()


def nbytes(tensor: torch.Tensor) -> int:
    """Bytes of a tensor's elements, each once (an expanded tensor counts its storage)."""
    if type(tensor) in _TAKES and not _functorch.is_functorch_wrapped_tensor(tensor):
        return _nbytes(tensor) if tensor.layout is torch.strided else _stored_bytes(tensor)
    return _stored_bytes(tensor)


def _stored_bytes(tensor: torch.Tensor) -> int:
    return sum(map(_nbytes, stored(tensor)))


def _nbytes(tensor: torch.Tensor) -> int:
    try:
        return min(tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes())
    except (RuntimeError, NotImplementedError):  # wrapped tensors have no storage
        return tensor.numel() * tensor.element_size()


def traffic(*values: Any) -> float:
    """Bytes of all tensors in `values`: what a call reads and writes at least."""
    return float(sum(nbytes(t) for t in tensors_in(values)))


def is_sparse(tensor: torch.Tensor) -> bool:
    """Whether zeros are not stored."""
    return tensor.layout is not torch.strided and tensor.layout is not torch.jagged


def density(tensor: torch.Tensor) -> float:
    """The share of elements that are stored, 1 of a dense tensor."""
    return elements(tensor) / max(tensor.numel(), 1) if is_sparse(tensor) else 1.0


def shares_storage(out: torch.Tensor, args: Sequence[Any]) -> bool:
    """Whether `out` is one of the arguments, or a view of one: nothing was moved."""
    first = args[0] if args else None
    if not isinstance(first, torch.Tensor):
        return False
    if first is out:
        return True
    return place_of(first) == place_of(out)


def shape_of(tensor: Any) -> tuple[int, ...]:
    """A tensor's shape; of examples of different lengths with their mean, rounded."""
    if not tensor.is_nested:
        return tuple(tensor.shape)
    if tensor.layout is torch.strided:
        sizes = tensor._nested_tensor_size()
        return (len(sizes), *(round(size) for size in sizes.double().mean(0).tolist()))
    ragged = tensor._ragged_idx
    sizes = list(tensor.values().shape)
    count = tensor.offsets().shape[0] - 1
    sizes[ragged - 1] = round(sizes[ragged - 1] / max(count, 1))
    return (count, *sizes)


def place_of(tensor: torch.Tensor) -> int:
    """What a tensor and its views have in common."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError):  # wrapped tensors
        return id(tensor)


def rows(shape: Sequence[int]) -> int:
    """Vectors in a tensor of this shape."""
    return math.prod(shape[:-1])
