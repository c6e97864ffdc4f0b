"""One run of a node: after a rest, over and over for so long; then its samples are judged."""

from __future__ import annotations

import time

from irene_jupyter.calibration.errors import IntegrationError
from irene_jupyter.calibration.running.records import Run, meter_used
from irene_jupyter.calibration.running.tape import MOST_LATE_SECONDS, Tape
from irene_jupyter.calibration.signal.integration import on_plateau, plateau
from irene_jupyter.calibration.signal.load_gates import idle_before
from irene_jupyter.calibration.signal.quality import judge_run
from irene_jupyter.calibration.signal.rejection import Limits, Rejection, Standby
from irene_jupyter.calibration.workload.bench import Workload
from irene_jupyter.calibration.workload.suite import IDLE_PERIODS, Timing

PIECE_SECONDS = 0.2  # between two looks at the clock in a run


def measure_run(
    tape: Tape,
    workload: Workload,
    timing: Timing,
    standby: Standby,
    limits: Limits,
    *,
    round: int,
) -> Run | tuple[Rejection, ...]:
    """The run of this round, or why it is not used. Raises `MeterError`."""
    warming = tape.now()
    latency = _warm(workload, timing.warm_seconds)
    pieces = max(1, int(PIECE_SECONDS / latency))
    _settle(tape, timing, standby, limits, warming)
    period, hold, smoothing = tape.period_seconds, tape.hold_seconds, tape.smoothing_seconds
    length = timing.run_length(period, hold, smoothing)
    guard = timing.guard_length(hold, smoothing)
    pause = timing.settle_length(period, hold, smoothing)
    tape.forget(tape.now())
    workload.synchronise()
    repeats, start = 0, tape.now()
    while (end := tape.now()) < start + length:
        for _ in range(pieces):
            workload.run()
        workload.synchronise()
        repeats += pieces
    tape.wait_for(end)
    samples = tape.aligned(start - pause, end + period)
    found = judge_run(
        samples,
        start,
        end,
        period_seconds=period,
        format=tape.meter.format,
        standby=standby,
        # Not those whose window reaches into the run, or back into the warm-up.
        idle=on_plateau(samples, start - pause, start, hold + smoothing),
        nominal_volts=standby.volts,
        guard_seconds=guard,
        limits=limits,
    )
    try:
        integral = plateau(samples, start, end, guard)
    except IntegrationError as error:
        return found or (Rejection("too_few", str(error), "let the run last longer", 0, 0),)
    return found or Run(
        part=workload.part.key,
        round=round,
        joules=integral.joules / repeats,
        seconds=(end - start) / repeats,
        watts=integral.watts,
        error_joules=integral.standard_error_joules / repeats,
        clock_joules=integral.edge_watts / repeats,
        repeats=repeats,
        samples=integral.samples,
        start=start,
        end=end,
        meter=meter_used(tape.meter),
    )


def _settle(tape: Tape, timing: Timing, standby: Standby, limits: Limits, warming: float) -> None:
    """Rests until the machine is as near to standby as its run needs, or as long as is allowed.

    What a late meter says in the pause is still of the warm-up: its readings of rest are waited
    for. What the run takes shows since `warming` (the load's clock), unless the meter is slow.
    """
    period = tape.period_seconds
    began = tape.now()
    guard = tape.hold_seconds + tape.smoothing_seconds
    pause = timing.settle_length(period, tape.hold_seconds, tape.smoothing_seconds)
    until = time.monotonic() + pause + max(timing.settle_most_seconds, MOST_LATE_SECONDS)
    tape.sleep(pause)
    while time.monotonic() < until:
        now = tape.now()
        rest = on_plateau(tape.aligned(began, now), began, now, guard)
        if len(rest):
            last = rest.between(float(rest.centres[-1]) - IDLE_PERIODS * period, now)
            run_watts = max(tape.aligned(warming, now).watts, default=0.0)
            if idle_before(last, standby, run_watts, limits) is None:
                return
        tape.sleep(period)


def _warm(workload: Workload, seconds: float) -> float:
    """Runs until caches and clocks are warm; returns the seconds of one repetition."""
    workload.run()
    workload.synchronise()
    start, count = time.perf_counter(), 0
    while True:
        workload.run()
        workload.synchronise()
        count += 1
        gone = time.perf_counter() - start
        if gone >= seconds:
            return max(gone / count, 1e-7)
