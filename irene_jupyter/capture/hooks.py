"""The one patch of torch: every call and every creation of a module passes here while one watches.

`torch.nn.Module.__call__`, `__init__` and `__setstate__` are replaced for as long as a recorder or
a recording is open. What a call means is decided by the thread that makes it: a thread that records
hands it to its recording, a thread inside a root call passes it on, any other asks the recorder.
While torch compiles, its own functions are back in place, so that no compiled code holds ours.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

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


class Hooks:
    """Installs and removes the patch; `on_root` and `on_created` are the open recorder's."""

    def __init__(self) -> None:
        self.on_root: RootCall | None = None
        self.on_created: Callable[[nn.Module], None] | None = None
        self._lock = threading.RLock()
        self._users = 0
        self._compiling = 0
        self._originals: dict[str, Any] = {}
        self._patched = self._patches()
        self._covered: set[str] = set()  # functions of ours that another patch calls

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The patch for the duration; several may overlap, in any thread."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                if not self._has_met():  # a reset of the compiler's lets nobody tell its end
                    self._compiling = 0
                if not self._compiling:
                    self._install()
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._leave_compiler()
                    self._uninstall()

    @contextmanager
    def removed(self) -> Iterator[None]:
        """torch as it was for the duration: its compiler looks at its functions, and keeps them."""
        self._compile_starts(None)
        try:
            yield
        finally:
            self._compile_ends(None)

    def meet_compiler(self) -> None:
        """Stand aside whenever torch compiles, once its compiler is imported."""
        dynamo = sys.modules.get("torch._dynamo.eval_frame")
        with self._lock:
            if dynamo is None or self._has_met():
                return
            callbacks = sys.modules["torch._dynamo.callback"].callback_handler
            callbacks.register_start_callback(self._compile_starts)
            callbacks.register_end_callback(self._compile_ends)
            for function in self._patched.values():  # our frames are nothing to compile
                dynamo.skip_code(function.__code__)

    def _leave_compiler(self) -> None:
        if self._has_met() and not self._compiling:
            callbacks = sys.modules["torch._dynamo.callback"].callback_handler
            callbacks.remove_start_callback(self._compile_starts)
            callbacks.remove_end_callback(self._compile_ends)

    def _has_met(self) -> bool:
        callbacks = getattr(sys.modules.get("torch._dynamo.callback"), "callback_handler", None)
        return callbacks is not None and self._compile_starts in callbacks.start_callbacks

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
                if on_root is None or torch.compiler.is_compiling():
                    return call(module, *args, **kwargs)
                return on_root(call, module, args, kwargs)
            except BaseException as error:
                strip_own_frames(error)
                raise

        return {"__init__": __init__, "__setstate__": __setstate__, "__call__": __call__}

    def _install(self) -> None:
        for name, function in self._patched.items():
            if name in self._covered:
                continue
            self._originals[name] = getattr(nn.Module, name)
            setattr(nn.Module, name, function)
        self.meet_compiler()

    def _uninstall(self) -> None:
        for name, function in self._patched.items():
            # Who patched over ours, as the compiler does, stays, and goes on to call ours.
            if getattr(nn.Module, name) is function:
                setattr(nn.Module, name, self._originals[name])
            else:
                self._covered.add(name)

    def _compile_starts(self, args: Any) -> None:
        with self._lock:
            self._compiling += 1
            if self._compiling == 1 and self._users:
                self._uninstall()

    def _compile_ends(self, args: Any) -> None:
        with self._lock:
            self._compiling -= 1
            if self._compiling == 0 and self._users:
                self._install()


HOOKS = Hooks()
