"""Tables of measured kernels, made by hand: seconds and watts by known constants."""

from __future__ import annotations

import csv
import math
from pathlib import Path

COLUMNS = (
    "board,op,framework,kernel,dtype,kv_dtype,m,n,k,batch,heads,kv_heads,head_dim,q_len,kv_len,"
    "window,hidden,intermediate,experts,top_k,tensor_parallel,routing,weight_copies,seconds,watts,"
    "power_limit_watts,nvml_readings_at_least"
).split(",")
IDLE, LIMIT = 100.0, 600.0
FLOP, BYTE = 9e-13, 9e-11  # J
RATE, WIDTH = 6e14, 3e12  # a second


def measured(row: dict[str, object], flops: float, moved: float) -> dict[str, object]:
    """With the seconds and watts of a board that is no better than its constants."""
    seconds = 4e-6 + math.hypot(flops / RATE, moved / WIDTH)
    watts = min(0.983 * LIMIT, IDLE + (FLOP * flops + BYTE * moved) / seconds)
    return {
        "board": "B300",
        "framework": "vllm",
        "kernel": "made",
        "dtype": "bfloat16",
        "weight_copies": 1,
        **row,
        "seconds": seconds,
        "watts": watts,
        "power_limit_watts": LIMIT,
        "nvml_readings_at_least": 10,
    }


def product(m: int, n: int, k: int) -> dict[str, object]:
    flops, moved = 2.0 * m * n * k, 2.0 * (m * k + m * n + n * k)
    return measured({"op": "gemm", "m": m, "n": n, "k": k}, flops, moved)


def step(batch: int, heads: int, kv_heads: int, keys: int) -> dict[str, object]:
    """Attention of one token."""
    flops = 4.0 * batch * heads * 128 * keys
    moved = 4.0 * batch * kv_heads * 128 * keys + 4.0 * batch * heads * 128
    sizes = {"batch": batch, "heads": heads, "kv_heads": kv_heads, "head_dim": 128}
    row = {"op": "attention_generation", "kv_dtype": "bfloat16", **sizes}
    return measured({**row, "q_len": 1, "kv_len": keys, "window": 0}, flops, moved)


def rows() -> list[dict[str, object]]:
    """Products of eight widths and attention of six kinds of heads, and a row of idle power."""
    powers = [2**each for each in range(5, 14)]
    products = [product(m, n, k) for n in powers[1:] for m in powers for k in powers[2::2]]
    steps = [
        step(batch, heads, kv_heads, keys)
        for heads, kv_heads in ((8, 8), (8, 2), (16, 4), (32, 8), (32, 4), (64, 8))
        for batch in (1, 4, 16, 64)
        for keys in (512, 1024, 4096, 16384)
    ]
    first = {**product(32, 64, 128), "watts": IDLE, "nvml_readings_at_least": 1}
    return [first, *products, *steps]


def write(path: Path, made: list[dict[str, object]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(made)
    return path
