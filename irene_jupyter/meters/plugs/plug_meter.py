"""A plug as a power meter: asked once a second, patient for some seconds, then an error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from irene_jupyter.meters.base import Event
from irene_jupyter.meters.errors import PlugError, PlugSilentError
from irene_jupyter.meters.meter import Observation, PowerMeter
from irene_jupyter.meters.plugs.http_door import fetch_json
from irene_jupyter.meters.plugs.plug import PATIENCE_SECONDS, STALE_SECONDS, Plug, PlugReading

PERIOD_SECONDS = 1.0  # plugs measure no faster, and some are lost if they are asked more often


class PlugMeter(PowerMeter):
    """`find` looks for the plug as the meter is opened; `address` names it until then.

    A reading is stamped in the middle of its request; one that tells its own time, by that, and
    then only new ones count. A counter that goes back is an event, "reset".
    """

    def __init__(
        self, find: Callable[[], Plug], address: str, *, period_seconds: float = PERIOD_SECONDS
    ) -> None:
        super().__init__()
        self.period_seconds = period_seconds
        self._find, self._address = find, address
        self._plug: Plug | None = None
        self._last: PlugReading | None = None

    @property
    def source(self) -> str:
        """The plug by its name, once it is found."""
        return self._address if self._plug is None else self._plug.name

    @property
    def unit_is_known(self) -> bool:
        """Whether the plug says that it tells watts, or its kind always does."""
        return self._plug is not None and self._plug.unit_is_known

    def open(self) -> None:
        """Finds the plug and reads it once. Raises `PlugError` and its kin."""
        self._plug = self._patiently(self._find)
        self.clock = "realtime" if self._plug.tells_time else "monotonic"
        self._patiently(self._ask)

    def read(self) -> Iterator[Observation]:
        """Raises the last error once nothing came for `PATIENCE_SECONDS`."""
        due = good = new = time.monotonic()
        while not self.stopping.wait(max(0.0, due - time.monotonic())):
            asked = time.monotonic()
            # On a grid of its own, so that a slow answer puts off no later one.
            due += self.period_seconds * max(1, -(-(asked - due) // self.period_seconds))
            try:
                reading = self._ask()
            except PlugError as error:
                if time.monotonic() - good > PATIENCE_SECONDS:
                    raise type(error)(f"{error} (for {PATIENCE_SECONDS:.0f} s)") from error
                continue
            good = time.monotonic()
            observation = self._observed(reading, (asked + good) / 2)
            if observation is not None:
                new = good
                yield observation
            elif good - new > STALE_SECONDS:
                raise PlugSilentError(
                    f"{self.source} has had no new state for {good - new:.0f} s, and one so seldom "
                    "is no meter: let its integration report more often (Tasmota: TelePeriod 10), "
                    "or read the plug itself"
                )

    def _observed(self, reading: PlugReading, moment: float) -> Observation | None:
        """None for a state that was seen before. `moment` is of `time.monotonic()`."""
        last, self._last = self._last, reading
        now = time.time() - (time.monotonic() - moment)
        if reading.realtime is not None:
            if last is not None and reading.realtime <= (last.realtime or 0.0):
                self._last = last
                return None
            moment -= now - reading.realtime
            now = reading.realtime
        return Observation(moment, now, sample=reading.sample, events=_reset(last, reading))

    def _ask(self) -> PlugReading:
        plug = self._plug
        assert plug is not None
        return plug.read(fetch_json(plug.url, plug.headers))

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        """What `ask` gives, where it may have to be tried again."""
        until = time.monotonic() + PATIENCE_SECONDS / 2
        while True:
            try:
                return ask()
            except PlugSilentError:
                if time.monotonic() > until or self.stopping.wait(self.period_seconds):
                    raise


def _reset(last: PlugReading | None, now: PlugReading) -> tuple[Event, ...]:
    before = None if last is None else last.counted_joules
    if before is None or now.counted_joules is None or now.counted_joules >= before:
        return ()
    return (Event("reset", "the plug's energy counter went back: it has started anew"),)
