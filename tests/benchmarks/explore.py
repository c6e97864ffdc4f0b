"""CPU time that explore() takes to start and to follow a slider. Prints figures, asserts none.

python tests/benchmarks/explore.py
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

from transformers import BertConfig, GPT2Config, LlamaConfig

import irene_jupyter as irene

MODELS: tuple[tuple[str, Any, dict[str, Any]], ...] = (
    ("BERT, 12 layers", BertConfig(), {}),
    ("BERT, 56 layers", BertConfig(num_hidden_layers=56), {}),
    ("Llama, 32 layers", LlamaConfig(), {}),
    ("GPT-2, 16 new tokens", GPT2Config(), {"new_tokens": 16}),
)
MOVES = 48


def milliseconds(step: Callable[[], object]) -> float:
    began = time.process_time()
    step()
    return 1e3 * (time.process_time() - began)


def main() -> None:
    irene.explore(BertConfig(num_hidden_layers=1))  # imports
    print(f"{'model':<22}{'nodes':>6}{'start':>9}{'first move':>12}{'median':>9}{'slowest':>9}")
    for name, config, setting in MODELS:
        began = time.process_time()
        explorer = irene.explore(config, **setting)
        start = 1e3 * (time.process_time() - began)
        nodes = sum(1 for _ in explorer.report.walk())
        gc.collect()

        def drag(size: int, explorer: Any = explorer) -> None:
            explorer.batch_size = size

        moves = [milliseconds(lambda size=size: drag(size)) for size in range(9, 9 + MOVES)]
        print(
            f"{name:<22}{nodes:>6}{start:>6,.0f} ms{moves[0]:>9.0f} ms"
            f"{statistics.median(moves[1:]):>6.0f} ms{max(moves[1:]):>6.0f} ms"
        )


if __name__ == "__main__":
    main()
