"""Copies of a user's modules, functions and arguments, which share no state with the originals.

What is traced and not run is a copy: the user's own objects are never swapped, called or written
to, so that other threads and later cells find them as they were. Tensors become bare ones (see
`bare.py`); what cannot be copied, such as an open file, becomes something that says so when used.
"""

from __future__ import annotations

import copyreg
import functools
import threading
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import torch
from torch import nn

from irene_jupyter.capture.copies.bare import Bare, Kind, Uncopyable
from irene_jupyter.capture.copies.reach import (
    ATOMIC,
    BUILTIN,
    PLAIN,
    is_bound,
    named_globals,
    reaches,
    shared_by_class,
    written,
)
from irene_jupyter.errors import CaptureError

T = TypeVar("T")
_Lock, _RLock = type(threading.Lock()), type(threading.RLock())

# Packed weights of torch.ao: nothing changes them, and a copy of them would be one of the data.
_PACKED = ("quantized", "rnn", "sparse", "xnnpack", "mkldnn", "onednn")
_CALLED = ("_forward_hooks", "_forward_pre_hooks")
_NOT_CALLED = (  # on a copy that is only called, and without gradients
    "_backward_hooks", "_backward_pre_hooks", "_state_dict_hooks", "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
)  # fmt: skip


def uncompiled(model: nn.Module) -> nn.Module:
    """The module inside of a `torch.compile`d one."""
    original = getattr(model, "_orig_mod", None)
    return original if isinstance(original, nn.Module) else model


def bare_copy(model: nn.Module, dtype: torch.dtype | None = None) -> nn.Module:
    """A copy of the model's structure on meta, its floating-point tensors of `dtype`.

    Raises `CaptureError` where it cannot be copied.
    """
    copied = Copies().of(model)
    for tensor in (*copied.parameters(), *copied.buffers()) if dtype is not None else ():
        if tensor.is_floating_point():  # not by `to`, which never ends where modules form a circle
            tensor.data = tensor.data.to(dtype)
    return copied


class Copies:
    """Copies for one trace: what is shared or tied among the originals is so among the copies.

    Modules are copied without the user's hooks, compiled code and training flags. `mode` is the
    context in which they are to be called. Raises `CaptureError` where a tensor has no bare like.
    """

    def __init__(self, kind: Kind = "meta") -> None:
        self._bare = Bare(kind)
        self.mode = self._bare.mode
        self._memo: dict[int, Any] = {}
        self._originals: list[Any] = []  # alive, so that no other object gets one's `id`
        self._globals: dict[int, dict[str, Any]] = {}
        self._by_class: dict[type, list[tuple[str, Any]]] = {}

    def of(self, model: nn.Module) -> nn.Module:
        """A copy of `model` in evaluation mode, without what compiled it."""
        self._bare.value = 0
        self._bare.device = self._bare.device or next(
            (p.device for p in model.parameters() if not p.is_meta), None
        )
        return self._guarded(model, type(model).__name__)

    def of_callable(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A copy of a function, method or callable object that works on copies, uncompiled."""
        name = getattr(function, "__qualname__", type(function).__name__)
        return self._guarded(function, name)

    def of_arguments(
        self, args: Any, kwargs: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a call with bare tensors: mappings, dataclasses, caches, any object."""
        self._bare.value = 1  # a valid id, mask and signal alike
        copied = self._guarded((tuple(args), dict(kwargs)), "an argument")
        return copied[0], copied[1]

    def _guarded(self, value: T, name: str) -> T:
        try:
            with torch.no_grad(), self._bare.copying(), self.mode:
                return cast(T, self.copy(value))
        except CaptureError:
            raise
        except Exception as error:  # whatever the user's own classes raise
            raise CaptureError(
                f"{name} cannot be copied to be traced without running it ({type(error).__name__}: "
                f"{error}): run it in the cell, or call irene_jupyter.measure(model, example_input)"
            ) from error

    # --- any object -------------------------------------------------------------------------

    def copy(self, value: Any) -> Any:
        """The one copy of `value`."""
        if type(value) in PLAIN:
            return value
        known = self._memo.get(id(value), self)
        return self._keep(value, self._made(value)) if known is self else known

    def _keep(self, value: Any, made: T) -> T:
        self._memo[id(value)] = made
        self._originals.append(value)
        return made

    def _made(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, nn.Module):
            return self._modules(value)
        kind = type(value)
        if kind in (dict, OrderedDict):
            mapping: dict[Any, Any] = self._keep(value, kind())
            mapping.update((self.copy(key), self.copy(item)) for key, item in value.items())
            return mapping
        if kind is list:
            items: list[Any] = self._keep(value, [])
            items.extend(self.copy(item) for item in value)
            return items
        if kind in (tuple, set, frozenset):
            return kind([self.copy(item) for item in value])
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.MethodType):
            return types.MethodType(self.copy(value.__func__), self.copy(value.__self__))
        return self._other(value)

    def _other(self, value: Any) -> Any:
        if isinstance(value, ATOMIC):
            return value
        if isinstance(value, BUILTIN):  # such as the `append` of a list
            return getattr(self.copy(value.__self__), value.__name__) if is_bound(value) else value
        if isinstance(value, types.CellType):
            return self._cell(value)
        if isinstance(value, functools._lru_cache_wrapper):
            function = self.copy(value.__wrapped__)
            return functools.lru_cache(**value.cache_parameters())(function)
        if isinstance(value, weakref.ref):
            return value if value() is None else weakref.ref(self.copy(value()))
        if isinstance(value, _Lock):
            return threading.Lock()
        if isinstance(value, _RLock):
            return threading.RLock()
        if isinstance(value, torch.Generator):
            return value.clone_state()
        if isinstance(value, torch.ScriptObject) and _is_packed(value):
            return value
        if hasattr(value, "__deepcopy__"):
            return value.__deepcopy__(self._memo)
        return self._reduced(value)

    def _reduced(self, value: Any) -> Any:
        """As `copy.deepcopy`: what pickling would make of it."""
        reduce = copyreg.dispatch_table.get(type(value))
        try:
            plan = reduce(value) if reduce else value.__reduce_ex__(4)
        except Exception as error:  # no class can be relied on to say it by a TypeError
            return Uncopyable(type(value), error)
        if isinstance(plan, str):  # a name in a module
            return value
        make, args, state, items, pairs = (*plan, None, None, None)[:5]
        made = self._keep(value, make(*[self.copy(arg) for arg in args]))
        if state is not None:
            self._set_state(made, self.copy(state))
        for item in items or ():
            made.append(self.copy(item))
        for key, item in pairs or ():
            made[self.copy(key)] = self.copy(item)
        return made

    @staticmethod
    def _set_state(made: Any, state: Any) -> None:
        if hasattr(made, "__setstate__"):
            made.__setstate__(state)
            return
        attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
        if attributes:
            made.__dict__.update(attributes)
        for name, item in (slots or {}).items():
            setattr(made, name, item)

    # --- tensors and modules ----------------------------------------------------------------

    def _tensor(self, tensor: torch.Tensor) -> torch.Tensor:
        made = self._keep(tensor, self._bare.of(tensor))
        attributes = getattr(tensor, "__dict__", None)
        if attributes and made is not tensor:
            for name, item in attributes.items():
                made.__dict__.setdefault(name, self.copy(item))
        return made

    def _modules(self, root: nn.Module) -> nn.Module:
        """All modules at once, so that a long chain of them needs no deep recursion."""
        fresh = [m for m in nn.Module.modules(root) if id(m) not in self._memo]
        for module in fresh:
            if isinstance(module, torch.jit.ScriptModule):
                self._bare.keep_script(module)
                self._keep(module, module)
            elif uncompiled(module) is module:
                self._keep(module, object.__new__(type(module)))
                for name in (*_CALLED, *_NOT_CALLED):  # before a handle of theirs is met
                    hooks = vars(module)[name]
                    self._keep(hooks, type(hooks)())
        for module in fresh:
            if uncompiled(module) is not module:
                self._keep(module, self._memo[id(uncompiled(module))])
            elif self._memo[id(module)] is not module:
                self._fill(module, self._memo[id(module)])
        return cast(nn.Module, self._memo[id(root)])

    def _fill(self, module: nn.Module, made: nn.Module) -> None:
        attributes = made.__dict__
        for name, value in vars(module).items():
            if name != "_compiled_call_impl":
                attributes[name] = self.copy(value)
            if name in _CALLED:
                kept = [(key, self.copy(hook)) for key, hook in value.items() if _is_kept(hook)]
                attributes[name].update(kept)
        attributes["training"] = False
        kind = type(module)
        if kind not in self._by_class:
            self._by_class[kind] = shared_by_class(kind)
        for name, value in self._by_class[kind]:
            attributes.setdefault(name, self._bound(value, made))

    def _bound(self, value: Any, owner: nn.Module) -> Any:
        if isinstance(value, staticmethod):
            return self.copy(value.__func__)
        if isinstance(value, types.FunctionType):
            return types.MethodType(self.copy(value), owner)
        if isinstance(value, functools._lru_cache_wrapper):
            method = types.MethodType(self.copy(value.__wrapped__), owner)
            return functools.lru_cache(**value.cache_parameters())(method)
        return self.copy(value)

    # --- functions --------------------------------------------------------------------------

    def _function(self, function: types.FunctionType) -> Any:
        if hasattr(function, "_torchdynamo_orig_callable"):
            return self.copy(written(function))
        if not reaches(function, set()):
            return function
        namespace = function.__globals__
        shared = named_globals(function)
        if shared:
            namespace = self._globals.setdefault(id(namespace), dict(namespace))
        cells = tuple(self.copy(cell) for cell in function.__closure__ or ())
        made = types.FunctionType(
            function.__code__, namespace, function.__name__, function.__defaults__, cells
        )
        self._keep(function, made)
        namespace.update((name, self.copy(value)) for name, value in shared.items())
        made.__kwdefaults__ = function.__kwdefaults__
        made.__dict__.update(self.copy(vars(function)))
        return made

    def _cell(self, cell: types.CellType) -> types.CellType:
        made = self._keep(cell, types.CellType())
        try:
            contents = cell.cell_contents
        except ValueError:  # not bound yet
            return made
        made.cell_contents = self.copy(contents)
        return made


def _is_packed(value: torch.ScriptObject) -> bool:
    words = str(value._type()).lower().split(".")
    return any(word in words for word in _PACKED)


def _is_kept(hook: Any) -> bool:
    """Whether a forward hook is part of the model: torch's own, or an object's that is copied.

    A plain function of the user's looks at what passes, and would put our tensors into his lists.
    """
    while isinstance(hook, functools.partial):
        hook = hook.func
    if isinstance(hook, types.FunctionType):
        # transformers' collect hidden states, and the model knows that they are there.
        return hook.__module__.startswith(("torch.", "transformers."))
    return not isinstance(hook, BUILTIN)
