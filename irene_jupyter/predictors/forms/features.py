"""Features of nodes as named columns with units, and what kind of node a node is.

All columns are of ONE call: a node that was merged from several calls has the mean of them.
A new column is one entry of `COLUMNS`; models of energy name the columns that they use.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.forms import matrices
from irene_jupyter.predictors.forms.matrices import (
    KINDS,
    TODAY,
    gemm_mebibytes,
    gemm_sizes,
    kind_of,
    matmul_sizes,
)
from irene_jupyter.tree import ModelTree, Node

# Columns of each kind's regressor: a product is bound by compute or memory, the rest by memory.
# Libraries compute a batched product in tiles, and pay for a tile that is not full.
KIND_COLUMNS: dict[str, tuple[str, ...]] = {
    "GEMM": (
        "megaflops",
        "gemm_input_mebibytes",
        "gemm_weight_mebibytes",
        "gemm_output_mebibytes",
    ),
    "MatMul": (
        "megaflops",
        "tiles_64_megaflops",
        "tiles_128_megaflops",
        "rows_128_megaflops",
        "mebibytes",
    ),
    "Softmax": ("mebibytes",),
    "LayerNorm": ("mebibytes",),
    "Embedding": ("mebibytes",),
    "Tanh": ("mebibytes",),
    "RMSNorm": ("mebibytes",),
    "SiLU": ("mebibytes",),
    "GroupedMatMul": ("megaflops", "mebibytes"),
}
# Columns of the boosted residual of each kind's regressor; others have that of `mebibytes`.
RESIDUAL_COLUMNS: dict[str, tuple[str, ...]] = {
    "GEMM": ("log2_outputs", "log2_gemm_n", "log2_gemm_k", "is_conv1d"),
    "MatMul": ("log2_queries", "log2_heads_width", "keys_over_64", "keys_over_128"),
}
OTHER_RESIDUAL_COLUMNS = ("log2_mebibytes", "log2_tokens")
OWN_COLUMNS = (
    "rest_mebibytes",
    "child_matmul_mebibytes",
    "child_softmax_mebibytes",
    "child_gemm_output_mebibytes",
    "attention_gemm_output_mebibytes",
    "child_embedding_mebibytes",
    "holds_matmul",
    "holds_gemm_only",
    "holds_embedding_only",
)
RESOURCE_UNITS = {
    "joules": "J",
    "percent": "%",
    "megahertz": "MHz",
    "seconds": "s",
    "watts": "W",
    "mebibytes": "MiB",
}


def _log2(value: float) -> float:
    """The logarithm; of nothing that of a value smaller than any size."""
    return math.log2(value) if value > 0 else -30.0


def register_kind(
    primitive: str,
    columns: Sequence[str] = ("mebibytes",),
    residual: Sequence[str] = OTHER_RESIDUAL_COLUMNS,
    kind: str | None = None,
) -> None:
    """Give leaves of `primitive` a regressor of their own (or, by `kind`, an existing one).

    `columns` (of a roofline) and `residual` (of the boosted residual) name entries of `COLUMNS`.
    """
    unknown = [name for name in (*columns, *residual) if name not in COLUMNS]
    if unknown:
        raise DataError(f"unknown columns {', '.join(unknown)}; add them to features.COLUMNS first")
    KINDS[primitive] = kind or primitive
    KIND_COLUMNS.setdefault(KINDS[primitive], tuple(columns))
    RESIDUAL_COLUMNS.setdefault(KINDS[primitive], tuple(residual))


def pattern(node: Node) -> str:
    """How a node is built, as training meets it again: a leaf's primitive, a module's parts.

    Without those of `TODAY`, which the published data do not have: a module is none the newer.
    """
    if not node.children:
        return node.primitive or "empty"
    parts = {
        "module" if child.children else child.primitive or ""
        for child in node.children
        if child.children or child.primitive in KINDS.keys() - TODAY
    }
    return f"{node.type}({'+'.join(sorted(parts))})"


def rest_megaflops(node: Node) -> float:
    """Million operations of one call that no child holds."""
    features = node.features
    below = math.fsum(child.features.canonical_megaflops for child in node.children)
    # Counts are floats: a difference within their rounding is no work.
    rest = features.canonical_megaflops - below
    return rest / features.calls if rest > 1e-9 * features.canonical_megaflops else 0.0


def rest_mebibytes(node: Node) -> float:
    """MiB moved by one call that no child holds."""
    features = node.features
    below = math.fsum(child.features.canonical_mebibytes for child in node.children)
    rest = features.canonical_mebibytes - below
    return rest / features.calls if rest > 1e-9 * features.canonical_mebibytes else 0.0


def _child_mebibytes(node: Node, kind: str) -> float:
    """MiB of the direct children of a kind, for one call of `node`."""
    measure = gemm_mebibytes if kind == "GEMM" else matrices.mebibytes
    total = 0.0
    for child in node.children:
        if kind_of(child) == kind:
            total += measure(child) * child.features.calls
    return total / node.features.calls


def _holds(node: Node, kind: str) -> bool:
    return any(kind_of(child) == kind for child in node.children)


def node_group(node: Node) -> str:
    """What a node is to the profile's intervals: a kind of leaf, or how a module is built.

    "model"; "module:attention" (a MatMul of its own), "module:gemm" (a product, no MatMul and
    no module inside), "module:embedding" (embeddings, no module inside), "module:container".
    """
    if not node.children and node.primitive is not None:
        return f"ml:{kind_of(node) or 'other'}"
    if node.type == "model":
        return "model"
    if _holds(node, "MatMul"):
        return "module:attention"
    if _holds(node, "GEMM") and _holds_leaves_only(node):
        return "module:gemm"
    if _holds_embedding_only(node):
        return "module:embedding"
    return "module:container"


def _holds_leaves_only(node: Node) -> bool:
    return not any(child.children for child in node.children)


def _holds_embedding_only(node: Node) -> bool:
    return _holds(node, "Embedding") and _holds_leaves_only(node)


@dataclass(frozen=True, slots=True)
class Column:
    """A feature of one call of a node in a tree, and its unit ("1" for counts and yes/no)."""

    unit: str
    value: Callable[[ModelTree, Node], float]


def _resource(name: str) -> Column:
    unit = RESOURCE_UNITS.get(name.rpartition("_")[2], "1")
    return Column(unit, lambda tree, node: node.features.resources.get(name, math.nan))


def _child(kind: str) -> Column:
    return Column("MiB", lambda tree, node: _child_mebibytes(node, kind))


def _child_gemm_output(node: Node) -> float:
    """MiB that the products directly below write, for one call of `node`."""
    total = 0.0
    for child in node.children:
        if kind_of(child) == "GEMM":
            total += matrices.gemm_part(child, "output") * child.features.calls
    return total / node.features.calls


COLUMNS: dict[str, Column] = {
    "batch_size": Column("1", lambda tree, node: tree.batch_size),
    "seq_len": Column("1", lambda tree, node: tree.seq_len),
    "input_size": Column("1", lambda tree, node: tree.batch_size * tree.seq_len),
    "num_parameters": Column("1", lambda tree, node: node.features.num_parameters),
    "megaflops": Column("Mflop", lambda tree, node: matrices.megaflops(node)),
    "mebibytes": Column("MiB", lambda tree, node: matrices.mebibytes(node)),
    "gemm_mebibytes": Column("MiB", lambda tree, node: gemm_mebibytes(node)),
    "gemm_input_mebibytes": Column("MiB", lambda tree, node: matrices.gemm_part(node, "input")),
    "gemm_weight_mebibytes": Column("MiB", lambda tree, node: matrices.gemm_part(node, "weight")),
    "gemm_output_mebibytes": Column("MiB", lambda tree, node: matrices.gemm_part(node, "output")),
    "tiles_64_megaflops": Column(
        "Mflop", lambda tree, node: matrices.tiled_megaflops(tree, node, 64, 64)
    ),
    "tiles_128_megaflops": Column(
        "Mflop", lambda tree, node: matrices.tiled_megaflops(tree, node, 128, 128)
    ),
    "rows_128_megaflops": Column(
        "Mflop", lambda tree, node: matrices.tiled_megaflops(tree, node, 128, 1)
    ),
    "log2_outputs": Column(
        "1", lambda tree, node: _log2(gemm_sizes(node)[0] * gemm_sizes(node)[2])
    ),
    "log2_gemm_k": Column("1", lambda tree, node: _log2(gemm_sizes(node)[1])),
    "log2_gemm_n": Column("1", lambda tree, node: _log2(gemm_sizes(node)[2])),
    "is_conv1d": Column("1", lambda tree, node: node.primitive == "Conv1D"),
    "log2_queries": Column("1", lambda tree, node: _log2(matmul_sizes(tree, node)[0])),
    "log2_heads_width": Column("1", lambda tree, node: _log2(matrices.heads_width(tree, node))),
    "keys_over_64": Column("1", lambda tree, node: matmul_sizes(tree, node)[1] % 64 / 64),
    "keys_over_128": Column("1", lambda tree, node: matmul_sizes(tree, node)[1] % 128 / 128),
    "log2_mebibytes": Column("1", lambda tree, node: _log2(matrices.mebibytes(node))),
    "log2_tokens": Column("1", lambda tree, node: _log2(tree.batch_size * tree.seq_len)),
    "rest_megaflops": Column("Mflop", lambda tree, node: rest_megaflops(node)),
    "rest_mebibytes": Column("MiB", lambda tree, node: rest_mebibytes(node)),
    "child_matmul_mebibytes": _child("MatMul"),
    "child_softmax_mebibytes": _child("Softmax"),
    "child_gemm_mebibytes": _child("GEMM"),
    "child_gemm_output_mebibytes": Column("MiB", lambda tree, node: _child_gemm_output(node)),
    "attention_gemm_output_mebibytes": Column(
        "MiB", lambda tree, node: _child_gemm_output(node) if _holds(node, "MatMul") else 0.0
    ),
    "child_layernorm_mebibytes": _child("LayerNorm"),
    "child_embedding_mebibytes": _child("Embedding"),
    "holds_matmul": Column("1", lambda tree, node: _holds(node, "MatMul")),
    "holds_gemm_only": Column(
        "1", lambda tree, node: _holds(node, "GEMM") and not _holds(node, "MatMul")
    ),
    "holds_embedding_only": Column("1", lambda tree, node: _holds_embedding_only(node)),
    "latency_seconds": Column(
        "s",
        lambda tree, node: (
            math.nan
            if node.features.latency_seconds is None
            else node.features.latency_seconds / node.features.calls
        ),
    ),
    **{
        name: _resource(name)
        for name in (
            "cpu_percent",
            "memory_percent",
            "gpu_percent",
            "gpu_memory_percent",
            "gpu_clock_megahertz",
            "gpu_memory_clock_megahertz",
            "gpu_energy_joules",
        )
    },
}


def values(names: Sequence[str], tree: ModelTree, node: Node) -> list[float]:
    """The named columns of one node, in the columns' units."""
    return [float(COLUMNS[name].value(tree, node)) for name in names]


def table(
    trees: Iterable[ModelTree], names: Sequence[str] = tuple(COLUMNS)
) -> dict[str, list[float]]:
    """The named columns of every node, in the order of `root.walk()`; NaN where unknown."""
    rows = [values(names, tree, node) for tree in trees for node in tree.root.walk()]
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}
