"""What sampling costs where the driver is a real one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pynvml
import pytest
import torch
from gpu_workloads import Burner

import irene_jupyter as irene
from irene_jupyter.capture.watch.gpu import boards_used
from irene_jupyter.meters.counters.counters import Counters
from irene_jupyter.resources.kept_session import KEPT
from irene_jupyter.resources.nvml import NvmlSession
from irene_jupyter.resources.sampler import Sampler

pytestmark = pytest.mark.usefixtures("cuda")
SECONDS = 8.0
WIDTH = 4096
MOST_PERCENT = 0.5
REPEATS = 50


def milliseconds(ask: Callable[[], Any]) -> float:
    """CPU time of one call."""
    ask()
    began = time.thread_time()
    for _ in range(REPEATS):
        ask()
    return 1000 * (time.thread_time() - began) / REPEATS


def board_of(session: NvmlSession) -> int:
    used = boards_used()
    found = [index for index, uuid in enumerate(session.uuids) if used and uuid in used]
    return found[0] if found else 0


def test_sampling_takes_half_a_percent_at_most(cuda: torch.device, figures: dict[str, Any]) -> None:
    burner = Burner(WIDTH, cuda)
    burner.burn(1)
    with Sampler(probe=Counters(), boards_in_use=boards_used) as sampler:
        burner.burn(SECONDS)
    summary = sampler.summary()
    percent = 100 * summary.block_overhead_seconds / summary.duration_seconds
    figures["sampler"] = {
        "percent": percent,
        "percent_with_begin_and_end": 100 * summary.overhead_seconds / summary.duration_seconds,
        "samples": summary.samples,
        "used_interval_seconds": summary.used_interval_seconds,
        "utilisation_percent": [gpu.utilisation_percent for gpu in summary.gpus],
        "watts": [gpu.watts for gpu in summary.gpus],
        "notes": summary.notes,
    }
    assert percent <= MOST_PERCENT
    assert max(gpu.utilisation_percent or 0 for gpu in summary.gpus) > 50


def test_so_it_does_in_a_cell(cuda: torch.device, figures: dict[str, Any]) -> None:
    burner = Burner(WIDTH, cuda, waits=True)
    burner.burn(1)
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        burner.burn(SECONDS)
    report = monitor.report
    assert report.observer is not None
    assert report.resources is not None
    percent = 100 * report.observer["stages"]["sampling"] / report.resources["duration_seconds"]
    figures["sampler in a cell"] = {"percent": percent, "stages": report.observer["stages"]}
    assert percent <= MOST_PERCENT


def test_power_is_read_more_often_than_a_dear_counter(
    cuda: torch.device, figures: dict[str, Any]
) -> None:
    burner = Burner(WIDTH, cuda)
    burner.burn(1)
    with Sampler(probe=Counters(), boards_in_use=boards_used) as sampler:
        burner.burn(SECONDS)
    powers = [gpu.power for sample in sampler.timeline for gpu in sample.gpus if gpu.power]
    counts = [power for power in powers if power.has_asked_counter]
    figures["readings"] = {
        "power": len(powers),
        "energy counter": len(counts),
        "instant": sum(power.is_instant for power in powers),
    }
    assert 2 <= len(counts) <= len(powers)
    assert all(power.joules is not None for power in counts) or counts[0].joules is None


def test_the_second_cell_enters_without_the_drivers_start(
    cuda: torch.device, figures: dict[str, Any]
) -> None:
    burner = Burner(WIDTH, cuda)
    entering = []
    KEPT.close()
    for _ in range(2):
        with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
            burner.burn(0.5)
        assert monitor.report.observer is not None
        entering.append(monitor.report.observer["stages"]["entering"])
    figures["entering, first and second cell"] = entering
    assert KEPT.take() is KEPT.take()


def test_fields_tell_what_the_calls_tell(cuda: torch.device, figures: dict[str, Any]) -> None:
    Burner(WIDTH, cuda).burn(1)
    session = NvmlSession()
    try:
        index = board_of(session)
        power = session.power(index)
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        energy, instant = (
            pynvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION,
            pynvml.NVML_FI_DEV_POWER_INSTANT,
        )
        figures["milliseconds of the processor"] = {
            "energy and power": milliseconds(lambda: session.power(index)),
            "energy field": milliseconds(lambda: pynvml.nvmlDeviceGetFieldValues(handle, [energy])),
            "power field": milliseconds(lambda: pynvml.nvmlDeviceGetFieldValues(handle, [instant])),
            "power call": milliseconds(lambda: pynvml.nvmlDeviceGetPowerUsage(handle)),
            "state": milliseconds(lambda: session.state(index)),
            "processes": milliseconds(lambda: session.processes(index)),
        }
        if power.joules is None:
            pytest.skip("this board counts no energy")
        by_call = pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000
    finally:
        session.close()
    # Both count since the driver was loaded: apart by what the board used in the time between.
    assert 0 <= by_call - power.joules < 1000 * SECONDS
    assert power.watts is None or 10 < power.watts < 2000
