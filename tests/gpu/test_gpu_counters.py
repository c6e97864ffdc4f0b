"""The board's own counter: real joules, and the same by two ways."""

from __future__ import annotations

import time
from typing import Any

import pytest
import torch
from gpu_workloads import Burner, integrated, uuid_of, watched

import irene_jupyter as irene
from irene_jupyter.resources.nvml import NvmlSession

pytestmark = pytest.mark.usefixtures("cuda")
SECONDS = 10.0
WIDTH = 4096


def test_a_busy_board_needs_more_than_an_idle_one(
    cuda: torch.device, figures: dict[str, Any]
) -> None:
    burner = Burner(WIDTH, cuda)
    torch.cuda.synchronize()
    time.sleep(5)  # clocks go down
    idle, _ = watched(lambda: time.sleep(SECONDS), cuda)
    burner.burn(2)  # kernels are loaded, and what means power over a second has caught up
    busy, summary = watched(lambda: burner.burn(SECONDS), cuda)
    idle_watts = idle.reading.joules / idle.reading.seconds
    busy_watts = busy.reading.joules / busy.reading.seconds
    session = NvmlSession()
    index = session.uuids.index(uuid_of(cuda))
    session.close()
    timeline = summary.timeline
    by_power = integrated(timeline["seconds"], timeline["gpus"][index]["watts"])
    figures["nvml"] = {
        "source": busy.reading.source,
        "idle_watts": idle_watts,
        "busy_watts": busy_watts,
        "power_over_counter": by_power / busy.reading.joules,
    }
    assert busy_watts > 1.3 * idle_watts > 0
    # Power is that of single moments, or on some boards a mean over the last second.
    assert by_power == pytest.approx(busy.reading.joules, rel=0.25)


def test_the_parts_of_a_cell_add_up_to_what_was_counted(
    cuda: torch.device, figures: dict[str, Any]
) -> None:
    model = Burner(WIDTH, cuda, waits=True)
    model.burn(2)
    with irene.EnergyMonitor() as monitor:
        model.burn(SECONDS)
        time.sleep(SECONDS / 2)
    report = monitor.report
    if report.measured.joules is None:
        pytest.skip(f"no total: {report.measured.reason}")
    assert "GPU board" in report.measured.scope
    assert report.parts.total_joules == pytest.approx(report.measured.joules)
    (part,) = report.parts.models
    (rest,) = report.parts.remainder
    assert part.seconds > 0.8 * SECONDS  # the waiting lies within the calls
    assert part.joules / part.seconds > 1.1 * rest.joules / rest.seconds
    assert report.total_joules == pytest.approx(part.joules)
    figures["cell"] = {
        "scope": report.measured.scope,
        "model_watts": part.joules / part.seconds,
        "rest_watts": rest.joules / rest.seconds,
    }
