"""Nested tensors, whose examples differ in length, as one plain tensor for each example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils._pytree import tree_map

from irene_jupyter.capture.count.tensors import tensors_in

Shape = tuple[int, ...]


def is_nested_call(args: Any, out: Any) -> bool:
    """Whether a call is on nested tensors: they come first, or come out."""
    first = args[0] if args else None
    return (isinstance(first, torch.Tensor) and first.is_nested) or (
        isinstance(out, torch.Tensor) and out.is_nested
    )


def examples(args: Any, kwargs: Any, out: Any) -> Iterator[tuple[int, Any, Any, Any]]:
    """A call on nested tensors as (how many, args, kwargs, out) of its distinct examples.

    The tensors are without data. Dense ones are the same for each example.
    """
    given = tensors_in((args, kwargs, out))
    shapes = {id(t): shapes_of(t) for t in given if t.is_nested}
    count = min(map(len, shapes.values()))
    kinds = Counter(
        tuple((each, shape[place]) for each, shape in shapes.items()) for place in range(count)
    )
    with _disable_current_modes():
        for kind, times in kinds.items():
            sizes = dict(kind)
            made: dict[int, torch.Tensor] = {}
            for tensor in given:
                shape = sizes.get(id(tensor))
                if shape is not None:
                    made[id(tensor)] = torch.empty(shape, dtype=tensor.dtype, device="meta")
            yield (
                times,
                *tree_map(
                    lambda value, made=made: made.get(id(value), value), (args, dict(kwargs), out)
                ),
            )


def shapes_of(tensor: Any) -> list[Shape]:
    """The shape of each example of a nested tensor.

    Lengths that lie on a GPU are not waited for: their mean stands for each of them.
    """
    if tensor.layout is torch.strided:
        return [tuple(map(int, size)) for size in tensor._nested_tensor_size().tolist()]
    ragged = tensor._ragged_idx - 1  # of the values, which have no batch
    values = tensor.values()
    offsets = tensor.offsets()
    if offsets.device.type == "cpu":
        lengths = tensor.lengths() if tensor.lengths() is not None else offsets.diff()
        sizes = [int(size) for size in lengths.tolist()]
    else:
        count = offsets.shape[0] - 1
        sizes = [values.shape[ragged] // max(count, 1)] * count
    whole = tuple(values.shape)
    return [(*whole[:ragged], size, *whole[ragged + 1 :]) for size in sizes]
