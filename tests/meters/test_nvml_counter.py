"""A board's energy, by its counter or by its power; the driver is played by a stand-in."""

from __future__ import annotations

import os

import pynvml
import pytest
from machine import Clock, Driver

from irene_jupyter.meters.counters.nvml_counter import NvmlCounter
from irene_jupyter.resources.nvml import NvmlSession


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


def test_the_instant_power_is_preferred(driver: Driver, clock: Clock) -> None:
    driver.without_counter()

    class Value:
        nvmlReturn = 0  # noqa: N815
        value = type("V", (), {"uiVal": 300_000})

    driver.say("nvmlDeviceGetFieldValues", lambda handle, fields: [Value])
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


def test_throttling_at_any_poll_is_kept(driver: Driver, clock: Clock) -> None:
    each = counter(clock)
    each.start()
    driver.reasons = 0x20
    each.poll()
    driver.reasons = 0x04
    driver.joules += 1
    each.stop()
    assert each.throttling == ("temperature (software)", "power cap")
