"""How a leaf was called, without its data: enough to make the call again on fresh inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

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


def call_of(name: str, function: Callable[..., Any] | None, args: Any, kwargs: Any) -> Call | None:
    """The description of a call; None where an argument is no plain strided tensor or value."""
    try:
        return Call(name, function, _plain(tuple(args)), _plain(dict(kwargs)), _autocast())
    except (_NotPlainError, RuntimeError, NotImplementedError):  # sparse, nested, wrapped tensors
        return None


class _NotPlainError(Exception):
    """An argument that cannot be made again."""


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        if value.layout is not torch.strided or value.is_meta:
            raise _NotPlainError
        return TensorSpec(tuple(value.shape), value.stride(), value.dtype, value.device)
    if isinstance(value, tuple | list):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str | torch.dtype):
        return value
    raise _NotPlainError


def _autocast() -> Autocast | None:
    for device in ("cpu", "cuda"):
        if torch.is_autocast_enabled(device):
            return device, torch.get_autocast_dtype(device)
    return None
