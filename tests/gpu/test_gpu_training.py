"""Backward passes by module are the board's own times, and change no gradient."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import irene_jupyter as irene
from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.tree import Node

pytestmark = pytest.mark.usefixtures("cuda")
WITHIN = 0.1
STEPS = 6


def net(cuda: torch.device) -> nn.Sequential:
    torch.manual_seed(5)
    return nn.Sequential(*(nn.Linear(2048, 2048) for _ in range(6))).to(cuda)


def seconds(node: Node) -> float:
    assert node.features.latency_seconds is not None
    return node.features.latency_seconds


def test_equal_layers_take_the_same_and_the_pass_is_covered(cuda: torch.device) -> None:
    model, x = net(cuda), torch.rand(4096, 2048, device=cuda)
    model(x).sum().backward()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    passes = []
    with Recorder() as recorder:
        for _ in range(STEPS):
            loss = model(x).sum()
            begin.record()
            loss.backward()
            end.record()
            torch.cuda.synchronize()
            passes.append(begin.elapsed_time(end) / 1e3)
    (run,) = [run for run in gather(recorder).runs if run.phase == "backward"]
    layers = [seconds(run.tree.root.find(str(index))) for index in range(1, 6)]
    assert max(layers) < (1 + WITHIN) * min(layers)
    assert seconds(run.tree.root) > 0.95 * min(passes)
    # The first layer's input needs no gradient: one product in place of two.
    assert seconds(run.tree.root.find("0")) < 0.7 * min(layers)


def test_gradients_are_those_of_a_plain_loop(cuda: torch.device) -> None:
    def trained() -> list[torch.Tensor]:
        model, x = net(cuda), torch.ones(64, 2048, device=cuda)
        optimiser = torch.optim.AdamW(model.parameters(), fused=True)
        for _ in range(STEPS):
            optimiser.zero_grad()
            with torch.autocast("cuda", dtype=torch.bfloat16):
                loss = model(x).float().pow(2).mean()
            loss.backward()
            optimiser.step()
        return [each.detach().clone() for p in model.parameters() for each in (p, p.grad)]

    plain = trained()
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        seen = trained()
    assert all(torch.equal(a, b) for a, b in zip(plain, seen, strict=True))
    assert monitor.report.phase("backward")["0"].energy is not None


def test_a_training_step_can_be_captured_as_a_graph(cuda: torch.device) -> None:
    model, x = net(cuda), torch.ones(64, 2048, device=cuda)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with Recorder():
        with torch.cuda.stream(side):
            for _ in range(3):
                model(x).sum().backward()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            model(x).sum().backward()
        graph.replay()
    torch.cuda.synchronize()
