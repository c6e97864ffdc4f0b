"""The trees of a backward pass and of a step: against torch's own counts and gradients."""

from __future__ import annotations

import math

import pytest
import torch
import zoo
from real_backward import real_backward
from torch import nn

from irene_jupyter.capture.record.gradients import Gradients
from irene_jupyter.capture.record.recording import Recording
from irene_jupyter.capture.training.step_trees import (
    LOSS,
    backward_tree,
    optimiser_tree,
    with_hidden,
)
from irene_jupyter.capture.training.update import Update
from irene_jupyter.merging import merged
from irene_jupyter.tree import Node

# Convolutions in groups and their scans: torch's formula for their backward is another.
TRANSFORMERS = sorted(set(zoo.CONFIGS) - {"mamba"})


def built(name: str, attention: str | None = None) -> tuple[nn.Module, dict]:
    model = zoo.build(name, attention)
    return model, zoo.inputs(name, model)


def without_dropout(model: nn.Module) -> None:
    for module in model.modules():
        for name in ("p", "attention_dropout", "dropout_prob", "dropout", "activation_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_products_of_a_backward_pass_are_as_torch_counts_them(name: str, attention: str):
    try:
        model, inputs = built(name, attention)
    except ValueError as error:  # transformers has no such attention for it
        pytest.skip(str(error)[:80])
    if attention == "sdpa":
        if name == "t5":
            pytest.skip("its mask is trained, which no fused kernel of torch's knows")
        without_dropout(model)  # with it, this processor's kernel is none that is fused
    found = real_backward(model, inputs)
    assert found.counted_product_flops == found.product_flops > 0
    # What moves beside the products is counted by rules: near, and for no model far off.
    assert found.backward.features.bytes == pytest.approx(found.moved_bytes, rel=0.3)


@pytest.mark.parametrize("name", ["sequential", "conv1d", "conv2d", "encoder", "transformer"])
def test_products_of_torchs_own_layers_are_as_torch_counts_them(name: str):
    found = real_backward(*built(name))
    assert found.counted_product_flops == found.product_flops > 0


@pytest.mark.parametrize("frozen", ["embeddings", "encoder.layer.0", "encoder.layer.1"])
def test_frozen_layers_have_no_work_for_their_weights(frozen: str):
    model, inputs = built("bert", "eager")
    whole = real_backward(model, inputs)
    for name, parameter in model.named_parameters():
        if frozen in name:
            parameter.requires_grad_(False)
    found = real_backward(model, inputs)
    assert found.counted_product_flops == found.product_flops
    assert found.backward.features.bytes < whole.backward.features.bytes
    if frozen == "encoder.layer.1":  # only passed through
        assert found.gradients["encoder.layer.1"] == Gradients(input=True, weights=False)
        assert not any(
            its.weights
            for path, its in found.gradients.items()
            if path.endswith("dense") and path.startswith(frozen)
        )


def test_nothing_flows_into_what_lies_before_the_first_layer_that_is_trained():
    model, inputs = built("bert")
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("layer.1" in name or "pooler" in name)
    found = real_backward(model, inputs)
    paths = {node.path for node in found.backward.walk()}
    assert "encoder.layer.0" not in paths
    assert "embeddings" not in paths
    assert not found.gradients["encoder.layer.1"].input
    query = found.backward.find("encoder.layer.1.attention.self.query")
    forward = found.forward.find(query.path)
    written = math.prod(forward.features.output_shapes[0])
    assert query.features.flops == forward.features.flops  # one product, and the sums of its bias
    assert forward.features.flops == written * (2 * 32 + 1)


@pytest.mark.parametrize("name", ["bert", "llama", "t5", "vit", "mixtral", "conv1d", "lstm"])
def test_weights_that_get_a_gradient_are_those_that_autograd_gives_one(name: str):
    model, inputs = built(name)
    for place, parameter in enumerate(model.parameters()):
        parameter.requires_grad_(place % 3 != 0)
    found = real_backward(model, inputs)
    modules = dict(model.named_modules())
    leaves = [leaf for leaf in found.forward.leaves() if leaf.path in modules]
    assert leaves
    for leaf in leaves:
        own = list(modules[leaf.path].parameters())
        expected = any(parameter.grad is not None for parameter in own)
        gradients = found.gradients.get(leaf.path, Gradients(False, False))
        # What is used twice (tied) may get its gradient elsewhere; none is missed.
        assert gradients.weights or not expected, leaf.path
        assert expected or not gradients.weights, leaf.path


def test_lora_trains_its_own_products_alone():
    peft = pytest.importorskip("peft")
    model, inputs = built("llama", "eager")
    tuned = peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj"]))
    found = real_backward(tuned, inputs)
    assert found.counted_product_flops == found.product_flops
    assert not any(its.weights for path, its in found.gradients.items() if "base_layer" in path)


def test_masks_and_positions_have_no_backward_pass():
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(8, 8)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            mask = (torch.ones(2, 512, 512).tril() * 2.0).sum()
            return self.layer(inputs) * mask

    found = real_backward(Masked(), {"inputs": torch.ones(2, 8)})
    assert found.forward.features.bytes > 1e6
    assert found.backward.features.bytes == pytest.approx(found.moved_bytes, rel=0.5)


def test_without_gradients_there_is_no_backward_pass():
    model, inputs = built("bert")
    with torch.no_grad(), Recording(model, 2) as recording:
        model(**inputs)
    forward = recording.finish()
    assert recording.gradients == {}
    tree = backward_tree(forward, {})
    assert tree.children == ()
    assert tree.features.flops == tree.features.bytes == 0


def of_layers() -> tuple[Node, dict[str, Gradients]]:
    model, inputs = built("bert", "eager")
    with Recording(model.train(), 2) as recording:
        model(**inputs)
    forward = recording.finish()
    assert forward is not None
    return forward, recording.gradients


def test_times_are_sums_and_functions_share_those_of_their_module():
    forward, gradients = of_layers()
    functions = {node.path for node in forward.walk() if node.features.operation}
    assert functions
    seconds = dict.fromkeys(gradients.keys() - functions, 1.0)
    tree = backward_tree(forward, gradients, {**seconds, LOSS: 2.0})
    for node in tree.walk():
        below = math.fsum(child.features.latency_seconds for child in node.children)
        assert node.features.latency_seconds >= below - 1e-9
    assert tree.features.latency_seconds == pytest.approx(math.fsum(seconds.values()) + 2.0)
    attention = tree.find("encoder.layer.0.attention.self")
    parts = [c.features.latency_seconds for c in attention.children if c.features.operation]
    assert len(parts) == 3
    assert all(part > 0 for part in parts)
    own = attention.features.latency_seconds - 3.0  # query, key, value
    assert sum(parts) < own == pytest.approx(1.0)
    loss = tree.find(LOSS)
    assert loss.features.latency_seconds == 2.0
    assert loss.flags[0].startswith("estimated: ")


def test_a_step_is_at_the_modules_that_hold_the_parameters():
    forward, gradients = of_layers()
    updates = {
        "encoder.layer.0.attention.self.query": Update(1056, 28.0 * 1056, 12.0 * 1056),
        "pooler.dense": Update(1056, 28.0 * 1056, 12.0 * 1056),
        "nowhere.at.all": Update(10, 280.0, 120.0),
    }
    tree = optimiser_tree(forward, updates, seconds=1.0)
    assert tree.features.bytes == 28.0 * 2122
    assert tree.features.latency_seconds == pytest.approx(1)
    query = tree.find("encoder.layer.0.attention.self.query")
    assert query.features.latency_seconds == pytest.approx(1056 / 2122)
    assert query.primitive is None
    assert query.flags[0].startswith("by_bytes: ")
    assert {child.path for child in tree.children} == {"encoder", "pooler"}
    whole = merged([forward, backward_tree(forward, gradients), optimiser_tree(forward, updates)])
    parts = (forward, backward_tree(forward, gradients), tree)
    assert whole.features.flops == pytest.approx(sum(part.features.flops for part in parts))
    assert [node.path for node in whole.walk()] == [node.path for node in forward.walk()]
    assert whole.find(query.path).primitive == "Linear"


def test_what_could_not_be_looked_into_takes_the_gradients_of_its_module():
    forward, gradients = of_layers()
    hidden = "encoder.layer.1.output"
    seen = {p: g for p, g in gradients.items() if not p.startswith(hidden + ".")}
    assert backward_tree(forward, seen).find(hidden).children == ()
    spread = with_hidden(seen, forward, [hidden])
    dense = backward_tree(forward, spread).find(f"{hidden}.dense")
    assert dense.features.flops == pytest.approx(
        backward_tree(forward, gradients).find(f"{hidden}.dense").features.flops
    )
