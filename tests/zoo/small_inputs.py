"""Inputs of one real forward call of a small model, by what its forward takes and its parts say."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

BATCH = 2
LENGTH = 12  # tokens
SEED = 1


class Maker:
    """Random tensors from a generator of its own, and the sizes that a configuration tells."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.config = model.config
        self.accepted = inspect.signature(model.forward).parameters
        self.generator = torch.Generator().manual_seed(SEED)

    def ids(self, *shape: int, most: int = 100, least: int = 10) -> torch.Tensor:
        return torch.randint(least, most, shape or (BATCH, LENGTH), generator=self.generator)

    def signal(self, *shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=self.generator)

    def get(self, *names: str, default: Any = None, parts: tuple[str, ...] = ()) -> Any:
        """The first of `names` that the configuration or one of its parts gives."""
        configs = [self.config, *(getattr(self.config, part, None) for part in parts + _PARTS)]
        for each in configs:
            for name in names:
                value = getattr(each, name, None) if each is not None else None
                if value is not None:
                    return value
        return default


_PARTS = ("vision_config", "text_config", "audio_config", "backbone_config", "encoder", "decoder",
          "encoder_config", "thinker_config", "audio_encoder_config", "vq_config",
          "decoder_config", "vision_encoder_config", "speech_config")  # fmt: skip


def usual(maker: Maker) -> dict[str, Any]:
    """What the rules give."""
    found: dict[str, Any] = {}
    for parameter in maker.accepted.values():
        if parameter.name in _MADE and _is_wanted(maker, parameter):
            found[parameter.name] = _MADE[parameter.name](maker)
    if "pixel_values" in found and ("image_grid_thw" in maker.accepted):
        found["pixel_values"], found["image_grid_thw"] = patches(maker)
    if "pixel_values" in found and "image_sizes" in maker.accepted:
        side = found["pixel_values"].shape[-1]
        found["image_sizes"] = torch.full((BATCH, 2), side)
    if {"input_ids", "pixel_values"} <= set(found) and mark(maker) is not None:
        found["input_ids"] = with_placeholders(maker, found)
    if "mm_token_type_ids" in maker.accepted and "image_grid_thw" in found:
        found["mm_token_type_ids"] = (found["input_ids"] == mark(maker)).long()
    if "hidden_states" in found and "grid_thw" in found:
        found["hidden_states"] = patches(maker)[0]
    if "pixel_values" in found and "grid_thw" in found:
        found["pixel_values"] = patches(maker)[0]
    if "decoder_input_ids" in found:
        found["decoder_input_ids"] = maker.ids(BATCH, 4)
    return found


_MAIN = ("input_ids", "pixel_values", "input_features", "input_values", "inputs", "hidden_states",
         "decoder_input_ids", "past_values")  # fmt: skip


def _is_wanted(maker: Maker, parameter: inspect.Parameter) -> bool:
    name = parameter.name
    if parameter.default is inspect.Parameter.empty:
        return True
    if name in ("attention_mask",):
        return "input_ids" in maker.accepted and "decoder_input_ids" not in maker.accepted
    if name == "decoder_input_ids":
        return bool(getattr(maker.config, "is_encoder_decoder", False)) or (
            "input_ids" not in maker.accepted or "encoder_outputs" in maker.accepted
        )
    if name in ("input_features", "input_values") and "input_ids" in maker.accepted:
        return str(getattr(maker.model, "main_input_name", "")) == name or not _is_generative(maker)
    return name in _MAIN


def _is_generative(maker: Maker) -> bool:
    return "past_key_values" in maker.accepted


def _pixels(maker: Maker) -> torch.Tensor:
    side = maker.get("image_size", "img_size", "crop_size", "train_size", default=64)
    if not isinstance(side, int | list | tuple):
        side = 64
    height, width = side if isinstance(side, list | tuple) else (side, side)
    channels = maker.get("num_channels", "in_channels", "in_chans", "num_input_channels", default=3)
    channels = channels if isinstance(channels, int) else 3
    return maker.signal(BATCH, channels, int(height), int(width))


def _features(maker: Maker) -> torch.Tensor:
    bins = maker.get("num_mel_bins", "feature_size", "input_dim", "n_mels", "input_feat_size",
                     default=80, parts=("audio_config",))  # fmt: skip
    frames = maker.get("max_source_positions", parts=("audio_config",))
    if frames and "input_features_mask" not in maker.accepted:
        return maker.signal(BATCH, bins, 2 * frames)
    return maker.signal(BATCH, 64, bins)


def _values(maker: Maker) -> torch.Tensor:
    bins, frames = maker.get("num_mel_bins"), maker.get("max_length")
    if bins and frames and hasattr(maker.config, "patch_size"):
        return maker.signal(BATCH, frames, bins)
    return maker.signal(BATCH, 6400)


def patches(maker: Maker) -> tuple[torch.Tensor, torch.Tensor]:
    """Images as rows of flat patches, and the grid of each: (time, height, width)."""
    patch = maker.get("patch_size", default=14)
    time = maker.get("temporal_patch_size", default=1)
    channels = maker.get("in_channels", "in_chans", "num_channels", default=3)
    grid = torch.tensor([[1, 4, 4]] * BATCH)
    return maker.signal(BATCH * 16, channels * time * patch * patch), grid


def mark(maker: Maker) -> int | None:
    """The id that stands for a piece of an image within the text."""
    return maker.get("image_token_id", "image_token_index", "im_patch_id", "image_patch_id")


def with_placeholders(maker: Maker, found: dict[str, Any]) -> torch.Tensor:
    """Text with as many placeholders in each row as its image has features."""
    model = maker.model
    getter = getattr(model, "get_image_features", None)
    count = maker.get("mm_tokens_per_image", "image_seq_length", default=16)
    if getter is not None:
        taken = inspect.signature(getter).parameters
        arguments = {n: v for n, v in found.items() if n in taken and n != "input_ids"}
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            count = rows(getter(**arguments)) // BATCH
    length = int(count) + 6
    ids = maker.ids(BATCH, length)
    ids[:, 2 : 2 + int(count)] = mark(maker)
    return ids


def rows(features: Any) -> int:
    """How many vectors there are in what get_image_features() gives."""
    pooled = getattr(features, "pooler_output", None)
    features = getattr(features, "last_hidden_state", features) if pooled is None else pooled
    if isinstance(features, torch.Tensor):
        return features[..., 0].numel()
    return sum(rows(each) for each in features)


_MADE: dict[str, Callable[[Maker], Any]] = {
    "input_ids": lambda m: m.ids(),
    "attention_mask": lambda m: None,
    "decoder_input_ids": lambda m: m.ids(BATCH, 4),
    "pixel_values": _pixels,
    "input_features": _features,
    "input_values": _values,
    "inputs_embeds": lambda m: m.signal(BATCH, LENGTH, m.get("hidden_size", default=64)),
    "hidden_states": lambda m: m.signal(BATCH, LENGTH, m.get("hidden_size", default=64)),
    "past_values": lambda m: m.signal(BATCH, m.get("context_length", default=32)),
    "grid_thw": lambda m: torch.tensor([[1, 4, 4]] * BATCH),
}
