"""What single kernels ask of a board, from their shapes: a row for each, as plain arrays.

Counts as in the data's description (bytes of bfloat16 in and out, weights and caches by their own
dtype). `columns` are what else shapes a kernel's time: sizes, and how its tiles fill the board.
Needs numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Shapes = Mapping[str, Array]  # column of the file -> values
# Of a weight, scales included.
WEIGHT_BYTES = {
    "bfloat16": 2.0,
    "fp8": 1.0,
    "fp8_block": 1.0,
    "nvfp4": 0.5625,
    "w4a16_mxfp4": 0.53125,
    "w4a8_mxfp4_mxfp8": 0.53125,
}
TILES = ((128, 128), (128, 256), (256, 256), (64, 128))  # of a product's result
QUERIES = 128  # that a block of an attention kernel works on
ROUTINGS = {"balanced": 0.0, "power_law_1.01": 1.0, "power_law_1.2": 2.0}


@dataclass(frozen=True, slots=True)
class KernelWork:
    """Of kernels of one kind, a row each: operations and bytes of one call, and columns by name."""

    flops: Array
    bytes: Array
    columns: Mapping[str, Array]

    def table(self) -> Array:
        """(rows, columns)."""
        return np.column_stack(list(self.columns.values()))


def kernel_work(
    operation: str, dtype: str, kv_dtype: str, shapes: Shapes, multiprocessors: int
) -> KernelWork:
    """Of kernels of one operation, one of `OPERATIONS`; `kv_dtype` "" without a cache."""
    return OPERATIONS[operation](dtype, kv_dtype, shapes, multiprocessors)


def _product(dtype: str, _: str, shapes: Shapes, multiprocessors: int) -> KernelWork:
    m, n, k = (shapes[name] for name in ("m", "n", "k"))
    moved = 2 * m * k + 2 * m * n + WEIGHT_BYTES[dtype] * n * k
    waves = {
        f"waves {rows}×{columns}": np.ceil(m / rows) * np.ceil(n / columns) / multiprocessors
        for rows, columns in TILES
    }
    return _work(
        2 * m * n * k,
        moved,
        {"m": m, "n": n, "k": k, "m·n": m * n, "n·k": n * k, "waves": waves["waves 128×128"]},
        {
            **{name: value / np.ceil(value) for name, value in waves.items()},
            "filled rows": m / (np.ceil(m / 128) * 128),
        },
    )


def _attention(pairs: Array, kv_dtype: str, shapes: Shapes, multiprocessors: int) -> KernelWork:
    """`pairs` of a query and a key, of one head."""
    batch, heads, kv_heads, width = (
        shapes[name] for name in ("batch", "heads", "kv_heads", "head_dim")
    )
    queries, keys, window = (shapes[name] for name in ("q_len", "kv_len", "window"))
    seen = np.where(window > 0, np.minimum(keys, window + queries), keys)
    cached = 2 * batch * kv_heads * width * seen * (1 if kv_dtype == "fp8" else 2)
    blocks = batch * heads * np.ceil(queries / QUERIES) / multiprocessors
    # Kernels do not tell heads of one sequence from those of another: their product matters.
    return _work(
        4 * batch * heads * width * pairs,
        cached + 4 * batch * heads * width * queries,
        {
            "heads": batch * heads,
            "kv heads": batch * kv_heads,
            "head width": width,
            "keys": keys,
            "seen": seen,
            "window": window + 1,
            "heads a key": heads / kv_heads,
            "blocks": blocks,
        },
        {"filled waves": blocks / np.ceil(blocks), "filled queries": _filled(queries)},
    )


def _filled(queries: Array) -> Array:
    return queries / (np.ceil(queries / QUERIES) * QUERIES)


def _context(_: str, kv_dtype: str, shapes: Shapes, multiprocessors: int) -> KernelWork:
    keys, window = shapes["kv_len"], shapes["window"]
    triangle = keys * (keys + 1) / 2
    beyond = np.maximum(0.0, keys - window)
    windowed = triangle - beyond * (beyond + 1) / 2
    pairs = np.where(window > 0, windowed, triangle)
    return _attention(pairs, kv_dtype, shapes, multiprocessors)


def _generation(_: str, kv_dtype: str, shapes: Shapes, multiprocessors: int) -> KernelWork:
    keys, window = shapes["kv_len"], shapes["window"]
    pairs = np.where(window > 0, np.minimum(keys, window), keys)
    return _attention(pairs, kv_dtype, shapes, multiprocessors)


def _encoder(_: str, kv_dtype: str, shapes: Shapes, multiprocessors: int) -> KernelWork:
    return _attention(shapes["q_len"] * shapes["kv_len"], kv_dtype, shapes, multiprocessors)


def _experts(dtype: str, _: str, shapes: Shapes, multiprocessors: int) -> KernelWork:
    m, hidden, experts, chosen = (shapes[name] for name in ("m", "hidden", "experts", "top_k"))
    width = shapes["intermediate"] / shapes["tensor_parallel"]
    used = experts * (1 - (1 - chosen / experts) ** m)  # of evenly spread tokens
    weights = 3 * hidden * width  # of one gated expert
    rows = m * chosen
    return _work(
        2 * rows * weights,
        WEIGHT_BYTES[dtype] * used * weights + 2 * rows * (2 * hidden + 3 * width),
        {
            "m": m,
            "hidden": hidden,
            "width": width,
            "experts": experts,
            "chosen": chosen,
            "rows an expert": rows / experts,
            "used": used,
            "waves": used * np.ceil(rows / used / 128) * np.ceil(width / 128) / multiprocessors,
        },
        {"routing": 2 ** shapes["routing"]},
    )


def _quantized(_: str, __: str, shapes: Shapes, multiprocessors: int) -> KernelWork:
    m, k = shapes["m"], shapes["k"]
    return _work(m * k, 3 * m * k, {"m": m, "k": k}, {"rows": m / multiprocessors})


OPERATIONS: Mapping[str, Callable[[str, str, Shapes, int], KernelWork]] = {
    "gemm": _product,
    "attention_context": _context,
    "attention_generation": _generation,
    "attention_encoder": _encoder,
    "moe": _experts,
    "quantize_fp8": _quantized,
}


def _work(
    flops: Array, moved: Array, sizes: Mapping[str, Array], shares: Mapping[str, Array]
) -> KernelWork:
    """All columns as logarithms to base 2: what doubles is a step."""
    columns = {**sizes, "operations": flops, "bytes": moved, "intensity": flops / moved, **shares}
    return KernelWork(flops, moved, {name: np.log2(each) for name, each in columns.items()})
