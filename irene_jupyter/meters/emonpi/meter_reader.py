"""A live emonPi read in the background, for code that puts a load on the machine meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from irene_jupyter.meters.emonpi.formats import window_seconds
from irene_jupyter.meters.emonpi.stream import MeterStream
from irene_jupyter.meters.meter import Observation, PowerMeter

SILENT_REMEDY = (
    "is it on, is the clamp plugged in, is the baud rate right? irene-jupyter log-meter shows "
    "what comes"
)
UNSEEN_REMEDY = "see that the clamp is around one wire of this machine's cable"


class MeterReader(PowerMeter):
    """A `MeterStream` as a power meter: its lines, over disconnects, until the block ends."""

    unit_is_known = True
    silent_remedy, unseen_remedy = SILENT_REMEDY, UNSEEN_REMEDY

    def __init__(self, stream: MeterStream) -> None:
        super().__init__()
        self.stream = stream
        self.stopping = stream.stop

    @property
    def source(self) -> str:
        """What the samples come from, for people."""
        return self.stream.source

    @property
    def is_simulated(self) -> bool:
        """Whether an emulator of this package sends, as far as is known by now."""
        return self.stream.is_simulated

    @property
    def format(self) -> str | None:
        """The lines' format; None until the first reading where it is to be found."""
        return self.stream.decoder.format

    def window_seconds(self, period_seconds: float) -> float | None:
        """As the firmware of the format averages."""
        return window_seconds(self.format, period_seconds)

    def open(self) -> None:
        """Connects, without a second try. Raises `PortOpenError`, `PortBusyError`."""
        self.stream.open()

    def close(self) -> None:
        """Lets go of the port; a second call does nothing."""
        self.stream.close()

    def read(self) -> Iterator[Observation]:
        """Raises `PortError` and its kin."""
        return self.stream.observations()
