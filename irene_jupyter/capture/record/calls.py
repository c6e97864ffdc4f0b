"""How a leaf was called, without its data: enough to make the call again on fresh inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

Autocast = tuple[str, torch.dtype]  # device type, and the dtype that is cast to


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Stands for a tensor among the arguments of a `Call`."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a functional leaf, or of the module at a leaf's path where `function` is None.

    Arguments hold a `TensorSpec` for each tensor, and no data. The leaves of a fused attention
    core share one call.
    """

    name: str
    function: Callable[..., Any] | None
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    autocast: Autocast | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The module of a run that was recorded live, and how its leaves were called, by path."""

    module: nn.Module
    path: str  # within the model, "" for the model itself
    calls: Mapping[str, Call]


def call_of(
    name: str,
    function: Callable[..., Any] | None,
    args: Any,
    kwargs: Any,
    device: torch.device | None = None,
) -> Call | None:
    """The description of a call; None where an argument is no plain strided tensor or value.

    Tensors on meta stand for tensors on `device`; without one they are no plain tensors.
    """
    try:
        given = _plain(tuple(args), device), _plain(dict(kwargs), device)
        return Call(name, function, *given, _autocast())
    except (_NotPlainError, RuntimeError, NotImplementedError):  # sparse, nested, wrapped tensors
        return None


def specs_in(value: Any) -> Iterator[TensorSpec]:
    """The tensors among arguments, in order."""
    if isinstance(value, TensorSpec):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from specs_in(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from specs_in(item)


def extent_of(spec: TensorSpec) -> int:
    """Elements of storage that a tensor spans; one that is expanded spans few."""
    if 0 in spec.shape:
        return 0
    return 1 + sum((n - 1) * step for n, step in zip(spec.shape, spec.stride, strict=True))


class _NotPlainError(Exception):
    """An argument that cannot be made again."""


def _plain(value: Any, device: torch.device | None) -> Any:
    if isinstance(value, torch.Tensor):
        place = device if value.is_meta else value.device
        if value.layout is not torch.strided or place is None:
            raise _NotPlainError
        return TensorSpec(tuple(value.shape), value.stride(), value.dtype, place)
    if isinstance(value, tuple | list):
        return tuple(_plain(item, device) for item in value)
    if isinstance(value, dict):
        return {key: _plain(item, device) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str | torch.dtype):
        return value
    raise _NotPlainError


def _autocast() -> Autocast | None:
    for device in ("cpu", "cuda"):
        if torch.is_autocast_enabled(device):
            return device, torch.get_autocast_dtype(device)
    return None
