"""One interface for meters of power: read in the background, stamped, with a scope and a truth.

A meter of another make is one small class: see docs/meters.md.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

from irene_jupyter.meters.base import (
    BoardCondition,
    Event,
    MeterError,
    PowerSample,
    Scope,
    Truth,
)


@dataclass(frozen=True, slots=True)
class Observation:
    """One line or reading, or (with neither) a gap: when it came, and what it came to.

    `monotonic` is `time.monotonic()` (it never steps), `realtime` seconds since 1970; of a line,
    when it began to arrive. A sample is a mean over the meter's window, which ended before that.
    """

    monotonic: float
    realtime: float
    line: bytes = b""
    sample: PowerSample | None = None
    error: MeterError | None = None
    events: tuple[Event, ...] = ()


class PowerMeter(ABC):
    """A source of power samples; a context manager, whose thread ("irene-meter") always ends.

    `format` is the emonPi's wire format where it is one, `clock` tells which of an observation's
    two times is comparable with this machine's clock of that name.

    A subclass yields observations from `read` until `stopping` is set. An error that `read`
    raises ends the meter, and is raised by `check` and `wait`; what came before stays good.
    Observations with a sample, an error or events are kept, others dropped.
    """

    scope: Scope = "wall"
    truth: Truth = "truth"
    clock: Literal["monotonic", "realtime"] = "monotonic"
    # What to look at, for people: where no readings come, and where they do not show the load.
    silent_remedy = "is it on, and does it answer?"
    unseen_remedy = "see that all of this machine, and nothing else, is behind the meter"

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._observations: list[Observation] = []
        self._changed = threading.Condition()
        self._samples = 0
        self._error: Exception | None = None
        self._ended = False
        self._thread: threading.Thread | None = None

    @property
    @abstractmethod
    def source(self) -> str:
        """What the samples come from, for people and profiles."""

    @abstractmethod
    def read(self) -> Iterator[Observation]:
        """All that comes; runs in the meter's thread. Raises `MeterError`."""

    @property
    def is_simulated(self) -> bool:
        """Whether no hardware measured what comes, as far as is known by now."""
        return False

    @property
    def unit_is_known(self) -> bool:
        """Whether its numbers are watts for certain: else a calibration doubts odd ones."""
        return False

    @property
    def format(self) -> str | None:
        """The wire format of an emonPi, once it is known; None for other meters."""
        return None

    def window_seconds(self, period_seconds: float) -> float | None:
        """What one sample is a mean of, ending as it is stamped, at a period between samples.

        0 for a meter that tells the power of a moment, or does not tell; None for one whose every
        sample is the mean since the one before.
        """
        return 0.0

    def conditions(self) -> tuple[BoardCondition, ...]:
        """How the boards are that it measures; none where it measures something else."""
        return ()

    def open(self) -> None:  # noqa: B027
        """Connects before the thread starts, so that a wrong address is an error at once."""

    def close(self) -> None:  # noqa: B027
        """Lets go of what `open` took; called in any case, also twice."""

    def __enter__(self) -> Self:
        if self.stopping.is_set():
            raise MeterError("this meter was used and is closed: make a new one of its kind")
        try:
            self.open()
            self._thread = threading.Thread(target=self._run, name="irene-meter", daemon=True)
            self._thread.start()
        except BaseException:
            self._thread = None
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the thread and closes the meter; a second call does nothing."""
        self.stopping.set()
        if self._thread is not None:
            self._thread.join()

    def observations(self, start: int = 0) -> list[Observation]:
        """What was kept, from the number `start` on."""
        with self._changed:
            return self._observations[start:]

    def samples(self, start: int = 0) -> list[Observation]:
        """The observations with a sample, from the `start`th sample on."""
        return [each for each in self.observations() if each.sample is not None][start:]

    def check(self) -> None:
        """Raises the error that ended the meter, if one did."""
        if self._error is not None:
            raise self._error

    def wait(self, samples: int, timeout: float) -> bool:
        """Waits until so many samples came in all; False after `timeout` seconds, or once stopped.

        Raises the error that ended the meter.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._samples >= samples or self._ended, timeout)
            enough = self._samples >= samples
        if not enough:
            self.check()
        return enough

    def _run(self) -> None:
        try:
            for observation in self.read():
                if observation.sample or observation.error or observation.events:
                    with self._changed:
                        self._observations.append(observation)
                        self._samples += observation.sample is not None
                        self._changed.notify_all()
        except Exception as error:  # a bug of ours too: nobody would see it in a thread
            self._error = error
        finally:
            try:
                self.close()
            except Exception as error:  # the first one tells more
                self._error = self._error or error
            with self._changed:
                self._ended = True
                self._changed.notify_all()


def observe(sample: PowerSample) -> Observation:
    """A sample that came just now."""
    return Observation(time.monotonic(), time.time(), sample=sample)
