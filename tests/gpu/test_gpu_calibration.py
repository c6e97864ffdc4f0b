"""A calibration by NVML, of about five minutes, and what its profile then predicts."""

from __future__ import annotations

import math
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf

import irene_jupyter as irene

pytestmark = [pytest.mark.usefixtures("cuda"), pytest.mark.timeout(1200)]
ROUNDS = 3
SECONDS = 10.0
BATCH, LENGTH = 8, 128  # the suite runs this model at another length


def test_a_calibrated_profile_predicts_what_the_counter_says(
    cuda: torch.device,
    figures: dict[str, Any],
    tmp_path: Path,
    results_folder: Path | None,
) -> None:
    calibrate = getattr(irene, "calibrate", None)
    if calibrate is None:
        pytest.skip("irene_jupyter has no calibrate() yet")
    path = tmp_path / "nvml-profile.json"  # with the checkpoint of this run alone
    profile = calibrate(
        meter="nvml", suite="quick", name="gpu-test-nvml", rounds=ROUNDS, output=path,
        device=str(cuda),
    )  # fmt: skip
    assert profile.kind == "calibrated"
    if results_folder is not None:
        shutil.copy(path, results_folder)

    model = hf.AutoModel.from_config(hf.BertConfig()).to(cuda).eval()
    ids = torch.ones(BATCH, LENGTH, dtype=torch.long, device=cuda)
    with torch.no_grad():
        model(input_ids=ids)  # kernels are loaded at their first use
        with irene.EnergyMonitor(irene.Options(device=str(path))) as monitor:
            until, calls = time.perf_counter() + SECONDS, 0
            while time.perf_counter() < until:
                model(input_ids=ids)
                calls += 1
    measured = monitor.report.measured
    predicted = calls * irene.predict(model, BATCH, LENGTH, device=str(path)).total_joules
    figures["calibration"] = {
        "predicted_joules": predicted,
        "counters": [[note.name, note.joules, note.reason] for note in measured.counters],
    }
    if measured.joules is None:
        pytest.skip(f"calibrated, and then nothing was measured: {measured.reason}")
    # The profile is of the board alone; a cell may have the processor's joules as well.
    boards = [note.joules for note in measured.counters if note.scope == "gpu" and note.used]
    (part,) = monitor.report.parts.models
    counted = math.fsum(boards) * part.seconds / measured.seconds
    figures["calibration"]["measured_joules"] = counted
    assert 0.5 < predicted / counted < 2
