"""Memory of a training step and what its optimiser does, traced: against real steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
import transformers as hf
import zoo
from test_step_trees import without_dropout
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from irene_jupyter.capture.dry.training_step import TrainingStep, training_step_of
from irene_jupyter.capture.training.optimisers import optimiser_names, stepped
from irene_jupyter.errors import CaptureError, OptionError

IDS = torch.randint(3, 100, (2, 16), generator=torch.Generator().manual_seed(0))
TEXT = {"input_ids": IDS, "labels": IDS}
CLASSES = {"labels": torch.zeros(2, dtype=torch.long)}

HEADS: dict[str, tuple[Any, Mapping[str, Any]]] = {
    "bert": (hf.BertForMaskedLM, TEXT),
    "gpt2": (hf.GPT2LMHeadModel, TEXT),
    "llama": (hf.LlamaForCausalLM, TEXT),
    "mixtral": (hf.MixtralForCausalLM, TEXT),
    "bart": (hf.BartForConditionalGeneration, TEXT),
    "roberta": (hf.RobertaForSequenceClassification, {"input_ids": IDS, **CLASSES}),
    "vit": (
        hf.ViTForImageClassification,
        {"pixel_values": torch.randn(2, 3, 32, 32), **CLASSES},
    ),
}


def built(name: str, attention: str = "sdpa") -> tuple[nn.Module, Mapping[str, Any]]:
    torch.manual_seed(0)
    kind, inputs = HEADS[name]
    config = zoo.CONFIGS[name]()
    config._attn_implementation = attention
    return kind(config).train(), inputs


def kept_bytes(model: nn.Module, inputs: Mapping[str, Any]) -> int:
    """What autograd really keeps of a forward pass, each storage once, without parameters."""
    seen = {t.untyped_storage()._cdata for t in (*model.parameters(), *model.buffers())}
    alive: list[torch.Tensor] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage()._cdata not in seen:
            seen.add(tensor.untyped_storage()._cdata)
            alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = model(**inputs)
    del out
    return sum(tensor.untyped_storage().nbytes() for tensor in alive)


def foreseen(model: nn.Module, optimiser: str = "AdamW") -> TrainingStep:
    return training_step_of(model, 2, 16, optimiser)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("name", HEADS)
def test_activations_are_what_autograd_keeps(name: str, attention: str):
    model, inputs = built(name, attention)
    without_dropout(model)  # on this processor attention with dropout is none that is fused
    assert foreseen(model).memory.activations == pytest.approx(kept_bytes(model, inputs), rel=0.02)


def test_dropout_keeps_masks_of_a_byte_as_on_a_gpu(monkeypatch: pytest.MonkeyPatch):
    model, inputs = built("bert", "eager")
    as_here = kept_bytes(model, inputs)

    def on_gpu(tensor: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        return torch.native_dropout(tensor, p, True)[0] if training and p else tensor

    monkeypatch.setattr(nn.functional, "dropout", on_gpu)
    on_a_gpu = kept_bytes(model, inputs)
    assert foreseen(model).memory.activations == pytest.approx(on_a_gpu, rel=0.02)
    assert on_a_gpu < 0.95 * as_here


@pytest.mark.parametrize("name", ["bert", "llama", "gpt2"])
def test_checkpointing_keeps_what_goes_into_layers_and_computes_them_again(name: str):
    model, inputs = built(name)
    without_dropout(model)
    whole = foreseen(model)
    model.gradient_checkpointing_enable()
    assert [run.phase for run in whole.runs] == ["forward", "backward", "optimiser"]
    step = foreseen(model)
    assert step.memory.checkpointed == 2
    assert step.memory.activations < whole.memory.activations
    # Between what the forward pass really keeps and that with a whole layer computed again.
    real = kept_bytes(model, inputs)
    layer = (whole.memory.activations - real) / 2
    assert real < step.memory.activations < real + 1.3 * layer
    assert [run.phase for run in step.runs] == ["forward", "backward", "backward", "optimiser"]
    again = step.runs[2].tree.root
    forward = step.runs[0].tree.root
    layers = [node for node in again.walk() if any("recomputed" in flag for flag in node.flags)]
    assert len(layers) == 2
    for layer_again in layers:
        assert layer_again.features.flops == forward.find(layer_again.path).features.flops
    assert 0 < again.features.flops < forward.features.flops
    assert model.is_gradient_checkpointing  # the user's own is as it was


def test_a_config_is_enough_and_nothing_of_it_is_built_in_memory():
    with torch.device("meta"):
        model = hf.LlamaForCausalLM(hf.LlamaConfig(num_hidden_layers=2))
    step = training_step_of(model, 1, 64, "SGD")
    count = sum(parameter.numel() for parameter in model.parameters())
    assert step.memory.gradients == 4 * count
    assert step.memory.states == 0
    # The head's logits, that of the loss in float32, and their softmax are most of it.
    assert step.memory.activations > 64 * 32000 * 4
    assert "weights" in step.memory.note
    assert "SGD" not in step.memory.note  # which keeps nothing


def test_labels_bring_the_loss_and_without_a_head_it_is_said_to_be_missing():
    model, _ = built("bert")
    step = foreseen(model)
    assert any(node.class_name == "CrossEntropyLoss" for node in step.runs[0].tree.root.walk())
    assert step.runs[0].notes == ()
    bare = foreseen(zoo.build("bert"))
    assert "the loss is not in it" in bare.runs[0].notes[0]


def test_what_is_frozen_has_no_gradients_states_or_updates():
    model, _ = built("bert")
    for parameter in model.bert.parameters():
        parameter.requires_grad_(False)
    step = foreseen(model)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert step.memory.gradients == 4 * trained
    update = step.runs[-1].tree.root
    assert {child.path for child in update.children} == {"cls"}
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    with pytest.raises(CaptureError, match="nothing to train"):
        foreseen(model)


@pytest.mark.parametrize("name", optimiser_names())
def test_an_optimiser_keeps_and_updates_what_a_real_one_does(name: str):
    model = nn.Sequential(nn.Linear(24, 40), nn.LayerNorm(40), nn.Conv2d(3, 4, 3))
    found = stepped(model, name)
    kind, _, momentum = name.partition("+")
    settings = {"momentum": 0.9} if momentum else {}
    optimiser = getattr(torch.optim, kind)(model.parameters(), lr=1e-3, **settings)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimiser.step()
    states = [value for each in optimiser.state.values() for value in each.values()]
    kept = sum(t.numel() * t.element_size() for t in states if isinstance(t, torch.Tensor))
    assert found.state_bytes == kept
    assert found.updates["0"].elements == 24 * 40 + 40
    # At least the parameter is read and written, and the gradient read.
    for update in found.updates.values():
        assert update.bytes >= 3 * 4 * update.elements
        assert update.operations >= update.elements


def test_optimisers_move_as_much_as_their_states_make_them():
    model = nn.Linear(512, 512)
    plain, momentum, adam = (stepped(model, name) for name in ("SGD", "SGD+momentum", "adamw"))
    bytes_of = [each.updates[""].bytes for each in (plain, momentum, adam)]
    assert bytes_of == sorted(bytes_of)
    assert adam.state_bytes == pytest.approx(2 * adam.gradient_bytes, rel=1e-4)


def test_an_optimiser_of_others_is_refused_with_those_that_are_known():
    with pytest.raises(OptionError, match=r"Adam8bit.*AdamW.*SGD\+momentum.*cell"):
        stepped(nn.Linear(2, 2), "Adam8bit")


def test_hooks_on_all_optimisers_see_nothing_of_it():
    seen: list[Any] = []
    handle = register_optimizer_step_pre_hook(lambda *args: seen.append(args))
    try:
        stepped(nn.Linear(4, 4), "AdamW")
    finally:
        handle.remove()
    assert seen == []
