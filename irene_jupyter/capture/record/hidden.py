"""Parts of a call that a recording cannot look into, kept so that they can be traced afterwards.

Compiled code would take our function mode in, and torch's fused layers would not take their fused
path under one: there the recording stands aside. What it keeps is the callable (weakly: nothing of
the user's lives longer for it) and the call's arguments without their data.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from irene_jupyter.capture.copies.copies import Copies
from irene_jupyter.capture.record.scripted import calls_scripted
from irene_jupyter.capture.record.signatures import describe

# How a module is hidden: "fused" as a whole, "holds fused" where only its own functions are,
# "scripted" where operations are seen and torch's functions are not.
Hides = Literal["fused", "holds fused", "scripted"]

# The methods of a module that stand for its whole forward pass.
_WHOLE = frozenset({"__call__", "forward", "_call_impl", "_wrapped_call_impl"})


@dataclass(slots=True)
class HiddenPart:
    """A call within the module at `path`, on `args` and `kwargs` without data.

    `module` is what is called where that is a whole module, else None; `function` is then called
    within `owner`, which for a function on its own is a module of ours. All three answer None once
    the user's object is gone.
    """

    path: str
    how: Literal["compiled", "fused"]
    name: str
    owner: Callable[[], nn.Module | None]
    module: Callable[[], nn.Module | None] | None
    function: Callable[[], Callable[..., Any] | None]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    key: Any
    calls: int = 0


def how_hidden(module: nn.Module) -> Hides | None:
    """How a module hides its work from a function mode; None where it does not."""
    if isinstance(module, torch.jit.ScriptModule) or calls_scripted(module):
        return "scripted"
    if module.training:
        return None
    if isinstance(module, nn.TransformerEncoderLayer | nn.MultiheadAttention):
        return "fused"
    return "holds fused" if isinstance(module, nn.TransformerEncoder) else None


def hidden_part(
    path: str,
    how: Literal["compiled", "fused"],
    owner: nn.Module | None,
    function: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> HiddenPart:
    """A call of `function`, a module or any callable, within the module `owner` at `path`.

    Without an `owner`, of a function on its own. Raises `CaptureError` where the arguments cannot
    be had without their data.
    """
    module = whole_module(function)
    name = name_of(function)
    if module is not owner and module is not getattr(owner, "_orig_mod", None):
        module = None
    bare = Copies().of_arguments(args, kwargs)
    return HiddenPart(
        path,
        how,
        name,
        _stand_in(name) if owner is None else weakref.ref(owner),
        None if module is None else weakref.ref(module),
        _weak(function),
        *bare,
        key=(path, how, id(function), describe((args, kwargs))),
    )


def whole_module(function: Any) -> nn.Module | None:
    """The module whose forward pass a callable is; None where it is something else."""
    if isinstance(function, nn.Module):
        return function
    own = getattr(function, "__self__", None)
    is_whole = isinstance(own, nn.Module) and getattr(function, "__name__", "") in _WHOLE
    return own if is_whole else None


def name_of(called: Any) -> str:
    """The name of a module's class, or of another callable, for people."""
    if isinstance(called, nn.Module):
        return type(called).__name__
    name = getattr(called, "__name__", type(called).__name__)
    return "compiled function" if name == "<lambda>" else str(name)


def _stand_in(name: str) -> Callable[[], nn.Module]:
    """A module in which a function on its own is called."""
    return lambda: type(name, (nn.Module,), {})()


def _weak(function: Any) -> Callable[[], Any]:
    if inspect.ismethod(function):
        return weakref.WeakMethod(function)
    try:
        return weakref.ref(function)
    except TypeError:  # a builtin
        return lambda: function
