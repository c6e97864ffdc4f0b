"""Which gradients a backward pass will make, told by the tensors of a call while it is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.count.canonical import FUSED_ATTENTION
from irene_jupyter.capture.count.tensors import tensors_in
from irene_jupyter.capture.record.gradients import Gradients

_SUMMED = ("addmm", "baddbmm", "addbmm")  # their first argument is no factor


def needed(tensors: Iterable[torch.Tensor]) -> bool:
    """Whether any of these gets a gradient."""
    return any(tensor.requires_grad for tensor in tensors)


def of_module(
    module: nn.Module, is_leaf: bool, below: Iterable[Gradients], inputs: Any, share: float
) -> Gradients:
    """Of the call of a module whose output needs a gradient; `below` are its submodules'.

    `share` is that of its own functions' bytes whose result needs one.
    """
    own = module.parameters(recurse=is_leaf)
    weights = needed(own) or any(each.weights for each in below)
    return Gradients(needed(tensors_in(inputs)), weights, share)


def of_function(name: str, args: Any, kwargs: Mapping[str, Any], leaves: int) -> list[Gradients]:
    """Of each of the `leaves` that the call of a function became."""
    given = tensors_in((args, dict(kwargs)))
    if name in FUSED_ATTENTION and leaves == 3:  # product, softmax, product
        query, key, value = (tensor.requires_grad for tensor in given[:3])
        scores = query or key
        return [Gradients(query, key), Gradients(scores, False), Gradients(scores, value)]
    if leaves > 1:  # torch's attention with its projections: three, the core, and one
        weights = needed(given[3:])
        projections = [Gradients(tensor.requires_grad, weights) for tensor in given[:3]]
        core = Gradients(True, True), Gradients(True, False), Gradients(True, True)
        return [*projections, *core, Gradients(True, weights)]
    first, *others = given[1:] if name in _SUMMED and len(given) > 2 else given
    if not first.is_floating_point() and others:  # of an embedding the ids come first
        return [Gradients(False, needed(others))]
    return [Gradients(first.requires_grad, needed(others))]
