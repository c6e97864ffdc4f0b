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
# A counter is watched from this share of the period on: its change is to be seen, not found.
_WATCHED_FROM = 0.85
_POLL_SECONDS = 0.002  # how well a change is caught; a call of a driver may take as long again
_LATE_SECONDS = 0.01  # between two polls on a busy machine: when the change came is not known
STILL_SECONDS = 5.0  # a counter that does not change for so long is none

Counters = Sequence[EnergyCounter]
Release = Callable[[], None]


class CounterMeter(PowerMeter):
    """Counters of one scope as one meter: their powers are added up.

    `find` gives the counters, not yet started, and what to call when they are done with; each
    tells its times in `time.monotonic()`. A sample comes every `period_seconds`, or as soon as
    every counter has changed since the last one, and is stamped as the counter changed: one that
    is read at other times holds an update more or less now and then.
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
        last = self._edges()
        while last:
            due = min(at for at, _ in last) + _WATCHED_FROM * self.period_seconds
            if self.stopping.wait(max(0.0, due - time.monotonic())) or not (now := self._edges()):
                return
            watts = sum(
                (joules - before) / (end - start)
                for (start, before), (end, joules) in zip(last, now, strict=True)
            )
            stamp = sum(end for end, _ in now) / len(now)
            yield Observation(
                stamp, time.time() - (time.monotonic() - stamp), sample=PowerSample(watts)
            )
            last = now

    def _edges(self) -> list[tuple[float, float]]:
        """The next change of each counter: (when, joules from then on). Empty once stopped.

        One that stood comes at half the time between two polls; one that always changes is its
        last reading.
        """
        found: dict[int, tuple[float, float]] = {}
        stood: set[int] = set()
        before = self._poll()
        began = time.monotonic()
        while not self.stopping.wait(_POLL_SECONDS):
            now = self._poll()
            waited = time.monotonic() - began
            for place, ((start, joules), (end, more)) in enumerate(zip(before, now, strict=True)):
                if place in found:
                    continue
                if more <= joules:
                    stood.add(place)
                elif place not in stood:
                    found[place] = (end, more)
                elif end - start <= _LATE_SECONDS or waited > self.period_seconds:
                    found[place] = ((start + end) / 2, more)
            if len(found) == len(now):
                return [found[place] for place in range(len(now))]
            still = next(place for place in range(len(now)) if place not in found)
            self._check_still(self._counters[still], waited)
            before = now
        return []

    def _poll(self) -> list[tuple[float, float]]:
        """(time, joules) of each counter now."""
        for each in self._counters:
            each.poll()
        self._check()
        return [each.curve[-1] for each in self._counters]

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
