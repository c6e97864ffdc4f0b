"""A real training pass: what was recorded of it, and what torch itself counts of its backward."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from irene_jupyter.capture.count.counting import canonical_name, count
from irene_jupyter.capture.count.tensors import tensors_in
from irene_jupyter.capture.record.gradients import Gradients
from irene_jupyter.capture.record.recording import Recording
from irene_jupyter.capture.training.step_trees import backward_tree
from irene_jupyter.tree import Node

PRODUCTS = ("Linear", "Conv1D", "MatMul", "GroupedMatMul", "Conv1d", "Conv2d")


def _of_attention(grad: Any, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    """torch has this formula for the kernels of GPUs: the scores again, and four gradients."""
    batch, heads, queries, width = query
    product = 2 * batch * heads * queries * key[-2]
    assert sdpa_flop_count(query, key, value) == product * (width + value[-1])
    return product * (3 * width + 2 * value[-1])


def _of_groups(a: Any, b: Any, *_: Any, **__: Any) -> int:
    return 2 * math.prod(a) * b[-1]


# Kernels that torch's counter has no formula for.
_BEYOND_TORCH = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _of_attention,
    torch.ops.aten._grouped_mm: _of_groups,
}


class _Moved(TorchDispatchMode):
    """Bytes of all kernels, each tensor once for each of them."""

    bytes = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        cost = count(canonical_name(func), args, kwargs or {}, out)
        self.bytes += cost.bytes if cost else 0.0
        return out


@dataclass(frozen=True)
class RealBackward:
    """The `forward` tree and the `backward` tree of it; what torch counted of the real one."""

    forward: Node
    gradients: Mapping[str, Gradients]
    backward: Node
    product_flops: float
    moved_bytes: float

    @property
    def counted_product_flops(self) -> float:
        """Of the products in the backward tree, biases' sums apart."""
        total = 0.0
        for leaf in self.backward.leaves():
            if leaf.primitive in PRODUCTS:
                total += leaf.features.flops - self._bias_sums(leaf)
        return total

    def _bias_sums(self, leaf: Node) -> float:
        its = leaf.features
        forward = self.forward.find(leaf.path).features
        if leaf.primitive not in ("Linear", "Conv1D") or not self.gradients[leaf.path].weights:
            return 0.0
        written = math.prod(its.output_shapes[0]) * its.calls
        return forward.flops - 2.0 * written * its.input_shapes[0][-1]


def real_backward(model: nn.Module, inputs: Mapping[str, Any]) -> RealBackward:
    """One forward and backward pass, in training mode, from the squares of all that comes out."""
    model.train()
    recording = Recording(model, 2)
    with recording:
        out = model(**inputs)
    forward = recording.finish()
    assert forward is not None
    returned = {id(t): t for t in tensors_in(out) if t.requires_grad}
    loss = sum(tensor.square().mean() for tensor in returned.values())
    flops = FlopCounterMode(display=False, custom_mapping=_BEYOND_TORCH)
    with flops, _Moved() as moved:
        loss.backward()
    return RealBackward(
        forward,
        recording.gradients,
        backward_tree(forward, recording.gradients),
        flops.get_total_flops(),
        moved.bytes,
    )
