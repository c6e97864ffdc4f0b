"""The driver's library stays open between cells, and is opened again where it is of no use."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pynvml
import pytest
from machine import Driver

from irene_jupyter.resources import sampler as module
from irene_jupyter.resources.kept_session import KEPT
from irene_jupyter.resources.nvml import NoGpu
from irene_jupyter.resources.sampler import Sampler


def cell() -> Sampler:
    with Sampler() as sampler:
        pass
    return sampler


def test_cells_share_one_session(driver: Driver) -> None:
    for _ in range(3):
        assert len(cell().summary().gpus) == 2
    assert driver.calls == ["init"]
    assert driver.asked["Name"] == 2  # of each board, once
    KEPT.close()
    KEPT.close()
    assert driver.calls == ["init", "shutdown"]


def test_a_driver_that_answers_no_more_is_started_again(driver: Driver) -> None:
    cell()
    driver.fail("nvmlDeviceGetCount", pynvml.NVML_ERROR_UNINITIALIZED)  # another shut it down
    driver.fail("nvmlInit", pynvml.NVML_ERROR_DRIVER_NOT_LOADED)
    assert cell().summary().gpus == ()
    with pytest.raises(NoGpu):
        KEPT.take()
    driver.say("nvmlDeviceGetCount", lambda: 1)
    driver.say("nvmlInit", lambda: driver.calls.append("init"))
    assert len(cell().summary().gpus) == 1
    assert driver.calls == ["init", "shutdown", "init"]


def test_after_a_reading_that_failed_the_next_cell_starts_anew(driver: Driver) -> None:
    driver.fail("nvmlDeviceGetMemoryInfo", pynvml.NVML_ERROR_GPU_IS_LOST)
    cell()
    cell()
    assert driver.calls == ["init", "shutdown", "init"]


def test_what_a_divided_board_does_not_tell_is_asked_again_in_the_next_cell(
    driver: Driver,
) -> None:
    driver.fail("nvmlDeviceGetUtilizationRates", pynvml.NVML_ERROR_NOT_SUPPORTED)  # MIG is on
    assert cell().summary().gpus[0].utilisation_percent is None
    assert cell().summary().gpus[0].utilisation_percent is None
    driver.say("nvmlDeviceGetUtilizationRates", lambda handle: pynvml.c_nvmlUtilization_t(gpu=70))
    assert cell().summary().gpus[0].utilisation_percent == 70
    assert driver.calls == ["init"]


@pytest.mark.parametrize("call", ["nvmlInit", "nvmlDeviceGetPowerUsage"])
def test_a_driver_that_hangs_holds_up_no_later_cell_and_no_end(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(module, "_JOIN_SECONDS", 0.05)
    goes_on, began, hung = threading.Event(), threading.Event(), threading.current_thread()

    def hang(*_: object) -> int:
        nonlocal hung
        hung = threading.current_thread()
        began.set()
        goes_on.wait(60)
        return 1

    driver.say(call, hang)
    try:
        with Sampler() as sampler:
            began.wait(60)
        assert any("does not answer" in note for note in sampler.summary().notes)
        KEPT.close()  # as the process's end does
        assert "shutdown" not in driver.calls
        driver.say(call, lambda *_: 1)
        monkeypatch.setattr(module, "_JOIN_SECONDS", 60.0)
        assert len(cell().summary().gpus) == 2
    finally:
        goes_on.set()
        hung.join(60)
        KEPT.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_opens_its_own_and_the_end_of_a_process_gives_the_library_back(
    repository: Path,
) -> None:
    script = """
import os, sys
import pytest
sys.path.insert(0, "tests/meters")
from machine import Driver
from irene_jupyter.resources import sampler as module
from irene_jupyter.resources.kept_session import KEPT
patch = pytest.MonkeyPatch()
driver = Driver(patch)
driver.say("nvmlInit", lambda: print("init", flush=True))
driver.say("nvmlShutdown", lambda: print("shutdown", flush=True))
parents = KEPT.take()
KEPT._lock.acquire()  # another thread of the parent's, at that moment
child = os.fork()
if child == 0:
    assert KEPT.take() is not parents
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
KEPT._lock.release()
assert KEPT.take() is parents
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["init", "shutdown", "init", "shutdown"]
