"""The machine at rest, without other people's work: what all runs are held against."""

from __future__ import annotations

from dataclasses import asdict

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.running.records import Rest
from irene_jupyter.calibration.running.tape import Tape
from irene_jupyter.calibration.signal.line_gates import few_samples
from irene_jupyter.calibration.signal.load_gates import unquiet
from irene_jupyter.calibration.signal.quality import judge_standby, standby_of
from irene_jupyter.calibration.signal.rejection import Limits, Rejection
from irene_jupyter.calibration.signal.steady_gates import drifting
from irene_jupyter.meters.meter import PowerMeter
from irene_jupyter.resources.proc import ResourceError
from irene_jupyter.resources.processes import MachineLoad, load_between, snapshot

# At the wall: a small board at rest takes more than the one, and no machine that rests the other.
PLAUSIBLE_WATTS = (2.0, 3000.0)
BUSY_FACTOR = 5  # above the limit, after the last try: nothing can be measured


def measure_standby(
    tape: Tape, seconds: float, limits: Limits, *, is_last: bool
) -> Rest | tuple[Rejection, ...]:
    """So many seconds of rest, or why they are none. Sets the tape's period.

    At the last try a machine that never gets quiet will do: its noise shows in the rounds. Raises
    `MeterError`, and `CalibrationError` for what no machine takes at the wall, from a meter that
    does not say its unit.
    """
    start = tape.take()
    load = _load_while(tape, seconds)
    tape.find_period(start)
    samples = tape.samples(start)
    if len(samples) < 2:
        return (few_samples(samples, limits),)
    odd = _odd(standby_of(samples).watts, tape.meter)
    if odd is not None and not tape.meter.unit_is_known:
        raise CalibrationError(odd)
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
    noise = None if load is None else unquiet(load, limits)
    notes = [odd, noise, drifting(samples, limits)]
    note = "; ".join(each for each in notes if each is not None) or None
    return Rest(
        **asdict(standby_of(samples)),
        period_seconds=tape.period_seconds,
        hold_seconds=tape.hold_seconds,
        note=note,
    )


def _odd(watts: float, meter: PowerMeter) -> str | None:
    """What to say of a power at rest that is none of a machine's."""
    least, most = PLAUSIBLE_WATTS
    if meter.scope != "wall" or least <= watts <= most:
        return None
    unit = "kilowatts" if watts < least else "milliwatts"
    symbol = "kW" if watts < least else "mW"
    told = (
        f"{meter.source} tells {watts:.3g} W of the machine at rest, and {least:g} to "
        f"{most:,.0f} W are plausible"
    )
    if meter.unit_is_known:
        return f"{told}: is this machine behind the meter, and nothing else?"
    return (
        f"{told}: are these {unit}? Then say so (http:URL#path,{symbol}; a class of your own must "
        "hand over watts). If they are watts, say that (http:URL#path,W; unit_is_known = True)"
    )


def _load_while(tape: Tape, seconds: float) -> MachineLoad | None:
    """What others do over so many seconds; None where nobody tells."""
    try:
        before = snapshot()
    except ResourceError:
        tape.sleep(seconds)
        return None
    tape.sleep(seconds)
    return load_between(before, snapshot())
