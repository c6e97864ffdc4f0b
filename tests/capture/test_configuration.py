"""A model's configuration as JSON: what comes back, what is private, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
import transformers
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    CLIPConfig,
    CLIPModel,
    DetrConfig,
    DetrModel,
    LlamaConfig,
    LlamaForCausalLM,
    Mamba2Config,
    Mamba2Model,
    T5Config,
    T5Model,
)

from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.capture.models.building import Origin, build_model
from irene_jupyter.capture.models.configuration import (
    configuration_from_dict,
    configuration_to_dict,
)
from irene_jupyter.errors import CaptureError, OptionError

SMALL = {
    "num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 2,
    "intermediate_size": 64, "vocab_size": 99,
}  # fmt: skip


def saved(model_class: Any = BertModel, config: Any = None) -> Any:
    """As a file holds it."""
    data = configuration_to_dict(model_class, config or BertConfig(**SMALL))
    return json.loads(json.dumps(data, allow_nan=False))


@pytest.mark.parametrize(
    ("model_class", "config"),
    [
        (BertModel, BertConfig(**SMALL, attn_implementation="eager")),
        (BertForSequenceClassification, BertConfig(**SMALL, num_labels=5)),
        (LlamaForCausalLM, LlamaConfig(**SMALL, num_key_value_heads=1)),
        (T5Model, T5Config(d_model=32, d_kv=16, d_ff=64, num_layers=1, num_heads=2)),
        (CLIPModel, CLIPConfig()),
        (Mamba2Model, Mamba2Config()),  # with an infinite limit
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_the_same_configuration_comes_back(model_class: Any, config: Any) -> None:
    found_class, found = configuration_from_dict(saved(model_class, config))
    assert found_class is model_class
    assert type(found) is type(config)
    assert found.num_labels == config.num_labels
    assert found._attn_implementation == config._attn_implementation
    # Whole, but for what a file does not need.
    known, read = config.to_dict(), found.to_dict()
    for data in (known, read):
        for key in ("architectures", "transformers_version", "_name_or_path", "dtype"):
            data.pop(key, None)
    assert read == known


def test_the_same_tree_is_built_of_it() -> None:
    model = build_model(
        BertConfig(**SMALL, num_labels=3, architectures=["BertForTokenClassification"])
    )
    origin = Origin.of(model)
    assert origin is not None
    assert origin.configuration is not None
    again = Origin.from_configuration(json.loads(json.dumps(origin.configuration)))
    assert again.model_class is transformers.BertForTokenClassification
    assert structure_of(again.build(), 2, 8) == structure_of(model, 2, 8)
    assert Origin.of(again.build()) == again


def test_nothing_private_is_kept() -> None:
    config = BertConfig(
        **SMALL,
        id2label={0: "my secret", 1: "of mine"},
        name_or_path="/home/me/model",
        auto_map={"AutoModel": "mine/repository--modeling.Evil"},
        task_specific_params={"mine": 1},
        my_folder="C:\\Users\\me",
        nested={"path": "/home/me", "size": 3},
    )
    data = saved(config=config)
    text = json.dumps(data)
    for private in ("secret", "/home", "mine", "Users", "auto_map", "architectures"):
        assert private not in text
    assert data["config"]["nested"] == {"size": 3}
    assert data["config"]["num_labels"] == 2


def test_what_is_not_of_transformers_itself_is_not_kept() -> None:
    class Mine(BertModel):
        pass

    class MyConfig(BertConfig):
        pass

    assert configuration_to_dict(Mine, BertConfig()) is None
    assert configuration_to_dict(BertModel, MyConfig()) is None
    assert configuration_to_dict(nn.Linear, BertConfig()) is None
    assert configuration_to_dict(BertModel, BertConfig(notes=200 * "x")) is None
    assert configuration_to_dict(BertModel, BertConfig(numbers=list(range(5000)))) is None
    assert configuration_to_dict(DetrModel, DetrConfig()) is None  # its backbone is timm's
    Mine.__name__ = "BertModel"
    assert configuration_to_dict(Mine, BertConfig()) is None


@pytest.mark.parametrize(
    "name",
    [
        None, 3, "", "os", "torch", "nn.Linear", "BertConfig", "AutoModel", "PreTrainedModel",
        "pipeline", "__builtins__", "models.bert.modeling_bert.BertModel", "NoSuchModel",
        "TimmWrapperModel", "../BertModel", "Trainer", "BertModel\n",
    ],
)  # fmt: skip
def test_no_other_class_is_built(name: Any) -> None:
    with pytest.raises(OptionError, match=r"irene\.explore\(model\)"):
        configuration_from_dict(saved() | {"model_class": name} | {"config": {}})


def deep(levels: int) -> Any:
    return {"x": deep(levels - 1)} if levels else 1


@pytest.mark.parametrize(
    "values",
    [
        {"model_type": "gpt2"},
        {"model_type": ["bert"]},
        {"num_hidden_layers": 10**9},
        {"num_hidden_layers": "two"},
        {"num_hidden_layers": None},
        {"vocab_size": 10**18},
        {"num_labels": 10**9},
        {"hidden_act": 300 * "x"},
        {"to_dict": 1},
        {"get_text_config": "x"},
        {"from_dict": {}},
        {"numbers": list(range(10_000))},
        {"nested": deep(40)},
        {"text_config": {"model_type": "timm_backbone"}},
        {"rope_theta": 10**400},
    ],
    ids=str,
)
def test_hostile_values_are_refused(values: dict[str, Any]) -> None:
    data = saved()
    data["config"] |= values
    with pytest.raises(OptionError, match="cannot be read") as found:
        configuration_from_dict(data)
    assert len(str(found.value)) < 700


@pytest.mark.parametrize(
    "values", [{"hidden_size": -5}, {"hidden_size": 33}, {"hidden_act": "os.system"}], ids=str
)
def test_what_builds_no_model_is_told(values: dict[str, Any]) -> None:
    data = saved()
    data["config"] |= values
    origin = Origin.from_configuration(data)
    with pytest.raises(CaptureError, match="does not build"):
        origin.build()


def test_nothing_of_a_file_is_fetched_or_run(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved() | {"attention": "someone/kernel"}
    data["config"] |= {
        "auto_map": {"AutoModel": "someone/repository--modeling.Evil"},
        "attn_implementation": "someone/kernel",
        "_attn_implementation": "someone/kernel",
        "_attn_implementation_internal": "someone/kernel",
        "experts_implementation": "someone/kernel",
        "trust_remote_code": True,
        "quantization_config": {"quant_method": "someone"},
        "name_or_path": "/etc",
        "backbone": "someone/repository",
        "dtype": "load",
        "__class__": "Evil",
    }
    model_class, config = configuration_from_dict(data)
    assert model_class is BertModel
    assert "someone" not in config.to_json_string()
    assert config._attn_implementation is None
    assert config._name_or_path == ""
    assert config.dtype is None
    assert not hasattr(config, "auto_map")
    assert type(config) is BertConfig
    assert isinstance(Origin(model_class, config).build(), BertModel)
