"""A call that takes a known course: its modules and leaves are timed, nothing else is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import nn
from torch.overrides import TorchFunctionMode

from irene_jupyter.capture.in_place.boundaries import Boundaries, Events
from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.record.function_mode import without
from irene_jupyter.capture.record.hooks import THREADS
from irene_jupyter.frames import strip_own_frames

_UNKNOWN = -1


class TimedCall:
    """Context manager around a root call, in the thread that makes it.

    Afterwards `boundaries` are those that it passed. Functions are followed where it is asked for,
    some of them are leaves, and the recorded call hid nothing from a mode.
    """

    def __init__(self, course: Course, events: Events, *, follows_functions: bool) -> None:
        self.boundaries = Boundaries(events if course.is_on_gpu else None)
        self._gpus, self._leaves = course.gpus, course.leaves
        follows = follows_functions and course.is_shown and bool(course.functions)
        self._mode = _FunctionTimes(self, course.functions) if follows else None
        self._running: nn.Module | None = None
        self._is_in_leaf = False
        self._gpu: int | None = None
        self._open = ExitStack()

    def __enter__(self) -> TimedCall:
        THREADS.this.recording = self
        if self._mode is not None:
            self._open.enter_context(self._mode)
        return self

    def __exit__(self, *_: object) -> None:
        THREADS.this.recording = None
        self._open.close()

    def module_called(
        self, call: Callable[..., Any], module: nn.Module, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """Makes the call `call(module, *args, **kwargs)` between two boundaries."""
        above, key = self._running, id(module)
        gpu = self._gpus.get(key, _UNKNOWN)
        if gpu == _UNKNOWN or self._is_in_leaf or module is above:
            return call(module, *args, **kwargs)
        self._running, self._is_in_leaf = module, key in self._leaves
        before, self._gpu = self._gpu, gpu
        self.boundaries.mark(key, gpu)
        try:
            return call(module, *args, **kwargs)
        finally:
            self.boundaries.mark(-key, gpu)
            self._running, self._is_in_leaf, self._gpu = above, False, before

    def compiled_called(self, function: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Compiled code is timed with the module that calls it."""

    @contextmanager
    def aside(self) -> Iterator[None]:
        """This thread as if nobody timed it."""
        with ExitStack() as stack:
            if self._mode is not None:
                stack.enter_context(without(self._mode))
            THREADS.this.recording = None
            try:
                yield
            finally:
                THREADS.this.recording = self

    def function_begins(self, key: int) -> bool:
        """Whether a function that may be a leaf is one here; its boundary is passed."""
        if not self._is_in_leaf:
            self.boundaries.mark(key, self._gpu)
        return not self._is_in_leaf

    def function_ends(self, key: int) -> None:
        """See `function_begins`."""
        self.boundaries.mark(-key, self._gpu)


class _FunctionTimes(TorchFunctionMode):
    """Passes on every function of torch; those that were leaves lie between boundaries."""

    def __init__(self, timed: TimedCall, functions: set[int]) -> None:
        super().__init__()
        self.functions = functions
        self._timed = timed

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        key = id(func)
        is_timed = key in self.functions and self._timed.function_begins(key)
        try:
            return func(*args, **(kwargs or {}))
        except BaseException as error:
            strip_own_frames(error)
            raise
        finally:
            if is_timed:
                self._timed.function_ends(key)
