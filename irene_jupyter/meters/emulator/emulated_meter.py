"""The emulator and its reader as one meter: `--meter simulated`. It measures nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from irene_jupyter.meters.emonpi.formats import window_seconds
from irene_jupyter.meters.emonpi.meter_reader import SILENT_REMEDY, UNSEEN_REMEDY, MeterReader
from irene_jupyter.meters.emonpi.stream import Reconnect
from irene_jupyter.meters.emulator.simulated import PowerSource, SimulatedMeter
from irene_jupyter.meters.emulator.wire import Knobs
from irene_jupyter.meters.meter import Observation, PowerMeter


class EmulatedMeter(PowerMeter):
    """An emonPi that is not there, read over a real pty or TCP port while the block lasts.

    `options` are those of `SimulatedMeter`: transport, time_scale, kick_old. `emulator` is at hand
    for faults.
    """

    unit_is_known = True
    is_simulated = True
    silent_remedy, unseen_remedy = SILENT_REMEDY, UNSEEN_REMEDY  # of what it stands for

    def __init__(
        self,
        power: PowerSource | Callable[[float], float] | None = None,
        knobs: Knobs | None = None,
        *,
        reconnect: Reconnect | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self._reconnect = reconnect
        self.emulator = SimulatedMeter(power, knobs, **options)
        self._reader: MeterReader | None = None

    @property
    def source(self) -> str:
        """What it is, for people and profiles."""
        return self.emulator.source

    @property
    def format(self) -> str | None:
        """The wire format that it speaks."""
        return self.emulator.knobs.format

    def window_seconds(self, period_seconds: float) -> float | None:
        """As the firmware of the format averages."""
        return window_seconds(self.format, period_seconds)

    def open(self) -> None:
        """Starts the emulator and connects to it. Raises `MeterError`."""
        self.emulator.__enter__()
        self._reader = self.emulator.reader(stop=self.stopping, reconnect=self._reconnect)
        self._reader.open()

    def close(self) -> None:
        """Ends both; a second call does nothing."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
        self.emulator.__exit__(None, None, None)

    def read(self) -> Iterator[Observation]:
        """Raises `PortError` and its kin, and what the power function raises."""
        assert self._reader is not None
        for observation in self._reader.read():
            yield observation
            if observation.events and self.emulator.has_failed:
                return  # no use in connecting again; `close` raises the error
