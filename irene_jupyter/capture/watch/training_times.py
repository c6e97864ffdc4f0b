"""Backward passes and optimiser steps, while a cell runs: their times, and what they went through.

`torch.autograd.backward` (which `Tensor.backward` calls) and `torch.autograd.grad` are wrapped,
optimisers tell by torch's own global hooks. What they compute is untouched.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from irene_jupyter.capture.record.hooks import is_compiling_here
from irene_jupyter.capture.training.passes import Passes
from irene_jupyter.capture.training.stepping import Steps
from irene_jupyter.capture.watch.activity import BACKWARD, OPTIMISER
from irene_jupyter.frames import strip_own_frames

_WRAPPED = ("backward", "grad")
_FIRST = {"backward": "tensors", "grad": "outputs"}


class _Thread(threading.local):
    def __init__(self) -> None:
        self.inside = 0.0  # seconds of all calls and passes of this thread, each once
        self.steps: dict[int, tuple[float, float]] = {}  # by optimiser, when it began, and `inside`


class TrainingTimes:
    """Calls `add(what, start, end)` for each backward pass and optimiser step while installed.

    Of a step the `id` of its optimiser comes, too. `passes` and `steps` are told of them as well.
    """

    def __init__(self, add: Callable[..., None], passes: Passes, steps: Steps) -> None:
        self._add = add
        self._passes, self._steps = passes, steps
        self._originals: dict[str, Callable[..., Any]] = {}
        self._wrappers: dict[str, Callable[..., Any]] = {}
        self._handles: list[Any] = []
        self._this = _Thread()

    def install(self) -> None:
        """Wraps torch's functions; `uninstall` puts them back."""
        for name in _WRAPPED:
            original = getattr(torch.autograd, name)
            self._originals[name] = original
            self._wrappers[name] = self._timed(name, original)
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

    def called(self, seconds: float) -> None:
        """A model's call of this thread took so long: no step that it lies in did."""
        self._this.inside += seconds

    def _timed(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        add, passes, first = self._add, self._passes, _FIRST[name]

        @functools.wraps(original)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if is_compiling_here():
                return original(*args, **kwargs)
            if args and isinstance(args[0], Iterator):  # which can be gone through once
                args = (tuple(args[0]), *args[1:])
            elif isinstance(kwargs.get(first), Iterator):
                kwargs[first] = tuple(kwargs[first])
            inside = self._this.inside
            running = passes.begins(name, args[0] if args else kwargs.get(first, ()))
            try:
                return original(*args, **kwargs)
            except BaseException as error:
                strip_own_frames(error)
                raise
            finally:
                ended = passes.ends(running)
                self._this.inside = inside + ended - running.started
                add(BACKWARD, running.started, ended)

        return timed

    def _before_step(self, optimiser: Any, args: Any, kwargs: Any) -> None:
        if not is_compiling_here():
            self._this.steps[id(optimiser)] = time.perf_counter(), self._this.inside

    def _after_step(self, optimiser: Any, args: Any, kwargs: Any) -> None:
        if is_compiling_here():
            return
        ended, this = time.perf_counter(), self._this
        begun = this.steps.pop(id(optimiser), None)
        if begun is not None:  # None: the step began before the cell
            started, inside = begun
            own = ended - started - (this.inside - inside)
            this.inside = inside + ended - started  # a step may lie in another's
            self._steps.stepped(optimiser, own)
            self._add(OPTIMISER, started, ended, id(optimiser))
