"""What makes two calls of a model the same work: their arguments, and the state of the model.

Every root call passes here, so all of it takes microseconds. What no description sees (an early
exit, a branch on values) shows in the modules that a call runs: see `recorder.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

import torch
from torch import nn

_DEPTH = 6  # of nested arguments
_MOST = 64  # items of one container that are looked at
_SHORT = 24  # characters: a longer text is an input, a shorter one names a choice
_NUMBERS = (int, float, complex)


def describe(value: Any, cached: int | None = None, depth: int = 0) -> Any:
    """A hashable description of arguments: shapes and dtypes; what grows with the cache left out.

    Python numbers are of one kind, whatever their value: a step of a diffusion is no new size.
    Booleans and short texts choose what is done, and count. Objects are looked into.
    """
    if isinstance(value, torch.Tensor):
        return _tensor(value, cached)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, _NUMBERS):
        return "number"
    if isinstance(value, str):
        return value if len(value) <= _SHORT else ("text", len(value))
    if depth >= _DEPTH:
        return type(value).__name__
    if isinstance(value, Mapping):
        items = list(value.items())[:_MOST]
        return len(value), tuple((str(k), describe(v, cached, depth + 1)) for k, v in items)
    if isinstance(value, list | tuple):
        first = value[:1]
        if len(value) > _MOST and isinstance(first[0], _NUMBERS):
            return "numbers", len(value)
        return len(value), tuple(describe(item, cached, depth + 1) for item in value[:_MOST])
    return _object(value, cached, depth)


def _tensor(value: torch.Tensor, cached: int | None) -> Any:
    if value.is_nested:
        sizes = value.numel(), value.dim()
        return (*sizes, value.dtype, value.device, value.layout)
    shape: tuple[int, ...] = value.shape
    if cached and len(shape) > 1 and shape[-1] > cached:
        shape = (*shape[:-1], -1)  # an attention mask over the cache
    # Whether it needs a gradient tells what a backward pass has to do.
    return shape, value.dtype, value.device, value.requires_grad


def _object(value: Any, cached: int | None, depth: int) -> Any:
    kind = type(value).__name__
    # Caches grow, and have a description of their own; modules, too.
    if isinstance(value, nn.Module | type) or hasattr(value, "get_seq_length") or callable(value):
        return kind
    for name in ("shape", "size"):  # of arrays, data frames; of images
        size = getattr(value, name, None)
        if isinstance(size, tuple) and all(isinstance(n, int) for n in size):
            return kind, size, str(getattr(value, "dtype", getattr(value, "mode", "")))
    held = getattr(value, "__dict__", None) or {}
    slots = (
        name
        for each in type(value).__mro__
        for name in _names(getattr(each, "__slots__", ()))
        if hasattr(value, name)
    )
    held = {**{name: getattr(value, name) for name in slots}, **held}
    return (kind, describe(held, cached, depth + 1)) if held else kind


def _names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


# --- the model's own state ----------------------------------------------------------------------

Flags = dict[tuple[type, int], Callable[[dict[str, Any]], Any]]


def state_of(root: nn.Module, known_flags: Flags) -> int:
    """A number that changes with what a model is made of, and with how it is set to work.

    That is each of its modules, their switches (attributes that are booleans or short texts, such
    as `training` or an adapter's), and their parameters' dtypes and sizes.
    """
    found: list[Any] = []
    pending = [root]
    known: set[int] = set()
    for module in pending:  # grows on the way
        own, identity = module.__dict__, id(module)
        if identity in known:  # under two names, or modules that contain each other in a circle
            found.append(identity)
            continue
        known.add(identity)
        parameters, children = own.get("_parameters"), own.get("_modules")
        if parameters is None or children is None:  # TorchScript's keep them elsewhere
            found.append(identity)
            continue
        key = (type(module), len(own))
        flags = known_flags.get(key)
        if flags is None:
            flags = known_flags[key] = _flags(own)
        try:
            found.append((identity, flags(own)))
        except (KeyError, TypeError):  # other attributes than its kin
            found.append((identity, _flags(own)(own)))
        for parameter in parameters.values():
            if parameter is not None:
                found.append(parameter.dtype)
                found.append(_numel(parameter))
                found.append(parameter.requires_grad)
        if children:
            pending.extend([child for child in children.values() if child is not None])
    return hash(tuple(found))


def _flags(own: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    names = sorted(
        name
        for name, value in own.items()
        if isinstance(value, bool) or (isinstance(value, str) and len(value) <= _SHORT)
    )
    return itemgetter(*names) if names else lambda _: None


def _numel(parameter: torch.Tensor) -> int:
    try:
        return parameter.numel()
    except (ValueError, RuntimeError):  # a lazy module's, that has no size yet
        return 0
