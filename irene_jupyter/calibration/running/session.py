"""Runs a suite beside an open meter: standby, clock, rounds of runs, gates, a checkpoint.

The order is that of docs/calibration.md. Whatever ends it, what was finished is in the
checkpoint, and a session on the same checkpoint goes on from there.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from irene_jupyter.calibration.errors import (
    AlignmentError,
    CalibrationError,
    IntegrationError,
    ReversedClampError,
)
from irene_jupyter.calibration.running.events import (
    Note,
    Progress,
    RunFinished,
    RunRejected,
    Stage,
    Watcher,
    ignore,
)
from irene_jupyter.calibration.running.journal import Checkpoint, Record
from irene_jupyter.calibration.running.patterns import measure_offset
from irene_jupyter.calibration.running.tape import Tape
from irene_jupyter.calibration.signal import line_gates, load_gates, quality
from irene_jupyter.calibration.signal.alignment import Clock, pattern_seconds
from irene_jupyter.calibration.signal.integration import Integral, plateau
from irene_jupyter.calibration.signal.rejection import Rejection, Standby
from irene_jupyter.calibration.signal.samples import Samples
from irene_jupyter.calibration.workload.bench import Bench, Workload
from irene_jupyter.calibration.workload.part import Part
from irene_jupyter.calibration.workload.suite import Suite
from irene_jupyter.meters.meter import PowerMeter
from irene_jupyter.resources.proc import ResourceError
from irene_jupyter.resources.processes import MachineLoad, load_between, snapshot

PIECE_SECONDS = 0.2  # between two looks at the clock in a run
IDLE_PERIODS = 2.0  # before a run, over which the machine must be at rest
BUSY_FACTOR = 5  # above the limit, after the last try: nothing can be measured
HOPELESS = 5  # runs in a row that were given up: no use in going on
SEARCH_SECONDS = {"monotonic": 5.0, "realtime": 120.0}  # how far off the meter's clock may be


@dataclass(frozen=True, slots=True)
class _Wanted:
    round: int
    part: Part


class Session:
    """One stretch of a calibration. `run` needs an open meter and an open checkpoint."""

    def __init__(
        self,
        meter: PowerMeter,
        suite: Suite,
        bench: Bench,
        checkpoint: Checkpoint,
        *,
        rounds: int,
        seed: int = 0,
        watch: Watcher = ignore,
    ) -> None:
        self._meter, self._suite, self._bench = meter, suite, bench
        self._checkpoint, self._rounds, self._seed = checkpoint, rounds, seed
        self._watch, self._limits = watch, suite.limits
        self._timing = suite.timing
        self._tape = Tape(meter)
        self._standby = Standby(0.0, 0.0, 0)
        self._began = time.monotonic()
        self._stretch: list[Record] = []  # runs since the last alignment
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
        done = {(r["round"], r["part"]) for r in runs(self._checkpoint.records)}
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
        for record in runs(self._checkpoint.records):
            joules[record["part"]].append(record["joules"])
        return [
            _Wanted(number, part)
            for part in self._suite.parts
            if quality.variation(joules[part.key], self._limits) is not None
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
        """Standby: the machine at rest, without other people's work."""
        timing = self._timing
        for attempt in range(timing.standby_tries):
            self._tell("standby", "measuring the machine at rest: please let it be")
            start = self._tape.take()
            load = self._load_while(timing.standby_seconds)
            self._tape.find_period(start)
            samples = self._tape.samples(start)
            if len(samples) < 2:
                found: tuple[Rejection, ...] = (line_gates.few_samples(samples, self._limits),)
            else:
                found = quality.judge_standby(
                    samples,
                    float(samples.stamps[0]),
                    float(samples.stamps[-1]),
                    period_seconds=self._tape.period_seconds,
                    format=self._meter.format,
                    load=load,
                    limits=self._limits,
                )
            is_last = attempt + 1 == timing.standby_tries
            if (
                is_last
                and load is not None
                and [each.code for each in found] == ["busy"]
                and load.others_share <= BUSY_FACTOR * self._limits.busy_share
            ):
                found = ()  # a machine that never gets quiet: its noise shows in the rounds
            if not found:
                self._found_standby(samples, load)
                return
            self._watch(Note(f"{found[0]} (try {attempt + 1} of {timing.standby_tries})"))
        raise CalibrationError(f"no standby: {found[0]}. Then go on with resume")

    def _found_standby(self, samples: Samples, load: MachineLoad | None) -> None:
        self._standby = quality.standby_of(samples)
        noise = None if load is None else quality.unquiet(load, self._limits)
        if noise is not None:
            self._watch(Note(noise))
        self._checkpoint.add(
            {
                "record": "standby",
                **asdict(self._standby),
                "period_seconds": self._tape.period_seconds,
                "note": noise,
            }
        )

    def _load_while(self, seconds: float) -> MachineLoad | None:
        """What others do over so many seconds; None where nobody tells."""
        try:
            before = snapshot()
        except ResourceError:
            self._tape.sleep(seconds)
            return None
        self._tape.sleep(seconds)
        return load_between(before, snapshot())

    def _align(self) -> None:
        """The offset of the meter's clock, by a known load pattern."""
        tape, tries = self._tape, self._timing.pattern_tries
        near = tape.clock.before.seconds if tape.clock is not None else 0.0
        search = SEARCH_SECONDS[self._meter.clock]
        self._tell("clock", "a known load pattern shows the meter's clock")
        for left in reversed(range(tries)):
            try:
                offset = measure_offset(
                    tape, self._bench, self._timing, near_seconds=near, search_seconds=search
                )
                break
            except ReversedClampError:
                raise
            except AlignmentError as error:  # what else the machine did may have hidden it
                if not left:
                    raise
                self._watch(Note(f"{error} (try {tries - left} of {tries})"))
        self._checkpoint.add({"record": "clock", **asdict(offset)})
        if tape.clock is not None:
            self._withdraw(Clock(tape.clock.before, offset))
        tape.clock = Clock(offset)
        self._stretch = []

    def _withdraw(self, clock: Clock) -> None:
        """Runs whose clock had moved further than their guards allow do not count."""
        moved = quality.clock_moved(clock, self._limits)
        if moved is not None:
            self._watch(Note(str(moved)))
        allowed = self._timing.guard_seconds / 2
        for record in self._stretch:
            off = abs(clock.offset(record["start"]) - clock.before.seconds)
            if moved is not None and off > allowed:
                self._checkpoint.add(
                    {"record": "withdrawn", "run": record["run"], "reasons": [str(moved)]}
                )
                self._withdrawn.add(record["part"])
                self._watch(RunRejected(record["part"], record["round"], (str(moved),), False))

    def _one(self, wanted: _Wanted) -> tuple[str, ...]:
        """One node's run of a round, repeated while it is rejected. Returns why it was given up."""
        reasons: tuple[str, ...] = ()
        workload = self._bench.prepare(wanted.part)
        for attempt in range(self._timing.tries):
            record, rejections = self._attempt(wanted, workload)
            if not rejections:
                self._checkpoint.add(record)
                self._stretch.append(record)
                self._watch(
                    RunFinished(
                        wanted.part.key,
                        wanted.round,
                        record["joules"],
                        record["seconds"],
                        record["repeats"],
                    )
                )
                return ()
            reasons = tuple(map(str, rejections))
            gives_up = attempt + 1 == self._timing.tries
            self._checkpoint.add(
                {
                    "record": "rejected",
                    "part": wanted.part.key,
                    "round": wanted.round,
                    "codes": [each.code for each in rejections],
                    "reasons": list(reasons),
                    "gives_up": gives_up,
                }
            )
            self._watch(RunRejected(wanted.part.key, wanted.round, reasons, gives_up))
        return reasons

    def _attempt(self, wanted: _Wanted, workload: Workload) -> tuple[Record, tuple[Rejection, ...]]:
        tape, timing = self._tape, self._timing
        latency = _warm(workload, timing.warm_seconds)
        pieces = max(1, int(PIECE_SECONDS / latency))
        self._settle()
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
        # Not those whose window reaches into the run.
        idle = samples.between(start - (IDLE_PERIODS + 1) * period, start - 0.6 * period)
        found = quality.judge_run(
            samples,
            start,
            end,
            period_seconds=period,
            format=self._meter.format,
            standby=self._standby,
            idle=idle,
            nominal_volts=self._standby.volts,
            limits=self._limits,
        )
        integral: Integral | None = None
        try:
            integral = plateau(samples, start, end, timing.guard_seconds)
        except IntegrationError as error:
            if not found:
                found = (Rejection("too_few", str(error), "let the run last longer", 0, 0),)
        if integral is None or found:
            return {}, found
        return {
            "record": "run",
            "run": sum(1 for each in self._checkpoint.records if each["record"] == "run"),
            "part": wanted.part.key,
            "round": wanted.round,
            "joules": integral.joules / repeats,
            "seconds": (end - start) / repeats,
            "watts": integral.watts,
            "error_joules": integral.standard_error_joules / repeats,
            "clock_joules": integral.edge_watts / repeats,
            "repeats": repeats,
            "samples": integral.samples,
            "start": start,
            "end": end,
        }, ()

    def _settle(self) -> None:
        """Rests until the machine takes no more than at standby, or for as long as is allowed."""
        tape, timing = self._tape, self._timing
        until = time.monotonic() + timing.settle_most_seconds
        tape.sleep(timing.settle_seconds)
        while time.monotonic() < until:
            now = tape.now()
            rest = tape.aligned(now - IDLE_PERIODS * tape.period_seconds, now)
            if not len(rest) or load_gates.idle_before(rest, self._standby, self._limits) is None:
                return
            tape.sleep(tape.period_seconds)

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
        slots = timing.pattern_seconds or pattern_seconds(period)
        pattern = slots * timing.slot_seconds + 3 * timing.pause_seconds
        runs_left = self._left * (
            timing.run_length(period)
            + timing.settle_seconds
            + timing.warm_seconds
            + 2 * period
            + 0.3
        )
        before = {"start": timing.standby_seconds + 2 * pattern}
        before["standby"], before["clock"] = before["start"], 2 * pattern
        return runs_left + before.get(stage, pattern)


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


def runs(records: Sequence[Record]) -> list[Record]:
    """The runs of a journal that count."""
    gone = {record["run"] for record in records if record["record"] == "withdrawn"}
    return [r for r in records if r["record"] == "run" and r["run"] not in gone]
