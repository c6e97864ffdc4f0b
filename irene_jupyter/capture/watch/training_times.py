"""Times of backward passes and optimiser steps, while a cell runs.

`torch.autograd.backward` (which `Tensor.backward` calls) and `torch.autograd.grad` are wrapped,
optimisers tell by torch's own global hooks. What they compute is untouched.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any

import torch
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from irene_jupyter.capture.record.hooks import is_compiling_here
from irene_jupyter.capture.watch.activity import BACKWARD, OPTIMISER
from irene_jupyter.frames import strip_own_frames

_WRAPPED = ("backward", "grad")


class TrainingTimes:
    """Calls `add(what, start, end)` for each backward pass and optimiser step while installed.

    Of a step the `id` of its optimiser comes, too.
    """

    def __init__(self, add: Callable[..., None]) -> None:
        self._add = add
        self._originals: dict[str, Callable[..., Any]] = {}
        self._wrappers: dict[str, Callable[..., Any]] = {}
        self._handles: list[Any] = []
        self._local = threading.local()

    def install(self) -> None:
        """Wraps torch's functions; `uninstall` puts them back."""
        for name in _WRAPPED:
            original = getattr(torch.autograd, name)
            self._originals[name] = original
            self._wrappers[name] = self._timed(original)
            setattr(torch.autograd, name, self._wrappers[name])
        self._handles = [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]

    def uninstall(self) -> None:
        """torch as it was; who has wrapped over us since then stays."""
        for name, wrapper in self._wrappers.items():
            if getattr(torch.autograd, name) is wrapper:
                setattr(torch.autograd, name, self._originals[name])
        self._wrappers = {}
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _timed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        add = self._add

        @functools.wraps(original)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if is_compiling_here():
                return original(*args, **kwargs)
            started = time.perf_counter()
            try:
                return original(*args, **kwargs)
            except BaseException as error:
                strip_own_frames(error)
                raise
            finally:
                add(BACKWARD, started, time.perf_counter())

        return timed

    def _before_step(self, optimiser: Any, args: Any, kwargs: Any) -> None:
        if not is_compiling_here():
            self._local.started = time.perf_counter()

    def _after_step(self, optimiser: Any, args: Any, kwargs: Any) -> None:
        if is_compiling_here():
            return
        started = getattr(self._local, "started", None)
        if started is not None:  # None: the step began before the cell
            self._local.started = None
            self._add(OPTIMISER, started, time.perf_counter(), id(optimiser))
