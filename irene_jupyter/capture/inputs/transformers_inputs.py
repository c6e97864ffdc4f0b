"""Inputs for transformers models, by the names of their arguments and by their configuration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.copies.values import MOST_ELEMENTS
from irene_jupyter.capture.inputs.media import (
    bins_of,
    channels_of,
    flat_patches,
    grids,
    medium_of,
    ones,
    patches,
    setting,
    side_of,
)
from irene_jupyter.errors import InputShapeError

_SAMPLES_PER_TOKEN = 320  # of raw audio: 20 ms at 16 kHz, the stride of wav2vec 2.0's encoder
_VIDEO_FRAMES = 16  # a short clip, as in Kinetics
_MEL_BINS = (80, 128)  # of spectrograms, where a configuration tells none: Whisper's
_IMAGES = ("pixel_values", "pixel_values_videos")


@dataclass(frozen=True, slots=True)
class Arguments:
    """Keyword arguments, the tokens of one row of the text, and what to tell about them."""

    kwargs: dict[str, Any]
    seq_len: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Size:
    """What the shapes follow from."""

    config: Any
    batch_size: int
    seq_len: int


def for_transformers(
    model: nn.Module, batch_size: int, seq_len: int, images: int | None
) -> Iterator[Arguments]:
    """Candidates of arguments, the likeliest first. Raises `InputShapeError` for unknown ones.

    A model that reads images (or sounds) within its text gets `images` of them for each row
    beside `seq_len` tokens of text; None means one.
    """
    accepted = inspect.signature(model.forward).parameters
    size = _Size(model.config, batch_size, seq_len)
    count = 1 if images is None else images
    medium = None
    if count and "input_ids" in accepted:
        medium = medium_of(model, batch_size, count)
    if medium is not None and seq_len <= MOST_ELEMENTS:
        marks = torch.full((medium.tokens,), medium.mark)
        text = torch.cat([marks, ones(seq_len)]).expand(batch_size, -1)
        kwargs: dict[str, Any] = {**medium.kwargs, "input_ids": text}
        if "mm_token_type_ids" in accepted:
            kwargs["mm_token_type_ids"] = (kwargs["input_ids"] == medium.mark).long()
        if _has_decoder(size.config, accepted):
            kwargs["decoder_input_ids"] = _decoder_ids(size)
        yield Arguments(kwargs, seq_len + medium.tokens, medium.note)
    main = _main(str(model.main_input_name), accepted)
    wanted = _wanted(main, size.config, accepted)
    note = None
    if count and main == "input_ids" and wanted == [main] and _may_see(size.config):
        note = "its text alone: an image of the configured size does not go through its parts"
    for first in _shapes(main, size, accepted):
        kwargs = dict(first)
        for name in wanted[1:]:
            kwargs.update(next(iter(_shapes(name, size, accepted))))
        yield Arguments(kwargs, _length(main, kwargs, size, len(wanted)), note)


def _main(name: str, accepted: Any) -> str:
    """The argument that a model is called with: parts of models inherit a name that they lack."""
    if name in accepted:
        return name
    required = (n for n, parameter in accepted.items() if parameter.default is parameter.empty)
    known = [each for each in (*required, *accepted) if each in _BY_NAME]
    return next(iter(known), name)


def _wanted(main: str, config: Any, accepted: Any) -> list[str]:
    """The arguments that a call needs, the main one first."""
    wanted = [main]
    has_images = hasattr(config, "vision_config") and hasattr(config, "text_config")
    # CLIP and its kin take both; a language model with images needs placeholders in its text.
    is_contrastive = {"input_ids", "pixel_values"} <= set(accepted) and (
        "past_key_values" not in accepted
    )
    if main in ("input_ids", "pixel_values") and has_images and is_contrastive:
        wanted = ["input_ids", "pixel_values"]
        if main == "pixel_values" or getattr(config.vision_config, "num_frames", None):
            wanted.reverse()
    if _has_decoder(config, accepted):
        wanted.append("decoder_input_ids")
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    wanted += [
        name
        for name, parameter in accepted.items()
        if parameter.default is parameter.empty
        and parameter.kind in kinds
        and name not in (*wanted, "labels", "grid_thw")
        and name in _BY_NAME
    ]
    return [*wanted, *(n for n in ("bbox",) if n in accepted and n not in wanted)]


def _has_decoder(config: Any, accepted: Any) -> bool:
    return bool(getattr(config, "is_encoder_decoder", False)) and "decoder_input_ids" in accepted


def _may_see(config: Any) -> bool:
    has_tower = getattr(config, "vision_config", None) is not None
    return has_tower and setting(config, "image_token_id", "image_token_index") is not None


def _length(main: str, kwargs: dict[str, Any], size: _Size, wanted: int) -> int:
    if main == "input_ids" or wanted > 1 or main not in (*_IMAGES, "input_values"):
        return size.seq_len
    tensor = kwargs[main]
    return int(tensor.shape[1]) if tensor.dim() == 3 else 1


def _shapes(name: str, size: _Size, accepted: Any) -> Iterator[dict[str, Any]]:
    """Arguments that `name` may stand for, the likeliest first."""
    makers = _BY_NAME.get(name)
    if makers is None:
        raise InputShapeError(
            f"the model's main input is {name!r}, whose shape its configuration does not tell: run "
            "the model once in the cell, or call irene_jupyter.measure(model, example_input)"
        )
    for made in makers(size, accepted):
        yield {name: made} if isinstance(made, torch.Tensor) else made


Made = Iterator[torch.Tensor | dict[str, Any]]


def _empty(*shape: int) -> torch.Tensor:
    return torch.empty(shape, device="meta")


def _ids(size: _Size) -> torch.Tensor:
    return ones(size.batch_size, size.seq_len)


def _texts(size: _Size, accepted: Any) -> Made:
    """Tokens; or the codes of sounds, of which each moment has several."""
    yield _ids(size)
    codes = setting(size.config, "num_codebooks") or setting(size.config, "num_channels")
    if isinstance(codes, int) and codes > 1:
        yield ones(size.batch_size * codes, size.seq_len)
        yield ones(size.batch_size, size.seq_len, codes)


def _decoder_ids(size: _Size) -> torch.Tensor:
    most = setting(size.config, "max_target_positions")
    length = min(size.seq_len, int(most)) if most else size.seq_len
    return ones(size.batch_size, length)


def _pixels(size: _Size, accepted: Any) -> Made:
    config, batch = size.config, size.batch_size
    grid = next((n for n in ("grid_thw", "image_grid_thw") if n in accepted), None)
    if grid is not None:
        for pixels in patches(config, batch):
            yield {"pixel_values": pixels, grid: grids(config, batch)}
    plane = (channels_of(config), *side_of(config))
    if "spatial_shapes" in accepted:
        shapes = grids(config, batch)[:, 1:]
        flat = flat_patches(config, batch)
        mask = ones(*flat.shape[:2])
        yield {"pixel_values": flat, "spatial_shapes": shapes, "pixel_attention_mask": mask}
    frames = setting(config, "num_frames")
    if frames:
        yield _empty(batch, int(frames), *plane)
    yield _empty(batch, *plane)
    for several in (1, 2):  # tiles of an image; two images that are compared
        yield _empty(batch, several, *plane)


def _videos(size: _Size, accepted: Any) -> Made:
    frames = setting(size.config, "num_frames", "frames_per_clip") or _VIDEO_FRAMES
    yield _empty(size.batch_size, int(frames), channels_of(size.config), *side_of(size.config))


def _features(size: _Size, accepted: Any) -> Made:
    told, batch, length = bins_of(size.config), size.batch_size, size.seq_len
    frames = setting(size.config, "max_source_positions")
    shapes: list[tuple[int, ...]] = []
    if frames:
        shapes = [(batch, told, 2 * int(frames)), (batch, 2 * int(frames), told)]
    for bins in dict.fromkeys((told, *_MEL_BINS)):
        shapes += [(batch, length, bins), (batch, bins, length), (batch, 1, length, bins)]
    masks = [n for n in ("input_features_mask", "feature_attention_mask") if n in accepted]
    for shape in shapes:
        number = 2 * int(frames) if frames and 2 * int(frames) in shape[1:] else length
        lengths = {name: ones(batch, number) for name in masks}
        yield {"input_features": _empty(*shape), **lengths}


def _samples(size: _Size, accepted: Any) -> Made:
    bins, frames = setting(size.config, "num_mel_bins"), setting(size.config, "max_length")
    if bins and frames and hasattr(size.config, "patch_size"):  # a spectrogram (AST), not samples
        yield _empty(size.batch_size, int(frames), int(bins))
    number = size.seq_len * _SAMPLES_PER_TOKEN
    yield _empty(size.batch_size, number)
    yield _empty(size.batch_size, 1, number)  # audio with a channel (EnCodec)


def _hidden(size: _Size, accepted: Any) -> Made:
    if "grid_thw" in accepted:
        grid = grids(size.config, size.batch_size)
        for rows in patches(size.config, size.batch_size):
            yield {"hidden_states": rows, "grid_thw": grid}
    yield _empty(size.batch_size, size.seq_len, _width(size.config))


def _width(config: Any) -> int:
    found = setting(config, "hidden_size", "d_model", "embed_dim", "dim")
    if not isinstance(found, int):
        raise InputShapeError(
            "the configuration tells no width of the hidden states: run the model once in the "
            "cell, or call irene_jupyter.measure(model, example_input)"
        )
    return found


def _wide(name: str) -> Callable[[_Size, Any], Made]:
    def make(size: _Size, accepted: Any) -> Made:
        yield {name: _empty(size.batch_size, size.seq_len, _width(size.config))}

    return make


def _past(size: _Size, accepted: Any) -> Made:
    """Time series: what was observed, and the features of its time."""
    config, batch = size.config, size.batch_size
    length = int(setting(config, "context_length") or size.seq_len)
    if "past_time_features" not in accepted:
        channels = setting(config, "num_input_channels")
        yield _empty(batch, length, int(channels)) if channels else _empty(batch, length)
        return
    past, future = length + max(config.lags_sequence), config.prediction_length
    features = max(1, config.num_time_features)
    yield {
        "past_values": _empty(batch, past),
        "past_time_features": _empty(batch, past, features),
        "past_observed_mask": _empty(batch, past),
        "future_values": _empty(batch, future),
        "future_time_features": _empty(batch, future, features),
    }


def _flattened(size: _Size, accepted: Any) -> Made:
    """Pix2Struct: patches with their row and column."""
    width = channels_of(size.config) * int(setting(size.config, "patch_size") or 16) ** 2
    yield _empty(size.batch_size, size.seq_len, 2 + width)


def _boxes(size: _Size, accepted: Any) -> Made:
    yield torch.zeros((), dtype=torch.long).expand(size.batch_size, size.seq_len, 4)


_BY_NAME: dict[str, Callable[[_Size, Any], Made]] = {
    "input_ids": _texts,
    "decoder_input_ids": lambda size, accepted: iter([_decoder_ids(size)]),
    "pixel_values": _pixels,
    "pixel_values_videos": _videos,
    "input_features": _features,
    "input_values": _samples,
    "hidden_states": _hidden,
    "inputs_embeds": _wide("inputs_embeds"),
    "query_embeds": _wide("query_embeds"),
    "inputs": _wide("inputs"),
    "past_values": _past,
    "flattened_patches": _flattened,
    "bbox": _boxes,
}
