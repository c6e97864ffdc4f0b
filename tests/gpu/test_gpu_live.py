"""While a cell runs, watching it waits for no kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from gpu_workloads import Burner, event_seconds, llama, without_waiting
from torch import nn

import irene_jupyter as irene

pytestmark = pytest.mark.usefixtures("cuda")
Run = Callable[[], Any]
WIDTH = 4096


def forward(device: torch.device) -> Run:
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.LayerNorm(WIDTH)).to(device)
    x = torch.randn(64, WIDTH, device=device)
    return lambda: model(x)


def language_model(device: torch.device) -> Run:
    model = llama("small", device)
    ids = torch.ones(4, 512, dtype=torch.long, device=device)
    return lambda: model(input_ids=ids, use_cache=False)


def training(device: torch.device) -> Run:
    layers = [nn.Linear(WIDTH, WIDTH), nn.Dropout(0.1), nn.Linear(WIDTH, 8)]
    model = nn.Sequential(*layers).to(device)
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-3)
    x = torch.randn(64, WIDTH, device=device)

    def step() -> None:
        optimiser.zero_grad()
        model(x).square().mean().backward()
        optimiser.step()

    return step


def decoding(device: torch.device) -> Run:
    """Steps with a cache whose length is a tensor on the GPU: asking for it would wait."""
    from transformers import StaticCache

    model = llama("small", device)
    cache = StaticCache(config=model.config, max_cache_len=256)
    prompt = torch.ones(1, 128, dtype=torch.long, device=device)
    places = [torch.tensor([[128 + step]], device=device) for step in range(40)]
    with torch.no_grad():
        model(input_ids=prompt, past_key_values=cache)
    remaining = iter(places)

    def step() -> None:
        with torch.no_grad():
            model(input_ids=prompt[:, :1], past_key_values=cache, position_ids=next(remaining))

    return step


@pytest.mark.parametrize("workload", [forward, language_model, training, decoding])
def test_watching_never_waits_for_the_gpu(
    workload: Callable[[torch.device], Run], cuda: torch.device
) -> None:
    run = workload(cuda)
    for _ in range(3):  # what libraries set up at first is theirs
        run()
    try:
        with without_waiting(cuda):
            run()
    except RuntimeError as error:
        if "synchroniz" not in str(error):  # torch's word for what it refuses
            raise
        pytest.skip(f"the model waits by itself: {error}")
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        with without_waiting(cuda) as waits:
            for _ in range(5):
                run()
        assert waits == []
    calls = sum(each.calls for each in monitor.report.runs)
    assert calls == 5
    assert not [flag for node in monitor.report.walk() for flag in node.flags if "incompl" in flag]


def test_the_wait_at_the_end_belongs_to_what_ran_last(
    cuda: torch.device, figures: dict[str, Any]
) -> None:
    model = Burner(WIDTH, cuda)
    x = torch.randn(WIDTH, WIDTH, device=cuda).bfloat16()
    with torch.no_grad():
        alone = event_seconds(lambda: model(x), 10)
        with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
            for _ in range(10):  # launched in no time, and computed long after
                model(x)
    (part,) = monitor.report.parts.models
    figures["part over kernels"] = part.seconds / (10 * alone)
    assert part.seconds > 0.7 * 10 * alone


def test_a_launch_is_never_shown_as_a_latency(cuda: torch.device) -> None:
    """A call returns when its work is launched; its time is the board's, even of a single call."""
    model = Burner(WIDTH, cuda)
    x = torch.randn(WIDTH, WIDTH, device=cuda).bfloat16()
    with torch.no_grad():
        alone = event_seconds(lambda: model(x), 10)
        report = irene.measure(model, x)
    assert report.root.features.latency_seconds > 0.7 * alone
    assert report.root.features.waiting_seconds is not None
    assert {leaf.features.device for leaf in report.root.leaves()} == {str(cuda)}


def test_nor_is_one_of_a_model_without_parameters(cuda: torch.device) -> None:
    model = nn.Sequential(nn.GELU(), nn.Softmax(-1))
    x = torch.ones(64, WIDTH, device=cuda)
    once = irene.measure(model, x)  # where it runs is known only afterwards
    assert all(node.features.latency_seconds is None for node in once.walk())
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        for _ in range(5):
            model(x)
    assert all(node.features.waiting_seconds is not None for node in monitor.report.walk())
