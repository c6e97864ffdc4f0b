"""The door to NVML. Where there is no GPU, a stand-in library plays the driver's answers."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import pynvml
import pytest

from irene_jupyter.resources.nvml import NoGpu, NvmlSession
from irene_jupyter.resources.proc import ResourceError
from irene_jupyter.resources.sampler import Sampler


def raises(code: int) -> Callable[..., Any]:
    def answer(*_: object) -> Any:
        raise pynvml.NVMLError(code)

    return answer


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A driver with two boards, in place of the library's functions."""
    calls: list[str] = []
    answers: dict[str, Callable[..., Any]] = {
        "nvmlInit": lambda: calls.append("init"),
        "nvmlShutdown": lambda: calls.append("shutdown"),
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda handle: "Board A" if handle == 0 else b"Board B",
        "nvmlDeviceGetUtilizationRates": lambda handle: types.SimpleNamespace(gpu=50 + handle),
        "nvmlDeviceGetMemoryInfo": lambda handle: types.SimpleNamespace(used=1, total=4),
        "nvmlDeviceGetClockInfo": lambda handle, kind: 1500 if kind == pynvml.NVML_CLOCK_SM else 7,
        "nvmlDeviceGetUUID": lambda handle: f"GPU-{handle}",
        "nvmlDeviceGetTotalEnergyConsumption": lambda handle: 1_000_000 + handle,
        "nvmlDeviceGetCurrentClocksEventReasons": lambda handle: 0,
        "nvmlDeviceGetComputeRunningProcesses": lambda handle: [],
        "nvmlDeviceGetPowerUsage": lambda handle: 70_500,
    }

    def say(name: str, answer: Callable[..., Any]) -> None:
        monkeypatch.setattr(pynvml, name, answer)

    for name, answer in answers.items():
        say(name, answer)
    return types.SimpleNamespace(calls=calls, say=say)


def test_this_machine_has_boards_or_says_that_it_has_none() -> None:
    with Sampler() as sampler:
        pass
    gpus = sampler.summary().gpus
    if gpus:
        session = NvmlSession()
        assert len(session.read()) == len(session.names) == len(gpus)
        session.close()
    else:
        with pytest.raises(NoGpu, match="NVIDIA"):
            NvmlSession()


def test_each_board_is_summarised(driver: Any) -> None:
    with Sampler() as sampler:
        pass
    first, second = sampler.summary().gpus
    assert (first.name, second.name) == ("Board A", "Board B")
    assert (first.utilisation_percent, second.utilisation_percent) == (50, 51)
    assert first.memory_percent_mean == first.memory_percent_max == 25.0
    assert (first.sm_clock_megahertz, first.memory_clock_megahertz) == (1500, 7)
    assert first.watts == 70.5
    assert driver.calls == ["init", "shutdown"]


def test_what_a_board_does_not_tell_is_none_without_a_note(driver: Any) -> None:
    driver.say("nvmlDeviceGetUtilizationRates", raises(pynvml.NVML_ERROR_NOT_SUPPORTED))
    with Sampler() as sampler:
        pass
    summary = sampler.summary()
    assert summary.gpus[0].utilisation_percent is None
    assert summary.gpus[0].watts == 70.5
    assert not any("GPU" in note for note in summary.notes)


def test_a_driver_that_fails_half_way_is_noted(driver: Any) -> None:
    driver.say("nvmlDeviceGetPowerUsage", raises(pynvml.NVML_ERROR_GPU_IS_LOST))
    with Sampler() as sampler:
        pass
    summary = sampler.summary()
    assert summary.gpus[0].watts is None
    assert any(note.startswith("GPU: a reading failed") for note in summary.notes)


@pytest.mark.parametrize(
    "code", [pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, pynvml.NVML_ERROR_DRIVER_NOT_LOADED]
)
def test_no_driver_is_no_gpu(driver: Any, code: int) -> None:
    driver.say("nvmlInit", raises(code))
    with pytest.raises(NoGpu):
        NvmlSession()
    with Sampler() as sampler:
        pass
    assert sampler.summary().gpus == ()


def test_no_board_is_no_gpu_and_gives_the_library_back(driver: Any) -> None:
    driver.say("nvmlDeviceGetCount", lambda: 0)
    with pytest.raises(NoGpu):
        NvmlSession()
    assert driver.calls == ["init", "shutdown"]


def test_a_driver_that_refuses_is_told_and_the_block_runs(driver: Any) -> None:
    driver.say("nvmlDeviceGetHandleByIndex", raises(pynvml.NVML_ERROR_NO_PERMISSION))
    with pytest.raises(ResourceError, match="nvidia-smi"):
        NvmlSession()
    with Sampler() as sampler:
        pass
    summary = sampler.summary()
    assert summary.gpus == ()
    assert any("nvidia-smi" in note for note in summary.notes)
    assert driver.calls == ["init", "shutdown"] * 2
