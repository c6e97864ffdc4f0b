"""The known load pattern, run on the bench, and the clock's offset as the tape shows it."""

from __future__ import annotations

from irene_jupyter.calibration.errors import UnseenLoadError
from irene_jupyter.calibration.running.tape import Tape
from irene_jupyter.calibration.signal.alignment import ClockOffset, find_offset, load_pattern
from irene_jupyter.calibration.workload.bench import Bench
from irene_jupyter.calibration.workload.suite import Timing


def measure_offset(
    tape: Tape, bench: Bench, timing: Timing, *, near_seconds: float, search_seconds: float
) -> ClockOffset:
    """Run the pattern between two rests and find it on the tape.

    The offset lies within `search_seconds` of `near_seconds`. Raises `AlignmentError`,
    `ReversedClampError`, `MeterError`.
    """
    load = bench.load()
    load()
    slots = timing.slots(tape.period_seconds)
    tape.sleep(timing.pause_seconds)
    start = tape.take()
    tape.sleep(timing.pause_seconds)
    edges: list[tuple[float, float]] = []  # as they really came
    due = tape.now()
    for is_on in load_pattern(slots):
        due += timing.slot_seconds
        if not edges or edges[-1][1] != float(is_on):
            edges.append((tape.now(), float(is_on)))
        if not is_on:
            tape.sleep(due - tape.now())
        else:
            while tape.now() < due:
                load()
    edges.append((tape.now(), 0.0))
    tape.sleep(timing.pause_seconds)
    tape.wait_for(tape.now())
    try:
        return find_offset(
            tape.samples(start),
            edges,
            pad_seconds=timing.pause_seconds,
            near_seconds=near_seconds,
            search_seconds=search_seconds,
        )
    except UnseenLoadError as error:
        raise UnseenLoadError(f"{error}; {tape.meter.unseen_remedy}") from None
