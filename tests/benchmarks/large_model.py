"""`predict` for a Llama of 70 billion parameters that nobody could run here. Prints only."""

from __future__ import annotations

import resource
import time


def main() -> None:
    began = time.perf_counter()
    from transformers import LlamaConfig

    import irene_jupyter as irene

    config = LlamaConfig(
        hidden_size=8192,
        intermediate_size=28672,
        num_hidden_layers=80,
        num_attention_heads=64,
        num_key_value_heads=8,
        vocab_size=128256,
        max_position_embeddings=131072,
    )
    imported = time.perf_counter()
    report = irene.predict(config, batch_size=1, seq_len=2048)
    predicted = time.perf_counter()
    text = str(report)
    shown = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{report.root.features.num_parameters / 1e9:.1f} billion parameters, "
          f"{sum(1 for _ in report.walk())} nodes")  # fmt: skip
    print(f"import {imported - began:.1f} s, predict {predicted - imported:.1f} s, "
          f"text {shown - predicted:.2f} s ({len(text)} characters)")  # fmt: skip
    print(f"peak memory of the process {peak:.2f} GiB")


if __name__ == "__main__":
    main()
