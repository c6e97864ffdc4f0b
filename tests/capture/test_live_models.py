"""Live capture of every model family: the tree is there, and the user's results are untouched."""

from __future__ import annotations

import pytest
import torch
from torch.utils._pytree import tree_flatten
from zoo import CONFIGS, EXPECTED, LAYERS, build, inputs

from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.watch.recorder import Recorder

NAMES = [*CONFIGS, *LAYERS]
GRAD = {"no_grad": torch.no_grad, "inference_mode": torch.inference_mode, "grad": torch.enable_grad}


def tensors(output) -> list[torch.Tensor]:
    values = tree_flatten(dict(output) if hasattr(output, "keys") else output)[0]
    return [v for v in values if isinstance(v, torch.Tensor)]


def test_zoo_outputs_differ_between_inputs():
    # Otherwise "bit-identical" below would prove nothing.
    model = build("bert")
    other = torch.tensor([[5, 6, 7, 8, 9, 10]])
    assert not torch.equal(model(**inputs("bert", model))[0], model(other.repeat(2, 1))[0])


@pytest.mark.parametrize("mode", list(GRAD))
@pytest.mark.parametrize("name", NAMES)
def test_results_are_bit_identical_and_the_tree_is_whole(name: str, mode: str):
    model = build(name)
    given = inputs(name, model)
    with GRAD[mode]():
        plain = model(**given)
        with Recorder() as recorder:
            observed = model(**given)
    before, after = tensors(plain), tensors(observed)
    assert before
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))

    captured = gather(recorder, names={id(model): "model"})
    assert captured.notes == ()
    (run,) = captured.runs
    root = run.tree.root
    assert (run.status, run.calls, root.path) == ("run", 1, "")
    assert root.class_name == type(model).__name__
    assert root.features.flops > 0
    assert root.features.num_parameters == sum(p.numel() for p in model.parameters())
    assert not root.flags
    found = {node.primitive for node in root.walk() if node.primitive}
    assert EXPECTED.get(name, set()) <= found
    modules = {path for path, _ in model.named_modules(remove_duplicate=False)}
    for node in root.walk():
        if node.features.operation is None:
            # Mamba makes its activation anew in every forward: it has no path but its class.
            assert node.path in modules or node.name == node.class_name


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "bart", "vit"])
def test_eager_and_sdpa_give_the_same_canonical_tree(name: str):
    trees = []
    for attention in ("eager", "sdpa"):
        model = build(name, attention)
        with Recorder() as recorder, torch.no_grad():
            model(**inputs(name, model))
        (run,) = gather(recorder).runs
        trees.append(
            {
                node.path: (node.features.canonical_megaflops, node.features.canonical_mebibytes)
                for node in run.tree.root.walk()
                if node.path.rpartition(".")[2].split("_")[0] in ("matmul", "softmax")
            }
        )
    assert trees[0]
    assert trees[0] == trees[1]


def test_shared_layers_are_one_node_with_a_call_count():
    model = build("albert")
    with Recorder() as recorder:
        model(**inputs("albert", model))
    (run,) = gather(recorder).runs
    shared = run.tree.root.find("encoder.albert_layer_groups.0.albert_layers.0.attention.query")
    assert shared.features.calls == 4
    assert shared.features.num_parameters == 32 * 32 + 32


def test_a_shared_activation_is_a_node_under_each_of_its_parents():
    model = build("openai-gpt")
    activation = torch.nn.GELU()
    for block in model.h:
        block.mlp.act = activation
    with Recorder() as recorder:
        model(**inputs("openai-gpt", model))
    (run,) = gather(recorder).runs
    assert {"h.0.mlp.act", "h.1.mlp.act"} <= {node.path for node in run.tree.root.walk()}


def test_a_scan_over_time_steps_does_not_explode():
    # Mamba's reference scan multiplies matrices in every time step.
    model = build("mamba")
    sizes = []
    for length in (12, 40):
        with Recorder() as recorder:
            model(**inputs("mamba", model, seq_len=length))
        (run,) = gather(recorder).runs
        sizes.append((len(list(run.tree.root.walk())), run.tree.root.features.flops))
    assert sizes[0][0] == sizes[1][0]
    assert sizes[1][1] > 3 * sizes[0][1]
