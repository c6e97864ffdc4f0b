"""A board at rest: with its context open, and for as long as it takes to draw a steady power."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.running.records import Rest
from irene_jupyter.calibration.running.tape import Tape
from irene_jupyter.calibration.signal.counter_slope import CounterSlope, counter_slope
from irene_jupyter.calibration.signal.quality import standby_of

REST_SECONDS = 10.0
MOST_SECONDS = 600.0
STEADY_SHARE = 0.01


def rest_until_steady(
    tape: Tape,
    tell: Callable[[str], None],
    *,
    seconds: float = REST_SECONDS,
    most_seconds: float = MOST_SECONDS,
) -> Rest:
    """Rests until a board's power drifts by no more than a percent in so many seconds.

    `tell` gets a sentence each time it has to go on. Raises `CalibrationError` where it never gets
    steady, and `MeterError`.
    """
    began = time.monotonic()
    while True:
        start = tape.now()
        tape.sleep(seconds)
        samples = tape.samples(0)
        found = counter_slope(samples, start, tape.now())
        waited = time.monotonic() - began
        if found is not None and found.is_steady(STEADY_SHARE):
            inside = samples.between(start, tape.now())
            return Rest(
                **asdict(standby_of(inside)),
                period_seconds=inside.period_seconds,
                hold_seconds=tape.hold_seconds,
                note=None,
            )
        if waited >= most_seconds:
            raise CalibrationError(
                f"the board is not at rest after {waited:.0f} s{_how(found)}: end what else uses "
                "it (nvidia-smi shows them), then go on with resume"
            )
        tell(f"waiting until the board is at rest{_how(found)}")
        tape.forget(start)


def _how(found: CounterSlope | None) -> str:
    if found is None:
        return ""
    way = "falling" if found.drift_watts < 0 else "rising"
    return f": {found.watts:.0f} W, {way}"
