"""One node on a board: over and over until its power is steady, and what one run took."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from irene_jupyter.calibration.running.tape import Tape
from irene_jupyter.calibration.signal.counter_slope import CounterSlope, counter_slope
from irene_jupyter.calibration.workload.board_suite import BoardTiming

PIECE_SECONDS = 0.04  # that is queued at once
MOST_IN_A_PIECE = 2000
CHANGES = 8.0  # of the counter in a window, at least
AGAIN_SHARE = 0.3  # of a window, until power that drifts is looked at again


@dataclass(frozen=True, slots=True)
class Repeated:
    """Power by the counter, seconds of one run in the same time, and how many runs those were."""

    slope: CounterSlope
    seconds: float
    repeats: int


def repeat_node(
    tape: Tape, run: Callable[[], Any], synchronise: Callable[[], None], timing: BoardTiming
) -> Repeated | None:
    """None where the counter changed too rarely for as long as it may take.

    The last window counts: before it clocks change, and a power limit begins to be held. Raises
    `MeterError`, and what the node raises.
    """
    run()  # loads its kernels
    synchronise()
    begin = tape.now()
    run()
    synchronise()
    once = max(tape.now() - begin, 1e-7)
    piece = max(1, min(MOST_IN_A_PIECE, int(PIECE_SECONDS / once)))
    window = max(timing.run_seconds, CHANGES * tape.period_seconds, 3 * once)
    start = tape.now()
    times, counts = [start], [0]
    due = start + timing.warm_seconds + window
    most = max(due, start + timing.most_seconds)
    while True:
        for _ in range(piece):
            run()
        synchronise()
        now = tape.now()
        times.append(now)
        counts.append(counts[-1] + piece)
        if now < due:
            continue
        found = counter_slope(tape.samples(0), now - window, now)
        if now >= most or (found is not None and found.is_steady(timing.drift_share)):
            break
        due = now + AGAIN_SHARE * window
    tape.meter.check()
    if found is None:
        return None
    first = min(bisect_left(times, now - window), len(times) - 2)
    repeats = counts[-1] - counts[first]
    return Repeated(found, (times[-1] - times[first]) / repeats, repeats)
