"""Keeps frames of this package out of the user's tracebacks."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

_ROOT = str(Path(__file__).parent)


def strip_own_frames(error: BaseException) -> None:
    """Takes our frames out of the traceback of `error`, and of what it was raised from, in place.

    In an `except` clause that ends with a bare `raise`, this takes out the frame of the clause
    itself, too: Python adds a frame when an exception enters it, not when it is raised again.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = _without_own(current.__traceback__)
        pending += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            pending += current.exceptions


def _without_own(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and _is_own(trace):
        trace = trace.tb_next
    current = trace
    while current is not None:
        after = current.tb_next
        while after is not None and _is_own(after):
            after = after.tb_next
        if after is not current.tb_next:
            current.tb_next = after
        current = after
    return trace


def _is_own(trace: TracebackType) -> bool:
    return trace.tb_frame.f_code.co_filename.startswith(_ROOT)
