"""The known load pattern, run on the bench, and the clock's offset as the tape shows it."""

from __future__ import annotations

from irene_jupyter.calibration.errors import (
    AlignmentError,
    ReversedClampError,
    UnseenLoadError,
)
from irene_jupyter.calibration.running.tape import MOST_LATE_SECONDS, Tape
from irene_jupyter.calibration.signal.alignment import ClockOffset, find_offset, load_pattern
from irene_jupyter.calibration.workload.bench import Bench
from irene_jupyter.calibration.workload.suite import Timing

LONGER = 3.0  # the slots of a pattern that was not seen, with a meter that may smooth it away
_SLOW_SECONDS = 0.5  # of a meter's period: faster ones tell at once, and do not smooth
_TOLD_SECONDS = 1.0  # a meter as late as its network makes it is no news


def measure_offset(
    tape: Tape,
    bench: Bench,
    timing: Timing,
    *,
    near_seconds: float,
    search_seconds: float,
    is_repeated: bool = False,
) -> ClockOffset:
    """Run the pattern between two rests and find it on the tape.

    The offset lies within `search_seconds` of `near_seconds`. A pattern that `is_repeated` has
    longer slots, where the meter is slow enough to smooth them away. Raises `AlignmentError`,
    `ReversedClampError`, `MeterError`.
    """
    slot = timing.slot_length(tape.period_seconds)
    is_slow = tape.period_seconds >= _SLOW_SECONDS
    if is_repeated and is_slow:
        slot *= LONGER

    load = bench.load()
    load()
    slots = timing.slots(tape.period_seconds)
    tape.sleep(timing.pause_seconds)
    start = tape.take()
    tape.sleep(timing.pause_seconds)
    edges: list[tuple[float, float]] = []  # as they really came
    due = tape.now()
    for is_on in load_pattern(slots):
        due += slot
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

    def find() -> ClockOffset:
        return find_offset(
            tape.samples(start),
            edges,
            pad_seconds=timing.pause_seconds,
            near_seconds=near_seconds,
            search_seconds=search_seconds,
            smoothing_seconds=None if tape.clock is None else tape.smoothing_seconds,
        )

    try:
        try:
            return find()
        except ReversedClampError:
            raise
        except AlignmentError:
            if tape.clock is not None or not is_slow:
                raise
            tape.sleep(MOST_LATE_SECONDS)  # its last readings may be on their way
            return find()
    except UnseenLoadError as error:
        raise UnseenLoadError(f"{error}; {tape.meter.unseen_remedy}") from None


def lateness(offset: ClockOffset, clock: str) -> str | None:
    """What to tell of a meter that is late or smooths; None for one that is not, to speak of."""
    parts = []
    if clock == "monotonic" and offset.late_seconds > _TOLD_SECONDS:
        parts.append(f"come {offset.late_seconds:.1f} s late")
    if offset.smoothing_seconds > _TOLD_SECONDS / 2:
        parts.append(f"follow a change within {offset.tail_seconds:.1f} s")
    if not parts:
        return None
    return (
        f"this meter's readings {' and '.join(parts)}: pauses and runs are so much longer, and "
        "nothing is lost by it"
    )
