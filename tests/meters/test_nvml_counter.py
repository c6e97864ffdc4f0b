"""A board's energy, by its counter or by its power; the driver is played by a stand-in."""

from __future__ import annotations

import os

import pynvml
import pytest
from machine import Clock, Driver, Powercap

from irene_jupyter.meters.counters.counters import Counters
from irene_jupyter.meters.counters.energy_curve import at
from irene_jupyter.meters.counters.nvml_counter import NvmlCounter
from irene_jupyter.resources.boards import Boards
from irene_jupyter.resources.nvml import GpuPower, NvmlSession
from irene_jupyter.resources.summary import GpuSample


def counter(clock: Clock) -> NvmlCounter:
    return NvmlCounter(NvmlSession(), 0, clock)


def test_the_counter_in_joules(driver: Driver, clock: Clock) -> None:
    each = counter(clock)
    each.start()
    clock.tick(2.0)
    driver.joules += 140.25
    reading = each.stop()
    assert reading is not None
    assert (reading.joules, reading.seconds) == (140.25, 2.0)
    assert (reading.scope, reading.truth) == ("gpu", "weak")
    assert reading.source == "GPU 0: Board A (NVML energy counter)"
    assert each.uuid == "GPU-a"


def test_power_is_integrated_over_actual_times(driver: Driver, clock: Clock) -> None:
    driver.without_counter()
    each = counter(clock)
    each.start()
    for seconds, watts in ((0.1, 70), (0.9, 110), (0.5, 110)):  # late samples weigh more
        clock.tick(seconds)
        driver.watts = watts
        each.poll()
    reading = each.stop()
    assert reading is not None
    assert reading.joules == pytest.approx(0.1 * 70 + 0.9 * 90 + 0.5 * 110)
    assert reading.source.endswith("(NVML power)")


class Played(Boards):
    """One board, of which a test says what was read last."""

    def __init__(self) -> None:
        super().__init__(0.17)
        self.names, self.uuids = ("Board A",), ("GPU-a",)

    def reads(
        self, at: float, joules: float | None, watts: float, *, is_instant: bool = True
    ) -> None:
        power = GpuPower(joules, watts, has_asked_counter=joules is not None, is_instant=is_instant)
        self.samples = (GpuSample(at, power),)


def played() -> tuple[NvmlCounter, Played]:
    """A counter that began at 1000 J and 100 W."""
    source = Played()
    each = NvmlCounter(source, 0)
    source.reads(0.0, 1000.0, 100)
    each.start()
    return each, source


def test_power_tells_how_the_counted_joules_lie_in_time() -> None:
    each, source = played()
    for seconds, watts in ((1.0, 100), (1.001, 500), (2.0, 500), (2.001, 100)):
        source.reads(seconds, None, watts)
        each.poll()
    source.reads(3.0, 1800.0, 100)
    each.poll()
    assert each.curve[0] == (0.0, 0.0)
    assert each.curve[-1] == (3.0, 800.0)  # the counter's, which is more than 700 J of power
    thirds = [at(each.curve, seconds) for seconds in (1.0, 2.0)]
    assert thirds == pytest.approx([800 / 7, 800 * 6 / 7], rel=0.01)


def test_a_mean_over_the_last_second_tells_no_shape() -> None:
    each, source = played()
    source.reads(1.0, None, 500, is_instant=False)
    each.poll()
    source.reads(3.0, 1800.0, 100)
    each.poll()
    assert each.curve == ((0.0, 0.0), (3.0, 800.0))


def test_the_instant_power_is_preferred(driver: Driver, clock: Clock) -> None:
    driver.without_counter()
    driver.offer_fields(pynvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION)
    driver.fail("nvmlDeviceGetPowerUsage")
    driver.watts = 300
    each = counter(clock)
    each.start()
    clock.tick(2.0)
    reading = each.stop()
    assert reading is not None
    assert reading.joules == 600.0


def test_a_counter_that_stands_still_is_no_zero(driver: Driver, clock: Clock) -> None:
    each = counter(clock)
    each.start()
    clock.tick(2.0)
    assert each.stop() is None
    assert "stood still" in (each.reason or "")


def test_a_counter_that_goes_backwards(driver: Driver, clock: Clock) -> None:
    each = counter(clock)
    each.start()
    driver.joules += 50
    each.poll()
    driver.joules -= 20
    assert each.stop() is None
    assert "went backwards" in (each.reason or "")


@pytest.mark.parametrize("power_only", [False, True])
def test_a_driver_error_half_way(driver: Driver, clock: Clock, power_only: bool) -> None:
    if power_only:
        driver.without_counter()
    each = counter(clock)
    each.start()
    clock.tick(1.0)
    driver.joules += 10
    each.poll()
    driver.fail("nvmlDeviceGetTotalEnergyConsumption")
    driver.fail("nvmlDeviceGetPowerUsage")
    each.poll()
    assert each.stop() is None
    assert "half-way" in (each.reason or "")


def test_neither_energy_nor_power(driver: Driver, clock: Clock) -> None:
    driver.without_counter()
    driver.fail("nvmlDeviceGetPowerUsage", pynvml.NVML_ERROR_NOT_SUPPORTED)
    each = counter(clock)
    each.start()
    assert each.stop() is None
    assert "neither energy nor power" in (each.reason or "")


@pytest.mark.parametrize(
    ("processes", "others"),
    [([], 0), ([os.getpid()], 0), ([os.getpid(), 1, 2], 2), ([77], 0), ([77, 78], 1)],
)
def test_other_processes(driver: Driver, clock: Clock, processes: list[int], others: int) -> None:
    driver.processes = processes
    each = counter(clock)
    each.start()
    driver.processes = []
    each.stop()
    assert each.other_processes == others


def test_processes_that_the_driver_does_not_tell_are_unknown(driver: Driver, clock: Clock) -> None:
    driver.fail("nvmlDeviceGetComputeRunningProcesses", pynvml.NVML_ERROR_NOT_SUPPORTED)
    each = counter(clock)
    each.start()
    assert each.other_processes is None


def test_throttling_at_any_reading_is_kept(driver: Driver, powercap: Powercap) -> None:
    boards, counters = Boards(0.17), Counters(powercap.root)
    driver.reasons = 0x20
    boards.open()
    boards.begin()
    counters.start(boards)
    boards.end()
    counters.poll()
    counters.stop()
    driver.reasons = 0x04
    driver.joules += 1
    boards.end()
    counters.conclude()
    (counted,) = counters.counted[-1:]
    assert counted.throttling == ("temperature (software)", "power cap")
    assert counted.reading.joules == 1.0


def test_a_counter_takes_one_call_where_the_driver_has_fields(driver: Driver, clock: Clock) -> None:
    driver.offer_fields()
    each = counter(clock)
    each.start()
    driver.asked.clear()
    for _ in range(5):
        clock.tick(1.0)
        driver.joules += 3.5
        each.poll()
    assert driver.asked == {"FieldValues": 5}
    reading = each.stop()
    assert reading is not None
    assert reading.joules == 17.5
