"""What watching costs, beside tools that answer similar questions. Prints a table, asserts nothing.

Five workloads, every tool in turn within each round, in random order; a ratio is of one round's
CPU time (all threads of the process) to the same round's bare run, and the median over the rounds
is shown, with quartiles. Entering and leaving are wall time; leaving goes until the tool's answer
stands (ours: the report, without replay, which has a budget of its own). Memory is what the peak
of a fresh process exceeds the bare one's by.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import nn

Work = Callable[[], object]


# --- workloads ----------------------------------------------------------------------------------


def bert_tiny() -> Work:
    from transformers import BertConfig, BertModel

    sizes = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = BertModel(BertConfig(**sizes, intermediate_size=512)).eval()
    ids = torch.randint(0, 30000, (1, 32))
    return lambda: [model(ids) for _ in range(200)]


def bert_base() -> Work:
    from transformers import BertConfig, BertModel

    model = BertModel(BertConfig()).eval()
    ids = torch.randint(0, 30000, (8, 128))
    return lambda: model(ids)


def gpt2() -> Work:
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config()).eval()
    ids = torch.randint(0, 30000, (1, 32))
    tokens = {"max_new_tokens": 64, "min_new_tokens": 64, "do_sample": False, "pad_token_id": 0}
    return lambda: model.generate(ids, attention_mask=torch.ones_like(ids), **tokens)


def mlp() -> Work:
    layers = [nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)]
    model = nn.Sequential(*layers).eval()
    images = torch.randn(32, 784)
    return lambda: [model(images) for _ in range(2000)]


def training() -> Work:
    from transformers import BertConfig, BertForSequenceClassification

    sizes = {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4}
    config = BertConfig(**sizes, intermediate_size=1024, vocab_size=2000)
    model = BertForSequenceClassification(config).train()
    optimiser = torch.optim.AdamW(model.parameters())
    ids, labels = torch.randint(0, 2000, (8, 64)), torch.randint(0, 2, (8,))

    @torch.enable_grad()
    def work() -> None:
        for _ in range(100):
            optimiser.zero_grad()
            model(ids, labels=labels).loss.backward()
            optimiser.step()

    return work


WORKLOADS: dict[str, tuple[str, Callable[[], Work]]] = {
    "bert-tiny": ("BERT-tiny, batch 1 × sequence 32, 200 calls", bert_tiny),
    "bert-base": ("BERT-base, batch 8 × sequence 128, 1 call", bert_base),
    "gpt2": ("GPT-2 (124M), generate(64) after 32 tokens", gpt2),
    "training": ("BERT of 4 layers of 256, batch 8 × sequence 64, 100 training steps", training),
    "mlp": ("MLP 784-256-128-10, batch 32, 2000 calls", mlp),
}


# --- tools --------------------------------------------------------------------------------------


@contextlib.contextmanager
def bare() -> Iterator[None]:
    yield


@contextlib.contextmanager
def ours() -> Iterator[None]:
    import irene_jupyter as irene

    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        yield
    monitor.report.to_dict()


@contextlib.contextmanager
def profiler() -> Iterator[None]:
    from torch.profiler import ProfilerActivity, profile

    with profile(
        activities=[ProfilerActivity.CPU], record_shapes=True, with_flops=True, with_modules=True
    ) as found:
        yield
    found.key_averages(group_by_input_shape=True)


@contextlib.contextmanager
def flop_counter() -> Iterator[None]:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        yield
    counter.get_flop_counts()


@contextlib.contextmanager
def codecarbon() -> Iterator[None]:
    from codecarbon import OfflineEmissionsTracker

    tracker = OfflineEmissionsTracker(
        country_iso_code="FRA", save_to_file=False, log_level="critical", allow_multiple_runs=True
    )
    tracker.start()
    yield
    tracker.stop()


TOOLS: dict[str, tuple[Callable[[], Any], str]] = {
    "bare": (bare, "–"),
    "EnergyMonitor": (ours, "every module and operation: joules, flops, bytes"),
    "torch.profiler": (profiler, "every operation: time, flops"),
    "FlopCounterMode": (flop_counter, "every module: flops"),
    "codecarbon": (codecarbon, "the process: joules, grams"),
}


def available(wanted: list[str] | None) -> dict[str, tuple[Callable[[], Any], str]]:
    from importlib.util import find_spec

    names = ["bare", *(wanted or [name for name in TOOLS if name != "bare"])]
    return {k: TOOLS[k] for k in names if k != "codecarbon" or find_spec("codecarbon")}


# --- measuring ----------------------------------------------------------------------------------


def measured(tool: Callable[[], Any], work: Work) -> tuple[float, float, float]:
    """(entering, working in CPU seconds, leaving) of one run."""
    began = time.perf_counter()
    with contextlib.ExitStack() as stack:
        stack.enter_context(tool())
        entered, cpu = time.perf_counter(), time.process_time()
        work()
        cpu = time.process_time() - cpu
        worked = time.perf_counter()
    return entered - began, cpu, time.perf_counter() - worked


def peak_mebibytes(workload: str, tool: str) -> float:
    """Of a fresh process that does the work once warm and once watched."""
    command = [sys.executable, __file__, "--peak", workload, tool]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def print_peak(workload: str, tool: str) -> None:
    work = WORKLOADS[workload][1]()
    with torch.no_grad():
        work()
        measured(TOOLS[tool][0], work)
    # Not ru_maxrss: a child begins with its parent's.
    status = Path("/proc/self/status").read_text()
    print(json.dumps(int(status.split("VmHWM:")[1].split()[0]) / 1024))


def compare(workload: str, rounds: int, memory: bool, wanted: list[str] | None) -> None:
    label, make = WORKLOADS[workload]
    work = make()
    tools = available(wanted)
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in tools}
    with torch.no_grad():
        for tool, _ in tools.values():  # imports and caches
            measured(tool, work)
        for _ in range(rounds):
            for name in random.sample(list(tools), len(tools)):
                found[name].append(measured(tools[name][0], work))
    peaks = {name: peak_mebibytes(workload, name) for name in tools} if memory else {}
    alone = statistics.median(cpu for _, cpu, _ in found["bare"])
    print(f"\n**{label}**: {alone:.3f} s of CPU bare, {rounds} rounds\n")
    print("| tool | overhead | quartiles | entering | leaving | memory | granularity |")
    print("|---|---|---|---|---|---|---|")
    for name, (_, granularity) in tools.items():
        if name == "bare":
            continue
        ratios = [
            mine / base - 1
            for (_, mine, _), (_, base, _) in zip(found[name], found["bare"], strict=True)
        ]
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
        entering, leaving = (
            statistics.median(times[index] for times in found[name]) for index in (0, 2)
        )
        extra = f"{peaks[name] - peaks['bare']:+.0f} MiB" if memory else "–"
        print(
            f"| {name} | {middle:+.1%} | {low:+.1%} to {high:+.1%} | {entering * 1e3:.0f} ms "
            f"| {leaving * 1e3:.0f} ms | {extra} | {granularity} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", choices=list(WORKLOADS))
    parser.add_argument("--tools", nargs="+", choices=[name for name in TOOLS if name != "bare"])
    parser.add_argument("--no-memory", action="store_true", help="leave the fresh processes out")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if options.peak:
        print_peak(*options.peak)
        return
    print(f"torch {torch.__version__}, one thread, {os.cpu_count()} processors")
    for workload in [options.only] if options.only else WORKLOADS:
        compare(workload, options.rounds, not options.no_memory, options.tools)


if __name__ == "__main__":
    main()
