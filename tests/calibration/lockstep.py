"""A real meter in simulated time: its thread goes on as far as the calibration's time has come.

The thread's waits, and the module `time` that it reads, are a `Lockstep`; whoever asks the meter
for what it saw first lets the thread come up to now. So nothing depends on the machine's load.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from simulated_time import EPOCH, FakeTime

from irene_jupyter.meters.meter import Observation, PowerMeter

PATIENCE = 60.0  # real seconds, for a thread that would never come back


class Lockstep:
    """The meter's event `stopping` and its clock; `on_time(moment)` is called as that goes on."""

    def __init__(self, fake: FakeTime, on_time: Callable[[float], None] = lambda _: None) -> None:
        self._fake, self._on_time = fake, on_time
        self.now = fake.now
        self._changed = threading.Condition()
        self._is_waiting = self._is_stopped = False

    # --- as the thread sees it ----------------------------------------------------------------

    def wait(self, seconds: float) -> bool:
        """Until so many simulated seconds are over, or the meter is stopped: whether it is."""
        due = self.now + max(seconds, 0.0)
        with self._changed:
            while not self._is_stopped and self._fake.now < due:
                self._is_waiting = True
                self._changed.notify_all()
                self._changed.wait(PATIENCE)
            self._is_waiting = False
        self.now = due
        self._on_time(due)
        return self._is_stopped

    def is_set(self) -> bool:
        return self._is_stopped

    def set(self) -> None:
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic

    def time(self) -> float:
        return EPOCH + self.now

    # --- as the calibration sees it -------------------------------------------------------------

    def come_up(self, thread: threading.Thread | None) -> None:
        """Lets the thread go on to the present, or to its end."""
        with self._changed:
            self._is_waiting = False
            self._changed.notify_all()
            while not (self._is_waiting or self._is_stopped or thread is None):
                self._changed.wait(0.01)
                if not thread.is_alive():
                    return


def in_step(meter: PowerMeter, fake: FakeTime, step: Lockstep) -> PowerMeter:
    """The meter, whose thread is already made to wait for `step`, as a calibration asks it."""
    kept = meter.observations

    def observations(start: int = 0) -> list[Observation]:
        step.come_up(meter._thread)
        return kept(start)

    def wait(samples: int, timeout: float) -> bool:
        until = fake.now + timeout
        while (few := len(meter.samples()) < samples) and fake.now < until:
            fake.sleep(0.05)
            meter.check()
        return not few

    meter.observations = observations  # type: ignore[method-assign]
    meter.wait = wait  # type: ignore[method-assign]
    return meter
