"""Operations and bytes: of a node's own, and of its backward pass from those of its forward pass.

A product of x and w has two more in its backward pass: dy·wᵀ where x needs a gradient, xᵀ·dy where
w does. Each reads and writes the same three matrices. Pointwise work reads what was kept and the
gradient, and writes one: half as much again as its forward pass. As everywhere, a kernel's bytes
are those of its tensors, each once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from irene_jupyter.capture.count.canonical import FUSED_ATTENTION
from irene_jupyter.capture.count.cost import FLOAT32_BYTES
from irene_jupyter.capture.record.gradients import Gradients
from irene_jupyter.tree import MEBIBYTE, MEGAFLOP, WORK, Features, Node

# Of a leaf's primitive, with and without "Quantized" before it.
_PRODUCTS = re.compile(
    r"(Quantized)?(Linear|Conv1D|(Grouped|Sparse)?MatMul|Bilinear|Conv(Transpose)?[123]d|ConvTBC"
    r"|Convolution|(LSTM|GRU|RNN)(Cell)?)"
)
_BIASED = ("Linear", "Conv1D")  # whose biases are counted beside the product
_POINTWISE_BYTES = 1.5
# Of several functions each keeps what it needs, and gradients of what they share are added up.
_SEVERAL_BYTES = 2.0
_PASSES = 3.0  # over its output; from there on a leaf consists of several functions
_NORM_FLOPS = {"input": 1.25, "weights": 0.375}  # 10 and 3 operations an element, of 8 before
_SOFTMAX_FLOPS = 0.8  # 4 of 5
# Operations a byte from which a node's own work is taken for products.
_PRODUCT_INTENSITY = 4.0
# A fused kernel keeps no scores: its backward pass makes them again.
_FUSED_TIMES = (3.0, 2.0)  # of its first product (scores) and of its second


@dataclass(frozen=True, slots=True)
class Work:
    """What `Features` count of it: actual and canonical."""

    flops: float = 0.0
    bytes: float = 0.0
    canonical_megaflops: float = 0.0
    canonical_mebibytes: float = 0.0

    @classmethod
    def of(cls, features: Features) -> Work:
        """All of a node's."""
        return cls(*(getattr(features, name) for name in WORK))

    @classmethod
    def own(cls, node: Node) -> Work:
        """Of a node beyond its children."""
        below = [cls.of(child.features) for child in node.children]
        return cls(
            *(
                max(0.0, mine - math.fsum(getattr(each, name) for each in below))
                for name, mine in zip(WORK, cls.of(node.features).values, strict=True)
            )
        )

    @classmethod
    def plain(cls, flops: float, moved: float) -> Work:
        """Work that is counted alike both ways."""
        return cls(flops, moved, flops / MEGAFLOP, moved / MEBIBYTE)

    @classmethod
    def total(cls, parts: Iterable[Work]) -> Work:
        """The sum."""
        rows = [part.values for part in parts]
        return cls(*map(math.fsum, zip(*rows, strict=True))) if rows else cls()

    @property
    def values(self) -> tuple[float, float, float, float]:
        return self.flops, self.bytes, self.canonical_megaflops, self.canonical_mebibytes

    def times(self, flops: float, moved: float | None = None) -> Work:
        """So many times the operations, and the bytes."""
        moved = flops if moved is None else moved
        return Work(
            self.flops * flops,
            self.bytes * moved,
            self.canonical_megaflops * flops,
            self.canonical_mebibytes * moved,
        )


def backward_work(node: Node, gradients: Gradients, following: Node | None = None) -> Work:
    """Of the backward pass of what `node` does beyond its children, over all its calls.

    `following` is the node after it: a softmax follows the product that makes the scores.
    """
    own = Work.own(node).times(gradients.share)
    primitive = (node.primitive or "") if not node.children else ""
    if _PRODUCTS.fullmatch(primitive):
        return _of_product(node, own, gradients, following)
    if "Embedding" in primitive:
        return _of_embedding(node, own, gradients)
    if primitive == "Softmax":
        again = 1.0 if node.features.operation in FUSED_ATTENTION else 0.0
        return own.times(_SOFTMAX_FLOPS + again, _POINTWISE_BYTES)
    moved = _POINTWISE_BYTES if primitive and not _is_several(node, own) else _SEVERAL_BYTES
    if "Norm" in primitive:
        flops = sum(_NORM_FLOPS[name] for name in _NORM_FLOPS if getattr(gradients, name))
        return own.times(flops, moved if gradients.input else 1.0)
    if own.flops > _PRODUCT_INTENSITY * own.bytes:
        return own.times(float(gradients.input + gradients.weights))
    return own.times(moved)


def _is_several(node: Node, own: Work) -> bool:
    its = node.features
    written = sum(math.prod(shape) for shape in its.output_shapes) * its.calls
    return own.bytes > _PASSES * written * _width(its.dtype)


def _of_product(node: Node, own: Work, gradients: Gradients, following: Node | None) -> Work:
    if node.features.operation in FUSED_ATTENTION:
        makes_scores = following is not None and following.primitive == "Softmax"
        return own.times(_FUSED_TIMES[0 if makes_scores else 1], 2.0)
    bias = _bias_flops(node)
    times = float(gradients.input + gradients.weights)
    found = own.times(times)
    # The gradient of a bias is a sum over dy, where the forward pass had one addition each.
    less = bias * (times - gradients.weights)
    read = bias * _width(node.features.dtype) if gradients.weights else 0.0
    return Work(
        found.flops - less,
        found.bytes + read,
        found.canonical_megaflops - less / MEGAFLOP,
        found.canonical_mebibytes,
    )


def _width(dtype: str | None) -> int:
    """Bytes of an element."""
    kind = getattr(torch, dtype or "float32", None)
    return kind.itemsize if isinstance(kind, torch.dtype) else FLOAT32_BYTES


def _bias_flops(node: Node) -> float:
    """Operations that were counted for adding a bias: one beside each 2·k of the product."""
    its = node.features
    if node.primitive not in _BIASED or not its.input_shapes or not its.output_shapes:
        return 0.0
    k = its.input_shapes[0][-1]
    written = math.prod(its.output_shapes[0]) * its.calls
    if its.flops == 2.0 * k * written:
        return 0.0
    has_bias = (
        its.flops == (2.0 * k + 1) * written or its.num_parameters > k * (its.output_shapes[0][-1])
    )
    return its.flops / (2 * k + 1) if has_bias else 0.0


def _of_embedding(node: Node, own: Work, gradients: Gradients) -> Work:
    """Rows are added to zeros of the table's size, unless only what is embedded needs gradients."""
    its = node.features
    table = its.num_parameters or (math.prod(its.input_shapes[-1]) if its.input_shapes else 0)
    written = float(sum(math.prod(shape) for shape in its.output_shapes[:1]) * its.calls)
    added = Work(written, own.bytes, written / MEGAFLOP, own.canonical_mebibytes)
    zeros = Work(0.0, table * _width(its.dtype), 0.0, table * FLOAT32_BYTES / MEBIBYTE)
    return Work.total([added, zeros])
