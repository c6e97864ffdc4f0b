"""Runs a suite beside an open meter: standby, clock, rounds of runs, gates, a journal.

The order is that of docs/calibration.md. Whatever ends it, what was finished is in the
journal, and a session on the same journal goes on from there.
"""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from irene_jupyter.calibration.errors import AlignmentError, CalibrationError, ReversedClampError
from irene_jupyter.calibration.running.attempt import measure_run
from irene_jupyter.calibration.running.conditions import tell_conditions
from irene_jupyter.calibration.running.counting import Counted, counted, limits_of
from irene_jupyter.calibration.running.events import SIMULATED, Note, Stage, Watcher
from irene_jupyter.calibration.running.journal import Journal
from irene_jupyter.calibration.running.pace import Pace
from irene_jupyter.calibration.running.patterns import lateness, measure_offset
from irene_jupyter.calibration.running.records import (
    ClockSet,
    Complete,
    Rejected,
    Rest,
    Run,
    meter_used,
)
from irene_jupyter.calibration.running.standby import measure_standby
from irene_jupyter.calibration.running.steady import rest_until_steady
from irene_jupyter.calibration.running.tape import MOST_LATE_SECONDS, Tape
from irene_jupyter.calibration.signal.alignment import Clock, ClockOffset
from irene_jupyter.calibration.signal.load_gates import clock_moved, variation
from irene_jupyter.calibration.signal.rejection import Rejection, Standby
from irene_jupyter.calibration.workload.bench import Bench
from irene_jupyter.calibration.workload.part import Part
from irene_jupyter.calibration.workload.suite import Suite
from irene_jupyter.meters.meter import PowerMeter

HOPELESS = 5  # runs in a row that were given up: no use in going on
# How far off the meter's clock may be: as late as a cloud makes a plug, and as far as NTP lets two
# machines differ.
SEARCH_SECONDS = {"monotonic": MOST_LATE_SECONDS + 2.0, "realtime": 120.0}
_NOTED_SECONDS = 60.0  # so far off is no matter of NTP: it is told


@dataclass(frozen=True, slots=True)
class _Wanted:
    round: int
    part: Part


class Session:
    """One stretch of a calibration. `run` needs an open meter and an open journal."""

    def __init__(
        self,
        meter: PowerMeter,
        suite: Suite,
        bench: Bench,
        journal: Journal,
        pace: Pace,
        *,
        rounds: int,
        seed: int,
        watch: Watcher,
    ) -> None:
        self._meter, self._suite, self._bench = meter, suite, bench
        self._journal, self._rounds, self._seed = journal, rounds, seed
        self._watch, self._limits, self._pace = watch, suite.limits, pace
        self._timing = suite.timing
        self._tape = Tape(meter)
        self._standby = Standby(0.0, 0.0, 0)
        self._withdrawn: set[tuple[int, str]] = set()  # (round, part)
        self._left = 0  # runs
        self._stage: Literal["rounds", "extra rounds", "over"] = "rounds"

    @property
    def is_complete(self) -> bool:
        """Whether the journal has all that is to be run."""
        ended = any(isinstance(each, Complete) for each in self._journal.records)
        return ended and not self._missing(self._counted().sure)

    def run(self) -> None:
        """All that is missing. Raises `CalibrationError`, `MeterError`; interrupts go through."""
        self._left = len(self._missing(self._counted().sure))
        self._tell("start", f"waiting for {self._meter.source}")
        self._tape.first_samples(self._timing.silence_seconds)
        self._journal.begin(meter_used(self._meter))
        for note in self._journal.notes:
            self._watch(Note(note))
        if self._meter.scope == "gpu":
            self._open_board()
        self._rest()
        self._know_meter()
        self._align()  # runs that an earlier session left open count by this one
        self._rounds_of(self._missing(self._runs()))
        self._stage = "extra rounds"
        for extra in range(self._timing.extra_rounds):
            unstable = self._unstable(self._rounds + extra)
            fitting = min(len(unstable), max(0.0, self._spare_seconds() / self._run_seconds()))
            self._rounds_of(unstable[: int(fitting)])
        self._stage = "over"
        if self._counted().open:
            self._align()
        again = self._missing(self._runs())
        if again := [each for each in again if (each.round, each.part.key) in self._withdrawn]:
            self._rounds_of(again)
            self._align()
        tell_conditions(self._meter, self._journal, self._watch)
        self._journal.add(Complete(datetime.now(UTC).isoformat(timespec="seconds")))

    # --- what is to be done -----------------------------------------------------------------------

    def _counted(self) -> Counted:
        return counted(self._journal.records, self._timing.guard_seconds, self._limits)

    def _runs(self) -> list[Run]:
        """Those that count, and those that will if the clock stays."""
        found = self._counted()
        return [*found.sure, *found.open]

    def _missing(self, runs: Sequence[Run]) -> list[_Wanted]:
        """What these do not have: round by round, each in an order of its own."""
        done = {(run.round, run.part) for run in runs}
        found = []
        for number in range(self._rounds):
            parts = list(self._suite.parts)
            random.Random(self._seed * 1000 + number).shuffle(parts)
            found += [_Wanted(number, p) for p in parts if (number, p.key) not in done]
        return found

    def _unstable(self, number: int) -> list[_Wanted]:
        """Nodes whose rounds before this one vary too much, once more; the worst first."""
        joules: dict[str, list[float]] = defaultdict(list)
        done = set()
        for run in self._runs():
            if run.round < number:
                joules[run.part].append(run.joules)
            elif run.round == number:
                done.add(run.part)
        found = [
            (rejection.value, _Wanted(number, part))
            for part in self._suite.parts
            if part.key not in done
            and (rejection := variation(joules[part.key], self._limits)) is not None
        ]
        return [wanted for _, wanted in sorted(found, key=lambda each: -each[0])]

    def _rounds_of(self, wanted: Sequence[_Wanted]) -> None:
        given_up = 0
        last: tuple[str, ...] = ()
        aligned = time.monotonic()
        self._left = len(wanted)
        for each in wanted:
            if time.monotonic() - aligned > self._timing.align_seconds:
                self._align()
                aligned = time.monotonic()
            self._tell("runs", f"round {each.round + 1}: {each.part.key}")
            began = time.monotonic()
            last = self._one(each)
            self._pace.took(time.monotonic() - began)
            given_up = given_up + 1 if last else 0
            self._left -= 1
            if given_up >= HOPELESS:
                raise CalibrationError(
                    f"{given_up} runs in a row were rejected, the last one because {last[0]}. Then "
                    "go on with resume: what was finished is kept"
                )

    # --- steps ------------------------------------------------------------------------------------

    def _open_board(self) -> None:
        """A board that has a context takes half as much again as one that has none."""
        self._bench.load()()
        tell_conditions(self._meter, self._journal, self._watch)
        rest_until_steady(self._tape, lambda text: self._tell("standby", text))

    def _rest(self) -> None:
        reason, tries = "", self._timing.standby_tries
        for attempt in range(1, tries + 1):
            self._tell("standby", "measuring the machine at rest: please let it be")
            found = measure_standby(
                self._tape, self._timing.standby_seconds, self._limits, is_last=attempt == tries
            )
            if isinstance(found, Rest):
                if found.note is not None:
                    self._watch(Note(found.note))
                self._journal.add(found)
                self._standby = found
                return
            reason = str(found[0])
            self._watch(Note(f"{reason} (try {attempt} of {tries})"))
        raise CalibrationError(f"no standby: {reason}. Then go on with resume")

    def _know_meter(self) -> None:
        """By now an emulator has said that it is one."""
        meter = meter_used(self._meter)
        self._journal.check_meter(meter)
        before = self._journal.meter
        if meter != before:
            self._journal.add(meter)
        if meter.simulated and not before.simulated:
            self._watch(Note(SIMULATED))

    def _align(self) -> None:
        """The offset of the meter's clock, by a known load pattern."""
        tape, tries = self._tape, self._timing.pattern_tries
        search = SEARCH_SECONDS[self._meter.clock]
        near = tape.clock.before.seconds if tape.clock is not None else tape.lead_seconds
        if tape.clock is None and abs(near) > _NOTED_SECONDS:
            self._watch(Note(f"the meter's clock is {near:+.0f} s off; it is taken into account"))
        self._tell("clock", "a known load pattern shows the meter's clock")
        for left in reversed(range(tries)):
            try:
                offset = measure_offset(
                    tape,
                    self._bench,
                    self._timing,
                    near_seconds=near,
                    search_seconds=search,
                    is_repeated=left + 1 < tries,
                )
                break
            except ReversedClampError:
                raise
            except AlignmentError as error:  # what else the machine did may have hidden it
                if not left:
                    raise
                self._watch(Note(f"{error} (try {tries - left} of {tries})"))
        waiting, before = self._counted().open, self._last_offset()
        self._journal.add(offset)
        if tape.clock is None and (note := lateness(offset, self._meter.clock)) is not None:
            self._watch(Note(note))
        tape.follow(Clock(offset))
        if waiting and before is not None:
            self._withdraw(waiting, Clock(before, offset))

    def _last_offset(self) -> ClockOffset | None:
        """By this session, or the one before it."""
        if self._tape.clock is not None:
            return self._tape.clock.before
        offsets = (each for each in reversed(self._journal.records))
        return next((each for each in offsets if isinstance(each, ClockOffset)), None)

    def _withdraw(self, waiting: Sequence[Run], clock: Clock) -> None:
        """Tells of the runs that waited for this alignment, and do not count after it."""
        moved = clock_moved(clock, limits_of(self._limits, self._tape.hold_seconds))
        if moved is None:
            return
        self._watch(Note(str(moved)))
        sure = set(self._counted().sure)
        for run in waiting:
            if run not in sure:
                self._withdrawn.add((run.round, run.part))
                self._reject(Rejected(run.part, run.round, (moved.code,), (str(moved),), False))

    def _one(self, wanted: _Wanted) -> tuple[str, ...]:
        """One node's run of a round, repeated while it is rejected. Returns why it was given up."""
        reasons: tuple[str, ...] = ()
        workload = self._bench.prepare(wanted.part)
        for left in reversed(range(self._timing.tries)):
            self._follow_clock()
            found = measure_run(
                self._tape,
                workload,
                self._timing,
                self._standby,
                self._limits,
                round=wanted.round,
            )
            if (step := self._tape.clock_set) is not None:
                found = (_clock_set(step),)  # whatever else its samples say
            if isinstance(found, Run):
                self._journal.add(found)
                self._watch(found)
                return ()
            codes, reasons = tuple(each.code for each in found), tuple(map(str, found))
            self._reject(Rejected(wanted.part.key, wanted.round, codes, reasons, not left))
        return reasons

    def _follow_clock(self) -> None:
        """Finds the meter's clock anew where it was set."""
        self._tape.take()
        step, clock = self._tape.clock_set, self._tape.clock
        if step is None or clock is None:
            return
        self._journal.add(ClockSet(step))
        self._watch(Note(f"the meter's clock was set by {step:+.1f} s: it is found anew"))
        moved = replace(clock.before, seconds=clock.before.seconds + step)
        self._tape.follow(Clock(moved))
        self._align()

    def _reject(self, rejected: Rejected) -> None:
        self._journal.add(rejected)
        self._watch(rejected)

    # --- what is left -----------------------------------------------------------------------------

    def _tell(self, stage: Stage, message: str) -> None:
        self._pace.tell(stage, message, self._seconds_left(stage))

    def _period(self) -> float:
        period = self._tape.period_seconds
        return period if period == period else 0.2

    def _run_seconds(self) -> float:
        """What a further run takes."""
        holds = (self._tape.hold_seconds, self._tape.smoothing_seconds)
        return self._pace.run_seconds(self._timing.turn_length(self._period(), *holds))

    def _spare_seconds(self, before: float = 0.0) -> float:
        """What the suite's limit leaves for extra rounds that begin `before` seconds from now."""
        limit = self._suite.seconds_limit
        rest = self._timing.pattern_length(self._period()) + self._pace.fit_seconds
        return math.inf if limit is None else limit - self._pace.seconds - before - rest

    def _seconds_left(self, stage: Stage) -> float:
        timing, period, run = self._timing, self._period(), self._run_seconds()
        runs = self._left * run
        if self._stage == "rounds":
            extra = run * timing.extra_rounds * len(self._unstable(self._rounds))
            runs += max(0.0, min(extra, self._spare_seconds(runs)))
        patterns = 1 + int(runs / timing.align_seconds)
        if stage in ("start", "standby") or (stage == "clock" and self._stage != "over"):
            patterns += 1
        rest = timing.standby_seconds if stage in ("start", "standby") else 0.0
        return runs + rest + patterns * timing.pattern_length(period)


def _clock_set(step: float) -> Rejection:
    return Rejection(
        "clock",
        f"the meter's clock was set by {step:+.1f} s during the run",
        "keep both machines' clocks by NTP (timedatectl), and leave them alone meanwhile; the "
        "clock is found anew",
        abs(step),
        0,
    )
