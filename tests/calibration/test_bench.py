"""What a bench runs is what its tree says: steps with a cache, other dtypes, experts, norms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from known_machine import tiny

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.workload.architectures import ARCHITECTURES
from irene_jupyter.calibration.workload.bench import Bench
from irene_jupyter.calibration.workload.part import Part, distinct

SIZES = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "vocab_size": 200,
    "num_attention_heads": 4, "num_key_value_heads": 2,
}  # fmt: skip
STEP = Part("tiny-llama", 2, 1, cached=16)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    ARCHITECTURES["tiny-llama"] = tiny("LlamaConfig", **SIZES)
    ARCHITECTURES["tiny-mixtral"] = tiny("MixtralConfig", **SIZES, num_local_experts=4)
    made = Bench("cpu")
    yield made
    made.close()


def test_a_step_finds_the_same_cache_each_time(bench: Bench) -> None:
    run = bench.prepare(STEP).run
    lengths = []
    model = bench._model(STEP)
    handle = model.register_forward_hook(
        lambda module, args, kwargs, output: lengths.append(
            (kwargs["input_ids"].shape[1], output.past_key_values.get_seq_length())
        ),
        with_kwargs=True,
    )
    for _ in range(3):
        run()
    handle.remove()
    assert lengths == [(1, 17)] * 3


def test_the_tree_of_a_step_is_one_token_that_reads_the_cache(bench: Bench) -> None:
    tree = bench.tree(STEP)
    assert (tree.batch_size, tree.seq_len) == (2, 1)
    scores = tree.root.find("layers.0.self_attn.matmul_0").features
    assert scores.output_shapes[0][-2:] == (1, 17)
    assert STEP.key == "tiny-llama 2×1 after 16 model"


def test_a_step_of_a_part_alone_is_refused(bench: Bench) -> None:
    with pytest.raises(CalibrationError, match="of a whole model, 1 token long"):
        bench.prepare(replace(STEP, path="layers.0.mlp"))


def test_another_dtype_is_run_and_stands_in_the_tree(bench: Bench) -> None:
    part = Part("tiny-llama", 2, 8, dtype="bfloat16")
    outputs = []
    handle = bench._model(part).register_forward_hook(
        lambda module, args, output: outputs.append(output.last_hidden_state.dtype)
    )
    bench.prepare(part).run()
    handle.remove()
    assert outputs == [torch.bfloat16]
    assert {node.features.dtype for node in bench.tree(part).root.walk()} == {"bfloat16"}
    assert part.key == "tiny-llama 2×8 bfloat16 model"


@pytest.mark.parametrize("architecture", ["tiny-llama", "tiny-mixtral"])
def test_every_distinct_node_of_todays_models_runs(bench: Bench, architecture: str) -> None:
    whole = Part(architecture, 2, 8)
    parts = [replace(whole, path=path) for path in distinct(bench.tree(whole))]
    kinds = {bench.nodes(part)[0].primitive for part in parts}
    assert kinds >= {"RMSNorm", "SiLU", "Linear", "MatMul", "Embedding"}
    for part in parts:
        bench.prepare(part).run()
