"""Measured kernels of one kind → its form. Deterministic. Needs numpy and scipy.

Time by all rows that a fit was given (power is no part of it), power by rows with readings of
their own, and robustly: it follows the data that are multiplied, in two modes.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from irene_jupyter.predictors.fit.boosting import Boosting, fit_residual
from irene_jupyter.predictors.fit.kernel_rows import Kernels
from irene_jupyter.predictors.forms.kernel_form import PACES, KernelForm, paced_table
from irene_jupyter.predictors.forms.kernel_work import Array
from irene_jupyter.predictors.forms.residual import Residual

OF_SECONDS = Boosting(trees=100, leaves=12, rate=0.12, least_rows=3, clip=0.5)
OF_WATTS = Boosting(trees=60, leaves=12, rate=0.15, least_rows=5, clip=0.2)
STEP_DIGITS = (
    1  # of the columns, logarithms: a tenth of an octave, so that there are few thresholds
)
LOSS_SCALE = 0.05  # of logarithms: beyond it an error counts in proportion, not squared
CAPPED = 0.983  # of the limit: where boards are held
LEAST_ROWS = 40  # of a kind, with power of their own
UNPOWERED = 3  # of the rows without, one of so many: their times are the noisier ones
_NONE = Residual((), (), ())
Rows = NDArray[np.bool_]


def fit_kernel(kernels: Kernels, chosen: Rows, idle_watts: float) -> KernelForm:
    """The form that fits the `chosen` rows best."""
    powered = chosen & kernels.is_powered
    timed = powered | (chosen & (np.arange(len(chosen)) % UNPOWERED == 0))
    rough = _with_watts(_with_seconds(kernels, timed), kernels, powered, idle_watts)
    work, most = kernels.work, CAPPED * kernels.limit_watts
    columns, table = tuple(work.columns), np.round(work.table(), STEP_DIGITS)
    late = np.log(kernels.seconds / rough.rough_seconds(work))
    paced = np.round(paced_table(work, kernels.seconds), STEP_DIGITS)
    watts = rough.rough_watts(work, kernels.seconds, idle_watts, most)
    with np.errstate(invalid="ignore"):  # NaN where no power was measured
        more = np.log(kernels.watts / watts)
    return replace(
        rough,
        seconds_residual=fit_residual(columns, table[timed], late[timed], OF_SECONDS),
        watts_residual=fit_residual(
            (*columns, *PACES), paced[powered], more[powered], OF_WATTS
        ),
    )  # fmt: skip


def most_watts(kernels: Kernels) -> float:
    """At which the board is held."""
    return CAPPED * kernels.limit_watts


def _with_seconds(kernels: Kernels, rows: Rows) -> KernelForm:
    from scipy.optimize import least_squares

    work, seconds = kernels.work, kernels.seconds
    if not rows.any():
        rows = np.ones(len(seconds), dtype=bool)

    def made(logarithms: Array) -> KernelForm:
        rate, width, floor, sharpness = np.exp(logarithms).tolist()
        return KernelForm(
            flops_per_second=rate,
            bytes_per_second=width,
            floor_seconds=floor,
            sharpness=sharpness,
            joules_per_flop=1e-12,
            joules_per_byte=1e-10,
            seconds_residual=_NONE,
            watts_residual=_NONE,
        )

    def errors(logarithms: Array) -> Array:
        found = made(logarithms).rough_seconds(work)[rows] / seconds[rows]
        return np.asarray(np.log(found))

    low, high = np.log([1e11, 1e11, 1e-7, 0.7]), np.log([1e17, 1e14, 1e-3, 20.0])
    start = np.log([
        np.quantile(work.flops[rows] / seconds[rows], 0.95),
        np.quantile(work.bytes[rows] / seconds[rows], 0.95),
        np.quantile(seconds[rows], 0.01) / 2,
        2.0,
    ])  # fmt: skip
    start = np.clip(start, low + 1e-6, high - 1e-6)
    found = least_squares(errors, start, bounds=(low, high), loss="soft_l1", f_scale=LOSS_SCALE)
    return made(found.x)


def _with_watts(
    form: KernelForm, kernels: Kernels, rows: Rows, idle_watts: float
) -> KernelForm:  # fmt: skip
    from scipy.optimize import least_squares

    work, most = kernels.work, most_watts(kernels)

    def made(logarithms: Array) -> KernelForm:
        flop, byte = np.exp(logarithms).tolist()
        return replace(form, joules_per_flop=flop, joules_per_byte=byte)

    def errors(logarithms: Array) -> Array:
        # At the limit the form is held as the board was: such rows say only "at least".
        found = made(logarithms).rough_watts(work, kernels.seconds, idle_watts, most)
        return np.asarray(np.log(found[rows] / kernels.watts[rows]))

    start = np.log([form.joules_per_flop, form.joules_per_byte])
    bounds = (start - math.log(1e4), start + math.log(1e4))
    found = least_squares(errors, start, bounds=bounds, loss="soft_l1", f_scale=LOSS_SCALE)
    return made(found.x)
