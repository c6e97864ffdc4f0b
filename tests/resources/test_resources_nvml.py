"""The door to NVML. Where there is no GPU, a stand-in library plays the driver's answers."""

from __future__ import annotations

from types import SimpleNamespace

import pynvml
import pytest
from machine import Driver

from irene_jupyter.resources.nvml import NoGpu, NvmlSession, driver_facts
from irene_jupyter.resources.proc import ResourceError
from irene_jupyter.resources.sampler import Sampler


def test_this_machine_has_boards_or_says_that_it_has_none() -> None:
    with Sampler() as sampler:
        pass
    gpus = sampler.summary().gpus
    if gpus:
        session = NvmlSession()
        assert len(session.names) == len(gpus)
        assert session.power(0).problem is None
        session.close()
    else:
        with pytest.raises(NoGpu, match="NVIDIA"):
            NvmlSession()


def test_each_board_is_summarised(driver: Driver) -> None:
    names = ("Board A", b"Board B")
    driver.say("nvmlDeviceGetName", lambda handle: names[handle])
    driver.watts = 70.5
    with Sampler() as sampler:
        pass
    first, second = sampler.summary().gpus
    assert (first.name, second.name) == ("Board A", "Board B")
    assert (first.utilisation_percent, second.utilisation_percent) == (50, 50)
    assert first.memory_percent_mean == first.memory_percent_max == 25.0
    assert (first.sm_clock_megahertz, first.memory_clock_megahertz) == (1500, 1500)
    assert first.watts == 70.5


def test_what_a_board_does_not_tell_is_none_without_a_note(driver: Driver) -> None:
    driver.fail("nvmlDeviceGetUtilizationRates", pynvml.NVML_ERROR_NOT_SUPPORTED)
    with Sampler() as sampler:
        pass
    session = NvmlSession()
    for _ in range(3):
        assert session.state(0).utilisation_percent is None
    assert driver.asked["UtilizationRates"] == 3  # each board at the block's end, this one once
    summary = sampler.summary()
    assert summary.gpus[0].utilisation_percent is None
    assert summary.gpus[0].watts == 70.0
    assert not any("GPU" in note for note in summary.notes)


def test_a_driver_that_fails_half_way_is_noted(driver: Driver) -> None:
    driver.fail("nvmlDeviceGetPowerUsage")
    with Sampler() as sampler:
        pass
    summary = sampler.summary()
    assert summary.gpus[0].watts is None
    assert any(note.startswith("GPU: a reading failed") for note in summary.notes)


@pytest.mark.parametrize(
    "code", [pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, pynvml.NVML_ERROR_DRIVER_NOT_LOADED]
)
def test_no_driver_is_no_gpu(driver: Driver, code: int) -> None:
    driver.fail("nvmlInit", code)
    with pytest.raises(NoGpu):
        NvmlSession()
    with Sampler() as sampler:
        pass
    assert sampler.summary().gpus == ()


def test_no_board_is_no_gpu_and_gives_the_library_back(driver: Driver) -> None:
    driver.say("nvmlDeviceGetCount", lambda: 0)
    with pytest.raises(NoGpu):
        NvmlSession()
    assert driver.calls == ["init", "shutdown"]


def test_a_driver_that_refuses_is_told_and_the_block_runs(driver: Driver) -> None:
    driver.fail("nvmlDeviceGetHandleByIndex", pynvml.NVML_ERROR_NO_PERMISSION)
    with pytest.raises(ResourceError, match="nvidia-smi"):
        NvmlSession()
    with Sampler() as sampler:
        pass
    summary = sampler.summary()
    assert summary.gpus == ()
    assert any("nvidia-smi" in note for note in summary.notes)
    assert driver.calls == ["init", "shutdown"] * 2


def test_energy_and_power_are_one_call_where_the_driver_has_fields(driver: Driver) -> None:
    driver.offer_fields()
    driver.joules, driver.watts = 5_000_000.25, 300.5  # more millijoules than 32 bits hold
    session = NvmlSession()
    driver.asked.clear()
    power = session.power(1)
    assert (power.joules, power.watts, power.problem) == (5_000_000.25, 300.5, None)
    assert driver.asked == {"FieldValues": 1}


@pytest.mark.parametrize(
    "code", [pynvml.NVML_ERROR_NOT_SUPPORTED, pynvml.NVML_ERROR_INVALID_ARGUMENT]
)
def test_a_field_that_fails_is_asked_for_by_its_own_call_from_then_on(
    driver: Driver, code: int
) -> None:
    driver.offer_fields(pynvml.NVML_FI_DEV_POWER_INSTANT, code=code)
    session = NvmlSession()
    for _ in range(3):
        power = session.power(0)
        assert (power.joules, power.watts, power.problem) == (1000.0, 70.0, None)
    assert driver.asked["FieldValues"] == driver.asked["PowerUsage"] == 3
    assert driver.asked["TotalEnergyConsumption"] == 0


@pytest.mark.parametrize(
    "code", [pynvml.NVML_ERROR_NOT_SUPPORTED, pynvml.NVML_ERROR_FUNCTION_NOT_FOUND]
)
def test_a_driver_without_fields_is_asked_for_them_once(driver: Driver, code: int) -> None:
    driver.fail("nvmlDeviceGetFieldValues", code)
    session = NvmlSession()
    for _ in range(3):
        power = session.power(0)
        assert (power.joules, power.watts, power.problem) == (1000.0, 70.0, None)
    assert driver.asked["FieldValues"] == 1
    assert driver.asked["PowerUsage"] == driver.asked["TotalEnergyConsumption"] == 3


def test_a_field_of_zero_is_no_reading(driver: Driver) -> None:
    driver.offer_fields()
    driver.joules = 0.0
    driver.say("nvmlDeviceGetTotalEnergyConsumption", lambda handle: 7_000)
    session = NvmlSession()
    assert [session.power(0).joules for _ in range(2)] == [7.0, 7.0]


def test_a_driver_that_does_not_tell_everything_has_no_facts(driver: Driver) -> None:
    assert driver_facts() is None
    assert driver_facts(7) is None


def test_facts_of_a_board(driver: Driver) -> None:
    answers = {
        "nvmlDeviceGetCudaComputeCapability": (9, 0),
        "nvmlDeviceGetNumGpuCores": 132 * 128,
        "nvmlDeviceGetMemoryBusWidth": 5120,
        "nvmlDeviceGetMaxClockInfo": 2619,
        "nvmlDeviceGetEnforcedPowerLimit": 700_000,
        "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=80 * 2**30, used=0),
    }
    for name, answer in answers.items():
        driver.say(name, lambda *_, answer=answer: answer)
    facts = driver_facts()
    assert facts is not None
    assert facts.multiprocessors == 132
    assert facts.bytes_per_second == pytest.approx(3.35e12, rel=0.01)
    assert facts.power_limit_watts == 700
