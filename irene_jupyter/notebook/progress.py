"""A calibration's progress in a notebook: a bar, the time left, and what was rejected and why.

No button stops it: a kernel that is busy never sees a click. Interrupting the kernel does, and
what was finished is kept. At its end words take the widgets' place: a notebook that is reopened
would show an error box where they were.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from irene_jupyter.calibration.running.events import Event, Note, Progress
from irene_jupyter.calibration.running.records import NodeRun, Rejected, Run
from irene_jupyter.calibration.workload.suite import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 6  # notes and rejections, the newest


class CalibrationProgress:
    """A watcher of `calibrate`; `show` displays it, once."""

    def __init__(self) -> None:
        import ipywidgets

        wide = ipywidgets.Layout(width="min(36em, 100%)")
        self._bar = ipywidgets.FloatProgress(min=0.0, max=1.0, layout=wide)
        self._line = ipywidgets.HTML()
        self._notes = ipywidgets.HTML()
        self._widget = ipywidgets.VBox([self._bar, self._line, self._notes])
        self._display: Any = None
        self._said = ""
        self._kept: list[str] = []
        self._finished = 0
        self._rejected = 0

    def show(self) -> None:
        from IPython.display import display

        self._display = display(self._widget, display_id=True)  # type: ignore[no-untyped-call]

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._bar.value = event.share
            left = "" if event.stage == "done" else f"{in_words(event.seconds_left)} left · "
            self._say(f"{event.share:.0%} · {left}{event.message}")
            if event.stage == "done":
                self._settle()
        elif isinstance(event, Run | NodeRun):
            self._finished += 1
        elif isinstance(event, Rejected):
            self._rejected += 1
            self._note(str(event))
        elif isinstance(event, Note):
            self._note(event.message)

    def stopped(self, message: str) -> None:
        """It did not end by itself."""
        self._say(message)
        self._settle()

    def _say(self, message: str) -> None:
        runs = f" ({self._finished} runs" if self._finished else ""
        if runs:
            runs += f", {self._rejected} rejected)" if self._rejected else ")"
        self._said = f"{message}{runs}"
        self._line.value = f"<span>{escape(self._said)}</span>"

    def _settle(self) -> None:
        """Nothing more will happen: what was said stays, without widgets."""
        if self._display is not None:
            html = f"<div>{escape(self._said)}</div>{_lines(self._kept)}"
            plain = "\n".join([self._said, *_newest(self._kept)])
            self._display.update({"text/html": html, "text/plain": plain}, raw=True)
        for widget in (self._bar, self._line, self._notes, self._widget):
            widget.close()

    def _note(self, message: str) -> None:
        self._kept.append(message)
        self._notes.value = _lines(self._kept)


def _newest(messages: Sequence[str]) -> list[str]:
    older = len(messages) - SHOWN
    return [*([f"… {older} more"] if older > 0 else []), *messages[-SHOWN:]]


def _lines(messages: Sequence[str]) -> str:
    lines = (f"<div style='opacity:.8'>{escape(line)}</div>" for line in _newest(messages))
    return "".join(lines)
