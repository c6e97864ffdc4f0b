"""`irene-jupyter log-meter`: a meter's lines into a CSV file, on a Pi for days if need be.

Needs pyserial and nothing else beyond the standard library.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from irene_jupyter.meters.base import MeterError
from irene_jupyter.meters.emonpi.stream import MeterStream
from irene_jupyter.meters.logs.csvlog import LogWriter


def log_meter(
    url: str,
    output: Path,
    *,
    format: str = "auto",
    baud: int | None = None,
    seconds: float | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> str:
    """Logs until `seconds` are over, or until Ctrl-C or SIGTERM; returns a line on what there is.

    Opens the port before the file, so that a wrong port leaves no file. Raises `MeterError`; the
    file is good up to there.
    """
    stream = MeterStream(url, format, baud=baud)
    with (
        stream,
        _ended_by_signals(stream.stop),
        LogWriter(output, format=format, source=url) as log,
    ):
        say(f"logging {url} to {output}; Ctrl-C ends it")
        try:
            for observation in stream.observations(seconds):
                log.write(observation)
                for event in observation.events:
                    say(f"{event.kind}: {event.text}")
        except MeterError as error:
            raise type(error)(f"{error}\n{_summary(stream, log)}") from error
        return _summary(stream, log)


def _summary(stream: MeterStream, log: LogWriter) -> str:
    counts = stream.decoder.counts
    return (
        f"{log.path}: {log.rows} lines, {counts['samples']} readings, "
        f"{counts['errors']} that cannot be read"
        + (" (simulated: no meter was read)" if stream.is_simulated else "")
    )


@contextlib.contextmanager
def _ended_by_signals(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the loop between two lines, never in the middle of a row."""

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
