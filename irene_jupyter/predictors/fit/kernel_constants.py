"""Measured kernels of a board → the constants by which trees are predicted on it.

Kernels tell what an operation and a byte take, and what rates are reached. What they do not tell
is the H100's: pointwise operations, products off the tensor cores or of odd widths (those in
proportion), and the host, which is none of the board's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.fit.kernel_fit import LOSS_SCALE, most_watts
from irene_jupyter.predictors.fit.kernel_rows import KernelData, Kernels
from irene_jupyter.predictors.forms.board_constants import BoardConstants
from irene_jupyter.predictors.forms.dtypes import FP8, HALF, NVFP4, UNALIGNED, VECTOR
from irene_jupyter.predictors.forms.kernel_work import Array

UNIT_OF = {"bfloat16": HALF, "fp8": FP8, "fp8_block": FP8, "nvfp4": NVFP4}
# Power depends on the data that are multiplied, in two modes; those of models lie in the upper one
# (a third of the rows may draw more).
QUANTILE = 2 / 3
REACHED = 0.9  # quantile of rates
BUSY = 0.5  # of its time a kernel needs at the rates that others of its kind reach
# Weight of log(constant / likely one): kernels at the power limit say only "at least so much".
PRIOR = 0.02
LIKELY = 1e-12  # J an operation in half precision
LONG_SECONDS = 1e-4  # a kernel that lasts as long is no floor of its loop
CACHES = {"H200": 50e6, "B200": 126e6}  # bytes of L2 (NVIDIA's datasheets)
# Weights that were called in turn took no more than those that may stay in the cache.
NO_DIFFERENCE = 1e-15  # J/B


def idle_watts(data: KernelData) -> float:
    """The lowest power that was read: between two kernels, with a context."""
    lowest = [float(np.nanmin(each.watts)) for each in data.kinds if np.isfinite(each.watts).any()]
    if not lowest:
        raise DataError("no power was measured in this table; its kernels tell times alone")
    return min(lowest)


def kernel_constants(data: KernelData, usual: BoardConstants) -> BoardConstants:
    """The constants; what kernels do not tell is `usual`. Raises `DataError` without products."""
    products = [
        each
        for each in data.kinds
        if each.kind.operation == "gemm" and each.kind.dtype in UNIT_OF and each.is_powered.any()
    ]
    of_unit = {
        unit: [each for each in products if UNIT_OF[each.kind.dtype] == unit]
        for unit in (HALF, FP8, NVFP4)
    }
    if not of_unit[HALF]:
        raise DataError("a board's table needs products in bfloat16 with their power")
    idle = idle_watts(data)
    flop, byte = _joules(of_unit[HALF], idle, LIKELY)
    joules = {HALF: flop}
    rates = {HALF: _rate(of_unit[HALF])}
    for unit in (FP8, NVFP4):
        if of_unit[unit]:
            likely = flop * rates[HALF] / _rate(of_unit[unit])
            joules[unit], _ = _joules(of_unit[unit], idle, likely, byte)
            rates[unit] = _rate(of_unit[unit])
    odd = usual.flop_joules(UNALIGNED) / usual.flop_joules(HALF)
    slow = usual.flop_rate(UNALIGNED) / usual.flop_rate(HALF)
    streams = [each for each in data.kinds if each.kind.operation == "quantize_fp8"]
    return replace(
        usual,
        idle_watts=idle,
        busy_watts=most_watts(products[0]) - idle,
        joules_per_flop={
            **joules,
            UNALIGNED: odd * flop,
            VECTOR: usual.flop_joules(VECTOR),
        },
        joules_per_byte=byte,
        joules_per_streamed_byte=NO_DIFFERENCE,
        cache_bytes=CACHES.get(data.board, usual.cache_bytes),
        flops_per_second={
            **rates,
            UNALIGNED: slow * rates[HALF],
            VECTOR: usual.flop_rate(VECTOR),
        },
        bytes_per_second=_width(streams) if streams else usual.bytes_per_second,
    )


def _joules(
    products: Sequence[Kernels], idle: float, likely_flop: float, known_byte: float | None = None
) -> tuple[float, float]:
    """(J an operation, J a byte) at the quantile; each kind counts alike."""
    from scipy.optimize import least_squares

    start = np.log([likely_flop, *([1e-10] if known_byte is None else [])])
    chosen = [_busy(each) for each in products]

    def errors(logarithms: Array) -> Array:
        flop = math.exp(logarithms[0])
        byte = math.exp(logarithms[1]) if known_byte is None else known_byte
        found = [PRIOR * (logarithms - start)]
        for each, rows in zip(products, chosen, strict=True):
            joules = flop * each.work.flops[rows] + byte * each.work.bytes[rows]
            watts = np.minimum(most_watts(each), idle + joules / each.seconds[rows])
            off = np.log(each.watts[rows] / watts)
            side = np.where(off > 0, QUANTILE, 1 - QUANTILE)
            found.append(2 * side * off / math.sqrt(rows.sum()))
        return np.concatenate(found)

    scale = LOSS_SCALE / math.sqrt(sum(rows.sum() for rows in chosen))
    found = least_squares(errors, start, loss="soft_l1", f_scale=scale)
    flop, *byte = np.exp(found.x).tolist()
    return flop, byte[0] if byte else float(known_byte or 0.0)


def _busy(kernels: Kernels) -> Any:
    """Rows with power of their own in which the board was busy, not waiting for a short kernel."""
    rows = kernels.is_powered
    flops, moved = kernels.work.flops, kernels.work.bytes
    rate, width = (
        float(np.quantile(each[rows], REACHED))
        for each in (flops / kernels.seconds, moved / kernels.seconds)
    )
    return rows & (np.maximum(flops / rate, moved / width) >= BUSY * kernels.seconds)


def _rate(products: Sequence[Kernels]) -> float:
    rates = [each.work.flops / each.seconds for each in products]
    long = [each.seconds >= LONG_SECONDS for each in products]
    return _reached(np.concatenate(rates), np.concatenate(long))


def _width(streams: Sequence[Kernels]) -> float:
    widths = [each.work.bytes / each.seconds for each in streams]
    long = [each.seconds >= LONG_SECONDS for each in streams]
    return _reached(np.concatenate(widths), np.concatenate(long))


def _reached(rates: Array, long: Array) -> float:
    return float(np.quantile(rates[long.astype(bool)] if long.any() else rates, REACHED))
