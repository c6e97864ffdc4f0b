"""Logs of a meter as CSV: ours, with each raw line and its times, and others' of time and value.

Ours: a first line `# irene-jupyter meter log 1, format auto, /dev/ttyAMA0`, a header
`realtime,monotonic,line`, then one row a line, each written at once. The line stands as it came,
its end included: bytes that CSV or an editor would change are written as \\r, \\n, \\\\ or \\xff.
Rows that begin with # are events of the port. Times are in seconds: since 1970, and of
`time.monotonic()`, whose difference shows when NTP moved the clock.

The authors': rows `1611465744.123456,30123`, with or without the header `timestamp,value`. An
export of emonCMS looks the same, and has watts: `1388666100,357.90`. A decimal point tells them
apart; where there is none and both are plausible, the format is asked for.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from irene_jupyter.meters.base import Event
from irene_jupyter.meters.emonpi.decoder import Decoder
from irene_jupyter.meters.errors import LogError
from irene_jupyter.meters.logs.others import format_of, is_header, row_of, time_of
from irene_jupyter.meters.meter import Observation

_TITLE = "# irene-jupyter meter log 1, format "
_HEADER = ["realtime", "monotonic", "line"]

_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|([rnt\\]))")
_SHORT = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}
_LONG = {ord(character): f"\\{name}" for name, character in _SHORT.items()}

# Realtime against monotonic time, in seconds: beyond it the clock was set, not slewed.
_CLOCK_STEP_SECONDS = 0.1
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


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

    def __exit__(self, *_: object) -> None:
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
        # After the last line end comes nothing, or a row that was cut.
        lines = place.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise LogError(f"{place} cannot be read ({error.strerror or error})") from error
    rows = LogRows(place, format, unwrap=unwrap)
    found = tuple(each for each in map(rows.feed, lines) if each is not None)
    return MeterLog(place, rows.decoder.format, found, rows.decoder.counts, rows.decoder.simulated)


class LogRows:
    """The rows of one log, one after another → what a meter would have told."""

    def __init__(self, path: Path, format: str = "auto", *, unwrap: bool = False) -> None:
        self.decoder = Decoder(format, unwrap=unwrap, discard_first=False)
        self._path = path
        self._asked = format
        self._unwrap = unwrap
        self._number = 0
        self._ours = False
        self._last: Observation | None = None

    def feed(self, row: bytes) -> Observation | None:
        """One row without its line end; None for one that tells nothing. Raises `LogError`."""
        self._number += 1
        if self._number == 1:
            row = row.removeprefix(codecs.BOM_UTF8)
        try:
            text = row.decode("ascii").removesuffix("\r")
        except UnicodeDecodeError as error:
            kind = _BOMS.get(row[:2], "not plain ASCII")
            raise LogError(
                f"{self._path} is no log of a meter: it is {kind}. Export or save it as CSV in "
                "plain text (UTF-8), times and numbers without other signs"
            ) from error
        if self._number == 1 and text.startswith(_TITLE):
            self._ours = True
            format = text[len(_TITLE) :].partition(",")[0] if self._asked == "auto" else self._asked
            self.decoder = Decoder(format, unwrap=self._unwrap)
        if text.startswith("#"):
            return self._event(text)
        try:
            fields = next(csv.reader([text]), [])
            if not fields or (self._number <= 2 and fields == _HEADER):
                return None
            if self._number == 1 and is_header(fields):
                return None
            realtime, monotonic, line = _ours(fields) if self._ours else row_of(fields)
        except (ValueError, csv.Error) as error:
            raise LogError(
                f"{self._path}, line {self._number} is no row of a meter's log: {error}"
            ) from error
        if not self._ours and self.decoder.format is None and not self._detect(line):
            return None
        decoded = self.decoder.feed_line(line)
        events = decoded.events + self._clock_event(realtime, monotonic)
        self._last = Observation(monotonic, realtime, line, decoded.sample, decoded.error, events)
        return self._last if decoded.sample or decoded.error or events else None

    @property
    def unit_is_known(self) -> bool:
        """Whether the format says the unit: a plain number in a file of somebody's does not."""
        return self._ours or self._asked != "auto" or self.decoder.format != "watts"

    def _detect(self, line: bytes) -> bool:
        """Whether a line of another's log counts. Raises `LogError` where its unit is not known."""
        try:
            format = format_of(line)
        except ValueError as error:
            raise LogError(f"{self._path}, line {self._number}: {error}") from error
        if format == "watts":
            self.decoder = Decoder(format, discard_first=False)
        return format is not None

    def _event(self, text: str) -> Observation | None:
        """A row of the port's own: `# 1611465750.000000 disconnected: …`."""
        words = text.split(" ", 3)
        kind = words[2] if len(words) > 2 else ""
        if kind == "reconnected:":
            self.decoder.reconnected()
        if kind != "disconnected:" or self._last is None:
            return None
        with contextlib.suppress(ValueError):
            realtime = time_of(words[1])
            monotonic = self._last.monotonic + max(0.0, realtime - self._last.realtime)
            events = (Event("disconnected", " ".join(words[3:])),)
            return Observation(monotonic, realtime, events=events)
        return None

    def _clock_event(self, realtime: float, monotonic: float) -> tuple[Event, ...]:
        if self._last is None:
            return ()
        if monotonic < self._last.monotonic:
            raise LogError(
                f"{self._path}, line {self._number}: the time goes back. Was the clock set, or "
                "were two logs joined? Let NTP settle, and log each run to a file of its own"
            )
        step = (realtime - self._last.realtime) - (monotonic - self._last.monotonic)
        if abs(step) <= _CLOCK_STEP_SECONDS:
            return ()
        return (Event("clock", f"the clock was set by {step:+.3f} s"),)


def _ours(fields: list[str]) -> tuple[float, float, bytes]:
    realtime, monotonic, line = fields
    return time_of(realtime), time_of(monotonic), unescape(line)
