"""Measured nodes of runs → the constants of their board. Deterministic.

Energy by relative loss (soft L1 of log joules) over all nodes of known time; rates are what the
quickest tenth reached; the host's time an operation is what makes modules and whole runs right.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.fit.board_errors import JudgedRun, JudgedUnit, board_outcomes
from irene_jupyter.predictors.forms.board_constants import BoardConstants
from irene_jupyter.predictors.forms.board_work import WorkUnit
from irene_jupyter.predictors.forms.dtypes import HALF, UNALIGNED, UNITS, VECTOR

# Where the fit begins, and what stays where the data have no such work: a board of the H100's
# generation. Vector: (power limit − idle) / peak rate in float32, 67 Tflop/s (datasheet).
START = BoardConstants(
    idle_watts=120.0,
    busy_watts=550.0,
    joules_per_flop={HALF: 1e-12, UNALIGNED: 1e-12, VECTOR: 8.6e-12},
    joules_per_pointwise_flop=7e-11,
    joules_per_byte=6e-11,
    joules_per_streamed_byte=1e-10,
    cache_bytes=50e6,  # L2 of an H100 (datasheet)
    flops_per_second={HALF: 500e12, UNALIGNED: 100e12, VECTOR: 40e12},
    bytes_per_second=2.5e12,
    kernel_seconds=1e-6,
    host_seconds_per_operation=15e-6,
)
LOSS_SCALE = 0.05  # of log joules: beyond it an error counts in proportion, not squared
# Weight of log(constant / start), so that what the data say nothing of stays where it is.
PRIOR = 0.01
REACHED = 0.9  # quantile of the rates of leaves
HOST_SECONDS = tuple(microseconds / 4e6 for microseconds in range(20, 201))  # 5 to 50 µs
LEAST_NODES = 20  # for seven constants


def fit_board(runs: Sequence[JudgedRun]) -> BoardConstants:
    """The constants that fit these runs best. Raises `DataError` for too few nodes."""
    nodes = [(each.units[unit.place], unit) for each in runs for unit in each.judged]
    if len(nodes) < LEAST_NODES:
        raise DataError(f"{len(nodes)} measured nodes are too few; give {LEAST_NODES} or more")
    fitted = _with_rates(_with_joules(nodes), nodes)
    return min(
        (replace(fitted, host_seconds_per_operation=seconds) for seconds in HOST_SECONDS),
        key=lambda constants: _loss_without_times(runs, constants),
    )


_Nodes = Sequence[tuple[WorkUnit, JudgedUnit]]


def _with_joules(nodes: _Nodes) -> BoardConstants:
    from scipy.optimize import least_squares

    done = [unit for unit in UNITS if any(work.work.flops[unit] for work, _ in nodes)]

    def constants(logarithms: Sequence[float]) -> BoardConstants:
        idle, busy, pointwise, byte, streamed, *flops = (math.exp(each) for each in logarithms)
        known = dict(zip(done, flops, strict=True))
        return replace(
            START,
            idle_watts=idle,
            busy_watts=busy,
            joules_per_pointwise_flop=pointwise,
            joules_per_byte=byte,
            joules_per_streamed_byte=streamed,
            joules_per_flop={HALF: START.joules_per_flop[HALF], **known},
        )

    def errors(logarithms: Sequence[float]) -> list[float]:
        tried = constants(logarithms)
        off = [
            math.log(tried.joules(work.work, unit.seconds) / unit.joules) for work, unit in nodes
        ]
        return [*off, *(PRIOR * (now - then) for now, then in zip(logarithms, start, strict=True))]

    values = [
        START.idle_watts,
        START.busy_watts,
        START.joules_per_pointwise_flop,
        START.joules_per_byte,
        START.joules_per_streamed_byte,
        *(START.flop_joules(unit) for unit in done),
    ]
    start = [math.log(value) for value in values]
    found = least_squares(errors, start, loss="soft_l1", f_scale=LOSS_SCALE, xtol=1e-12, ftol=1e-12)
    return constants([float(each) for each in found.x])


def _with_rates(constants: BoardConstants, nodes: _Nodes) -> BoardConstants:
    leaves = [(work.work, unit.seconds) for work, unit in nodes if not work.children]
    reached: dict[str, float] = {}
    for unit in UNITS:
        rates = [work.flops[unit] / seconds for work, seconds in leaves if work.flops[unit]]
        if rates or unit in START.flops_per_second:
            reached[unit] = _quantile(rates, START.flop_rate(unit))
    moved = [work.bytes / seconds for work, seconds in leaves if not any(work.flops.values())]
    return replace(
        constants,
        flops_per_second=reached,
        bytes_per_second=_quantile(moved, START.bytes_per_second),
    )


def _quantile(values: Sequence[float], otherwise: float) -> float:
    if not values:
        return otherwise
    return sorted(values)[min(len(values), math.ceil(REACHED * len(values))) - 1]


def _loss_without_times(runs: Sequence[JudgedRun], constants: BoardConstants) -> float:
    """Leaves do not count: alone in a loop they keep the host less busy than in their place."""
    outcomes = board_outcomes(runs, constants, "nothing")
    return statistics.fmean(each.log_ratio for each in outcomes if each.level != "ml")
