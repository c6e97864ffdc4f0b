"""What a leaf computes: its kind, and the sizes of the matrices of a product."""

from __future__ import annotations

import math
from typing import Literal

from irene_jupyter.tree import MEBIBYTE, MEGAFLOP, ModelTree, Node

FLOAT32_BYTES = 4
# Kinds of leaves that share one regressor; Linear and Conv1D are the same product.
KINDS: dict[str, str] = {
    "Linear": "GEMM",
    "Conv1D": "GEMM",
    "MatMul": "MatMul",
    "Softmax": "Softmax",
    "LayerNorm": "LayerNorm",
    "Embedding": "Embedding",
    "Tanh": "Tanh",
    "RMSNorm": "RMSNorm",
    "SiLU": "SiLU",
    "GroupedMatMul": "GroupedMatMul",
}
# Of today's models: only profiles of calibrations and fits that met them have their regressors.
TODAY = frozenset({"RMSNorm", "SiLU", "GroupedMatMul"})


def kind_of(node: Node) -> str | None:
    """The regressor that a node needs; None for modules and primitives without one."""
    return KINDS.get(node.primitive) if node.primitive is not None else None


def megaflops(node: Node) -> float:
    """Million operations of one call."""
    return node.features.canonical_megaflops / node.features.calls


def mebibytes(node: Node) -> float:
    """MiB that one call moves."""
    return node.features.canonical_mebibytes / node.features.calls


def gemm_widths(node: Node) -> tuple[int, int] | None:
    """(K, N) of a Linear or Conv1D from its shapes (…, K) → (…, N); None if they are unknown."""
    features = node.features
    if kind_of(node) != "GEMM" or not features.input_shapes or not features.output_shapes:
        return None
    inputs, outputs = features.input_shapes[0], features.output_shapes[0]
    return (inputs[-1], outputs[-1]) if inputs and outputs else None


def gemm_mebibytes(node: Node) -> float:
    """MiB that one call of a product moves, 4(M(K+N) + KN): each matrix once, in float32.

    Pools Linear and Conv1D, whose published counts differ. A product of unknown shapes has
    its canonical count, any other node 0.
    """
    widths = gemm_widths(node)
    if widths is None:
        return mebibytes(node) if kind_of(node) == "GEMM" else 0.0
    k, n = widths
    m = math.prod(node.features.input_shapes[0][:-1])
    return FLOAT32_BYTES * (m * (k + n) + k * n) / MEBIBYTE


def gemm_sizes(node: Node) -> tuple[float, float, float]:
    """(M, K, N) of one call of a product (M, K) × (K, N); zeros where the shapes are unknown.

    The data measure one of Conv1D's two orientations and copy it to the other, which has the
    same operations: the narrow side counts as K.
    """
    widths = gemm_widths(node)
    if widths is None:
        return 0.0, 0.0, 0.0
    k, n = sorted(widths) if node.primitive == "Conv1D" else widths
    return float(math.prod(node.features.input_shapes[0][:-1])), float(k), float(n)


def gemm_part(node: Node, part: Literal["input", "weight", "output"]) -> float:
    """MiB of one of a product's three matrices, in float32; a third of the count if unknown."""
    if kind_of(node) != "GEMM":
        return 0.0
    m, k, n = gemm_sizes(node)
    if not m * k * n:
        return mebibytes(node) / 3
    elements = {"input": m * k, "weight": k * n, "output": m * n}[part]
    return FLOAT32_BYTES * elements / MEBIBYTE


def matmul_sizes(tree: ModelTree, node: Node) -> tuple[float, float]:
    """(queries, keys) of an attention's product, whichever of the two it is.

    Without shapes, as in the data, both are the sequence. With them the keys are what is not
    the head's width: the sequence's length if it is one of the two, else the larger.
    """
    inputs, outputs = node.features.input_shapes, node.features.output_shapes
    if not inputs or not outputs or len(inputs[0]) < 2 or len(outputs[0]) < 2:
        return float(tree.seq_len), float(tree.seq_len)
    m, n, k = outputs[0][-2], outputs[0][-1], inputs[0][-1]
    keys = tree.seq_len if tree.seq_len in (k, n) else max(k, n)
    return float(max(m, 1)), float(max(keys, 1))


def tiled_megaflops(tree: ModelTree, node: Node, rows: int, columns: int) -> float:
    """Operations of one call with queries and keys filled up to whole tiles."""
    queries, keys = matmul_sizes(tree, node)
    full = math.ceil(queries / rows) * rows * (math.ceil(keys / columns) * columns)
    return megaflops(node) * full / (queries * keys)


def heads_width(tree: ModelTree, node: Node) -> float:
    """Batch × heads × head size, from 2·heads·width·queries·keys operations."""
    queries, keys = matmul_sizes(tree, node)
    return megaflops(node) * MEGAFLOP / (2 * queries * keys)
