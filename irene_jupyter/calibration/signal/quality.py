"""When a run is not to be trusted: all gates together. Pure.

The gates themselves are in `line_gates.py`, `load_gates.py` and `steady_gates.py`. Each answers
with a `Rejection` or None; nothing is ever dropped without one. Samples are in the load's clock.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from irene_jupyter.calibration.signal import line_gates, load_gates, steady_gates
from irene_jupyter.calibration.signal.integration import GUARD_SECONDS, on_plateau
from irene_jupyter.calibration.signal.rejection import LIMITS, Limits, Rejection, Standby
from irene_jupyter.calibration.signal.samples import Samples
from irene_jupyter.resources.processes import MachineLoad

NORMAL_QUARTILES = 1.349  # standard deviations between the quartiles of a normal distribution


def standby_of(samples: Samples) -> Standby:
    """From the samples of a minute's rest (spec 3.1), of which a quarter at either end is left out.

    So the background tasks of a desktop, 0.3 s every few seconds, do not count as rest.
    """
    watts = samples.watts
    if not len(watts):
        return Standby(math.nan, 0.0, 0)
    low, high, most = np.percentile(watts, [25, 75, 99])
    mean = float(np.mean(watts[(watts >= low) & (watts <= high)]))
    volts = samples.volts[np.isfinite(samples.volts)]
    return Standby(
        mean,
        float(high - low) / NORMAL_QUARTILES,
        len(samples),
        float(np.median(volts)) if len(volts) else None,
        max(0.0, float(most) - mean),
        max(0.0, float(np.mean(watts)) - mean),
        float(np.min(np.diff(np.unique(watts)), initial=abs(mean))),
    )


def judge_run(
    samples: Samples,
    start: float,
    end: float,
    *,
    period_seconds: float,
    format: str | None = None,
    standby: Standby | None = None,
    idle: Samples | None = None,
    nominal_volts: float | None = None,
    is_steady: bool = True,
    guard_seconds: float = GUARD_SECONDS,
    limits: Limits = LIMITS,
) -> tuple[Rejection, ...]:
    """All gates on one run.

    `samples` may reach beyond [start, end]; those inside are judged. `period_seconds` is the
    meter's, from a long stretch (the standby's). `format` is the emonPi's wire format or None.
    `idle` are the samples of the pause before the run, without its edges. Of a run that
    `is_steady` the readings on its plateau are judged, as they are those that are integrated:
    `guard_seconds` away from both ends. It must have no slope and no outlier.
    """
    run = samples.between(start, end)
    if len(run) < limits.least_samples:
        return (line_gates.few_samples(run, limits),)
    readings = on_plateau(run, start, end, guard_seconds) if is_steady else run
    if len(readings) < limits.least_samples:
        return (line_gates.few_samples(readings, limits),)
    found = [
        line_gates.gap(run.centres, start, end, period_seconds, limits),
        line_gates.coverage(run, start, end, period_seconds, limits),
        line_gates.bunched(run, period_seconds, limits),
        line_gates.parse_errors(run, limits),
        line_gates.reset(run),
        line_gates.connection(run),
        load_gates.jump(readings, limits),
        load_gates.reversed_clamp(readings),
    ]
    if format == "irene":
        found += [load_gates.stuck(run, limits), load_gates.near_wrap(readings, limits)]
    elif standby is not None and limits.stuck_steps * standby.step_watts < standby.sigma_watts:
        found.append(load_gates.stuck(run, limits))
    if idle is not None:
        found.append(line_gates.frozen(run, idle))
    if standby is not None:
        found.append(load_gates.below_standby(readings, standby, limits))
        if idle is not None:
            mean = float(np.mean(readings.watts))
            found.append(load_gates.idle_before(idle, standby, mean, limits))
    if is_steady:
        found += [
            steady_gates.outlier(readings, standby, limits),
            steady_gates.slope(readings, end - start, limits),
            steady_gates.bursts(readings, standby, limits),
            steady_gates.uneven(readings, limits),
        ]
    if nominal_volts is not None:
        found.append(load_gates.voltage(readings, nominal_volts, limits))
    return tuple(each for each in found if each is not None)


def judge_standby(
    samples: Samples,
    start: float,
    end: float,
    *,
    period_seconds: float,
    format: str | None = None,
    nominal_volts: float | None = None,
    load: MachineLoad | None = None,
    limits: Limits = LIMITS,
) -> tuple[Rejection, ...]:
    """All gates on the minute's rest. It may drift as a battery's charging does."""
    allowed = replace(limits, slope_share=limits.standby_slope_share)
    found = [
        *judge_run(
            samples,
            start,
            end,
            period_seconds=period_seconds,
            format=format,
            nominal_volts=nominal_volts,
            is_steady=False,
            limits=limits,
        )
    ]
    if not found:
        drift = steady_gates.slope(samples.between(start, end), end - start, allowed)
        found += [] if drift is None else [drift]
    noise = None if load is None else load_gates.busy(load, limits)
    return tuple(found) if noise is None else (noise, *found)
