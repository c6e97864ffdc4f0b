"""The models that suites are made of, by name, as configurations: those of the paper, and today's.

Today's are of a size that any machine has room for; what they consist of is that of large ones:
RMSNorm, SiLU, rotary positions, grouped queries, fused attention, a cache, grouped experts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from irene_jupyter.calibration.errors import CalibrationError


def _configuration(name: str, **options: Any) -> Callable[[], Any]:
    def make() -> Any:
        import transformers

        return getattr(transformers, name)(**options)

    return make


# A name → a function that makes a transformers configuration, or a `torch.nn.Module` that takes
# `input_ids` and has a `config`. Open: a model of your own is one entry.
ARCHITECTURES: dict[str, Callable[[], Any]] = {
    "bert-base-uncased": _configuration("BertConfig"),
    "distilbert-base-uncased": _configuration("DistilBertConfig"),
    # 514 positions: two are taken by the padding.
    "roberta-base": _configuration(
        "RobertaConfig", vocab_size=50265, max_position_embeddings=514, type_vocab_size=1
    ),
    "gpt2": _configuration("GPT2Config", use_cache=False),
    "distilgpt2": _configuration("GPT2Config", n_layer=6, use_cache=False),
    "openai-gpt": _configuration("OpenAIGPTConfig"),
}
PAPER = tuple(ARCHITECTURES)  # what its grid is made of
_SMALL = {"hidden_size": 768, "num_attention_heads": 12, "num_key_value_heads": 4}
ARCHITECTURES["small-llama"] = _configuration(
    "LlamaConfig", **_SMALL, intermediate_size=2048, num_hidden_layers=6, vocab_size=16000
)
ARCHITECTURES["small-mixtral"] = _configuration(
    "MixtralConfig", **_SMALL, intermediate_size=1024, num_hidden_layers=2, vocab_size=16000,
    num_local_experts=8, num_experts_per_tok=2,
)  # fmt: skip


def source_of(architecture: str) -> Any:
    """The configuration or module of that name. Raises `CalibrationError` that lists the names."""
    make = ARCHITECTURES.get(architecture)
    if make is None:
        raise CalibrationError(
            f"no architecture {architecture!r}; known are {', '.join(ARCHITECTURES)}, or add it to "
            "irene_jupyter.calibration.workload.architectures.ARCHITECTURES"
        )
    return make()
