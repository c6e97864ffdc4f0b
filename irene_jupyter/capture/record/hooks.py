"""Where every call and every creation of a module passes while one watches.

The code of three functions of `torch.nn.Module` is exchanged for ours, and nothing else: whoever
holds one of them, as a compiled model does, or has wrapped it, holds the same function before,
meanwhile and afterwards. What a call means is decided by the thread that makes it: a thread that
records hands it to its recording, a thread inside a root call passes it on, any other asks the
recorder. While compiled code runs, torch's own code is back in place: compilers look at it, and
compiled code checks that it is what it was. (Calls of other threads are not seen meanwhile.)
"""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol

import torch
from torch import nn
from torch._C import _len_torch_dispatch_stack
from torch._guards import TracingContext
from torch.nn.modules import module as _torch_module

from irene_jupyter.apart import is_own_thread
from irene_jupyter.capture.record.compiled import CompiledCalls, Entered
from irene_jupyter.errors import CaptureError
from irene_jupyter.frames import strip_own_frames

RootCall = Callable[[Callable[..., Any], nn.Module, tuple[Any, ...], dict[str, Any]], Any]


class Follows(Protocol):
    """What follows a root call: a recording of it, or what times it."""

    def module_called(
        self, call: Callable[..., Any], module: nn.Module, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """Makes the call `call(module, *args, **kwargs)`."""

    def compiled_called(self, function: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """The module that runs is about to call a compiled function."""

    def aside(self) -> AbstractContextManager[None]:
        """This thread as if nobody followed it."""


class Thread:
    """What a thread is doing."""

    __slots__ = ("asides", "is_inside", "is_own", "recording", "running", "seen", "watched_by")

    def __init__(self) -> None:
        self.is_own = is_own_thread()  # modules that it creates are not the user's
        self.is_inside = self.is_own  # a root call, or work of our own: module calls are no roots
        self.recording: Follows | None = None  # gets every module call of this thread
        self.asides = 0  # calls of compiled code that it made while hooks were installed
        self.running: Any = None  # the root call that it makes
        self.watched_by: Any = None  # the recorder that knows it
        self.seen = 0  # the sum of the `id`s of the classes of the modules that were called


class _Threads(threading.local):
    def __init__(self) -> None:
        self.this = Thread()


THREADS = _Threads()  # `THREADS.this`: to be looked up once, for it costs more than an attribute


def is_compiling_here() -> bool:
    """Whether this thread runs code for torch's compiler; torch itself tells it of them all."""
    return torch.compiler.is_compiling() and (
        TracingContext.try_get() is not None or _len_torch_dispatch_stack() > 0
    )


def _torchs_own(function: Any) -> types.FunctionType:
    """The function of `torch.nn.Module` within what others wrapped around it.

    torch's compiler wraps `__init__` and `__setstate__` when it is first used, for good.
    """
    pending = [function]
    for each in pending:  # grows on the way
        if isinstance(each, types.FunctionType):
            if each.__globals__ is vars(_torch_module):
                return each
            for cell in each.__closure__ or ():
                with suppress(ValueError):  # not bound yet
                    pending.append(cell.cell_contents)
    raise CaptureError(
        f"torch.nn.Module.{function.__name__} was replaced by another library, so that no model "
        "can be watched: restart Python, and import irene_jupyter before it"
    )


class _Exchanged:
    """A function whose code is exchanged for that of one of `templates`, and back.

    Python takes only code with as many free variables: torch's may hold its class.
    """

    def __init__(self, function: Any, *templates: Callable[..., Any]) -> None:
        self._function = _torchs_own(function)
        self._code = self._function.__code__
        codes = {len(each.__code__.co_freevars): each.__code__ for each in templates}
        self._template = codes[len(self._code.co_freevars)]
        self.original = types.FunctionType(
            self._code,
            self._function.__globals__,
            self._function.__name__,
            self._function.__defaults__,
            self._function.__closure__,
        )
        self.original.__kwdefaults__ = self._function.__kwdefaults__

    def install(self) -> None:
        self._function.__code__ = self._template

    def uninstall(self) -> None:
        self._function.__code__ = self._code


class Hooks:
    """Installs and removes our code; `on_root` and `on_created` are the open recorder's."""

    def __init__(self) -> None:
        self.on_root: RootCall | None = None
        self.on_created: Callable[[nn.Module], None] | None = None
        self.on_compiled: Entered | None = None
        self._compiled = CompiledCalls(self)
        self._asides = 0  # calls of compiled code, of all threads
        self._lock = threading.RLock()
        self._users = 0
        self._aside = 0  # compiled calls that are running
        self._exchanged = (
            _Exchanged(nn.Module.__init__, _init, _InClass.__init__),
            _Exchanged(nn.Module.__setstate__, _setstate),
            _Exchanged(nn.Module.__call__, _call),
        )
        self.init, self.setstate, self.call = (each.original for each in self._exchanged)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Our code for the duration; several may overlap, in any thread."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._aside = 0
                self._install()
                self._compiled.install()
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._compiled.uninstall()
                    self._uninstall()

    def meet_compiler(self) -> None:
        """Once torch's compiler may have been imported: stand aside for what it compiles."""
        with self._lock:
            if self._users:
                self._compiled.install()

    def asides_of_others(self) -> int:
        """How often compiled code was called in other threads; each time calls went unseen."""
        return self._asides - THREADS.this.asides

    @property
    def is_aside(self) -> bool:
        """Whether compiled code is running in any thread."""
        return self._aside > 0

    def stand_aside(self) -> None:
        """torch's own code, until `come_back` was called as often; calls overlap in any thread."""
        with self._lock:
            THREADS.this.asides += 1
            self._asides += 1
            self._aside += 1
            if self._aside == 1:
                self._uninstall()

    def come_back(self) -> None:
        """See `stand_aside`."""
        with self._lock:
            self._aside = max(0, self._aside - 1)
            if self._aside == 0 and self._users:
                self._install()

    def called(self, thread: Thread, module: nn.Module, args: Any, kwargs: Any) -> Any:
        """A call that is not just passed on."""
        if thread.recording is not None:
            return thread.recording.module_called(self.call, module, args, kwargs)
        if self.on_root is None or is_compiling_here():
            return self.call(module, *args, **kwargs)
        return self.on_root(self.call, module, args, kwargs)

    strip_own_frames = staticmethod(strip_own_frames)

    def _install(self) -> None:
        # Our code runs with the globals of torch's.
        vars(_torch_module).update(_irene_hooks=self, _irene_threads=THREADS, _irene_id=id)
        for each in self._exchanged:
            each.install()

    def _uninstall(self) -> None:
        for each in self._exchanged:
            each.uninstall()


# --- our code, in place of torch's and with its globals -----------------------------------------
# ruff: noqa: F821


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    hooks = _irene_hooks  # type: ignore[name-defined]
    hooks.init(self, *args, **kwargs)
    if hooks.on_created is not None and not _irene_threads.this.is_own:  # type: ignore[name-defined]
        hooks.on_created(self)


class _InClass:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        __class__  # type: ignore[name-defined]  # noqa: B018  (as in torch's, by super)
        hooks = _irene_hooks  # type: ignore[name-defined]
        hooks.init(self, *args, **kwargs)
        if hooks.on_created is not None and not _irene_threads.this.is_own:  # type: ignore[name-defined]
            hooks.on_created(self)


def _setstate(self: Any, state: Any) -> None:
    hooks = _irene_hooks  # type: ignore[name-defined]
    hooks.setstate(self, state)
    if hooks.on_created is not None and not _irene_threads.this.is_own:  # type: ignore[name-defined]
        hooks.on_created(self)


def _call(self: Any, *args: Any, **kwargs: Any) -> Any:
    hooks = _irene_hooks  # type: ignore[name-defined]
    thread = _irene_threads.this  # type: ignore[name-defined]
    try:
        if thread.is_inside:  # nearly every call
            thread.seen += _irene_id(self.__class__)  # type: ignore[name-defined]
            if thread.recording is None:
                return hooks.call(self, *args, **kwargs)
        return hooks.called(thread, self, args, kwargs)
    except BaseException as error:
        hooks.strip_own_frames(error)
        raise


HOOKS = Hooks()
