"""How often a node keeps its host busy: the kernels that eager PyTorch launches for it.

In units of which a machine's one constant makes seconds. The numbers are rounded from operations
that were repeated alone on small data (an H100's machine: pointwise 9–13 µs, Linear 18–40,
Embedding 15–28, fused attention 21–37, transformers' RMSNorm 80–125, rotary embeddings 95–150)
and from what modules took beyond their children. A trace sees no kernel of a module's own work:
what it does there is told by what it holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from irene_jupyter.predictors.forms.dtypes import item_bytes, packing_of
from irene_jupyter.tree import Node

FUSED_ATTENTION = "scaled_dot_product_attention"  # two products and a softmax are one kernel
OPTIMISER_STEP = "optimizer_step"  # of all parameters together
PRODUCT = 1.2
CONV1D = 1.6  # transformers' product: a view before and after an addmm
EMBEDDING = 1.0
KERNEL = 0.8  # pointwise, norms
# One read and one write of each element, and half as much again for fp32 in between.
ELEMENTS_PER_KERNEL = 3.0
ATTENTION = 3.0  # reshapes and transposes of queries, keys and values
ROTARY_ATTENTION = 16.0  # and turning two of them, writing a cache, repeating heads
MASKS = 60.0  # positions, masks and cache of a decoder; once for each run
INPUTS = 6.0  # positions, slices and sums of an encoder's embeddings
MODULE = 0.5  # the call of a module; a sum or product of its own is a kernel more
CONTAINER = 1.5  # more where it calls modules, not operations alone
UPDATE = 0.3  # a layer's part of a step's few kernels and of its lists; not measured
HIDDEN = 30.0  # of a module that holds products which nobody saw
# More operations for an element of the output than any pointwise work: a product is in it.
PRODUCT_FLOPS = 50.0

PRODUCTS = frozenset(
    {
        *("Linear", "Conv1D", "MatMul", "GroupedMatMul", "Bilinear", "LSTM", "GRU", "RNN"),
        *("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"),
    }
)


def is_fused(node: Node) -> bool:
    """Whether a leaf is a part of one kernel with those beside it."""
    return not node.children and node.features.operation == FUSED_ATTENTION


def elements(node: Node) -> int:
    """That one call of a node writes; at least 1."""
    return max(1, sum(math.prod(shape) for shape in node.features.output_shapes))


def host_operations(node: Node, children: Sequence[Node] = (), own_flops: float = 0.0) -> float:
    """Of one call of a node beyond its children's; `own_flops` are not theirs either."""
    primitive, its = node.primitive, node.features
    if its.operation == OPTIMISER_STEP:
        return 0.0 if children else UPDATE
    if is_fused(node):
        return PRODUCT / 2 if primitive == "MatMul" else 0.0
    if primitive is not None and not children:
        if primitive == "Conv1D":
            return CONV1D
        if primitive in PRODUCTS:
            packing = packing_of(its.dtype)
            return PRODUCT + (KERNEL * packing.launches if packing else 0.0)
        if primitive == "Embedding":
            return EMBEDDING
        return KERNEL * kernels(node)
    if own_flops > PRODUCT_FLOPS * elements(node) * its.calls:
        return HIDDEN
    if not children:
        return KERNEL * kernels(node)
    if any(is_fused(child) or child.primitive == "MatMul" for child in children):
        # Sines and cosines come in beside the hidden states.
        wide = sum(len(shape) == 3 for shape in its.input_shapes)
        return ROTARY_ATTENTION if wide >= 3 else ATTENTION
    if any(child.primitive == "Embedding" for child in children):
        return MASKS if any(child.children for child in children) else INPUTS
    own_bytes = its.bytes - math.fsum(child.features.bytes for child in children)
    own = KERNEL if own_bytes >= ELEMENTS_PER_KERNEL * elements(node) else 0.0
    return MODULE + own + (CONTAINER if any(child.children for child in children) else 0.0)


def kernels(node: Node) -> int:
    """Pointwise kernels of one call, from the traffic: each passes over the whole output once."""
    its = node.features
    once = ELEMENTS_PER_KERNEL * elements(node) * item_bytes(its.dtype)
    return max(1, round(its.bytes / its.calls / once))
