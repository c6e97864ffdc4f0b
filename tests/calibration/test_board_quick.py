"""A calibration by NVML as by any meter, on a simulated H100 and by the suites' own gates."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from known_machine import FEW, LAYER, KnownBench, Power
from simulated_board import COLD_WATTS, IDLE_WATTS, LIMIT_WATTS, Board, SimulatedH100

from irene_jupyter.calibration import calibrate as front
from irene_jupyter.calibration.calibrate import calibrate, plan
from irene_jupyter.calibration.running import standby
from irene_jupyter.calibration.running.events import Progress
from irene_jupyter.calibration.running.journal import read_journal
from irene_jupyter.calibration.running.records import Rejected, Rest, Run
from irene_jupyter.calibration.workload.bench import Workload
from irene_jupyter.calibration.workload.part import Part
from irene_jupyter.calibration.workload.suite import Suite
from irene_jupyter.resources.processes import MachineLoad

PARTS = (*FEW, Part("tiny-gpt", 2, 32), Part("tiny-bert", 2, 32, LAYER + "attention"))
LAUNCH_SECONDS = 2e-5


class PartsOnBoard(KnownBench):
    """Parts of known joules, on the board."""

    runs_for_real = False

    def __init__(self, board: Board) -> None:
        super().__init__(Power())
        self.board = board

    def true_watts(self, part: Part) -> float:
        return random.Random(part.key).uniform(180.0, LIMIT_WATTS)

    def prepare(self, part: Part) -> Workload:
        joules, board = self.true_joules(part), self.board
        seconds = joules / self.true_watts(part)
        load = [0.0]

        def run() -> None:
            if board.time.now - board.free_at > 0.2:
                load[0] = board.time.now
            board.queue(seconds, joules, load[0])
            board.time.sleep(LAUNCH_SECONDS)

        return Workload(part, run, self._wait)

    def load(self) -> Callable[[], Any]:
        def piece() -> None:
            self.board.context_at = min(self.board.context_at, self.board.time.now)
            self.board.queue(0.005, 0.005 * 600.0, self.board.time.now)
            self._wait()

        return piece

    def _wait(self) -> None:
        self.board.time.sleep(self.board.free_at - self.board.time.now)


def quiet(tape: Any, seconds: float) -> MachineLoad:
    tape.sleep(seconds)
    return MachineLoad(seconds, 0.0)


def test_quick_passes_on_a_board(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each of its runs was rejected: standby was taken before there was a context."""
    h100 = SimulatedH100(monkeypatch)
    monkeypatch.setattr(standby, "_load_while", quiet)
    bench = PartsOnBoard(h100.board)
    assert h100.board.joules(h100.time.now + 1) == pytest.approx(COLD_WATTS)
    quick = plan("quick").suite
    assert isinstance(quick, Suite)
    suite = Suite("cut", PARTS, quick.timing, make_bench=lambda: bench)
    events: list[Any] = []
    profile = calibrate(
        h100.meter(period_seconds=0.2), suite=suite, name="cut", rounds=2,
        output=tmp_path / "cut.json", watch=events.append,
    )  # fmt: skip
    records = read_journal(tmp_path / "cut.calibration.jsonl").records
    (rest,) = (each for each in records if isinstance(each, Rest))
    assert rest.watts == pytest.approx(IDLE_WATTS, rel=0.02)
    assert not [each for each in records if isinstance(each, Rejected)]
    runs = [each for each in records if isinstance(each, Run)]
    assert len(runs) == 2 * len(PARTS)
    of = {part.key: part for part in PARTS}
    for run in runs:
        assert run.joules == pytest.approx(bench.true_joules(of[run.part]), rel=0.01), run.part
    told = [each.message for each in events if isinstance(each, Progress)]
    assert any("until the board is at rest" in each for each in told)
    boards = profile.training["boards"]
    assert [each["limit_watts"] for each in boards] == [LIMIT_WATTS] * 2  # begin and end


def test_nvml_is_the_board_in_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Else each board that idles beside it adds its watts."""
    h100 = SimulatedH100(monkeypatch)
    monkeypatch.setattr(standby, "_load_while", quiet)
    opened: list[str] = []

    def open_meter(name: str) -> Any:
        opened.append(name)
        return h100.meter(name.removeprefix("nvml").removeprefix(":"), 0.2)

    monkeypatch.setattr(front, "open_meter", open_meter)
    monkeypatch.setattr(front, "board_uuid", lambda device: "GPU-a")
    bench = PartsOnBoard(h100.board)
    quick = plan("quick").suite
    assert isinstance(quick, Suite)
    suite = Suite("cut", FEW, quick.timing, make_bench=lambda: bench)
    profile = calibrate("nvml", suite=suite, name="cut", rounds=1, output=tmp_path / "cut.json")
    assert opened[-1] == "nvml:GPU-a"
    assert profile.training["meter"].startswith("GPU 0:")
    assert profile.training["standby_watts"] == pytest.approx(IDLE_WATTS, rel=0.02)
