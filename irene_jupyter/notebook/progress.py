"""A calibration's progress in a notebook: a bar, the time left, and what was rejected and why.

No button stops it: a kernel that is busy never sees a click. Interrupting the kernel does, and
what was finished is kept.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from irene_jupyter.calibration.events import Event, Note, Progress, RunFinished, RunRejected
from irene_jupyter.calibration.suite import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 6  # notes and rejections, the newest


class CalibrationProgress:
    """A watcher of `calibrate`; `widget` is what to display."""

    def __init__(self) -> None:
        import ipywidgets

        wide = ipywidgets.Layout(width="min(36em, 100%)")
        self._bar = ipywidgets.FloatProgress(min=0.0, max=1.0, layout=wide)
        self._line = ipywidgets.HTML()
        self._notes = ipywidgets.HTML()
        self.widget: Any = ipywidgets.VBox([self._bar, self._line, self._notes])
        self._kept: list[str] = []
        self._finished = 0
        self._rejected = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._bar.value = event.share
            left = "" if event.stage == "done" else f"{in_words(event.seconds_left)} left · "
            self._show(f"{event.share:.0%} · {left}{event.message}")
            if event.stage == "done":
                self._bar.bar_style = "success"
        elif isinstance(event, RunFinished):
            self._finished += 1
        elif isinstance(event, RunRejected):
            self._rejected += 1
            end = "given up" if event.gives_up else "repeated"
            self._note(f"{event.part}, round {event.round + 1}, is {end}: {event.reasons[0]}")
        elif isinstance(event, Note):
            self._note(event.message)

    def stopped(self, message: str) -> None:
        """It did not end by itself."""
        self._bar.bar_style = "warning"
        self._show(message)

    def _show(self, message: str) -> None:
        runs = f" ({self._finished} runs" if self._finished else ""
        if runs:
            runs += f", {self._rejected} rejected)" if self._rejected else ")"
        self._line.value = f"<span>{escape(message)}{runs}</span>"

    def _note(self, message: str) -> None:
        self._kept.append(message)
        self._notes.value = _lines(self._kept)


def _lines(messages: Sequence[str]) -> str:
    older = len(messages) - SHOWN
    shown = [f"… {older} more"] if older > 0 else []
    shown += messages[-SHOWN:]
    return "".join(f"<div style='opacity:.8'>{escape(line)}</div>" for line in shown)
