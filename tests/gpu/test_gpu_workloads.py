"""The helpers of the GPU tests, on any machine."""

from __future__ import annotations

import contextlib
import threading

import pytest
import torch
from gpu_workloads import (
    SIZES,
    Burner,
    doubled,
    forward_pass,
    generate,
    integrated,
    left_behind,
    llama,
    repeated_for,
    without_waiting,
)

import irene_jupyter as irene

CPU = torch.device("cpu")


def test_the_models_have_the_sizes_that_they_are_named_after() -> None:
    millions = {
        size: sum(p.numel() for p in llama(size, torch.device("meta")).parameters()) / 1e6
        for size in SIZES
    }
    assert millions == {"small": pytest.approx(3.4, abs=0.1), "1b": pytest.approx(1100, abs=1)}


def test_generate_writes_as_many_tokens_as_asked() -> None:
    model = llama("small", CPU)
    assert next(model.parameters()).dtype is torch.bfloat16
    assert generate(model, 2, 5, 3).shape == (2, 8)


def test_a_burner_burns() -> None:
    assert Burner(16, CPU).burn(0.05) >= 1


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("part", ["self_attn", "mlp", "lm_head"])
def test_a_doubled_module_runs_twice_and_changes_nothing(phase: str, part: str) -> None:
    model = llama("small", CPU)
    run = forward_pass(model, phase, batch=2, length=16)
    with torch.no_grad():
        plain = run().logits
        with (
            irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor,
            doubled(model, part) as modules,
        ):
            assert torch.equal(run().logits, plain)
        assert modules == (1 if part == "lm_head" else 4)
        once = irene.measure(run, options=irene.Options(budget_seconds=0))
        assert torch.equal(run().logits, plain)  # the cache is no longer than it was
    path = "lm_head" if part == "lm_head" else f"model.layers.0.{part}"
    assert monitor.report[path].features.flops == 2 * once[path].features.flops > 0


def test_calls_are_repeated_for_as_long_as_asked() -> None:
    calls: list[int] = []
    assert repeated_for(lambda: calls.append(1), 0.01) == len(calls) > 0


def test_power_is_integrated_over_actual_times_and_gaps_are_bridged() -> None:
    assert integrated([0.0, 1.0, 3.0], [100.0, 200.0, 200.0]) == pytest.approx(550)
    assert integrated([0.0, 1.0, 2.0], [100.0, None, 100.0]) == pytest.approx(200)
    assert integrated([], []) == 0


def test_explicit_waits_are_seen_and_all_is_put_back() -> None:
    original = torch.cuda.synchronize
    # A torch without CUDA refuses to wait.
    with without_waiting(CPU) as waits, contextlib.suppress(AssertionError, RuntimeError):
        torch.cuda.synchronize()
    assert waits == ["synchronize"]
    assert torch.cuda.synchronize is original


def test_what_is_left_behind_is_seen() -> None:
    before = left_behind()
    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="irene-test")
    thread.start()
    try:
        assert left_behind()["threads"] == [*before["threads"], "irene-test"]
    finally:
        done.set()
        thread.join()
    assert left_behind() == before
