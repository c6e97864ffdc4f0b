"""Cells on the GPU leave nothing behind."""

from __future__ import annotations

import pytest
import torch
from gpu_workloads import generate, left_behind, llama

import irene_jupyter as irene

pytestmark = pytest.mark.usefixtures("cuda")


def test_50_cells_leave_no_thread_hook_file_or_gpu_memory(cuda: torch.device) -> None:
    model = llama("small", cuda)

    def cell() -> None:
        options = irene.Options(budget_seconds=0.2, interval_seconds=0.02)
        with irene.EnergyMonitor(options) as monitor:
            generate(model, 1, 128, 8)
        assert monitor.report.phases

    for _ in range(5):
        cell()
    torch.cuda.synchronize()
    before = left_behind()
    for _ in range(50):
        cell()
    assert left_behind() == before
    assert before["threads"] == []
