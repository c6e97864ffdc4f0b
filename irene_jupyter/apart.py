"""Work of ours in a thread of ours, while the user's thread waits.

What the user has set for his own thread (a counter or profiler of operations, function modes,
autocast, gradients) does not see it, and an interrupt ends it without losing what it has.
"""

from __future__ import annotations

import contextvars
import ctypes
import functools
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_NAME = "irene-analysis"
_TURN_SECONDS = 0.2  # some interrupts wake no thread that waits: Python looks after each turn


@dataclass(slots=True)
class Apart:
    """`run` does work that may ask `is_stopped()` and `tell` a line of progress.

    `interrupted` is set by an interrupt of the waiting thread, which asks the work to end; a second
    one, or the first where `asks_first` is false, breaks it off and is raised.
    """

    progress: Callable[[str], None] | None = None
    asks_first: bool = True
    interrupted: bool = False
    _lines: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)

    def run(self, work: Callable[[], T]) -> T:
        """The result of `work()`; raises what it raises."""
        found: list[T] = []
        errors: list[BaseException] = []
        context = contextvars.copy_context()

        def working() -> None:
            try:
                found.append(context.run(work))
            except BaseException as error:
                errors.append(error)
            finally:
                self._lines.put(None)

        thread = threading.Thread(target=working, name=_NAME, daemon=True)
        thread.start()
        while True:
            try:
                self._show_lines()
                break
            except KeyboardInterrupt:
                if self.interrupted or not self.asks_first:
                    _break_off(thread)
                    raise
                self.interrupted = True
        thread.join()
        if errors:
            raise errors[0]
        return found[0]

    def _show_lines(self) -> None:
        """Until the work has ended."""
        while True:
            try:
                line = self._lines.get(timeout=_TURN_SECONDS)
            except queue.Empty:
                continue
            if line is None:
                return
            if self.progress is not None:
                self.progress(line)

    def is_stopped(self) -> bool:
        """Whether the work is to end with what it has."""
        return self.interrupted

    def tell(self, line: str) -> None:
        """Show a line of progress, from the waiting thread."""
        self._lines.put(line)


def is_own_thread() -> bool:
    """Whether this is a thread of ours, so that what it does is not the user's."""
    return threading.current_thread().name == _NAME


def _break_off(thread: threading.Thread) -> None:
    """Raise `KeyboardInterrupt` in a thread, at its next step in Python."""
    identity, error = ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, error)


def runs_apart(function: Callable[P, T]) -> Callable[P, T]:
    """Each call of `function` in a thread of ours; the user waits, and may interrupt it."""

    @functools.wraps(function)
    def waiting(*args: P.args, **kwargs: P.kwargs) -> T:
        return Apart(asks_first=False).run(lambda: function(*args, **kwargs))

    return waiting
