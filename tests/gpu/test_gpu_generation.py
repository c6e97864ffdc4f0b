"""generate() of bf16 Llama-style models on the GPU, in its phases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from gpu_workloads import generate, llama

import irene_jupyter as irene

pytestmark = pytest.mark.usefixtures("cuda")
BATCH, PROMPT = 4, 512
NEW = {"small": 64, "1b": 128}


@pytest.mark.parametrize("size", NEW)
def test_a_generation_has_its_phases(
    size: str, cuda: torch.device, figures: dict[str, Any], results_folder: Path | None
) -> None:
    model = llama(size, cuda)
    new = NEW[size]
    generate(model, BATCH, PROMPT, 4)  # kernels are loaded at their first use
    with irene.EnergyMonitor(irene.Options(budget_seconds=10)) as monitor:
        output = generate(model, BATCH, PROMPT, new)
    report = monitor.report
    assert output.shape == (BATCH, PROMPT + new)
    prefill, decode = report.phase("prefill"), report.phase("decode")
    assert (prefill.calls, prefill.tokens) == (1, BATCH * PROMPT)
    assert (decode.calls, decode.tokens) == (new - 1, BATCH * (new - 1))
    assert prefill.joules + decode.joules == pytest.approx(report.total_joules)
    for phase in (prefill, decode):
        assert phase.seconds > 0
        assert phase.replayed_seconds > 0
        head = phase["lm_head"].features
        assert (head.dtype, head.device) == ("bfloat16", str(cuda))
    if report.measured.joules is not None:
        assert report.parts.total_joules == pytest.approx(report.measured.joules)
    if size == "1b":  # each step reads the weights again, for a token of each row
        assert decode.joules_per_token > prefill.joules_per_token > 0
    figures[f"llama-{size} generate"] = {
        "measured": report.measured.joules,
        "scope": report.measured.scope,
        "reason": report.measured.reason,
        "watching_percent": report.observer["percent"],
        **{
            phase.phase: {
                "joules_per_token": phase.joules_per_token,
                "seconds_per_token": phase.seconds_per_token,
                "replayed_seconds": phase.replayed_seconds,
                "seconds": phase.seconds,
            }
            for phase in (prefill, decode)
        },
    }
    if results_folder is not None:
        report.save(results_folder / f"llama-{size}.energy.json")
        (results_folder / f"llama-{size}.txt").write_text(str(report) + "\n")


def test_what_is_predicted_replays_on_the_gpu(cuda: torch.device) -> None:
    model = llama("small", cuda)
    before = torch.cuda.get_rng_state(cuda)
    report = irene.predict(model, BATCH, PROMPT, new_tokens=64, budget_seconds=10)
    assert torch.equal(torch.cuda.get_rng_state(cuda), before)
    for phase in report.phases:
        assert phase.seconds is None
        assert phase.replayed_seconds > 0
