"""Replayed times against kernel times by CUDA events."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from gpu_workloads import event_seconds, llama
from torch import nn
from torch.nn import functional as nn_functional

import irene_jupyter as irene

pytestmark = pytest.mark.usefixtures("cuda")
OPTIONS = irene.Options(budget_seconds=20)
WIDTH, BATCH, LENGTH = 4096, 8, 512
HEADS, ATTENDED = 32, 2048


class Attention(nn.Module):
    def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return nn_functional.scaled_dot_product_attention(q, k, v, is_causal=True)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_an_operation_takes_what_the_events_say(
    dtype: torch.dtype, cuda: torch.device, figures: dict[str, Any]
) -> None:
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.LayerNorm(WIDTH))
    model = model.to(cuda, dtype).eval()
    x = torch.randn(BATCH, LENGTH, WIDTH, device=cuda, dtype=dtype)
    with torch.no_grad():
        report = irene.measure(model, x, options=OPTIONS)
        ratios = {}
        for name, module in model.named_children():
            replayed = report[name].features.replayed_seconds
            assert replayed is not None
            ratios[type(module).__name__] = replayed / event_seconds(lambda m=module: m(x))
    figures[f"replay over events, {dtype}"] = ratios
    assert 0.5 < ratios["Linear"] < 2
    assert all(0.2 < ratio < 5 for ratio in ratios.values())  # small kernels: launches count


def test_a_fused_attention_takes_what_the_events_say(
    cuda: torch.device, figures: dict[str, Any]
) -> None:
    model = Attention()
    q, k, v = (
        torch.randn(BATCH, HEADS, ATTENDED, 64, device=cuda, dtype=torch.bfloat16) for _ in range(3)
    )
    with torch.no_grad():
        report = irene.measure(model, q, k, v, options=OPTIONS)
        kernel = event_seconds(lambda: model(q, k, v))
    leaves = list(report.root.leaves())
    assert len(leaves) == 3  # one kernel: the leaves share its time
    ratio = math.fsum(leaf.features.replayed_seconds for leaf in leaves) / kernel
    figures["replay over events, attention"] = ratio
    assert 0.5 < ratio < 2


def test_the_operations_of_a_model_fit_its_time(
    cuda: torch.device, figures: dict[str, Any]
) -> None:
    model = llama("1b", cuda)
    ids = torch.ones(BATCH, LENGTH, dtype=torch.long, device=cuda)
    with torch.no_grad():
        report = irene.measure(lambda: model(input_ids=ids, use_cache=False), options=OPTIONS)
        whole = event_seconds(lambda: model(input_ids=ids, use_cache=False), 10)
    leaves = list(report.root.leaves())
    times = [leaf.features.replayed_seconds for leaf in leaves]
    replayed = math.fsum(seconds for seconds in times if seconds is not None)
    figures["llama-1b forward"] = {
        "events_seconds": whole,
        "replayed_seconds": replayed,
        "leaves": len(leaves),
        "leaves_replayed": sum(seconds is not None for seconds in times),
    }
    assert 0.3 < replayed / whole < 1.5
