"""Bytes of an emonPi → samples, with what single lines cannot tell: pure state, no clock.

It finds the format, drops the first line after opening (a part of one, as a rule), and notes
resets, dropped messages, jumps, and readings that may have wrapped around 655.36 W.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Generic, TypeVar

from irene_jupyter.meters.base import Event, MeterError, PowerSample
from irene_jupyter.meters.emonpi.formats import (
    COUNTS,
    FORMATS,
    MAX_LINE_BYTES,
    NAMED,
    Reading,
    detect_format,
    is_banner,
    parse_reading,
)
from irene_jupyter.meters.errors import FormatError, KeysChangedError, LineError, LineSyntaxError

# What an emulator sends now and then. Every parser skips it; it marks all that follows.
SIMULATED_LINE = b"simulated emonPi of irene_jupyter\r\n"

JUMP_WATTS = 500.0  # between two samples: no PC does that, a wrap or a lost digit does
# A clamp the wrong way round shows −100 W as 555.36 W: the sign bit is set, and the sample
# before it was small.
_SIGN_BIT = COUNTS // 2
_SMALL_WATTS = 100.0
_WRAP_COUNTS = int(JUMP_WATTS * 100)
# One wrong line among right ones is noise; as many alike in a row are what the meter now sends.
_LINES_TO_RELOCK = 3

Stamp = TypeVar("Stamp")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one line came to: a sample, an error, or neither (a line to skip)."""

    line: bytes
    sample: PowerSample | None = None
    error: MeterError | None = None
    events: tuple[Event, ...] = ()
    message: int | None = None


class LineBuffer(Generic[Stamp]):
    """Bytes, split anyhow → lines with their ends, each with the stamp of its first byte."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._stamp: Stamp | None = None

    def feed(self, data: bytes, stamp: Stamp) -> list[tuple[bytes, Stamp]]:
        """The lines that `data` completes. Noise without line ends is cut into pieces."""
        if not self._bytes or self._stamp is None:
            self._stamp = stamp
        self._bytes += data
        lines: list[tuple[bytes, Stamp]] = []
        while True:
            end = self._bytes.find(b"\n", 0, MAX_LINE_BYTES) + 1
            if not end:
                if len(self._bytes) < MAX_LINE_BYTES:
                    return lines
                end = MAX_LINE_BYTES
            lines.append((bytes(self._bytes[:end]), self._stamp))
            del self._bytes[:end]
            self._stamp = stamp

    def flush(self) -> tuple[bytes, Stamp] | None:
        """The part of a line that is left when nothing follows, and forgets it."""
        rest, stamp = bytes(self._bytes), self._stamp
        self._bytes.clear()
        return (rest, stamp) if rest and stamp is not None else None


class Decoder:
    """Lines → samples, in their order. Never raises but for an unknown format.

    `format` is one of `NAMED` or "auto": the first line that is a reading tells. `unwrap`
    counts a jump of more than 500 W in the irene format as a turn of its 16-bit number (flag
    "unwrapped"), so 44.64 W after 640 W is 700 W: right for a load that passes 655.36 W, wrong
    for one that jumps that far. Flags beyond the parser's: jump, possible_negative, unwrapped,
    simulated.
    """

    def __init__(
        self, format: str = "auto", *, unwrap: bool = False, discard_first: bool = True
    ) -> None:
        if format not in (*NAMED, "auto"):
            raise FormatError(f"no wire format {format!r}: take auto or {', '.join(NAMED)}")
        self.format: str | None = None if format == "auto" else format
        self.simulated = False
        self.counts: Counter[str] = Counter()  # lines, samples, errors, skipped, and events
        self._unwrap = unwrap
        self._discard_first = discard_first
        self._discard_next = discard_first
        self._buffer: LineBuffer[int] = LineBuffer()
        self._keys: tuple[str, ...] = ()
        self._other_keys: tuple[tuple[str, ...], int] = ((), 0)
        # Neighbours in time; none of them reaches over a reset or a gap.
        self._message: int | None = None
        self._watts: float | None = None
        self._counts: int | None = None
        self._turns = 0

    def feed(self, data: bytes) -> list[Decoded]:
        """What the lines that `data` completes come to; the same however bytes are split."""
        return [self.feed_line(line) for line, _ in self._buffer.feed(data, 0)]

    def finish(self) -> list[Decoded]:
        """The end of the stream: what is left of a line is an error."""
        rest = self._buffer.flush()
        return [] if rest is None else [self.feed_line(rest[0])]

    def reconnected(self) -> None:
        """The stream begins anew, in the middle of a line."""
        self._buffer.flush()
        self._discard_next = self._discard_first
        self._forget()

    def feed_line(self, line: bytes) -> Decoded:
        """One line, with its end."""
        self.counts["lines"] += 1
        events: list[Event] = []
        if line == SIMULATED_LINE and not self.simulated:
            self.simulated = True
            events.append(Event("simulated", "the meter is an emulator: its watts are made up"))
        if is_banner(line):
            self._restart(events, "the meter has just started")
        reading: Reading | None = None
        error: MeterError | None = None
        if self._discard_next:
            self._discard_next = False
            events.append(Event("discarded", "the first line after opening"))
        else:
            try:
                reading = self._parse(line, events)
            except LineError as caught:
                error = caught
        sample = None if reading is None else self._judge(reading)
        outcome = "errors" if error else "skipped" if sample is None else "samples"
        self.counts[outcome] += 1
        self.counts.update(event.kind for event in events)
        message = None if reading is None else reading.message
        return Decoded(line, sample, error, tuple(events), message)

    def _parse(self, line: bytes, events: list[Event]) -> Reading | None:
        if self.format is None:
            self.format = detect_format(line)
            if self.format is None:
                self._undetected(line)
                return None
            events.append(Event("format", f"the lines are of the format {self.format}"))
        reading = parse_reading(line, self.format)
        if reading is not None:
            self._sequence(reading, events)
            if self.format == "keyvalue":
                self._lock(reading.keys, events)
        return reading

    def _undetected(self, line: bytes) -> None:
        """Raises unless the line is one to skip in some format."""
        first: LineError | None = None
        for format in FORMATS:
            try:
                parse_reading(line, format)
                return
            except LineSyntaxError as error:
                first = first or error
            except LineError:  # closer to this format than to the others
                raise
        assert first is not None
        raise first

    def _lock(self, keys: tuple[str, ...], events: list[Event]) -> None:
        """A line that lost some of its bytes can still be well formed: its keys are fewer."""
        if not self._keys or keys == self._keys:
            self._keys, self._other_keys = keys, ((), 0)
            return
        others, times = self._other_keys
        times = times + 1 if others == keys else 1
        self._other_keys = (keys, times)
        if times < _LINES_TO_RELOCK:
            raise KeysChangedError(
                f"keys {', '.join(keys)} differ from the first line's {', '.join(self._keys)}"
            )
        self._keys, self._other_keys = keys, ((), 0)
        events.append(Event("keys", f"the meter now sends {', '.join(keys)}"))

    def _sequence(self, reading: Reading, events: list[Event]) -> None:
        message, before = reading.message, self._message
        if message is None:
            return
        if before is not None and message < before:
            self._restart(events, f"the message number went back from {before} to {message}")
        elif before == message:
            events.append(Event("repeated", f"message {message} came twice"))
        elif before is not None and message > before + 1:
            missing = message - before - 1
            events.append(Event("dropped", f"{missing} messages before {message}", missing))
        self._message = message

    def _restart(self, events: list[Event], why: str) -> None:
        events.append(Event("reset", why))
        self._keys = ()
        self._forget()

    def _forget(self) -> None:
        self._message = self._watts = self._counts = None
        self._turns = 0

    def _judge(self, reading: Reading) -> PowerSample:
        watts, flags = reading.watts, set(reading.flags)
        if reading.counts is not None:
            if (
                reading.counts >= _SIGN_BIT
                and self._watts is not None
                and self._watts < _SMALL_WATTS
            ):
                flags.add("possible_negative")
            if self._unwrap:
                self._turns += _turn(self._counts, reading.counts)
                if self._turns:
                    watts = (reading.counts + self._turns * COUNTS) / 100
                    flags.add("unwrapped")
                    if watts < 0:
                        flags.add("negative")
            self._counts = reading.counts
        if self._watts is not None and abs(watts - self._watts) > JUMP_WATTS:
            flags.add("jump")
        if self.simulated:
            flags.add("simulated")
        self._watts = watts
        return PowerSample(watts, reading.volts, frozenset(flags))


def _turn(before: int | None, now: int) -> int:
    if before is None or abs(now - before) <= _WRAP_COUNTS:
        return 0
    return 1 if now < before else -1
