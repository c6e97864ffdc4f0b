"""What the user's code can reach, and so change: by its globals, its closures and its classes."""

from __future__ import annotations

import contextlib
import contextvars
import dis
import functools
import logging
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.copies.bare import Uncopyable

# Values that cannot change, or that stand for something outside of the model.
ATOMIC = (
    type(None), bool, int, float, complex, str, bytes, type, range, slice, property, type(...),
    types.ModuleType, types.CodeType, torch.dtype, torch.device, torch.layout, torch.memory_format,
    torch.Size, torch.fx.Graph, torch.jit.ScriptFunction, logging.Logger, logging.Handler,
    contextvars.ContextVar, Uncopyable,
)  # fmt: skip
PLAIN = frozenset(ATOMIC)  # their exact types, for a quick answer
BUILTIN = (types.BuiltinFunctionType, types.MethodWrapperType)
_METHODS = (types.FunctionType, staticmethod, functools._lru_cache_wrapper)
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
_PACKAGES = frozenset({"site-packages", "dist-packages"})  # a user's own, or those a venv adds to


def shared_by_class(kind: type) -> list[tuple[str, Any]]:
    """What the user's classes hold that a call could change: caches, lists, methods with such."""
    found: dict[str, Any] = {}
    for base in kind.__mro__[: kind.__mro__.index(nn.Module)]:
        if _is_installed(getattr(sys.modules.get(base.__module__), "__file__", None)):
            continue
        for name, value in vars(base).items():
            is_special = name.startswith("__") or isinstance(value, classmethod)
            is_property = hasattr(value, "__get__") and not isinstance(value, _METHODS)
            if not is_special and not is_property and _can_change(value, set()):
                found.setdefault(name, value)
    return list(found.items())


def is_bound(builtin: Any) -> bool:
    """Whether a function that is written in C is an object's method."""
    return not isinstance(getattr(builtin, "__self__", None), ATOMIC)


def _can_change(value: Any, seen: set[int]) -> bool:
    """Whether a call could change `value`, or by it anything else."""
    if isinstance(value, staticmethod):
        value = value.__func__
    if isinstance(value, types.FunctionType):
        return reaches(value, seen)
    if isinstance(value, BUILTIN):
        return is_bound(value)
    return not isinstance(value, ATOMIC)


def reaches(function: types.FunctionType, seen: set[int]) -> bool:
    """Whether a function holds what it could change, itself or by the functions that it calls."""
    if id(function) in seen:
        return False
    seen.add(id(function))
    if hasattr(function, "_torchdynamo_orig_callable"):
        return True
    return any(_can_change(value, seen) for value in _held(function))


def modules_of(function: Any) -> list[nn.Module]:
    """The models that a function of the user's holds, by its globals and closure."""
    if not isinstance(function, types.FunctionType):
        return []
    return [value for value in _held(function) if isinstance(value, nn.Module)]


def _held(function: types.FunctionType) -> list[Any]:
    held = list(named_globals(function).values())
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # not bound yet
            held.append(cell.cell_contents)
    return held


def written(compiled: types.FunctionType) -> Any:
    """What torch.compile, or torch.compiler.disable, was given: a function or a bound method."""
    inner: Any = compiled
    while isinstance(inner, types.FunctionType) and "fn" in inner.__code__.co_freevars:
        if "_dynamo" not in inner.__code__.co_filename:
            return inner
        place = inner.__code__.co_freevars.index("fn")
        inner = (inner.__closure__ or ())[place].cell_contents
    return compiled._torchdynamo_orig_callable if inner is compiled else inner


def named_globals(function: types.FunctionType) -> dict[str, Any]:
    """The global variables, other than types and modules, that a function of the user's names."""
    if _is_installed(function.__code__.co_filename):
        return {}
    known = function.__globals__
    named = {name: known[name] for name in _global_names(function.__code__) if name in known}
    return {name: value for name, value in named.items() if type(value) not in PLAIN}


@functools.lru_cache(maxsize=1024)
def _global_names(code: types.CodeType) -> frozenset[str]:
    named = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    inner = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return frozenset(named.union(*map(_global_names, inner)))


@functools.lru_cache(maxsize=4096)
def _is_installed(path: str | None) -> bool:
    """Whether code is of Python's or a package that is installed, no notebook's or script's."""
    if path is None:
        return False
    return path.startswith(_INSTALLED) or not _PACKAGES.isdisjoint(Path(path).parts)
