"""A log on disk as a power meter: read while another machine writes it, or when it is finished.

Its times are that machine's, so the session aligns them afterwards by the load pattern.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from irene_jupyter.meters.emonpi.formats import window_seconds
from irene_jupyter.meters.emonpi.meter_reader import UNSEEN_REMEDY
from irene_jupyter.meters.errors import LogError
from irene_jupyter.meters.logs.csvlog import LogRows
from irene_jupyter.meters.meter import Observation, PowerMeter

_POLL_SECONDS = 0.5  # how often new rows are looked for


class LogMeter(PowerMeter):
    """The rows of the log at `path`, those that are there and those that come.

    The file must be there, if only with its first line: a log that `log-meter` writes, in a folder
    that this machine sees (sshfs, NFS, or rsync that adds to it), or one that was copied.
    """

    silent_remedy = (
        "is irene-jupyter log-meter still writing it, and does this machine see at once what is "
        "written?"
    )
    unseen_remedy = UNSEEN_REMEDY
    clock = "realtime"  # of the machine that wrote it: comparable where NTP keeps both

    def __init__(
        self, path: str | os.PathLike[str], format: str = "auto", *, unwrap: bool = False
    ) -> None:
        super().__init__()
        self.path = Path(path)
        self._rows = LogRows(self.path, format, unwrap=unwrap)
        self._opened = False

    @property
    def source(self) -> str:
        """What the samples come from, for people."""
        kind = "simulated emonPi" if self.is_simulated else "emonPi"
        return f"{kind}, log {self.path.name}"

    @property
    def is_simulated(self) -> bool:
        """Whether an emulator of this package sent what was logged, as far as was read."""
        return self._rows.decoder.simulated

    @property
    def unit_is_known(self) -> bool:
        """Whether the format says it, or whoever named the format."""
        return self._rows.unit_is_known

    @property
    def format(self) -> str | None:
        """The lines' format; None until the first reading where it is to be found."""
        return self._rows.decoder.format

    def window_seconds(self, period_seconds: float) -> float | None:
        """As the firmware of the format averages."""
        return window_seconds(self.format, period_seconds)

    def open(self) -> None:
        """Raises `LogError` where there is no such file."""
        if not self.path.is_file():
            raise LogError(
                f"{self.path} is no file: start the log on the meter's machine (irene-jupyter "
                "log-meter), in a folder that this machine sees"
            )

    def read(self) -> Iterator[Observation]:
        """What is there at once, then what comes. Raises `LogError`."""
        rest = b""
        try:
            with open(self.path, "rb", buffering=0) as file:
                while True:
                    data = file.read(1 << 20)
                    if not data:
                        if self.stopping.wait(_POLL_SECONDS):
                            return
                        continue
                    *rows, rest = (rest + data).split(b"\n")
                    for row in rows:
                        observation = self._rows.feed(row)
                        if observation is not None:
                            yield observation
                    if self.stopping.is_set():
                        return
        except OSError as error:
            raise LogError(f"{self.path} cannot be read ({error.strerror or error})") from error
