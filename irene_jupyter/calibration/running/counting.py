"""Which runs of a journal count: those that a known clock stands around. Pure.

A run's samples are placed by the clock as it was found before the run; only the next alignment
shows that the meter still followed the load, and that its clock had not moved. So a run counts
from then on. Where a calibration was cut, that next one is the first of the session that goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from irene_jupyter.calibration.running.records import ClockSet, Record, Rest, Run
from irene_jupyter.calibration.signal.alignment import Clock, ClockOffset
from irene_jupyter.calibration.signal.integration import guard_length
from irene_jupyter.calibration.signal.load_gates import clock_moved
from irene_jupyter.calibration.signal.rejection import Limits


@dataclass(frozen=True, slots=True)
class Counted:
    """A journal's runs, in their order: those that count, and those that no alignment followed."""

    sure: tuple[Run, ...]
    open: tuple[Run, ...]


def counted(records: Sequence[Record], guard_seconds: float, limits: Limits) -> Counted:
    """Of these records. `guard_seconds` is what a run's plateau leaves out at each of its ends.

    The guards of a meter that holds its readings are wider, and so is what its clock may move by.
    """
    hold = 0.0
    sure: list[Run] = []
    waiting: list[tuple[Run, ClockOffset]] = []
    before: ClockOffset | None = None
    for record in records:
        if isinstance(record, Rest):  # a new session: its clock is yet to be found
            before, hold = None, record.hold_seconds
        elif isinstance(record, ClockOffset):
            guard = guard_length(guard_seconds, hold, record.smoothing_seconds)
            wide = limits_of(limits, hold)
            sure += [run for run, start in waiting if _stayed(run, start, record, guard, wide)]
            waiting, before = [], record
        elif isinstance(record, ClockSet) and before is not None:
            # What was found before holds, but for the step.
            before = _shifted(before, record)
            waiting = [(run, _shifted(start, record)) for run, start in waiting]
        elif isinstance(record, Run) and before is not None:
            waiting.append((record, before))
    return Counted(tuple(sure), tuple(run for run, _ in waiting))


def limits_of(limits: Limits, hold_seconds: float) -> Limits:
    """Those for a meter that holds its readings: how old one is as it is fetched moves by so much,
    as the meter's clock and ours beat."""
    return replace(limits, clock_seconds=max(limits.clock_seconds, hold_seconds))


def _shifted(offset: ClockOffset, step: ClockSet) -> ClockOffset:
    return replace(offset, seconds=offset.seconds + step.seconds)


def _stayed(
    run: Run, before: ClockOffset, after: ClockOffset, guard_seconds: float, limits: Limits
) -> bool:
    """Whether the clock was, at the run, as it had been found: within half of its guards."""
    clock = Clock(before, after)
    if clock_moved(clock, limits) is None:
        return True
    if not before.at_seconds < run.end <= after.at_seconds:  # this machine began its time anew
        return False
    return abs(clock.offset(run.start) - before.seconds) <= guard_seconds / 2
