"""Sees every model that a cell builds or calls, while the cell runs.

`torch.nn.Module.__init__`, `__setstate__` and `__call__` are patched for the duration. A call at
depth 0 is a root call: its signature decides whether it is recorded in full (the first time) or
only counted and timed. Results, hooks and random state are the user's own, untouched.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.activity import Activity
from irene_jupyter.capture.inputs import Inputs, input_sizes
from irene_jupyter.capture.steps import Place, beams_of_caller, phase_of, place_of
from irene_jupyter.capture.structure import without_data
from irene_jupyter.capture.trace import Recording
from irene_jupyter.capture.training import TrainingTimes
from irene_jupyter.errors import CaptureError
from irene_jupyter.frames import strip_own_frames
from irene_jupyter.tree import Node

logger = logging.getLogger(__name__)

# Cache lengths within one bucket share a signature: a generated token is recorded in full
# only once in so many, which bounds the overhead on generate().
CACHE_BUCKET = 32  # tokens

# One question in place of one for each device type; torch 2.4 has it as well.
_is_autocast_enabled = torch._C._is_any_autocast_enabled

_NOT_USERS = ("torch.fx.", "torch.jit.", "torch._")


@dataclass
class Signature:
    """All calls of one root with the same shapes: how many, how long, and the first one's record.

    `recording` is None where the call could not be recorded live (compiled, scripted, fast path):
    `inputs` then hold the shapes, on meta tensors.
    """

    module: nn.Module
    inputs: Inputs
    phase: str | None
    training: bool = False  # the module's mode at the call
    cache_length: int | None = None  # tokens in the key-value cache, at the first call
    beams: int = 1  # rows of the batch that beam search computes for one sequence
    recording: Recording | None = None
    calls: int = 0  # that returned
    failures: int = 0  # that raised
    seconds: float = 0.0  # of all calls
    is_complete: bool = False  # whether `recording` is of a call that returned

    @cached_property
    def node(self) -> Node | None:
        """The tree of one call; None where there is no record, or nothing in it."""
        return None if self.recording is None else self.recording.finish()


class _Local(threading.local):
    """Of each thread: whether a root call is running. A default costs no lookup that fails."""

    is_inside = False


class Recorder:
    """Context manager around a cell. Afterwards: `signatures` of what was called, `built` models.

    One recorder may be active at a time in a process; another one raises `CaptureError`.
    """

    _active: Recorder | None = None

    def __init__(self) -> None:
        self.signatures: dict[Any, Signature] = {}
        self._built: dict[int, weakref.ref[nn.Module]] = {}  # by `id`, oldest first
        self._local = _Local()
        self._lock = threading.Lock()
        self._opaque: dict[int, bool] = {}
        self._is_open = False
        self._originals: dict[str, Any] = {}
        self._patched = self._patches()
        self._unpatched_depth = 0
        self.activity = Activity(time.perf_counter())  # by `id` of a signature, and of training
        self.own_seconds = 0.0  # that recording took within the cell
        self._training = TrainingTimes(self._spent)
        self._compile: Callable[..., Any] = torch.compile

    def __enter__(self) -> Recorder:
        if Recorder._active is not None:
            raise CaptureError(
                "another measurement is running in this process: take measure() or EnergyMonitor "
                "out of the measured cell, or wait until it has ended"
            )
        Recorder._active = self
        self._is_open = True
        self._compile = torch.compile
        self.activity = Activity(time.perf_counter())
        self._install()
        torch.compile = self._compile_unpatched
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        self._uninstall()
        torch.compile = self._compile
        Recorder._active = None

    @property
    def built(self) -> list[nn.Module]:
        """The modules created while the recorder was open and still alive, oldest first."""
        alive = [reference() for reference in list(self._built.values())]
        return [module for module in alive if module is not None]

    # --- patches ----------------------------------------------------------------------------

    def _patches(self) -> dict[str, Callable[..., Any]]:
        # The originals are looked up at each call: torch's compiler patches the same functions
        # when it is first used, which may be within the cell.
        recorder, originals, local = self, self._originals, self._local
        is_compiling = torch.compiler.is_compiling

        def __init__(module: nn.Module, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            originals["__init__"](module, *args, **kwargs)
            recorder._created(module)

        def __setstate__(module: nn.Module, state: Any) -> None:  # noqa: N807
            originals["__setstate__"](module, state)
            recorder._created(module)

        def __call__(module: nn.Module, *args: Any, **kwargs: Any) -> Any:  # noqa: N807
            call = originals["__call__"]
            if is_compiling():
                return call(module, *args, **kwargs)
            try:
                if local.is_inside or not recorder._is_open:
                    return call(module, *args, **kwargs)
                return recorder._root_call(call, module, args, kwargs)
            except BaseException as error:
                strip_own_frames(error)
                raise

        return {"__init__": __init__, "__setstate__": __setstate__, "__call__": __call__}

    def _install(self) -> None:
        for name, function in self._patched.items():
            self._originals[name] = getattr(nn.Module, name)
            setattr(nn.Module, name, function)
        self._training.install()

    def _uninstall(self) -> None:
        self._training.uninstall()
        for name, function in self._patched.items():
            # Who patched over ours, as the compiler does, stays: ours only passes calls on.
            if getattr(nn.Module, name) is function:
                setattr(nn.Module, name, self._originals[name])

    @contextmanager
    def _unpatched(self) -> Iterator[None]:
        """torch as it was: compilers and compiled models look at its functions, and keep them."""
        with self._lock:
            self._unpatched_depth += 1
            if self._unpatched_depth == 1:
                self._uninstall()
        try:
            yield
        finally:
            with self._lock:
                self._unpatched_depth -= 1
                if self._unpatched_depth == 0 and self._is_open:
                    self._install()

    def _compile_unpatched(self, *args: Any, **kwargs: Any) -> Any:
        with self._unpatched():
            return self._compile(*args, **kwargs)

    def _created(self, module: nn.Module) -> None:
        # TorchScript's and the compiler's own modules are copies of the user's.
        if self._is_open and not type(module).__module__.startswith(_NOT_USERS):
            with self._lock:
                # Anew each time: the `id` may be that of a module which is gone already.
                self._built.pop(id(module), None)
                self._built[id(module)] = weakref.ref(module)

    def _spent(self, what: str, started: float, ended: float) -> None:
        with self._lock:
            self.activity.add(what, started, ended)

    # --- calls ------------------------------------------------------------------------------

    def _root_call(
        self,
        call: Callable[..., Any],
        module: nn.Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        # Every call of every model passes here: the usual case, a known signature, comes first.
        local, lock, returned = self._local, self._lock, False
        local.is_inside = True
        try:
            cached, place = place_of(kwargs) if kwargs else (None, None)
            key = (
                id(module),
                module.training,
                torch.is_grad_enabled(),
                _is_autocast_enabled(),
                place if cached is None else (cached > 0, cached // CACHE_BUCKET),
                *[_describe(value, cached) for value in args],
                *[(name, _describe(value, cached)) for name, value in kwargs.items()],
            )
            signature = self.signatures.get(key)
            if signature is None and not _is_tracing():
                with lock:
                    signature = self._new(key, module, args, kwargs, cached, place)
        except Exception as error:  # an argument that defies description must not stop the user
            logger.debug("no signature for %s", type(module).__name__, exc_info=error)
            signature = None
        started = time.perf_counter()
        try:
            if signature is None or signature.is_complete:
                output = call(module, *args, **kwargs)
            else:
                output = self._first_call(signature, call, module, args, kwargs)
            returned = True
        finally:
            local.is_inside = False
            if signature is not None:
                ended = time.perf_counter()
                with lock:
                    signature.calls += returned
                    signature.failures += not returned
                    signature.seconds += ended - started
                    self.activity.add(id(signature), started, ended)
        return output

    def _first_call(
        self,
        signature: Signature,
        call: Callable[..., Any],
        module: nn.Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """A call of a signature without a tree: recorded in full where that changes nothing."""
        if _is_tracing():
            return call(module, *args, **kwargs)
        if self._is_opaque(module):
            with self._unpatched():
                return call(module, *args, **kwargs)
        recording = Recording(module, signature.inputs.batch_size, keep_calls=True)
        signature.recording = recording
        try:
            with recording:
                output = call(module, *args, **kwargs)
        finally:
            self.own_seconds += recording.own_seconds
        signature.is_complete = recording.was_called
        return output

    def _new(
        self,
        key: Any,
        module: nn.Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        cached: int | None,
        place: Place | None,
    ) -> Signature:
        known = self.signatures.get(key)
        if known is not None:  # another thread was faster
            return known
        batch_size, seq_len = input_sizes(args, kwargs)
        inputs = Inputs((), {}, batch_size, seq_len)
        if self._is_opaque(module):
            inputs = Inputs(*without_data(args, kwargs), batch_size, seq_len)
        phase = phase_of(cached, place, seq_len)
        signature = Signature(module, inputs, phase, module.training, cached, beams_of_caller())
        self.signatures[key] = signature
        return signature

    def _is_opaque(self, module: nn.Module) -> bool:
        """Whether hooks on this call would change its result, or would not see into it."""
        known = self._opaque.get(id(module))
        if known is None:
            known = self._opaque[id(module)] = any(_hides(m) for m in module.modules())
        return known


def _hides(module: nn.Module) -> bool:
    if isinstance(module, torch.jit.ScriptModule) or hasattr(module, "_orig_mod"):
        return True
    if getattr(module, "_compiled_call_impl", None) is not None:
        return True
    # Their fused inference path is not taken while a function mode is active: other bits come out.
    return isinstance(module, nn.TransformerEncoderLayer | nn.MultiheadAttention) and (
        not module.training
    )


def _is_tracing() -> bool:
    return bool(torch.jit._trace.is_tracing())  # type: ignore[no-untyped-call]


def _describe(value: Any, cached: int | None) -> Any:
    """A hashable description: shapes and dtypes; what grows with the cache is left out."""
    if isinstance(value, torch.Tensor):
        shape: tuple[int, ...] = value.shape
        if cached and len(shape) > 1 and shape[-1] > cached:
            shape = (*shape[:-1], -1)  # an attention mask over the cache
        return shape, value.dtype, value.device
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return tuple((str(key), _describe(item, cached)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(_describe(item, cached) for item in value)
    return type(value).__name__
