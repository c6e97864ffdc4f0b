"""What watching a cell costs: BERT-base, batch 8, sequence 128, sdpa. Prints, asserts nothing.

CPU time of the main thread and of the whole process, bare and watched, interleaved in random
order; a watched call is always the first of its signature, which is recorded in full (the
worst case: later calls are only counted). Then the time from the cell's end to the display.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time

import torch
from transformers import BertConfig, BertModel

import irene_jupyter as irene
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.notebook.widget import EnergyTree
from irene_jupyter.resources.sampler import Sampler


def bare(model: BertModel, ids: torch.Tensor, calls: int) -> None:
    for _ in range(calls):
        model(ids)


def watched(model: BertModel, ids: torch.Tensor, calls: int) -> None:
    with Recorder(), Sampler():
        for _ in range(calls):
            model(ids)


def cpu_seconds(run, *arguments) -> tuple[float, float]:
    """(this thread, all threads of the process) in seconds of CPU."""
    thread, process = time.thread_time(), time.process_time()
    run(*arguments)
    return time.thread_time() - thread, time.process_time() - process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--calls", type=int, default=1, help="calls in a cell")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = BertModel(BertConfig(attn_implementation="sdpa")).eval()
    ids = torch.randint(0, 30000, (8, 128))
    times: dict[str, list[tuple[float, float]]] = {"bare": [], "watched": []}
    with torch.inference_mode():
        watched(model, ids, 1)
        for _ in range(options.rounds):
            pair = [("bare", bare), ("watched", watched)]
            random.shuffle(pair)
            for name, run in pair:
                times[name].append(cpu_seconds(run, model, ids, options.calls))
    for index, what in enumerate(("main thread", "whole process")):
        ratios = [
            with_us[index] / without[index]
            for without, with_us in zip(times["bare"], times["watched"], strict=True)
        ]
        plain = statistics.median(pair[index] for pair in times["bare"])
        quartiles = statistics.quantiles(ratios, n=4)
        print(
            f"{what}: {plain:.3f} s of CPU bare; watched {statistics.median(ratios) - 1:+.1%} "
            f"(quartiles {quartiles[0] - 1:+.1%} to {quartiles[2] - 1:+.1%})"
        )
    after = []
    with torch.inference_mode():
        for _ in range(5):
            monitor = irene.EnergyMonitor()
            monitor.__enter__()
            model(ids)
            end = time.perf_counter()
            monitor.__exit__(None, None, None)
            EnergyTree(monitor.report)._repr_mimebundle_()
            after.append(time.perf_counter() - end)
    print(
        f"tree after the cell's end: first {after[0]:.2f} s (imports), "
        f"then {statistics.median(after[1:]):.2f} s"
    )


if __name__ == "__main__":
    main()
