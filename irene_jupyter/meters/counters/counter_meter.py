"""Energy counters as a power meter: the mean power between two changes of what they counted.

For ground truth that a driver tells (weak): NVIDIA's boards and processors' packages. Each sample
is the mean since the one before, so that the samples' sum over any time is what was counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from irene_jupyter.meters.base import EnergyCounter, MeterError, PowerSample, Scope
from irene_jupyter.meters.errors import SilentMeterError
from irene_jupyter.meters.meter import Observation, PowerMeter

PERIOD_SECONDS = 0.2  # two updates of the slowest counter, and about an emonPi's
_POLL_SECONDS = 0.01  # how well a counter's change is caught
STILL_SECONDS = 5.0  # a counter that does not change for so long is none

Counters = Sequence[EnergyCounter]
Release = Callable[[], None]


class CounterMeter(PowerMeter):
    """Counters of one scope as one meter: their powers are added up.

    `find` gives the counters, not yet started, and what to call when they are done with; each
    tells its times in `time.monotonic()`. A sample comes every `period_seconds`, or as soon as
    every counter has changed since the last one.
    """

    unit_is_known = True
    truth = "weak"
    silent_remedy = "do the counters move? irene-jupyter doctor shows them; else take another meter"
    unseen_remedy = "see that these counters are of the device that the load runs on"

    def __init__(
        self,
        find: Callable[[], tuple[Counters, Release]],
        scope: Scope,
        *,
        period_seconds: float = PERIOD_SECONDS,
    ) -> None:
        super().__init__()
        self.scope = scope
        self.period_seconds = period_seconds
        self._find = find
        self._counters: Counters = ()
        self._release: Release | None = None

    @property
    def source(self) -> str:
        """The counters by their names, once it is open."""
        names = [getattr(each, "source", each.name) for each in self._counters]
        return " + ".join(names) or f"energy counters ({self.scope})"

    def window_seconds(self, period_seconds: float) -> float | None:
        """Each sample is the mean since the one before."""
        return None

    def open(self) -> None:
        """Raises `MeterError`, with the remedy, where there is no counter, or none may be read."""
        self._counters, self._release = self._find()
        for each in self._counters:
            each.start()
        self._check()

    def close(self) -> None:
        """Gives the driver's library back; a second call does nothing."""
        release, self._release = self._release, None
        if release is not None:
            release()

    def read(self) -> Iterator[Observation]:
        """Raises `MeterError` where a read fails, `SilentMeterError` where a counter stands."""
        last = [each.curve[-1] for each in self._counters]
        due = time.monotonic() + self.period_seconds
        while not self.stopping.wait(max(_POLL_SECONDS, due - time.monotonic())):
            for each in self._counters:
                each.poll()
            self._check()
            now = [each.curve[-1] for each in self._counters]
            still = [
                counter
                for counter, (_, before), (_, joules) in zip(self._counters, last, now, strict=True)
                if joules <= before
            ]
            if still:
                self._check_still(still[0], time.monotonic() - min(each[0] for each in last))
                continue
            watts = sum(
                (joules - before) / (end - start)
                for (start, before), (end, joules) in zip(last, now, strict=True)
            )
            stamp = sum(end for end, _ in now) / len(now)
            yield Observation(
                stamp, time.time() - (time.monotonic() - stamp), sample=PowerSample(watts)
            )
            last, due = now, time.monotonic() + self.period_seconds

    def _check(self) -> None:
        for each in self._counters:
            if each.reason is not None:
                raise MeterError(each.reason)

    def _check_still(self, counter: EnergyCounter, seconds: float) -> None:
        if seconds > max(STILL_SECONDS, 5 * self.period_seconds):
            raise SilentMeterError(
                f"{counter.name}: the counter stands still for {seconds:.0f} s. Does the driver "
                "still answer (nvidia-smi)? In a virtual machine it may be a dummy: take another "
                "meter"
            )
