"""Runs a board's suite beside an open meter of its energy: rest, then case by case, node by node.

Nodes that are in the journal are not run again; their trees are made anew, as a profile needs them.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.running.conditions import tell_conditions
from irene_jupyter.calibration.running.events import Note, Stage, Watcher
from irene_jupyter.calibration.running.journal import Journal
from irene_jupyter.calibration.running.node_run import repeat_node
from irene_jupyter.calibration.running.pace import Pace
from irene_jupyter.calibration.running.records import Complete, NodeRun, meter_used
from irene_jupyter.calibration.running.steady import rest_until_steady
from irene_jupyter.calibration.running.tape import Tape
from irene_jupyter.calibration.workload.board_bench import BoardBench, DistinctNode, OpenCase
from irene_jupyter.calibration.workload.board_case import BoardCase
from irene_jupyter.calibration.workload.board_suite import BUILD_SECONDS, BoardSuite
from irene_jupyter.meters.base import MeterError
from irene_jupyter.meters.meter import PowerMeter

STRANGE = 5  # nodes in a row that could not be measured: no use in going on


class BoardSession:
    """`run` needs an open meter and journal; afterwards `nodes` has those of each case."""

    def __init__(
        self,
        meter: PowerMeter,
        suite: BoardSuite,
        bench: BoardBench,
        journal: Journal,
        pace: Pace,
        *,
        rounds: int,
        seed: int,
        watch: Watcher,
    ) -> None:
        self._meter, self._suite, self._bench = meter, suite, bench
        self._journal, self._rounds, self._seed, self._watch = journal, rounds, seed, watch
        self._tape = Tape(meter)
        self._pace = pace
        self._left = rounds * sum(case.nodes for case in suite.cases)  # nodes
        self._to_build = len(suite.cases)
        self._failed = 0  # in a row
        self.nodes: dict[str, tuple[DistinctNode, ...]] = {}

    def run(self) -> None:
        """All of it. Raises `CalibrationError`, `MeterError`; KeyboardInterrupt goes through."""
        timing = self._suite.timing
        self._tell("start", f"waiting for {self._meter.source}")
        self._bench.touch()
        self._tape.first_samples(timing.silence_seconds)
        self._journal.begin(meter_used(self._meter))
        for note in self._journal.notes:
            self._watch(Note(note))
        tell_conditions(self._meter, self._journal, self._watch)
        self._tell("standby", "measuring the board at rest, its context open")
        self._journal.add(
            rest_until_steady(
                self._tape,
                lambda text: self._tell("standby", text),
                seconds=timing.rest_seconds,
                most_seconds=timing.rest_most_seconds,
            )
        )
        for case in self._suite.cases:
            self._case(case)
        tell_conditions(self._meter, self._journal, self._watch)
        self._journal.add(Complete(datetime.now(UTC).isoformat(timespec="seconds")))

    def _case(self, case: BoardCase) -> None:
        self._tell("runs", f"{case.key}: building it")
        try:
            opened = self._bench.open(case)
        except CalibrationError as error:  # a smaller board does without it
            self._watch(Note(f"{error}: left out"))
            self._to_build -= 1
            self._left -= self._rounds * case.nodes
            return
        self._to_build -= 1
        self.nodes[case.key] = opened.nodes
        done = self._done(case)
        for number in range(self._rounds):
            order = list(opened.nodes)
            random.Random(self._seed * 1000 + number).shuffle(order)
            for node in order:
                if (number, node.path) not in done:
                    began = self._pace.seconds
                    self._node(opened, node, number)
                    self._pace.took(self._pace.seconds - began)
                self._left -= 1

    def _node(self, opened: OpenCase, node: DistinctNode, number: int) -> None:
        case = opened.case.key
        name = node.path or "the whole model"
        self._tell("runs", f"{case}: {name}")
        self._tape.forget(self._tape.now())
        try:
            run = opened.work(node)
            found = repeat_node(self._tape, run, self._bench.synchronise, self._suite.timing)
        except MeterError:
            raise
        except Exception as error:  # whatever a backend raises that cannot repeat it
            self._strange(f"{case}, {name} cannot be repeated: {error}")
            return
        if found is None:
            self._strange(f"{case}, {name}: the energy counter changed too rarely")
            return
        self._failed = 0
        slope = found.slope
        if not slope.is_steady(self._suite.timing.drift_share):
            percent = 100 * slope.drift_watts / slope.watts
            self._watch(Note(f"{case}, {name}: power still drifts by {percent:.1f} %"))
        measured = NodeRun(
            case=case,
            path=node.path,
            round=number,
            joules=slope.watts * found.seconds,
            seconds=found.seconds,
            watts=slope.watts,
            error_watts=slope.error_watts,
            drift_watts=slope.drift_watts,
            changes=slope.changes,
            repeats=found.repeats,
        )
        self._journal.add(measured)
        self._watch(measured)

    def _strange(self, what: str) -> None:
        self._watch(Note(f"{what}; left out"))
        self._failed += 1
        if self._failed >= STRANGE:
            raise CalibrationError(
                f"{self._failed} nodes in a row could not be measured, the last one: {what}. Then "
                "go on with resume: what was finished is kept"
            )

    def _done(self, case: BoardCase) -> frozenset[tuple[int, str]]:
        return frozenset(
            (each.round, each.path)
            for each in self._journal.records
            if isinstance(each, NodeRun) and each.case == case.key
        )

    def _tell(self, stage: Stage, message: str) -> None:
        timing = self._suite.timing
        node = self._pace.run_seconds(timing.warm_seconds + timing.run_seconds)
        left = max(0, self._left) * node + self._to_build * BUILD_SECONDS
        rest = 2 * timing.rest_seconds if stage in ("start", "standby") else 0.0
        self._pace.tell(stage, message, left + rest)
