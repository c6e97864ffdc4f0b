"""The models that suites are made of, by name: those of the paper, as configurations."""

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


def source_of(architecture: str) -> Any:
    """The configuration or module of that name. Raises `CalibrationError` that lists the names."""
    make = ARCHITECTURES.get(architecture)
    if make is None:
        raise CalibrationError(
            f"no architecture {architecture!r}; known are {', '.join(ARCHITECTURES)}, or add it to "
            "irene_jupyter.calibration.workload.architectures.ARCHITECTURES"
        )
    return make()
