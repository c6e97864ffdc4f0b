"""Small models from configurations: nothing is downloaded, every one runs in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import transformers as hf
from torch import nn

SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 100,
}
HALF = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "vocab_size": 100,
}

CONFIGS: dict[str, Callable[[], Any]] = {
    "bert": lambda: hf.BertConfig(**SMALL),
    "roberta": lambda: hf.RobertaConfig(**SMALL),
    "distilbert": lambda: hf.DistilBertConfig(
        dim=32, hidden_dim=64, n_layers=2, n_heads=4, vocab_size=100
    ),
    "gpt2": lambda: hf.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=100),
    "openai-gpt": lambda: hf.OpenAIGPTConfig(n_embd=32, n_layer=2, n_head=4, vocab_size=100),
    "llama": lambda: hf.LlamaConfig(**SMALL, num_key_value_heads=2),
    "t5": lambda: hf.T5Config(
        d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, vocab_size=100,
        decoder_start_token_id=0,
    ),
    "mixtral": lambda: hf.MixtralConfig(**SMALL, num_key_value_heads=2, num_local_experts=4),
    "vit": lambda: hf.ViTConfig(**{**SMALL, "image_size": 32, "patch_size": 8}),
    "whisper": lambda: hf.WhisperConfig(
        **HALF, num_mel_bins=8, max_source_positions=20, max_target_positions=32,
        pad_token_id=0, decoder_start_token_id=1, bos_token_id=1, eos_token_id=2,
    ),
    "clip": lambda: hf.CLIPConfig(
        text_config={**SMALL, "projection_dim": 16},
        vision_config={**SMALL, "image_size": 32, "patch_size": 8, "projection_dim": 16},
    ),
    "albert": lambda: hf.AlbertConfig(**{**SMALL, "num_hidden_layers": 4}, embedding_size=16),
    "mamba": lambda: hf.MambaConfig(hidden_size=32, num_hidden_layers=2, vocab_size=100),
    "bart": lambda: hf.BartConfig(**HALF),
}  # fmt: skip

LAYERS: dict[str, Callable[[], nn.Module]] = {
    "sequential": lambda: nn.Sequential(nn.Linear(8, 16), nn.LeakyReLU(), nn.Linear(16, 4)),
    "lstm": lambda: nn.LSTM(8, 16, num_layers=2, batch_first=True),
    "conv1d": lambda: nn.Sequential(
        nn.Conv1d(3, 8, 3), nn.BatchNorm1d(8), nn.LogSigmoid(), nn.MaxPool1d(2), nn.AvgPool1d(2)
    ),
    "conv2d": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    ),
    "encoder": lambda: nn.TransformerEncoder(
        nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2
    ),
    "transformer": lambda: nn.Transformer(16, 4, 1, 1, 32, batch_first=True),
}

# Primitives that the tree of each model must hold.
EXPECTED = {
    "bert": {"Embedding", "LayerNorm", "Linear", "MatMul", "Softmax", "Tanh", "GELU"},
    "gpt2": {"Embedding", "LayerNorm", "Conv1D", "MatMul", "Softmax", "GELU"},
    "llama": {"Embedding", "Linear", "MatMul", "RMSNorm", "SiLU", "Softmax"},
    "mixtral": {"GroupedMatMul", "Linear", "MatMul", "RMSNorm", "Softmax"},
    "whisper": {"Conv1d", "Embedding", "LayerNorm", "Linear", "MatMul", "Softmax"},
    "vit": {"Conv2d", "LayerNorm", "Linear", "MatMul", "Softmax"},
    "mamba": {"Conv1d", "Embedding", "Linear", "RMSNorm"},
    "lstm": {"LSTM"},
    "conv1d": {"Conv1d", "BatchNorm1d", "LogSigmoid", "MaxPool1d", "AvgPool1d"},
    "encoder": {"Linear", "MatMul", "Softmax", "LayerNorm"},
}


def build(name: str, attention: str | None = None) -> nn.Module:
    """A model of the zoo in evaluation mode, with real weights and a fixed seed."""
    torch.manual_seed(0)
    if name in LAYERS:
        return LAYERS[name]().eval()
    config = CONFIGS[name]()
    if attention is not None:
        config._attn_implementation = attention
    return hf.AutoModel.from_config(config).eval()


def inputs(name: str, model: nn.Module, batch_size: int = 2, seq_len: int = 6) -> dict[str, Any]:
    """Keyword arguments of one real call."""
    generator = torch.Generator().manual_seed(1)

    def ids(length: int = seq_len) -> torch.Tensor:
        return torch.randint(3, 100, (batch_size, length), generator=generator)

    def signal(*size: int) -> torch.Tensor:
        return torch.randn(batch_size, *size, generator=generator)

    special: dict[str, Callable[[], dict[str, Any]]] = {
        "t5": lambda: {"input_ids": ids(), "decoder_input_ids": ids(4)},
        "vit": lambda: {"pixel_values": signal(3, 32, 32)},
        "whisper": lambda: {"input_features": signal(8, 40), "decoder_input_ids": ids(4)},
        "clip": lambda: {"input_ids": ids(), "pixel_values": signal(3, 32, 32)},
        "sequential": lambda: {"input": signal(8)},
        "lstm": lambda: {"input": signal(seq_len, 8)},
        "conv1d": lambda: {"input": signal(3, 20)},
        "conv2d": lambda: {"input": signal(1, 12, 12)},
        "encoder": lambda: {"src": signal(seq_len, 16)},
        "transformer": lambda: {"src": signal(seq_len, 16), "tgt": signal(seq_len, 16)},
    }
    return special[name]() if name in special else {"input_ids": ids()}
