"""An emulated emonPi on a pty or a TCP port, for tests and for machines without a meter.

It measures nothing: its power is a function of time, or a model of this machine. All that comes
from it is marked simulated: `is_simulated`, `source`, the flag on samples of `reader`, and a line
that it sends now and then, by which any other reader of this package knows it too.
"""

from __future__ import annotations

import math
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, Protocol

from irene_jupyter.meters.emonpi.decoder import SIMULATED_LINE
from irene_jupyter.meters.emonpi.meter_reader import MeterReader
from irene_jupyter.meters.emonpi.stream import MeterStream
from irene_jupyter.meters.emulator.far_end import NoPtyError, PtyLine, TcpLine
from irene_jupyter.meters.emulator.wire import Firmware, Knobs
from irene_jupyter.resources.processes import cpu_seconds

_POINTS = 64  # of a trace within one window; a step inside it is off by 1/64 of itself at most
_TICK_SECONDS = 0.02  # how soon a stop, a client or a fault is seen
_LINES_PER_MARK = 10
_SPLIT_SECONDS = 0.002  # between two parts of a line: enough that they are read one by one


class PowerSource(Protocol):
    """What an emulated meter measures; times are in the meter's seconds since it started."""

    def begin(self, start: float) -> None:
        """A window begins now."""

    def mean_watts(self, start: float, end: float) -> float:
        """The mean power of the window that ends now."""


class TracePower:
    """A given power: `trace(t)` in watts, t in seconds. The truth that a calibration must find."""

    def __init__(self, trace: Callable[[float], float]) -> None:
        self._trace = trace

    def begin(self, start: float) -> None:
        """Nothing to prepare."""

    def mean_watts(self, start: float, end: float) -> float:
        """By the midpoint rule."""
        step = (end - start) / _POINTS
        values = (self._trace(start + (index + 0.5) * step) for index in range(_POINTS))
        return math.fsum(values) / _POINTS


class MachinePower:
    """A model of this machine: idle watts + watts × CPU utilisation + noise.

    `busy_watts` is what all cores at work add. `cpu` tells (busy, total) of some clock; the
    default counts whatever runs on the machine, other people's programs included.
    """

    def __init__(
        self,
        idle_watts: float = 60.0,
        busy_watts: float = 80.0,
        noise_watts: float = 0.5,
        *,
        seed: int = 0,
        cpu: Callable[[], tuple[float, float]] = cpu_seconds,
    ) -> None:
        self.idle_watts, self.busy_watts, self.noise_watts = idle_watts, busy_watts, noise_watts
        self._random = random.Random(seed)
        self._cpu = cpu
        self._before = cpu()
        self._utilisation = 0.0

    def begin(self, start: float) -> None:
        """Notes the clock as the window begins."""
        self._before = self._cpu()

    def mean_watts(self, start: float, end: float) -> float:
        """From the time that was busy in the window; the last one's if no tick fell into it."""
        busy, total = self._cpu()
        if total > self._before[1]:
            share = (busy - self._before[0]) / (total - self._before[1])
            self._utilisation = min(max(share, 0.0), 1.0)
        noise = self._random.gauss(0.0, self.noise_watts) if self.noise_watts else 0.0
        return self.idle_watts + self.busy_watts * self._utilisation + noise


class SimulatedMeter:
    """An emonPi that is not there: a context manager with a `url` to read from.

    `power` is a source, a function of the time in watts, or None for a `MachinePower`. With
    `time_scale` 20 its seconds, and the trace's, go by twenty times as fast. `transport` is a pty
    unless it is given, or TCP where there is none. On TCP it behaves as ser2net: one client at a
    time, a second one is sent away, or with `kick_old` throws out the first. An error of the
    power function is raised as the block ends.
    """

    is_simulated = True

    def __init__(
        self,
        power: PowerSource | Callable[[float], float] | None = None,
        knobs: Knobs | None = None,
        *,
        transport: Literal["pty", "tcp"] | None = None,
        time_scale: float = 1.0,
        kick_old: bool = False,
    ) -> None:
        self.knobs = knobs or Knobs()
        self.transport = transport or "pty"
        self._may_change = transport is None
        self.time_scale = time_scale
        if power is None:
            power = MachinePower(seed=self.knobs.seed)
        self.power: PowerSource = TracePower(power) if callable(power) else power
        self._firmware = Firmware(self.knobs)
        self._tcp = TcpLine(kick_old)
        self._line: PtyLine | TcpLine = PtyLine() if self.transport == "pty" else self._tcp
        self._faults: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._due: deque[tuple[float, bytes]] = deque()  # meter time, bytes
        self._silent = (math.inf, math.inf)  # from, until
        self._down_until: float | None = None
        self._sent = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        self.started = math.nan

    @property
    def url(self) -> str:
        """Where to read: a device's path, or socket://127.0.0.1:port. The same after a fault."""
        return self._line.url

    @property
    def has_failed(self) -> bool:
        """Whether the power function raised; its error is raised as the block ends."""
        return self._error is not None

    @property
    def source(self) -> str:
        """What it is, for people and profiles."""
        return f"simulated emonPi ({self.knobs.format}, {self.transport})"

    def time(self, monotonic: float | None = None) -> float:
        """The meter's time, in its seconds, now or at a `time.monotonic()`."""
        now = time.monotonic() if monotonic is None else monotonic
        return (now - self.started) * self.time_scale

    def reader(self, format: str | None = None, **options: Any) -> MeterReader:
        """A reader of this meter, whose samples are all flagged simulated.

        `options` are those of `MeterStream`.
        """
        stream = MeterStream(self.url, format or self.knobs.format, simulated=True, **options)
        return MeterReader(stream)

    # --- faults, from any thread ------------------------------------------------------------------

    def reboot(self) -> None:
        """The board resets: the banner, and its counters from the start."""
        self._faults.put(lambda: self._send(self._firmware.reboot()))

    def silence(self, seconds: float) -> None:
        """No line arrives for so many of the meter's seconds; it goes on measuring."""

        def fall_silent() -> None:
            self._silent = (self.time(), self.time() + seconds)

        self._faults.put(fall_silent)

    def disconnect(self, seconds: float = 0.0, *, reset: bool = False) -> None:
        """The connection ends and can be opened again after so many of the meter's seconds.

        `reset` ends a TCP connection by RST in place of EOF.
        """

        def cut() -> None:
            self._line.cut(reset=reset)
            self._down_until = self.time() + seconds

        self._faults.put(cut)

    # --- the block --------------------------------------------------------------------------------

    def __enter__(self) -> SimulatedMeter:
        try:
            self._line.open()
        except NoPtyError:
            if not self._may_change:
                raise
            self.transport, self._line = "tcp", self._tcp
            self._line.open()
        try:
            self.started = time.monotonic()
            self._thread = threading.Thread(target=self._run, name="irene-emulator", daemon=True)
            self._thread.start()
        except BaseException:
            self._line.close()
            raise
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        self._stop.set()
        try:
            if self._thread is not None:
                self._thread.join()
        finally:
            self._line.close()
        if self._error is not None and error is None:
            raise self._error

    def _run(self) -> None:
        window = self.knobs.window_seconds
        end = window
        try:
            while self._wait(end - window):
                self.power.begin(end - window)
                if not self._wait(end):
                    break
                line = self._firmware.line(self.power.mean_watts(end - window, end))
                if not self._silent[0] <= end < self._silent[1]:
                    self._due.append((end + self.knobs.latency_seconds, line))
                end += self._firmware.next_period()
        except Exception as error:  # raised again as the block ends
            self._error = error
        finally:
            self._line.close()

    def _wait(self, until: float) -> bool:
        """Minds the line until the meter's time is `until`. False when the block ends."""
        while not self._stop.is_set():
            self._mind()
            now = self.time()
            if now >= until:
                return True
            due = min(until, self._due[0][0]) if self._due else until
            self._stop.wait(min(max(due - now, 0.0) / self.time_scale, _TICK_SECONDS))
        return False

    def _mind(self) -> None:
        """Faults that were asked for, clients, and lines whose time has come."""
        while not self._faults.empty():
            self._faults.get()()
        if self._down_until is not None:
            if self.time() < self._down_until:
                self._due.clear()
                return
            self._line.open()
            self._down_until = None
        if self._line.mind():
            self._line.write(self._mark)
        while self._due and self._due[0][0] <= self.time():
            self._send(self._due.popleft()[1])

    @property
    def _mark(self) -> bytes:
        return b"" if self.knobs.wrong_baud else SIMULATED_LINE

    def _send(self, line: bytes) -> None:
        if self._sent % _LINES_PER_MARK == 0:
            self._line.write(self._mark)
        self._sent += 1
        for number, piece in enumerate(self._firmware.pieces(line)):
            if number:
                self._stop.wait(_SPLIT_SECONDS)
            self._line.write(piece)
