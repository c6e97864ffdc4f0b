"""One run of a node: after a rest, over and over for so long; then its samples are judged."""

from __future__ import annotations

import time

from irene_jupyter.calibration.errors import IntegrationError
from irene_jupyter.calibration.running.records import Run, meter_used
from irene_jupyter.calibration.running.tape import Tape
from irene_jupyter.calibration.signal.integration import plateau
from irene_jupyter.calibration.signal.load_gates import idle_before
from irene_jupyter.calibration.signal.quality import judge_run
from irene_jupyter.calibration.signal.rejection import Limits, Rejection, Standby
from irene_jupyter.calibration.workload.bench import Workload
from irene_jupyter.calibration.workload.suite import Timing

PIECE_SECONDS = 0.2  # between two looks at the clock in a run
IDLE_PERIODS = 3.0  # before a run, in one of which the machine must be at rest


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
    length = timing.run_length(tape.period_seconds)
    tape.forget(tape.now())
    workload.synchronise()
    repeats, start = 0, tape.now()
    while (end := tape.now()) < start + length:
        for _ in range(pieces):
            workload.run()
        workload.synchronise()
        repeats += pieces
    tape.wait_for(end)
    period = tape.period_seconds
    samples = tape.aligned(start - (IDLE_PERIODS + 2) * period, end + period)
    found = judge_run(
        samples,
        start,
        end,
        period_seconds=period,
        format=tape.meter.format,
        standby=standby,
        # Not those whose window reaches into the run.
        idle=samples.between(start - (IDLE_PERIODS + 1) * period, start - 0.6 * period),
        nominal_volts=standby.volts,
        limits=limits,
    )
    try:
        integral = plateau(samples, start, end, timing.guard_seconds)
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

    What the run takes shows since `warming` (the load's clock), unless the meter is slow.
    """
    until = time.monotonic() + timing.settle_most_seconds
    tape.sleep(timing.settle_seconds)
    while time.monotonic() < until:
        now = tape.now()
        rest = tape.aligned(now - IDLE_PERIODS * tape.period_seconds, now)
        run_watts = max(tape.aligned(warming, now).watts, default=0.0)
        if not len(rest) or idle_before(rest, standby, run_watts, limits) is None:
            return
        tape.sleep(tape.period_seconds)


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
