"""How often the driver is asked, by a stand-in that takes its time and counts its calls."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from pathlib import Path

import pytest
from machine import Driver

from irene_jupyter.meters.counters.counters import Counters
from irene_jupyter.resources import boards as module
from irene_jupyter.resources.boards import LOOK_SECONDS, MOST_LENGTHENING, Boards
from irene_jupyter.resources.pace import Pace
from irene_jupyter.resources.sampler import Sampler

# Both clocks by one function.
STATE = ("UtilizationRates", "MemoryInfo", "ClockInfo", "CurrentClocksEventReasons")


class Cpu:
    """A processor's time that only the driver uses, and the machine's, which tests let pass."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        driver: Driver,
        seconds: float,
        counter_seconds: float = 0.0,
    ) -> None:
        self.now = 0.0
        self._driver, self._seconds = driver, seconds
        self._counter_seconds = counter_seconds
        monkeypatch.setattr(module, "time", self)

    def perf_counter(self) -> float:
        return self.now

    def thread_time(self) -> float:
        driver = self._driver
        counting = self._counter_seconds * driver.counter_readings
        return self._seconds * sum(driver.asked.values()) + counting


def opened(driver: Driver, used: frozenset[str] | None = None) -> Boards:
    boards = Boards(0.17, lambda: used)
    boards.open()
    boards.begin()
    driver.asked.clear()
    driver.counter_readings = 0
    return boards


def calls_over(cpu: Cpu, boards: Boards, seconds: float) -> int:
    """The samples of a block of that length, as the sampler takes them."""
    until, samples = cpu.now + seconds, 0
    while cpu.now + boards.interval_seconds <= until:
        cpu.now += boards.interval_seconds
        boards.read()
        samples += 1
    return samples


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Driver:
    """One, with fields."""
    driver = Driver(monkeypatch)
    driver.offer_fields()
    return driver


def test_a_slow_driver_is_asked_within_its_share(
    board: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu = Cpu(monkeypatch, board, 0.001)
    boards = opened(board)
    samples = calls_over(cpu, boards, 7.4)  # the cell that took 388 ms on an H100
    calls = sum(board.asked.values())
    assert samples == board.asked["FieldValues"]
    assert 12 <= samples <= 15
    assert {board.asked[name] for name in STATE} == {1, 2}  # one state, and both clocks in it
    assert calls * 0.001 / 7.4 <= 0.005


def test_a_quick_driver_is_asked_everything_each_time(
    board: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu = Cpu(monkeypatch, board, 0.00001)
    boards = opened(board)
    samples = calls_over(cpu, boards, 7.4)
    assert boards.interval_seconds == 0.17
    assert samples == 43
    assert board.asked == Counter(
        {name: samples * (2 if name == "ClockInfo" else 1) for name in (*STATE, "FieldValues")}
    )


def test_a_dear_counter_is_read_rarely_and_power_all_the_same(
    board: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on an H200: one reading of the counter costs 3.7 ms, power some microseconds."""
    cpu = Cpu(monkeypatch, board, 3e-6, 0.0037)
    boards = opened(board)
    began = cpu.thread_time()
    samples = calls_over(cpu, boards, 20.0)
    assert boards.interval_seconds == 0.17
    assert samples == board.asked["FieldValues"] == 117
    assert 8 <= board.counter_readings <= 11
    assert (cpu.thread_time() - began) / 20 <= 0.005


def test_the_interval_is_lengthened_within_bounds(
    board: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    Cpu(monkeypatch, board, 0.5)
    boards = opened(board)
    boards.read()
    assert boards.interval_seconds == pytest.approx(MOST_LENGTHENING * 0.17)


def test_only_boards_in_use_are_read_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = Driver(monkeypatch, boards=8)
    driver.offer_fields()
    cpu = Cpu(monkeypatch, driver, 0.001)
    boards = opened(driver, frozenset({"GPU-c"}))
    samples = calls_over(cpu, boards, 7.4)
    assert samples == driver.asked["FieldValues"] >= 12
    assert sum(driver.asked.values()) * 0.001 / 7.4 <= 0.005
    assert [sample.power is not None for sample in boards.samples].index(True) == 2
    driver.asked.clear()
    boards.end()  # of all, that their energy is counted to the end
    assert driver.asked["FieldValues"] == driver.asked["UtilizationRates"] == 8
    assert all(sample.power and sample.state for sample in boards.samples)


def test_a_driver_without_fields_stays_within_the_share_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = Driver(monkeypatch)
    cpu = Cpu(monkeypatch, driver, 0.001)
    calls_over(cpu, opened(driver), 7.4)
    assert driver.asked["PowerUsage"] >= driver.asked["TotalEnergyConsumption"] >= 6
    assert sum(driver.asked.values()) * 0.001 / 7.4 <= 0.005


def test_eight_boards_in_use_stay_within_the_share(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(monkeypatch, boards=8)
    driver.offer_fields()
    cpu = Cpu(monkeypatch, driver, 0.001)
    calls_over(cpu, opened(driver), 60.0)
    assert sum(driver.asked.values()) * 0.001 / 60 <= 0.005


def test_a_board_comes_into_use_within_the_block(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu = Cpu(monkeypatch, driver, 0.0)
    used: set[str] = set()
    boards = Boards(0.17, lambda: frozenset(used))
    boards.open()
    boards.begin()
    driver.asked.clear()
    boards.read()
    assert sum(driver.asked.values()) == 0
    used.add("GPU-b")
    cpu.now += LOOK_SECONDS
    boards.read()
    assert [sample.power is None for sample in boards.samples] == [True, False]
    used.clear()  # torch's peak was reset: the block has used it all the same
    cpu.now += LOOK_SECONDS
    boards.read()
    assert [sample.power is None for sample in boards.samples] == [True, False]


def test_boards_that_torch_calls_by_other_names_are_all_read(driver: Driver) -> None:
    boards = opened(driver, frozenset({"GPU-part-of-a-board"}))
    boards.read()
    assert all(sample.power for sample in boards.samples)


def test_sampler_and_counters_share_each_reading(board: Driver) -> None:
    with Sampler(0.02, probe=Counters()) as sampler:
        time.sleep(0.2)
    summary = sampler.summary()
    readings = [sample for sample in sampler.timeline if sample.gpus]
    assert board.asked["FieldValues"] == len(readings)
    assert board.asked["TotalEnergyConsumption"] == board.asked["PowerUsage"] == 0
    assert board.asked["ComputeRunningProcesses"] == 2  # at the begin and the end
    assert board.asked["Name"] == board.asked["UUID"] == 1
    assert summary.interval_seconds == 0.02
    assert summary.used_interval_seconds is not None
    assert summary.used_interval_seconds >= 0.02


def test_power_shapes_what_a_dear_counter_counts_in_a_block(board: Driver, tmp_path: Path) -> None:
    board.counter_seconds = 0.02  # which is a share of ten seconds
    counters = Counters(tmp_path)
    with Sampler(0.02, probe=counters):
        until = time.monotonic() + 60
        while board.asked["FieldValues"] < 6 and time.monotonic() < until:
            time.sleep(0.01)
        board.joules += 50
    (counted,) = counters.counted
    assert board.counter_readings == 2  # at the begin and the end
    assert len(counted.curve) > 4
    assert counted.curve[-1][1] == counted.reading.joules == 50
    watts = [(j1 - j0) / (t1 - t0) for (t0, j0), (t1, j1) in itertools.pairwise(counted.curve)]
    assert min(watts) == pytest.approx(max(watts))  # power was even, and so is the curve


def test_the_summary_tells_the_interval_that_it_came_to(board: Driver) -> None:
    board.seconds_a_call = 0.002
    with Sampler(0.02) as sampler:
        time.sleep(1.0)
    used = sampler.summary().used_interval_seconds
    assert used is not None
    assert used > 0.1  # 16 times 20 ms, were the machine ours alone
    with Sampler(10.0) as sampler:
        pass
    assert sampler.summary().used_interval_seconds is None


def test_a_pace_without_a_reading_is_the_shortest() -> None:
    pace = Pace(0.002, 0.17, 1.0)
    assert pace.seconds(1) == 0.17
    pace.took(0.01, 10)
    assert pace.seconds(1) == pytest.approx(0.5)
    assert pace.seconds(0) == 0.17
    assert pace.seconds(8) == 1.0
