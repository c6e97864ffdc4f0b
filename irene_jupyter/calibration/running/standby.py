"""The machine at rest, without other people's work: what all runs are held against."""

from __future__ import annotations

from dataclasses import asdict

from irene_jupyter.calibration.running.records import Rest
from irene_jupyter.calibration.running.tape import Tape
from irene_jupyter.calibration.signal.line_gates import few_samples
from irene_jupyter.calibration.signal.load_gates import unquiet
from irene_jupyter.calibration.signal.quality import judge_standby, standby_of
from irene_jupyter.calibration.signal.rejection import Limits, Rejection
from irene_jupyter.calibration.signal.steady_gates import drifting
from irene_jupyter.resources.proc import ResourceError
from irene_jupyter.resources.processes import MachineLoad, load_between, snapshot

BUSY_FACTOR = 5  # above the limit, after the last try: nothing can be measured


def measure_standby(
    tape: Tape, seconds: float, limits: Limits, *, is_last: bool
) -> Rest | tuple[Rejection, ...]:
    """So many seconds of rest, or why they are none. Sets the tape's period. Raises `MeterError`.

    At the last try a machine that never gets quiet will do: its noise shows in the rounds.
    """
    start = tape.take()
    load = _load_while(tape, seconds)
    tape.find_period(start)
    samples = tape.samples(start)
    if len(samples) < 2:
        return (few_samples(samples, limits),)
    found = judge_standby(
        samples,
        float(samples.stamps[0]),
        float(samples.stamps[-1]),
        period_seconds=tape.period_seconds,
        format=tape.meter.format,
        load=load,
        limits=limits,
    )
    is_usable = (
        is_last
        and load is not None
        and [each.code for each in found] == ["busy"]
        and load.others_share <= BUSY_FACTOR * limits.busy_share
    )
    if found and not is_usable:
        return found
    notes = [None if load is None else unquiet(load, limits), drifting(samples, limits)]
    note = "; ".join(each for each in notes if each is not None) or None
    return Rest(**asdict(standby_of(samples)), period_seconds=tape.period_seconds, note=note)


def _load_while(tape: Tape, seconds: float) -> MachineLoad | None:
    """What others do over so many seconds; None where nobody tells."""
    try:
        before = snapshot()
    except ResourceError:
        tape.sleep(seconds)
        return None
    tape.sleep(seconds)
    return load_between(before, snapshot())
