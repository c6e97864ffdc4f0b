"""Logs of a meter as CSV: ours, with each raw line and its times, and the IrEne authors'.

Ours: a first line `# irene-jupyter meter log 1, format auto, /dev/ttyAMA0`, a header
`realtime,monotonic,line`, then one row a line, each written at once. The line stands as it came,
its end included: bytes that CSV or an editor would change are written as \\r, \\n, \\\\ or \\xff.
Rows that begin with # are events of the port. Times are in seconds: since 1970, and of
`time.monotonic()`, whose difference shows when NTP moved the clock.

The authors': rows `1611465744.123456,30123`, with or without the header `timestamp,value`.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from irene_jupyter.meters.decoder import Decoder, Event
from irene_jupyter.meters.errors import LogError
from irene_jupyter.meters.meter import Observation

_TITLE = "# irene-jupyter meter log 1, format "
_HEADER = ["realtime", "monotonic", "line"]
_AUTHORS_HEADER = ["timestamp", "value"]

_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|([rnt\\]))")
_SHORT = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}
_LONG = {ord(character): f"\\{name}" for name, character in _SHORT.items()}

# Realtime against monotonic time, in seconds: beyond it the clock was set, not slewed.
_CLOCK_STEP_SECONDS = 0.1


def escape(line: bytes) -> str:
    """Any bytes as printable ASCII; `unescape` gives them back."""
    return "".join(
        _LONG.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in line
    )


def unescape(text: str) -> bytes:
    """The bytes that `escape` was given. Raises `ValueError` for anything that it never writes."""
    if "\\" in _ESCAPED.sub("", text) or not text.isascii() or (text and not text.isprintable()):
        raise ValueError(f"not an escaped line: {text[:40]!r}")
    return _ESCAPED.sub(
        lambda match: chr(int(match[1], 16)) if match[1] else _SHORT[match[2]], text
    ).encode("latin-1")


class LogWriter:
    """A new log at `path`; a context manager. Each row reaches the file before the next line.

    Raises `LogError` if the file exists or cannot be written (a full disk): the rows before
    stay good.
    """

    def __init__(self, path: str | os.PathLike[str], *, format: str, source: str) -> None:
        self.path = Path(path)
        self.rows = 0
        try:
            # Unbuffered: what a row could not bring onto a full disk is not tried again at close.
            self._file: io.FileIO = open(self.path, "xb", buffering=0)  # noqa: SIM115
        except FileExistsError as error:
            raise LogError(f"{self.path} exists already: give another --output") from error
        except OSError as error:
            raise self._error(error) from error
        try:
            self._write(f"{_TITLE}{format}, {escape(source.encode())}\n{','.join(_HEADER)}\n")
        except BaseException:
            self.close()
            raise

    def write(self, observation: Observation) -> None:
        """One line, or an event without one."""
        if observation.line:
            row = io.StringIO()
            csv.writer(row, lineterminator="\n").writerow(
                [
                    f"{observation.realtime:.6f}",
                    f"{observation.monotonic:.6f}",
                    escape(observation.line),
                ]
            )
            self._write(row.getvalue())
            self.rows += 1
            return
        for event in observation.events:
            text = escape(event.text.encode())
            self._write(f"# {observation.realtime:.6f} {event.kind}: {text}\n")

    def close(self) -> None:
        """Closes the file; a second call does nothing."""
        self._file.close()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, text: str) -> None:
        data = text.encode("ascii")
        try:
            while data:
                data = data[self._file.write(data) or 0 :]
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> LogError:
        return LogError(
            f"{self.path} cannot be written ({error.strerror or error}): free some space or give "
            "another --output; the rows before this one are good"
        )


@dataclass(frozen=True)
class MeterLog:
    """A log that was read: samples, errors and events in their order, as from a live meter."""

    path: Path
    format: str | None  # None: there was no reading
    observations: tuple[Observation, ...]
    counts: Counter[str]
    is_simulated: bool

    @property
    def samples(self) -> tuple[Observation, ...]:
        """The observations with a sample."""
        return tuple(each for each in self.observations if each.sample is not None)

    @property
    def source(self) -> str:
        """What the samples come from, for people."""
        return f"{'simulated emonPi' if self.is_simulated else 'emonPi'}, log {self.path.name}"


def read_log(
    path: str | os.PathLike[str], format: str = "auto", *, unwrap: bool = False
) -> MeterLog:
    """A log of ours or of the authors'. The authors' has no monotonic time: it is the realtime.

    A last row that was cut (power lost) is left out. Raises `LogError` for a file that cannot be
    read, is no log, or whose times go back.
    """
    place = Path(path)
    try:
        rows = place.read_bytes().decode("ascii").split("\n")
    except OSError as error:
        raise LogError(f"{place} cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise LogError(f"{place} is no log of a meter: it is not plain ASCII") from error
    rows.pop()  # "" after the last line end, or a row that was cut
    ours = bool(rows) and rows[0].startswith(_TITLE)
    if ours and format == "auto":
        format = rows[0][len(_TITLE) :].partition(",")[0]
    decoder = Decoder(format, unwrap=unwrap, discard_first=ours)
    found: list[Observation] = []
    last: Observation | None = None
    for number, row in enumerate(rows, 1):
        if row.startswith("#"):
            if row.split(" ")[2:3] == ["reconnected:"]:
                decoder.reconnected()
            continue
        try:
            fields = next(csv.reader([row]), [])
            if not fields or (number <= 2 and fields in (_HEADER, _AUTHORS_HEADER)):
                continue
            realtime, monotonic, line = _ours(fields) if ours else _authors(fields)
        except (ValueError, csv.Error) as error:
            raise LogError(f"{place}, line {number} is no row of a meter's log: {error}") from error
        decoded = decoder.feed_line(line)
        events = decoded.events
        if last is not None:
            if monotonic < last.monotonic:
                raise LogError(
                    f"{place}, line {number}: the time goes back. Was the clock set, or were two "
                    "logs joined? Let NTP settle, and log each run to a file of its own"
                )
            step = (realtime - last.realtime) - (monotonic - last.monotonic)
            if abs(step) > _CLOCK_STEP_SECONDS:
                events += (Event("clock", f"the clock was set by {step:+.3f} s"),)
        last = Observation(monotonic, realtime, line, decoded.sample, decoded.error, events)
        if last.sample or last.error or last.events:
            found.append(last)
    return MeterLog(place, decoder.format, tuple(found), decoder.counts, decoder.simulated)


def _time(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds):
        raise ValueError(f"{text!r} is no time")
    return seconds


def _ours(fields: list[str]) -> tuple[float, float, bytes]:
    realtime, monotonic, line = fields
    return _time(realtime), _time(monotonic), unescape(line)


def _authors(fields: list[str]) -> tuple[float, float, bytes]:
    """The value may itself have a comma: `power1,30123`. Their logger strips the line end."""
    if len(fields) < 2:
        raise ValueError("expected timestamp,value")
    realtime = _time(fields[0])
    return realtime, realtime, ",".join(fields[1:]).encode("ascii") + b"\r\n"
