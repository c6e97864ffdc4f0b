"""Inputs for models that nobody has called yet, and the sizes of inputs that somebody gave."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.count.tensors import tensors_in
from irene_jupyter.capture.inputs.transformers_inputs import for_transformers
from irene_jupyter.errors import InputShapeError, OptionError

# Image sides to try where only a convolution is known, in pixels: ImageNet, CIFAR, MNIST.
_IMAGE_SIDES = (224, 32, 28, 64, 16)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Arguments of a forward call, and the sizes that they stand for."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int = 1
    seq_len: int = 1
    notes: tuple[str, ...] = ()  # what was made up


def input_sizes(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[int, int]:
    """(batch size, sequence length) of a call's inputs; the length is 1 where there is none.

    Ids (batch, sequence) and embeddings (batch, sequence, width) have one, images do not.
    """
    first = None
    for name in ("input_ids", "inputs_embeds", "decoder_input_ids", "input_values", "pixel_values"):
        if isinstance(kwargs.get(name), torch.Tensor):
            first = kwargs[name]
            break
    if first is None:
        found = tensors_in((args, dict(kwargs)))
        first = found[0] if found else None
    if first is None or first.dim() == 0:
        return 1, 1
    has_sequence = first.dim() == 3 or (first.dim() == 2 and not first.is_floating_point())
    return int(first.shape[0]), int(first.shape[1]) if has_sequence else 1


def dummy_inputs(
    model: nn.Module, batch_size: int, seq_len: int, images: int | None = None
) -> Iterator[Inputs]:
    """Candidates of inputs for `model`, the likeliest first, without data where it says nothing.

    Transformers models are asked for their main input, others for their first layers. A language
    model that sees, or hears, gets `images` for each row beside its `seq_len` tokens of text; None
    means one. Raises `InputShapeError` where nothing tells the shape, `OptionError` where the
    model cannot take that many positions.
    """
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    for inputs in _candidates(model, batch_size, seq_len, images):
        yield replace(
            inputs,
            args=tuple(_cast(value, dtype) for value in inputs.args),
            kwargs={name: _cast(value, dtype) for name, value in inputs.kwargs.items()},
        )


def _cast(value: Any, dtype: torch.dtype) -> Any:
    """What a model of that dtype wants: a linear layer refuses other floating-point inputs."""
    is_floating = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.to(dtype) if is_floating else value


def _candidates(
    model: nn.Module, batch_size: int, seq_len: int, images: int | None
) -> Iterator[Inputs]:
    config = getattr(model, "config", None)
    if config is not None and hasattr(model, "main_input_name"):
        for found in for_transformers(model, batch_size, seq_len, images):
            if "input_ids" in found.kwargs:
                check_positions(model, config, found.seq_len)
            notes = () if found.note is None else (found.note,)
            yield Inputs((), found.kwargs, batch_size, found.seq_len, notes)
        return
    candidates = list(_for_layers(model, batch_size, seq_len))
    if not candidates:
        raise InputShapeError(
            f"no layer of {type(model).__name__} tells the shape of its input: run it once in the "
            "cell, or call irene_jupyter.measure(model, example_input)"
        )
    yield from candidates


def check_positions(model: nn.Module, config: Any, seq_len: int) -> None:
    """Raises `OptionError` if a learned position table is shorter than `seq_len`."""
    most = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    if not isinstance(most, int) or seq_len <= most:
        return
    for name, module in model.named_modules():
        learned = isinstance(module, nn.Embedding) and module.num_embeddings == most
        if learned and any(word in name for word in ("pos", "wpe")):
            raise OptionError(
                f"{type(model).__name__} has {most} positions, fewer than the sequence length "
                f"{seq_len}: choose a shorter one, or a configuration with more positions"
            )


# --- plain torch ------------------------------------------------------------------------------


def _for_layers(model: nn.Module, batch_size: int, seq_len: int) -> Iterator[Inputs]:
    required = _required_inputs(model)
    seen: set[tuple[tuple[int, ...], torch.dtype]] = set()
    for layer in _first_layers(model):
        for shape, dtype in _layer_inputs(layer, batch_size, seq_len):
            if (shape, dtype) in seen:
                continue
            seen.add((shape, dtype))
            make = torch.ones if dtype == torch.long else torch.zeros
            tensor = make(shape, dtype=dtype, device="meta")
            has_sequence = len(shape) == 3 or dtype == torch.long
            length = seq_len if has_sequence and seq_len in shape[:2] else 1
            yield Inputs((tensor,) * required, {}, batch_size, length)


def _required_inputs(model: nn.Module) -> int:
    parameters = inspect.signature(model.forward).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.kind in positional and p.default is p.empty]
    return max(len(needed), 1)


def _first_layers(model: nn.Module, most: int = 4) -> list[nn.Module]:
    """The first layers with parameters or a width, in order of registration."""
    layers: list[nn.Module] = []
    for module in model.modules():
        whole = isinstance(module, nn.MultiheadAttention)
        if (whole or not list(module.children())) and any(
            True for _ in _layer_inputs(module, 1, 1)
        ):
            layers.append(module)
        if len(layers) == most:
            break
    return layers


def _layer_inputs(
    layer: nn.Module, batch_size: int, seq_len: int
) -> Iterator[tuple[tuple[int, ...], torch.dtype]]:
    """Shapes that `layer` could take: (batch, sequence, width), (batch, width), images …"""
    b, s, floating = batch_size, seq_len, torch.float32
    if isinstance(layer, nn.Embedding | nn.EmbeddingBag):
        yield (b, s), torch.long
    elif isinstance(layer, nn.Linear):
        yield (b, layer.in_features), floating
        yield (b, s, layer.in_features), floating
    elif type(layer).__name__ == "Conv1D":  # transformers' addmm layer: weight (inputs, outputs)
        yield (b, s, int(layer.get_parameter("weight").shape[0])), floating
    elif isinstance(layer, nn.RNNBase):
        yield (
            ((b, s, layer.input_size) if layer.batch_first else (s, b, layer.input_size)),
            floating,
        )
    elif isinstance(layer, nn.MultiheadAttention):
        yield ((b, s, layer.embed_dim) if layer.batch_first else (s, b, layer.embed_dim)), floating
    elif isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
        yield (b, layer.in_channels, s), floating
    elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        for side in _IMAGE_SIDES:
            yield (b, layer.in_channels, side, side), floating
    elif isinstance(layer, nn.Conv3d | nn.ConvTranspose3d):
        yield (b, layer.in_channels, 16, 112, 112), floating  # a short clip, as in Kinetics
    elif isinstance(layer, nn.BatchNorm1d):
        yield (b, layer.num_features), floating
        yield (b, layer.num_features, s), floating
    elif isinstance(layer, nn.LayerNorm) or type(layer).__name__ == "RMSNorm":
        width = tuple(getattr(layer, "normalized_shape", ()))
        if width and math.prod(width) > 0:
            yield (b, s, *width) if len(width) == 1 else (b, *width), floating
