"""A line that tells what a long cell has used so far, until the tree takes its place."""

from __future__ import annotations

import contextvars
import shutil
import sys
import threading
import time
import uuid
from html import escape
from typing import TYPE_CHECKING, Any, TextIO

from IPython.display import display, update_display

from irene_jupyter.notebook.display import has_kernel
from irene_jupyter.report.trend import LONG_SECONDS

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from irene_jupyter.measurement import EnergyMonitor

_EVERY_SECONDS = 2.0
_CLEAR = "\r\x1b[K"


class LiveLine:
    """Called by the sampler's thread with the monitor at each sample; shows a line now and then.

    In a notebook it is one display, of the cell that began it, and `take` gives its id to what
    replaces it; in a terminal a line on stderr that is written over. Made in the cell's thread.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        # A kernel finds the cell that an output belongs to by the context of its thread.
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._terminal: TextIO | None = None
        self._is_open = has_kernel(shell)
        if not self._is_open and sys.stderr is not None and sys.stderr.isatty():
            self._terminal, self._is_open = sys.stderr, True
        self._next = time.perf_counter() + LONG_SECONDS
        self._id: str | None = None
        self._said = ""

    def __call__(self, monitor: EnergyMonitor) -> None:
        """One more sample was taken."""
        if time.perf_counter() < self._next:
            return
        with self._lock:
            if not self._is_open:
                return
            self._next = time.perf_counter() + _EVERY_SECONDS
            self._said = str(monitor.so_far())
            self._context.run(self._show)

    def take(self) -> str | None:
        """Nothing more is said: the id of the display to replace, None where there is none."""
        with self._lock:
            self._is_open = False
            found, self._id = self._id, None
            if self._terminal is not None and self._said:
                self._terminal.write(_CLEAR)
                self._terminal.flush()
            return found

    def settle(self, how: str) -> None:
        """No tree takes the display's place: last words do, `how` it ended."""
        if (found := self.take()) is not None:
            update_display(_bundle(f"{how}: {self._said}"), display_id=found, raw=True)  # type: ignore[no-untyped-call]

    def _show(self) -> None:
        if self._terminal is not None:
            room = shutil.get_terminal_size().columns - 1
            # The cursor stays at the line's begin, for what the cell itself may print.
            self._terminal.write(f"{_CLEAR}{self._said[:room]}\r")
            self._terminal.flush()
        elif self._id is None:
            self._id = f"irene-{uuid.uuid4().hex}"
            display(_bundle(self._said), display_id=self._id, raw=True)  # type: ignore[no-untyped-call]
        else:
            update_display(_bundle(self._said), display_id=self._id, raw=True)  # type: ignore[no-untyped-call]


def _bundle(line: str) -> dict[str, Any]:
    html = f'<div style="opacity:.75;font-variant-numeric:tabular-nums">{escape(line)}</div>'
    return {"text/html": html, "text/plain": line}
