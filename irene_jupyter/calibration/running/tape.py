"""A meter's samples as a session needs them: from a moment on, aligned, with old ones let go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.signal.alignment import TAILS, Clock
from irene_jupyter.calibration.signal.samples import Samples, samples_of
from irene_jupyter.meters.meter import Observation, PowerMeter

STRIDE = 8  # samples
_TICK_SECONDS = 0.05
MOST_LATE_SECONDS = 10.0  # a plug's readings may go through a cloud
_KEPT_SECONDS = 60.0  # before a run
_AHEAD_SECONDS = 1.0  # a reading from the future: its clock was set


class Tape:
    """What an open meter has said. `period_seconds` and `clock` are known once they are set.

    `clock_set` is by how many seconds the meter's clock was set since `clock` was, None if not.
    """

    def __init__(self, meter: PowerMeter) -> None:
        self.meter = meter
        self.period_seconds = float("nan")
        self.clock: Clock | None = None
        self.clock_set: float | None = None
        self._taken = 0
        self._kept: list[Observation] = []

    def now(self) -> float:
        """The load's clock: the one that the meter's stamps are comparable with."""
        return time.monotonic() if self.meter.clock == "monotonic" else time.time()

    def sleep(self, seconds: float) -> None:
        """Rests; raises the meter's error as soon as there is one."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.meter.check()
            time.sleep(min(left, _TICK_SECONDS))
        self.meter.check()

    def first_samples(self, silence_seconds: float) -> None:
        """Waits until the meter sends. Raises `CalibrationError` or the meter's own error."""
        for count in (1, 3):
            if not self.meter.wait(count, timeout=silence_seconds):
                self.meter.check()
                raise CalibrationError(
                    f"{self.meter.source} sends no readings ({silence_seconds:.3g} s): "
                    f"{self.meter.silent_remedy}"
                )
        self.take()
        self.period_seconds = self._period(self._kept)

    def take(self) -> int:
        """Fetches what came; returns how many observations are kept."""
        fresh = self.meter.observations(self._taken)
        self._taken += len(fresh)
        if self.meter.clock == "realtime" and self.clock is not None:
            self._look_at_clock(self.clock, fresh)
        self._kept += fresh
        return len(self._kept)

    def _look_at_clock(self, clock: Clock, fresh: Sequence[Observation]) -> None:
        """Whether it was set: a log with two clocks says so, or readings are of the future."""
        for before, each in pairwise([*self._kept[-1:], *fresh]):
            if any(event.kind == "clock" for event in each.events):
                step = each.realtime - before.realtime - (each.monotonic - before.monotonic)
                self.clock_set = (self.clock_set or 0.0) + step
        if fresh:
            ahead = self._stamp(fresh[-1]) - clock.to_meter(self.now()) - (self.clock_set or 0.0)
            if ahead > _AHEAD_SECONDS:
                self.clock_set = (self.clock_set or 0.0) + ahead

    def follow(self, clock: Clock) -> None:
        """Takes the meter's clock to be this one from here on."""
        self.clock, self.clock_set = clock, None

    @property
    def lead_seconds(self) -> float:
        """About how far the meter's clock is ahead of the load's: what came last came just now."""
        if self.meter.clock == "monotonic" or not self._kept:
            return 0.0
        return self._stamp(self._kept[-1]) - self.now()

    def samples(self, start: int) -> Samples:
        """What came from the place `start` on (a value of `take`), in the meter's clock."""
        self.take()
        # The period decides what one sample is a mean of; of few samples it is not known yet.
        known = self.period_seconds
        period = known if known == known else self._period(self._kept)
        window = self.meter.window_seconds(period)
        return samples_of(self._kept[start:], window, self.meter.clock)

    def aligned(self, start: float, end: float) -> Samples:
        """The samples from `start` to `end` (load's clock), in the load's clock."""
        assert self.clock is not None
        return self.clock.aligned(self.samples(0)).between(start, end)

    @property
    def hold_seconds(self) -> float:
        """How old a reading may be as it comes: a period, where it is fetched, as from a plug.

        A meter that says over which time its readings are a mean sends each as it is taken.
        """
        period = self.period_seconds
        is_fetched = period == period and self.meter.window_seconds(period) == 0
        return period if is_fetched else 0.0

    @property
    def smoothing_seconds(self) -> float:
        """The time constant with which the meter follows a step, as far as it is known."""
        return 0.0 if self.clock is None else self.clock.before.smoothing_seconds

    def wait_for(self, moment: float) -> None:
        """Waits until samples beyond `moment` (load's clock) have come, or should have."""
        due = moment if self.clock is None else self.clock.to_meter(moment)
        tail = TAILS * self.smoothing_seconds
        # Half of the tail: a sample counts for the middle of its window.
        reach = due + 2 * self.period_seconds + tail / 2
        until = time.monotonic() + 3 * self.period_seconds + tail + MOST_LATE_SECONDS
        while time.monotonic() < until:
            self.take()
            if self._kept and self._stamp(self._kept[-1]) >= reach:
                return
            self.sleep(min(self.period_seconds / 2, 0.2))

    def forget(self, moment: float) -> None:
        """Lets go of what came long before `moment` (load's clock)."""
        due = moment if self.clock is None else self.clock.to_meter(moment)
        self.take()
        self._kept = [each for each in self._kept if self._stamp(each) >= due - _KEPT_SECONDS]

    def find_period(self, start: int) -> None:
        """Takes the period from a long stretch, from the place `start` on."""
        self.take()
        self.period_seconds = self._period(self._kept[start:])

    def _period(self, observations: Sequence[Observation]) -> float:
        return period_of([self._stamp(each) for each in observations if each.sample is not None])

    def _stamp(self, each: Observation) -> float:
        return each.monotonic if self.meter.clock == "monotonic" else each.realtime


def period_of(stamps: Sequence[float]) -> float:
    """The usual time between samples, over some at a time: lines that a busy machine or a network
    held up come together, and a gap is no period either. 0 for fewer than two."""
    stride = min(STRIDE, len(stamps) - 1)
    if stride < 1:
        return 0.0
    spans = sorted(after - before for before, after in zip(stamps, stamps[stride:], strict=False))
    return float(spans[len(spans) // 2]) / stride
