"""A board's cases, built small and run for real on this machine's processor."""

from __future__ import annotations

import pytest
import torch
from known_machine import tiny

from irene_jupyter.calibration.workload.board_bench import BoardBench, OpenCase
from irene_jupyter.calibration.workload.board_case import BoardCase
from irene_jupyter.tree import Node

LLAMA = tiny(
    "LlamaConfig", hidden_size=64, intermediate_size=128, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, vocab_size=100,
)  # fmt: skip
BERT = tiny(
    "BertConfig", hidden_size=64, intermediate_size=128, num_hidden_layers=2,
    num_attention_heads=4, vocab_size=100,
)  # fmt: skip
CASES = [
    BoardCase("bert-tiny", BERT, "float32", "forward", 2, 8, 21),
    BoardCase("llama-tiny", LLAMA, "bfloat16", "forward", 2, 8, 15),
    BoardCase("llama-tiny", LLAMA, "bfloat16", "decode", 2, 8, 15),
]


def opened(case: BoardCase) -> OpenCase:
    return BoardBench("cpu").open(case)


def test_every_distinct_node_runs_again_and_again() -> None:
    for case in CASES:
        found = opened(case)
        assert len(found.nodes) == case.nodes, case.key
        for node in found.nodes:
            run = found.work(node)
            for _ in range(3):
                run()


@pytest.mark.parametrize("path", ["", "model", "model.layers.0", "model.layers.0.self_attn"])
def test_a_decoding_step_finds_its_cache_as_it_was(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each repetition would read more than the one before."""
    found = opened(CASES[2])
    run = found.work(next(each for each in found.nodes if each.path == path))
    seen: list[int] = []
    plain = torch.nn.functional.scaled_dot_product_attention

    def attend(query: torch.Tensor, key: torch.Tensor, *rest: object, **how: object) -> object:
        seen.append(key.shape[-2])
        return plain(query, key, *rest, **how)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", attend)
    for _ in range(3):
        run()
    assert set(seen) == {9}  # 8 in the cache and its own


def test_no_graph_is_kept_and_the_random_state_is_the_users() -> None:
    before = torch.random.get_rng_state()
    found = opened(CASES[0])
    assert torch.equal(torch.random.get_rng_state(), before)
    root = next(each for each in found.nodes if each.path == "")
    made = found.work(root)()
    assert not made.last_hidden_state.requires_grad


def test_all_nodes_of_the_tree_are_told_once() -> None:
    found = opened(CASES[1])
    every = [
        path
        for each in found.nodes
        for node, same in zip(each.nodes, each.same_as, strict=True)
        for path in (node.path, *same)
    ]
    root: Node = found.nodes[0].nodes[0]
    assert sorted(every) == sorted(node.path for node in root.walk())
    fused = [each for each in found.nodes if len(each.nodes) > 1]
    assert [[node.primitive for node in each.nodes] for each in fused] == [
        ["MatMul", "Softmax", "MatMul"]
    ]
