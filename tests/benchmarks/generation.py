"""`predict(config, new_tokens=128)` of models that nobody ran here. Prints only.

Every model in turn within each round, in random order; medians over the rounds. CPU time is of all
threads of the process: on a machine with other work it says more than wall time.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
import transformers as hf

import irene_jupyter as irene

BATCH_SIZE, SEQ_LEN, NEW_TOKENS = 1, 512, 128

MODELS: dict[str, hf.PretrainedConfig] = {
    "Llama, 7B-shape, 32 layers": hf.LlamaConfig(),
    "Mistral, 7B-shape, 32 layers": hf.MistralConfig(),
    "GPT-2, 32 layers": hf.GPT2Config(n_layer=32),
    "T5, 16 + 16 layers": hf.T5Config(num_layers=16, num_decoder_layers=16),
    "Llama, 135M, 30 layers": hf.LlamaConfig(
        hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, vocab_size=49152, tie_word_embeddings=True,
    ),
}  # fmt: skip


def predicted(config: hf.PretrainedConfig) -> tuple[float, float, irene.EnergyReport]:
    """(wall seconds, CPU seconds, report) of one prediction."""
    began, worked = time.perf_counter(), time.process_time()
    report = irene.predict(config, BATCH_SIZE, SEQ_LEN, new_tokens=NEW_TOKENS)
    return time.perf_counter() - began, time.process_time() - worked, report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    load = os.getloadavg()[0]
    first = {}
    for name, config in MODELS.items():  # imports and caches
        wall, _, report = predicted(config)
        first[name] = (wall, report)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in MODELS}
    for _ in range(rounds):
        for name in random.sample(list(MODELS), len(MODELS)):
            wall, cpu, _ = predicted(MODELS[name])
            found[name].append((wall, cpu))
    print(
        f"torch {torch.__version__}, transformers {hf.__version__}, one thread, {os.cpu_count()} "
        f"processors, load {load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end; "
        f"{rounds} rounds\n"
    )
    print("| model | parameters | nodes | seconds | CPU seconds | first call |")
    print("|---|---|---|---|---|---|")
    for name, times in found.items():
        wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        began, report = first[name]
        parameters = report.root.features.num_parameters / 1e6
        nodes = sum(1 for _ in report.walk())
        print(f"| {name} | {parameters:,.0f}M | {nodes} | {wall:.2f} | {cpu:.2f} | {began:.2f} s |")


if __name__ == "__main__":
    main()
