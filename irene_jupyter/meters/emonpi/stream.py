"""A live meter: lines with their time stamps, decoded, over disconnects; or the error that ends it.

This is the loop itself, for a program that does nothing else; `MeterReader` runs it in a thread.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from irene_jupyter.meters.base import Event
from irene_jupyter.meters.emonpi.decoder import Decoder, LineBuffer
from irene_jupyter.meters.emonpi.formats import BAUD_RATES, detect_format
from irene_jupyter.meters.emonpi.transport import BUSY_LINE, Port
from irene_jupyter.meters.errors import (
    DisconnectedError,
    GarbageError,
    PortBusyError,
    PortError,
    PortOpenError,
    SilentMeterError,
)
from irene_jupyter.meters.meter import Observation

# Longest wait for a reading, in seconds: three periods of the slowest firmware of the format,
# and at least the start of a board that opening its port has reset.
SILENCE_SECONDS = {"stock": 30.0, "irene": 20.0, "keyvalue": 35.0, "watts": 35.0, "auto": 35.0}

# Most lines are bad: of the last ones, or from the start without one sample.
_JUDGED_LINES = 20
_BAD_FROM_START = 8


@dataclass(frozen=True, slots=True)
class Reconnect:
    """How often, and after how long, a lost connection is opened again.

    Waits double from `first_seconds` to `longest_seconds`: about two minutes by default, in which
    a Pi starts anew. A connection that held for `stable_seconds` begins the count afresh; shorter
    ones add up, so that two readers that throw each other out come to an end.
    """

    attempts: int = 30
    first_seconds: float = 0.2
    longest_seconds: float = 5.0
    stable_seconds: float = 10.0


Stamp = tuple[float, float]


def _now() -> Stamp:
    return time.monotonic(), time.time()


class MeterStream:
    """Observations of the meter at `url` (a device, or socket://host:port), one after another.

    `format` is stock, irene, keyvalue, watts or auto. `baud` defaults to the format's; for auto it
    is 38400. `silence_seconds` is the longest wait for a reading. Setting `stop` ends the iteration
    within a tenth of a second, or while connecting within five.
    """

    def __init__(
        self,
        url: str,
        format: str = "auto",
        *,
        baud: int | None = None,
        unwrap: bool = False,
        simulated: bool = False,
        silence_seconds: float | None = None,
        reconnect: Reconnect | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.decoder = Decoder(format, unwrap=unwrap)
        self.decoder.simulated = simulated
        self.port = Port(url, baud or BAUD_RATES.get(format, BAUD_RATES["stock"]))
        self.stop = stop or threading.Event()
        self._silence = silence_seconds or SILENCE_SECONDS[format]
        self._reconnect = reconnect or Reconnect()
        self._buffer: LineBuffer[Stamp] = LineBuffer()
        self._recent: deque[bytes | None] = deque(maxlen=_JUDGED_LINES)  # None for a sample
        self._end: float | None = None
        self._attempts = 0
        self._bytes = self._lines = 0  # of this connection
        self._opened = self._heard = 0.0  # monotonic: the connection, its last sample

    @property
    def source(self) -> str:
        """What the samples come from, for people."""
        kind = "simulated emonPi" if self.is_simulated else "emonPi"
        return f"{kind} at {self.port.url}"

    @property
    def is_simulated(self) -> bool:
        """Whether an emulator of this package sends, as far as is known by now."""
        return self.decoder.simulated

    def open(self) -> None:
        """Connects, without a second try. Raises `PortOpenError`, `PortBusyError`."""
        self.port.open()
        self._opened = self._heard = time.monotonic()
        self._bytes = self._lines = 0
        self._recent.clear()

    def close(self) -> None:
        """Lets go of the port; a second call does nothing."""
        self.port.release()

    def __enter__(self) -> MeterStream:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def observations(self, seconds: float | None = None) -> Iterator[Observation]:
        """All that comes until `stop` is set or `seconds` are over; opens the port if need be.

        Raises `PortError` and its kin: no reading for too long, mostly garbage, another reader,
        or a connection that stays lost. What was seen before stays good.
        """
        if not self._opened:
            self.open()
        self._end = None if seconds is None else time.monotonic() + seconds
        while not self.stop.is_set() and self._left() > 0:
            found: list[Observation] = []
            lost: DisconnectedError | None = None
            try:
                data = self.port.read()
                stamp = _now()
                self._bytes += len(data)
                found += [self._observe(*each) for each in self._buffer.feed(data, stamp)]
                if not any(each.sample for each in found):
                    self._check_silence(stamp[0])
            except DisconnectedError as error:
                lost = error
            yield from found
            self._check_garbage()
            if lost is not None:
                yield from self._lost(lost)

    def _left(self) -> float:
        return math.inf if self._end is None else self._end - time.monotonic()

    # --- the line is bad ------------------------------------------------------------------------

    def _observe(self, line: bytes, stamp: Stamp) -> Observation:
        if BUSY_LINE.match(line):
            # Ours may be the dead one: ser2net has not yet seen that the connection was lost.
            raise DisconnectedError(self._busy) if self._attempts else PortBusyError(self._busy)
        decoded = self.decoder.feed_line(line)
        self._lines += 1
        if decoded.sample is not None:
            self._heard = time.monotonic()
            self._recent.append(None)
            if self._heard - self._opened >= self._reconnect.stable_seconds:
                self._attempts = 0
        elif decoded.error is not None:
            self._recent.append(line)
        return Observation(*stamp, line, decoded.sample, decoded.error, decoded.events)

    @property
    def _busy(self) -> str:
        return (
            f"{self.port.url}: ser2net has another reader ('Port already in use'): end that one, "
            "or set kickolduser in ser2net's options so that a dead one makes room"
        )

    def _check_garbage(self) -> None:
        bad = [line for line in self._recent if line is not None]
        full = len(self._recent) == _JUDGED_LINES
        from_start = not self.decoder.counts["samples"]
        if (from_start and len(bad) >= _BAD_FROM_START) or (full and 2 * len(bad) > _JUDGED_LINES):
            raise self._garbage(bad)

    def _garbage(self, bad: list[bytes]) -> GarbageError:
        seen = [format for line in bad if (format := detect_format(line)) is not None]
        other = max(set(seen), key=seen.count, default=None)
        if other is not None and other != self.decoder.format:
            return GarbageError(
                f"{self.port.url}: the lines are not of the format {self.decoder.format}, but "
                f"of {other}: give --format {other}"
            )
        example = repr(bad[-1][:30]) if bad else "no line end at all"
        where = "ser2net's connector" if self.port.is_socket else f"--baud, now {self.port.baud}"
        return GarbageError(
            f"{self.port.url}: most of what comes cannot be read ({example}). Wrong baud rate "
            f"({where})? stock and irene speak 38400, emonTx4, emonPi2, emonPi3 and the stock CM "
            "firmware 115200. Or does another program read the same port (emonhub: sudo systemctl "
            "stop emonhub)?"
        )

    def _check_silence(self, now: float) -> None:
        """A connection that falls silent is a lost one: TCP does not tell of a Pi without power."""
        if now - self._heard < self._silence:
            return
        if self._heard > self._opened:
            raise DisconnectedError(f"{self.port.url}: no reading for {self._silence:g} s")
        raise self._silent()

    def _silent(self) -> PortError:
        bad = [line for line in self._recent if line is not None]
        if bad or (self._bytes and not self._lines):
            return self._garbage(bad)
        waited = f"{self.port.url}: no reading for {self._silence:g} s"
        if self._bytes:
            return SilentMeterError(
                f"{waited}, only {self._lines} lines of other kinds. Is the current clamp "
                "plugged into CT 1 and the meter's node number 5?"
            )
        remedy = (
            "does ser2net's connector name the right device"
            if self.port.is_socket
            else f"is the baud rate right ({self.port.baud} now; --baud)"
        )
        return SilentMeterError(
            f"{waited}, not one byte. Is the current clamp plugged into CT 1 (the IrEne firmware "
            f"prints nothing without one), {remedy}, and is no other program such as emonhub "
            "reading the port (sudo systemctl stop emonhub)?"
        )

    # --- the connection is lost -----------------------------------------------------------------

    def _lost(self, lost: PortError) -> Iterator[Observation]:
        """Closes, waits, opens again. Raises the last error when all attempts are used up."""
        self.port.close()
        if self.port.is_socket and not self._bytes and not self._attempts:
            # So it looks when pyserial, which drops what is there on opening, drops the refusal.
            raise PortBusyError(self._busy) from lost
        rest = self._buffer.flush()
        if rest is not None:
            decoded = self.decoder.feed_line(rest[0])
            yield Observation(*rest[1], rest[0], None, decoded.error, decoded.events)
        yield Observation(*_now(), b"", events=(Event("disconnected", str(lost)),))
        last: PortError = lost
        while self._attempts < self._reconnect.attempts:
            wait = self._reconnect.first_seconds * 2 ** min(self._attempts, 30)
            self._attempts += 1
            wait = min(wait, self._reconnect.longest_seconds, max(self._left(), 0.0))
            if self.stop.wait(wait) or self._left() <= 0:
                return
            try:
                self.open()
            except PortOpenError as error:
                last = error
                continue
            self.decoder.reconnected()
            event = Event("reconnected", f"after {self._attempts} attempts", self._attempts)
            yield Observation(*_now(), b"", events=(event,))
            return
        raise DisconnectedError(
            f"{self.port.url}: lost, and not back after {self._attempts} attempts. Is the "
            "cable in, the Pi up, and no second reader that throws this one out (kickolduser)? "
            f"The last error: {last}"
        ) from last
