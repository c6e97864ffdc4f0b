"""The one patch of torch: every call and every creation of a module passes here while one watches.

`torch.nn.Module.__call__`, `__init__` and `__setstate__` are replaced for as long as a recorder or
a recording is open. What a call means is decided by the thread that makes it: a thread that records
hands it to its recording, a thread inside a root call passes it on, any other asks the recorder.
torch's compiler is told to take the originals for ours, so that no compiled code holds ours.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch._C import _len_torch_dispatch_stack
from torch._guards import TracingContext

from irene_jupyter.apart import is_own_thread
from irene_jupyter.frames import strip_own_frames

if TYPE_CHECKING:
    from irene_jupyter.capture.trace import Recording

RootCall = Callable[[Callable[..., Any], nn.Module, tuple[Any, ...], dict[str, Any]], Any]


class Thread(threading.local):
    """What a thread is doing. Defaults of the class cost no lookup that fails."""

    is_inside = False  # a root call, or work of our own: module calls are no roots
    is_own = False  # a thread of ours: modules that it creates are not the user's
    recording: Recording | None = None  # gets every module call of this thread
    seen = 0  # the sum of the `id`s of the classes of the modules that were called

    def __init__(self) -> None:
        if is_own_thread():
            self.is_inside = self.is_own = True


THREAD = Thread()


def is_compiling_here() -> bool:
    """Whether this thread runs code for torch's compiler; torch itself tells it of them all."""
    return torch.compiler.is_compiling() and (
        TracingContext.try_get() is not None or _len_torch_dispatch_stack() > 0
    )


class Hooks:
    """Installs and removes the patch; `on_root` and `on_created` are the open recorder's."""

    def __init__(self) -> None:
        self.on_root: RootCall | None = None
        self.on_created: Callable[[nn.Module], None] | None = None
        self._lock = threading.RLock()
        self._users = 0
        self._has_met = False
        self._originals: dict[str, Any] = {}
        self._patched = self._patches()
        self._covered: set[str] = set()  # functions of ours that another patch calls

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The patch for the duration; several may overlap, in any thread."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._install()
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._uninstall()

    @contextmanager
    def removed(self) -> Iterator[None]:
        """torch as it was for a moment, for what keeps its functions for good."""
        with self._lock:
            self._uninstall()
            try:
                yield
            finally:
                if self._users:
                    self._install()

    def meet_compiler(self) -> None:
        """Tell torch's compiler, once imported, to skip our frames and inline the originals."""
        dynamo = sys.modules.get("torch._dynamo.eval_frame")
        if dynamo is None or self._has_met:
            return
        self._has_met = True
        self._tell_compiler(self._patched["__call__"])
        for name, function in self._patched.items():
            function._torchdynamo_inline = self._originals[name]  # type: ignore[attr-defined]
            dynamo.skip_code(function.__code__)

    @staticmethod
    def _tell_compiler(call: Any) -> None:
        """By which `Module.__call__` it knows a module whose forward it may take at once."""
        for name in ("utils", "variables.nn_module"):
            module = sys.modules.get(f"torch._dynamo.{name}")
            if hasattr(module, "unpatched_nn_module_call"):
                module.unpatched_nn_module_call = call  # type: ignore[union-attr]

    # --- the patch --------------------------------------------------------------------------

    def _patches(self) -> dict[str, Callable[..., Any]]:
        # The originals are looked up at each call: torch's compiler patches the same functions
        # when it is first used, which may be within the cell.
        hooks, originals, thread = self, self._originals, THREAD

        def __init__(module: nn.Module, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            originals["__init__"](module, *args, **kwargs)
            if hooks.on_created is not None and not thread.is_own:
                hooks.on_created(module)

        def __setstate__(module: nn.Module, state: Any) -> None:  # noqa: N807
            originals["__setstate__"](module, state)
            if hooks.on_created is not None and not thread.is_own:
                hooks.on_created(module)

        def __call__(module: nn.Module, *args: Any, **kwargs: Any) -> Any:  # noqa: N807
            call = originals["__call__"]
            try:
                if thread.is_inside:  # nearly every call
                    thread.seen += id(type(module))
                    recording = thread.recording
                    if recording is None:
                        return call(module, *args, **kwargs)
                    return recording.module_called(call, module, args, kwargs)
                on_root = hooks.on_root
                if on_root is None or is_compiling_here():
                    return call(module, *args, **kwargs)
                return on_root(call, module, args, kwargs)
            except BaseException as error:
                strip_own_frames(error)
                raise

        return {"__init__": __init__, "__setstate__": __setstate__, "__call__": __call__}

    def _install(self) -> None:
        for name, function in self._patched.items():
            if name not in self._covered:
                self._originals[name] = getattr(nn.Module, name)
                setattr(nn.Module, name, function)
        self._has_met = False
        self.meet_compiler()

    def _uninstall(self) -> None:
        for name, function in self._patched.items():
            # Who patched over ours, as the compiler does, stays, and goes on to call ours.
            if getattr(nn.Module, name) is function:
                setattr(nn.Module, name, self._originals[name])
            else:
                self._covered.add(name)
        self._tell_compiler(nn.Module.__call__)


HOOKS = Hooks()
