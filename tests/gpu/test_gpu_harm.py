"""On a GPU, too, a watched cell does what it does without: memory, weights, compiled code."""

from __future__ import annotations

import gc
import time
from typing import Any

import pytest
import torch
import transformers as hf
from torch import nn
from torch.nn.attention.flex_attention import flex_attention

import irene_jupyter as irene

QUICK = irene.Options(budget_seconds=0)
WIDTH = 8192  # a layer of 256 MiB


def llama(cuda: torch.device) -> nn.Module:
    torch.manual_seed(0)
    config = hf.LlamaConfig(
        hidden_size=256, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, vocab_size=1000,
    )  # fmt: skip
    return hf.LlamaForCausalLM(config).to(cuda, torch.bfloat16).eval()


def test_models_that_a_cell_drops_give_their_memory_back_within_it(
    cuda: torch.device, figures: dict[str, Any]
) -> None:
    x = torch.ones(1, WIDTH, device=cuda)

    def peak() -> int:
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(cuda)
        for _ in range(4):
            model = nn.Linear(WIDTH, WIDTH, device=cuda)
            model(x)
            del model
            gc.collect()
        return torch.cuda.max_memory_allocated(cuda)

    without = peak()
    with irene.EnergyMonitor(QUICK):
        within = peak()
    figures["peak_mebibytes_of_dropped_models"] = [without / 2**20, within / 2**20]
    assert within <= without + 2**20


def test_predicting_leaves_weights_where_they_are(cuda: torch.device) -> None:
    layer = nn.Linear(64, 64, device=cuda)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    before = {name: (id(p), p.device, p.clone()) for name, p in model.named_parameters()}
    irene.predict(model, batch_size=2)
    for name, parameter in model.named_parameters():
        identity, device, values = before[name]
        assert (id(parameter), parameter.device) == (identity, device)
        assert torch.equal(parameter, values)


def test_compiled_decoding_is_as_it_was_and_has_its_phases(
    cuda: torch.device, figures: dict[str, Any]
) -> None:
    model = llama(cuda)
    ids = torch.randint(1, 1000, (2, 16), device=cuda)
    options = {
        "max_new_tokens": 32, "min_new_tokens": 32, "do_sample": False, "pad_token_id": 0,
        "cache_implementation": "static", "attention_mask": torch.ones_like(ids),
    }  # fmt: skip

    def generate() -> tuple[torch.Tensor, float]:
        began = time.perf_counter()
        found = model.generate(ids, **options)
        torch.cuda.synchronize()
        return found, time.perf_counter() - began

    generate()  # compiles
    plain, seconds = min((generate() for _ in range(3)), key=lambda each: each[1])
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    with irene.EnergyMonitor(QUICK) as monitor:
        watched, first = generate()
        _, second = generate()
    again, _ = generate()
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs
    assert torch.equal(watched, plain)
    assert torch.equal(again, plain)
    phases = {phase.phase: (phase.calls, phase.tokens) for phase in monitor.report.phases}
    figures["compiled_decoding"] = {
        "seconds": seconds, "watched_first": first, "watched_second": second, "phases": phases,
        "was_compiled": hasattr(model, "_compiled_call"),
    }  # fmt: skip
    assert phases == {"prefill": (2, 64), "decode": (62, 124)}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_compiled_flex_attention(cuda: torch.device) -> None:
    attend = torch.compile(flex_attention)

    class Attends(nn.Module):
        def forward(self, q: torch.Tensor) -> torch.Tensor:
            return attend(q, q, q)

    model = Attends()
    q = torch.randn(2, 4, 256, 64, device=cuda, dtype=torch.bfloat16)
    with torch.no_grad():
        plain = model(q)
        with irene.EnergyMonitor(QUICK) as monitor:
            watched = model(q)
    assert torch.equal(watched, plain)
    products = [leaf for leaf in monitor.report.root.leaves() if leaf.primitive == "MatMul"]
    assert sum(leaf.features.flops for leaf in products) == 2 * 2 * 2 * 4 * 256 * 256 * 64


def test_a_model_that_is_captured_in_a_graph(cuda: torch.device) -> None:
    model = nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 64)).to(cuda).eval()
    x = torch.randn(4, 64, device=cuda)
    with torch.no_grad():
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            plain = model(x)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with irene.EnergyMonitor(QUICK) as monitor, torch.cuda.graph(graph):
            output = model(x)
        graph.replay()
        torch.cuda.synchronize()
    assert torch.equal(output, plain)
    assert monitor.report.root.features.flops > 0


def test_training_with_mixed_precision_is_bit_identical(cuda: torch.device) -> None:
    def gradients(watch: bool) -> list[torch.Tensor]:
        model = llama(cuda).float().train()
        ids = torch.arange(64, device=cuda).reshape(2, 32)
        monitor = irene.EnergyMonitor(QUICK)
        if watch:
            monitor.__enter__()
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        if watch:
            monitor.__exit__(None, None, None)
            assert monitor.report.total_joules > 0
        return [p.grad for p in model.parameters() if p.grad is not None]

    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        pairs = zip(gradients(watch=False), gradients(watch=True), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    finally:
        torch.use_deterministic_algorithms(False)
