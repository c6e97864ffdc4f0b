"""Modules whose code calls functions of TorchScript, which no function mode sees."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, MutableMapping
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn

_DEPTH = 3  # of functions that call functions
_SCRIPTED = torch._C.ScriptFunction
# By class, which a notebook defines anew each time that its cell runs.
_known: MutableMapping[type[nn.Module], bool] = WeakKeyDictionary()


def calls_scripted(module: nn.Module) -> bool:
    """Whether the forward pass of a module mentions a scripted or traced function."""
    cls = type(module)
    mentions = _known.get(cls)
    if mentions is None:
        mentions = _known[cls] = _mentions(cls)
    return mentions or any(isinstance(value, _SCRIPTED) for value in vars(module).values())


def _mentions(cls: Any) -> bool:
    forward = inspect.unwrap(cls.forward) if hasattr(cls, "forward") else None
    return any(isinstance(value, _SCRIPTED) for value in _mentioned(forward, cls, _DEPTH, set()))


def _mentioned(function: Any, cls: type, depth: int, seen: set[CodeType]) -> Iterator[Any]:
    """What a function names: globals, what it encloses, methods, and what those name."""
    if not isinstance(function, FunctionType) or function.__code__ in seen or not depth:
        return
    seen.add(function.__code__)
    names = [name for code in _codes(function.__code__) for name in code.co_names]
    found = [function.__globals__.get(name, getattr(cls, name, None)) for name in names]
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not filled yet
            continue
    for value in found:
        yield value
        yield from _mentioned(value, cls, depth - 1, seen)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
