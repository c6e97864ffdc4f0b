"""Images and sounds for models that read them, of the shapes that their configuration asks for.

Families take them as planes of pixels, as tiles, or as rows of flat patches with their grid. Which
it is, the arguments' names tell; where several fit, the model's own `get_image_features` decides,
which also says how many placeholders the text needs.
"""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.copies.copies import Copies
from irene_jupyter.capture.copies.isolation import isolated
from irene_jupyter.errors import IreneError

logger = logging.getLogger(__name__)

Kwargs = dict[str, Any]

_PARTS = ("vision_config", "audio_config", "text_config", "encoder", "decoder", "backbone_config",
          "vision_encoder_config", "audio_encoder_config", "encoder_config", "vq_config",
          "thinker_config")  # fmt: skip
_SIDE = 224  # pixels, where a configuration tells none: ImageNet
_GRID_SIDE = 448  # pixels, of an image that may have any size
_FRAMES = 3000  # of a spectrogram: 30 s at 10 ms, as Whisper's processor makes them


@dataclass(frozen=True, slots=True)
class Medium:
    """What is beside the text: its arguments, its placeholder in the text, and words for it."""

    kwargs: Kwargs
    mark: int
    tokens: int  # that one row of the batch has for it
    note: str


def setting(config: Any, *names: str) -> Any:
    """The first of `names` that the configuration, or a part of it, gives."""
    parts = [config]
    for part in _PARTS:
        inner = getattr(config, part, None)
        if inner is not None:
            parts.append(inner)
    for part in parts:
        for name in names:
            value = getattr(part, name, None)
            if value is not None:
                return value
    return None


def medium_of(model: nn.Module, batch_size: int, count: int) -> Medium | None:
    """`count` images, or sounds, for each row of the text; None where the model reads none.

    Raises nothing: a model whose media cannot be made of its configuration reads text alone.
    """
    config = getattr(model, "config", None)
    for kind, makers in (("image", _IMAGES), ("audio", _SOUNDS)):
        mark = setting(config, f"{kind}_token_id", f"{kind}_token_index")
        if not isinstance(mark, int) or not hasattr(model, f"get_{kind}_features"):
            continue
        found = _fitting(model, kind, mark, makers, batch_size, count)
        if found is not None:
            return found
    return None


def _fitting(
    model: nn.Module, kind: str, mark: int, makers: tuple[Maker, ...], batch_size: int, count: int
) -> Medium | None:
    copies = Copies("meta")
    try:
        copied: Any = copies.of(model)
    except IreneError:
        return None
    get = getattr(copied, f"get_{kind}_features")
    accepted = inspect.signature(get).parameters
    forward = inspect.signature(model.forward).parameters
    for make in makers:
        for kwargs, size in make(model, forward, batch_size, count):
            args, given = copies.of_arguments(
                (), {name: value for name, value in kwargs.items() if name in accepted}
            )
            try:
                with isolated(), copies.mode:
                    tokens = _rows(get(*args, **given)) // batch_size
            except Exception as error:  # whatever the model's own code raises
                logger.debug("%s takes no %s", type(model).__name__, kwargs.keys(), exc_info=error)
                continue
            if tokens > 0:
                what = "image" if kind == "image" else "sound"
                several = f"one {what}" if count == 1 else f"{count} {what}s"
                words = "1 token" if tokens == 1 else f"{tokens} tokens"
                note = f"with {several} of {size}, {words} beside the text"
                kept = {n: v for n, v in kwargs.items() if n in accepted or n in forward}
                return Medium(kept, mark, tokens, note)
    return None


def _rows(features: Any) -> int:
    """How many vectors there are in what `get_image_features` gives."""
    features = getattr(features, "pooler_output", features)
    if isinstance(features, torch.Tensor):
        return features.shape[:-1].numel()
    return sum(_rows(each) for each in features)


# --- the shapes -------------------------------------------------------------------------------

Maker = Callable[[nn.Module, Any, int, int], Iterator[tuple[Kwargs, str]]]


def ones(*shape: int) -> torch.Tensor:
    """Whole numbers, which have values: they tell what is masked, or where a text has images."""
    return torch.ones((), dtype=torch.long).expand(shape)  # of any size without memory


def side_of(config: Any, default: int = _SIDE) -> tuple[int, int]:
    """(height, width) of a configuration's images, in pixels."""
    side = setting(config, "image_size", "img_size", "crop_size") or default
    if isinstance(side, dict):
        side = [side.get("height", default), side.get("width", default)]
    height, width = side if isinstance(side, list | tuple) else (side, side)
    return int(height), int(width)


def channels_of(config: Any) -> int:
    """The channels of a configuration's images."""
    found = setting(config, "num_channels", "in_channels", "in_chans", "num_input_channels")
    return found if isinstance(found, int) else 3


def _patch(config: Any) -> int:
    found = setting(config, "patch_size", "spatial_patch_size") or 14
    return int(found[-1] if isinstance(found, list | tuple) else found)


def grid_of(config: Any) -> tuple[int, int]:
    """(patches in height, in width) of an image, whole blocks of those that are merged."""
    merged = setting(config, "spatial_merge_size", "merge_size", "merge_kernel_size") or 2
    merged = max(merged) if isinstance(merged, list | tuple) else int(merged)
    rows, columns = (
        max(1, side // _patch(config) // merged) * merged for side in side_of(config, _GRID_SIDE)
    )
    return rows, columns


def patches(config: Any, images: int) -> Iterator[torch.Tensor]:
    """Rows of patches, those of all images one after the other: flat, of two frames, or planes."""
    rows, columns = grid_of(config)
    number, side, channels = images * rows * columns, _patch(config), channels_of(config)
    told = setting(config, "temporal_patch_size")
    for frames in (int(told),) if told else (1, 2):
        yield torch.empty(number, channels * frames * side**2, device="meta")
    planes = torch.empty(number, channels, side, side, device="meta")
    yield from (planes, planes[None])


def flat_patches(config: Any, images: int) -> torch.Tensor:
    """Rows of flat patches for each image on its own."""
    rows, columns = grid_of(config)
    width = channels_of(config) * _patch(config) ** 2
    return torch.empty(images, rows * columns, width, device="meta")


def grids(config: Any, images: int) -> torch.Tensor:
    """(frames, rows, columns) of each image, in patches."""
    return torch.tensor([1, *grid_of(config)]).expand(images, 3)


def _gridded(model: Any, forward: Any, batch: int, count: int) -> Iterator[tuple[Kwargs, str]]:
    if "image_grid_thw" not in forward:
        return
    config, images = model.config, batch * count
    grid = grids(config, images)
    size = " × ".join(str(int(each) * _patch(config)) for each in grid[0, 1:])
    merged = setting(config, "spatial_merge_size", "merge_size") or 2
    for pixels in patches(config, images):
        yield (
            {
                "pixel_values": pixels,
                "image_grid_thw": grid,
                "image_merge_sizes": torch.tensor(int(merged)).expand(images),
            },
            size,
        )


def _flat(model: Any, forward: Any, batch: int, count: int) -> Iterator[tuple[Kwargs, str]]:
    """Rows of flat patches for each image on its own, with their places."""
    config, images = model.config, batch * count
    rows, columns = grid_of(config)
    number, size = rows * columns, f"{rows * _patch(config)} × {columns * _patch(config)}"
    pixels = flat_patches(config, images)
    if "spatial_shapes" in forward:
        yield (
            {
                "pixel_values": pixels,
                "spatial_shapes": torch.tensor([rows, columns]).expand(images, 2),
                "pixel_attention_mask": ones(images, number),
            },
            size,
        )
    if "image_position_ids" in forward:
        places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).flip(-1)
        yield {"pixel_values": pixels, "image_position_ids": places.repeat(images, 1, 1)}, size


def _planes(model: Any, forward: Any, batch: int, count: int) -> Iterator[tuple[Kwargs, str]]:
    """Whole images; or tiles of them, in a dimension of their own."""
    height, width = side_of(model.config)
    plane, images = (channels_of(model.config), height, width), batch * count
    sizes = torch.tensor([height, width]).expand(images, 2)
    # Ones: who pads with empty tiles looks for zeros.
    for shape in ((images, *plane), (batch, count, *plane), (images, _tiles(model.config), *plane)):
        for more in ({}, {"image_sizes": sizes}):
            yield {"pixel_values": torch.ones(()).expand(shape), **more}, f"{height} × {width}"


def _tiles(config: Any) -> int:
    """Of an image of the configured size: its own, and those of the grid that fits it best."""
    grids = setting(config, "image_grid_pinpoints")
    if not grids:
        return 1
    from transformers.image_processing_utils import select_best_resolution

    sides = side_of(config)
    best: tuple[int, int] = select_best_resolution(sides, grids)
    return 1 + math.prod(-(-whole // side) for whole, side in zip(best, sides, strict=True))


def _spectrograms(model: Any, forward: Any, batch: int, count: int) -> Iterator[tuple[Kwargs, str]]:
    bins, sounds = bins_of(model.config), batch * count
    most = setting(model.config, "max_source_positions")
    frames = 2 * int(most) if most else _FRAMES
    masks = {
        name: ones(sounds, frames) for name in ("input_features_mask", "feature_attention_mask")
    }
    for shape in ((sounds, bins, frames), (sounds, frames, bins)):
        features = torch.empty(shape, device="meta")
        yield {"input_features": features, **masks}, f"{frames} frames"


def bins_of(config: Any) -> int:
    """Mel bins of a configuration's spectrograms."""
    names = (
        "num_mel_bins", "n_mels", "feature_size", "input_feat_size", "input_feat_per_channel",
        "feature_projection_input_dim", "input_dim", "mel_bins",
    )  # fmt: skip
    return int(setting(config, *names) or 80)


_IMAGES: tuple[Maker, ...] = (_gridded, _flat, _planes)
_SOUNDS: tuple[Maker, ...] = (_spectrograms,)
