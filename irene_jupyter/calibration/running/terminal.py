"""A calibration's events as lines for a terminal or a log."""

from __future__ import annotations

import shutil
from typing import TextIO

from irene_jupyter.calibration.running.events import Event, Note, Progress
from irene_jupyter.calibration.running.records import Rejected
from irene_jupyter.calibration.workload.suite import in_words

BAR = 24  # characters


class Terminal:
    """A watcher of a calibration: one line that is written anew, in a terminal; lines elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._anew = stream.isatty()
        self._open = False
        self._last = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Note):
            self.say(event.message)
        elif isinstance(event, Rejected):
            self.say(str(event))

    def say(self, message: str) -> None:
        """A line that stays."""
        self._end()
        print(message, file=self._stream, flush=True)

    def _progress(self, event: Progress) -> None:
        done = round(BAR * event.share)
        line = (
            f"[{'#' * done}{'.' * (BAR - done)}] {event.share:4.0%}, {in_words(event.seconds_left)}"
            f" left: {event.message}"
        )
        if self._anew:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{line[:width]:<{width}}", end="", file=self._stream, flush=True)
            self._open = True
        elif line.partition("]")[0] != self._last:  # in a log, a line for each step of the bar
            self._last = line.partition("]")[0]
            print(line, file=self._stream, flush=True)

    def _end(self) -> None:
        if self._open:
            print(file=self._stream, flush=True)
            self._open = False
