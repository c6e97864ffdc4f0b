"""Runs a suite beside an open meter: standby, clock, rounds of runs, gates, a journal.

The order is that of docs/calibration.md. Whatever ends it, what was finished is in the
journal, and a session on the same journal goes on from there.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from irene_jupyter.calibration.errors import AlignmentError, CalibrationError, ReversedClampError
from irene_jupyter.calibration.running.attempt import measure_run
from irene_jupyter.calibration.running.events import Note, Progress, Stage, Watcher, ignore
from irene_jupyter.calibration.running.journal import Journal
from irene_jupyter.calibration.running.patterns import lateness, measure_offset
from irene_jupyter.calibration.running.records import Rejected, Rest, Run, Withdrawn, runs_of
from irene_jupyter.calibration.running.standby import measure_standby
from irene_jupyter.calibration.running.tape import MOST_LATE_SECONDS, Tape
from irene_jupyter.calibration.signal.alignment import Clock
from irene_jupyter.calibration.signal.load_gates import clock_moved, variation
from irene_jupyter.calibration.signal.rejection import Standby
from irene_jupyter.calibration.workload.bench import Bench
from irene_jupyter.calibration.workload.part import Part
from irene_jupyter.calibration.workload.suite import Suite
from irene_jupyter.meters.meter import PowerMeter

HOPELESS = 5  # runs in a row that were given up: no use in going on
# How far off the meter's clock may be: as late as a cloud makes a plug, and as far as NTP lets two
# machines differ.
SEARCH_SECONDS = {"monotonic": MOST_LATE_SECONDS + 2.0, "realtime": 120.0}


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
        *,
        rounds: int,
        seed: int = 0,
        watch: Watcher = ignore,
    ) -> None:
        self._meter, self._suite, self._bench = meter, suite, bench
        self._journal, self._rounds, self._seed = journal, rounds, seed
        self._watch, self._limits = watch, suite.limits
        self._timing = suite.timing
        self._tape = Tape(meter)
        self._standby = Standby(0.0, 0.0, 0)
        self._began = time.monotonic()
        self._stretch: list[Run] = []  # runs since the last alignment
        self._withdrawn: set[str] = set()
        self._left = 0  # runs
        self._share = 0.0

    def run(self) -> None:
        """All of it. Raises `CalibrationError`, `MeterError`; KeyboardInterrupt goes through."""
        wanted = self.wanted()
        if not wanted:
            return
        self._left = len(wanted)
        self._tell("start", f"waiting for {self._meter.source}")
        self._tape.first_samples(self._timing.silence_seconds)
        self._rest()
        self._align()
        self._rounds_of(wanted)
        for extra in range(self._timing.extra_rounds):
            self._rounds_of(self._unstable(self._rounds + extra))
        self._align()
        if again := [each for each in self.wanted() if each.part.key in self._withdrawn]:
            self._rounds_of(again)
            self._align()

    # --- what is to be done -----------------------------------------------------------------------

    def wanted(self) -> list[_Wanted]:
        """Runs that are missing: round by round, each in an order of its own."""
        done = {(run.round, run.part) for run in runs_of(self._journal.records)}
        found = []
        for number in range(self._rounds):
            parts = list(self._suite.parts)
            random.Random(self._seed * 1000 + number).shuffle(parts)
            found += [_Wanted(number, p) for p in parts if (number, p.key) not in done]
        return found

    def _unstable(self, number: int) -> list[_Wanted]:
        """Nodes whose rounds vary too much, once more, while there is time."""
        limit = self._suite.seconds_limit
        if limit is not None and time.monotonic() - self._began > limit:
            return []
        joules: dict[str, list[float]] = defaultdict(list)
        for run in runs_of(self._journal.records):
            joules[run.part].append(run.joules)
        return [
            _Wanted(number, part)
            for part in self._suite.parts
            if variation(joules[part.key], self._limits) is not None
        ]

    def _rounds_of(self, wanted: Sequence[_Wanted]) -> None:
        if not wanted:
            return
        given_up = 0
        last: tuple[str, ...] = ()
        aligned = time.monotonic()
        self._left = len(wanted)
        for each in wanted:
            if time.monotonic() - aligned > self._timing.align_seconds:
                self._align()
                aligned = time.monotonic()
            self._tell("runs", f"round {each.round + 1}: {each.part.key}")
            last = self._one(each) or ()
            given_up = given_up + 1 if last else 0
            self._left -= 1
            if given_up >= HOPELESS:
                raise CalibrationError(
                    f"{given_up} runs in a row were rejected, the last one because {last[0]}. Then "
                    "go on with resume: what was finished is kept"
                )

    # --- steps ------------------------------------------------------------------------------------

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

    def _align(self) -> None:
        """The offset of the meter's clock, by a known load pattern."""
        tape, tries = self._tape, self._timing.pattern_tries
        near = tape.clock.before.seconds if tape.clock is not None else 0.0
        search = SEARCH_SECONDS[self._meter.clock]
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
        self._journal.add(offset)
        if tape.clock is not None:
            self._withdraw(Clock(tape.clock.before, offset))
        elif (note := lateness(offset, self._meter.clock)) is not None:
            self._watch(Note(note))
        tape.clock = Clock(offset)
        self._stretch = []

    def _withdraw(self, clock: Clock) -> None:
        """Runs whose clock had moved further than their guards allow do not count."""
        # A reading that is fetched may be a period old: between two clocks that beat this moves.
        period = self._tape.period_seconds
        limits = replace(self._limits, clock_seconds=max(self._limits.clock_seconds, period))
        moved = clock_moved(clock, limits)
        if moved is not None:
            self._watch(Note(str(moved)))
        allowed = self._timing.guard_length(period, clock.before.smoothing_seconds) / 2
        for run in self._stretch:
            off = abs(clock.offset(run.start) - clock.before.seconds)
            if moved is not None and off > allowed:
                self._journal.add(Withdrawn(run.run, (str(moved),)))
                self._withdrawn.add(run.part)
                self._watch(Rejected(run.part, run.round, (moved.code,), (str(moved),), False))

    def _one(self, wanted: _Wanted) -> tuple[str, ...]:
        """One node's run of a round, repeated while it is rejected. Returns why it was given up."""
        reasons: tuple[str, ...] = ()
        workload = self._bench.prepare(wanted.part)
        for left in reversed(range(self._timing.tries)):
            found = measure_run(
                self._tape,
                workload,
                self._timing,
                self._standby,
                self._limits,
                number=sum(isinstance(each, Run) for each in self._journal.records),
                round=wanted.round,
            )
            if isinstance(found, Run):
                self._journal.add(found)
                self._stretch.append(found)
                self._watch(found)
                return ()
            codes, reasons = tuple(each.code for each in found), tuple(map(str, found))
            rejected = Rejected(wanted.part.key, wanted.round, codes, reasons, not left)
            self._journal.add(rejected)
            self._watch(rejected)
        return reasons

    def _tell(self, stage: Stage, message: str) -> None:
        gone = time.monotonic() - self._began
        left = self._seconds_left(stage)
        # Repeated runs put the end off; the bar never goes back.
        self._share = max(self._share, gone / (gone + left))
        self._watch(Progress(stage, message, self._share, left))

    def _seconds_left(self, stage: Stage) -> float:
        timing = self._timing
        period = self._tape.period_seconds
        period = period if period == period else 0.2
        pattern = timing.pattern_length(period)
        runs_left = self._left * (
            timing.run_length(period, self._tape.smoothing_seconds)
            + timing.settle_length(period, self._tape.smoothing_seconds)
            + timing.warm_seconds
            + 2 * period
            + 0.3
        )
        before = {"start": timing.standby_seconds + 2 * pattern}
        before["standby"], before["clock"] = before["start"], 2 * pattern
        return runs_left + before.get(stage, pattern)
