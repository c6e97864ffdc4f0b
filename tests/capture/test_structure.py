"""Trees of models that are not run: configurations, classes, plain layers; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import transformers as hf
from torch import nn
from zoo import CONFIGS, EXPECTED, LAYERS, SMALL, build

from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.capture.models.building import build_model
from irene_jupyter.errors import CaptureError, InputShapeError, OptionError


@pytest.mark.parametrize("name", list(CONFIGS))
def test_a_configuration_is_traced_without_memory(name: str):
    model = build_model(CONFIGS[name]())
    assert all(parameter.is_meta for parameter in model.parameters())
    tree = structure_of(model, 4, 8)
    assert tree.batch_size == 4
    assert tree.root.features.canonical_megaflops > 0
    assert {n.primitive for n in tree.root.walk()} >= EXPECTED.get(name, set())
    assert all(n.features.latency_seconds is None or n.features.device == "meta"
               for n in tree.root.walk())  # fmt: skip


@pytest.mark.parametrize("name", [*LAYERS, "bert", "mixtral", "whisper", "clip"])
def test_an_instance_is_traced_and_stays_as_it_is(name: str):
    model = build(name).train()
    state = {key: value.clone() for key, value in model.state_dict().items()}
    random_state = torch.get_rng_state()
    tree = structure_of(model, 2, 8)
    assert tree.root.features.canonical_megaflops > 0
    assert torch.equal(random_state, torch.get_rng_state())
    assert all(module.training for module in model.modules())
    assert all(torch.equal(state[key], value) for key, value in model.state_dict().items())
    assert not any(p.is_meta for p in model.parameters())


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: nn.Linear(8, 4), (4, 8)),
        (lambda: nn.Embedding(10, 4), (4, 8)),
        (lambda: nn.LSTM(8, 4), (8, 4, 8)),
        (lambda: nn.GRU(8, 4, batch_first=True), (4, 8, 8)),
        (lambda: nn.Conv1d(3, 4, 3), (4, 3, 8)),
        (lambda: nn.Conv2d(3, 4, 3), (4, 3, 224, 224)),
        (lambda: nn.MultiheadAttention(8, 2, batch_first=True), (4, 8, 8)),
        (lambda: nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 2)), (4, 8, 8)),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(8, 2)), (4, 8)),
    ],
)
def test_the_first_layers_tell_the_inputs_shape(layer, shape: tuple[int, ...]):
    tree = structure_of(layer(), batch_size=4, seq_len=8)
    assert tree.root.features.input_shapes[0] == shape
    assert tree.batch_size == 4


def test_a_size_that_does_not_fit_gives_way_to_one_that_does():
    digits = nn.Sequential(nn.Conv2d(1, 4, 5), nn.Flatten(), nn.Linear(4 * 24 * 24, 10))
    assert structure_of(digits, 2, 8).root.features.input_shapes == ((2, 1, 28, 28),)


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(3, 5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor


def test_no_layer_that_tells_the_shape_is_said():
    with pytest.raises(InputShapeError, match=r"no layer of Scale tells .* irene_jupyter\.measure"):
        structure_of(Scale(), 2, 8)


def test_a_pass_that_fails_is_said_with_its_reason():
    class Wrong(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("not today")

    with pytest.raises(CaptureError, match=r"Wrong could not be traced .*not today"):
        structure_of(Wrong(), 2, 8)


def test_data_dependent_code_falls_back_to_real_tensors():
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x) if float(x.sum()) > 0 else x

    tree = structure_of(Branches(), 2, 8)
    assert [n.primitive for n in tree.root.leaves()] == ["Linear"]
    with torch.device("meta"):
        on_meta = Branches()
    tree = structure_of(on_meta, 2, 8)
    assert [n.primitive for n in tree.root.leaves()] == ["Linear"]
    assert on_meta.inner.weight.is_meta


def test_more_positions_than_the_model_has():
    with pytest.raises(OptionError, match="has 16 positions"):
        structure_of(build_model(hf.BertConfig(**SMALL, max_position_embeddings=16)), 1, 17)


def test_sources_of_a_model(tmp_path: Path):
    config = hf.BertConfig(**SMALL)
    config.save_pretrained(tmp_path)
    for source in (config, str(tmp_path), tmp_path / "config.json", hf.BertModel(config)):
        assert type(build_model(source)).__name__ == "BertModel"
    assert type(build_model(hf.GPT2Config)).__name__ == "GPT2Model"
    assert type(build_model(hf.GPT2LMHeadModel)).__name__ == "GPT2LMHeadModel"
    config.architectures = ["BertForMaskedLM"]
    assert type(build_model(config)).__name__ == "BertForMaskedLM"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no/such/folder", "no model at"),
        (42, "cannot predict a int"),
        (nn.Linear, "Linear is a class"),
        (object, "cannot predict a type"),
    ],
)
def test_what_is_no_model_is_refused_with_the_remedy(source, message: str):
    with pytest.raises(CaptureError, match=message):
        build_model(source)


def test_a_damaged_configuration(tmp_path: Path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CaptureError, match="not a readable"):
        build_model(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nonsense"}))
    with pytest.raises(CaptureError, match="not a readable"):
        build_model(tmp_path)
    with pytest.raises(CaptureError, match="does not build a model"):
        build_model(hf.BertConfig(hidden_size=30, num_attention_heads=7))
