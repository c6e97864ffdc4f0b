"""An operation of the host is what it says: a steady part of the calls into aten that a trace sees.

Counted here on meta, views among them, for models of many kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    BertConfig,
    DynamicCache,
    FalconConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MistralConfig,
    MixtralConfig,
    OPTConfig,
    PhiConfig,
    PreTrainedConfig,
    Qwen2Config,
    Qwen2MoeConfig,
    Qwen3Config,
    RobertaConfig,
    ViTConfig,
)

from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.predictors.forms.board_work import work_units

FUSED = "scaled_dot_product_attention"  # on meta it would be many calls
PART = 0.55  # operations of ours for a call into aten
SPREAD = 1.3  # ×/÷
HALF = {"dtype": "bfloat16"}
SMALL: dict[str, Any] = {
    "hidden_size": 512, "num_attention_heads": 8, "intermediate_size": 1024, "vocab_size": 100,
    **HALF,
}  # fmt: skip
GROUPED = {**SMALL, "num_key_value_heads": 2, "num_hidden_layers": 6}
ENCODER = {**SMALL, "num_hidden_layers": 6}
CONFIGS: dict[str, Callable[[], PreTrainedConfig]] = {
    "bert": lambda: BertConfig(**ENCODER),
    "roberta": lambda: RobertaConfig(**ENCODER),
    "vit": lambda: ViTConfig(**{**ENCODER, "image_size": 32, "patch_size": 8}),
    "gpt2": lambda: GPT2Config(n_embd=512, n_head=8, n_layer=12, vocab_size=100, **HALF),
    "opt": lambda: OPTConfig(**ENCODER, ffn_dim=1024),
    "neox": lambda: GPTNeoXConfig(**ENCODER),
    "falcon": lambda: FalconConfig(**ENCODER),
    "phi": lambda: PhiConfig(**ENCODER),
    "llama": lambda: LlamaConfig(**GROUPED),
    "mistral": lambda: MistralConfig(**GROUPED),
    "qwen2": lambda: Qwen2Config(**GROUPED),
    "qwen3": lambda: Qwen3Config(**GROUPED, head_dim=64),
    "mixtral": lambda: MixtralConfig(**GROUPED),
    "qwen2 moe": lambda: Qwen2MoeConfig(**GROUPED, num_experts=8, moe_intermediate_size=512),
}
ENCODERS = ("bert", "roberta", "vit")


class Calls(TorchDispatchMode):
    """Counts what is called of aten."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):  # type: ignore[no-untyped-def]
        self.seen += 1
        return function(*args, **(kwargs or {}))


def model_of(name: str) -> torch.nn.Module:
    auto = AutoModel if name in ENCODERS else AutoModelForCausalLM
    with torch.device("meta"):
        return auto.from_config(CONFIGS[name](), attn_implementation="sdpa").eval()


def inputs_of(name: str) -> dict[str, torch.Tensor]:
    if name == "vit":
        pixels = torch.empty(2, 3, 32, 32, device="meta", dtype=torch.bfloat16)
        return {"pixel_values": pixels}
    return {"input_ids": torch.zeros(2, 16, dtype=torch.long, device="meta")}


@pytest.mark.parametrize("name", CONFIGS)
def test_operations_are_a_steady_part_of_the_calls_into_aten(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, calls = model_of(name), Calls()

    def attention(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> torch.Tensor:
        calls.seen += 1
        return torch.empty_like(query)

    with monkeypatch.context() as patch, torch.no_grad():
        patch.setattr(torch.nn.functional, FUSED, attention)
        with calls:
            model(**inputs_of(name))
    size = (2, 1) if name == "vit" else (2, 16)
    operations = work_units(structure_of(model, *size).root, 5e7)[-1].work.host_operations
    assert PART / SPREAD < operations / calls.seen < PART * SPREAD, (operations, calls.seen)


def test_a_step_with_a_cache_launches_as_much_as_its_prompt() -> None:
    """Calls of a decoding step do not shrink with its one token: that is why it is launch-bound."""
    model, cache = model_of("llama"), DynamicCache(config=CONFIGS["llama"]())
    seen = []
    with torch.no_grad():
        for tokens in (16, 1):
            calls = Calls()
            with calls:
                model(
                    input_ids=torch.zeros(2, tokens, dtype=torch.long, device="meta"),
                    past_key_values=cache,
                )
            seen.append(calls.seen)
    assert seen[1] > 0.9 * seen[0]
