"""A plug in simulated time, read by the real meter over real HTTP.

What the machine takes goes through the plug's own mean, its smoothing, its way to whoever tells it,
and comes as the documents of `plug_server.py`. The meter's thread waits for the simulated time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from known_machine import Power
from simulated_time import EPOCH, FakeTime

from irene_jupyter.meters.meter import Observation
from irene_jupyter.meters.opening import open_meter
from irene_jupyter.meters.plugs import plug_meter
from irene_jupyter.meters.plugs.plug_meter import PlugMeter

PATIENCE = 60.0  # real seconds, for a thread that would never come back


class PlugPower:
    """What a plug shows: the mean of each of its periods, smoothed, `late` seconds afterwards.

    Its crystal is not this machine's: a period is a little longer than a second of ours.
    """

    def __init__(
        self,
        power: Power,
        *,
        late: float = 0.0,
        smoothing: float = 0.0,
        period: float = 1.0003,
        noise_watts: float = 0.2,
    ) -> None:
        self._power, self._late, self._period = power, late, period
        self._kept = float(np.exp(-period / smoothing)) if smoothing else 0.0
        self._noise = noise_watts
        self._draw = np.random.default_rng(3)
        self._told: list[float] = []

    def updated(self, moment: float) -> float:
        """When what it shows at this moment was measured."""
        return self._period * int((moment - self._late) / self._period)

    def watts(self, moment: float) -> float:
        number = int((moment - self._late) / self._period)
        while len(self._told) <= number:
            end = self._period * len(self._told)
            mean = self._power.joules(end - self._period, end) / self._period
            before = self._told[-1] if self._told else mean
            self._told.append(mean + self._kept * (before - mean))
        return self._told[number] + float(self._draw.normal(0.0, self._noise))


class Turns:
    """Stands for a meter's `stopping`: whoever waits on it waits for the simulated time.

    `now` is the meter's time; it stands between two waits. `let` lets it go on.
    """

    def __init__(self, now: float) -> None:
        self.now = now
        self._allowed, self._due = now, float("-inf")
        self._waits = self._is_set = self.is_over = False
        self._changed = threading.Condition()

    def wait(self, timeout: float) -> bool:
        with self._changed:
            self._due, self._waits = self.now + timeout, True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_set or self._allowed >= self._due)
            self._waits = False
            self.now = max(self.now, self._due)
            return self._is_set

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        with self._changed:
            self._is_set = True
            self._changed.notify_all()

    def let(self, moment: float) -> None:
        """The meter does all that is due by then."""
        with self._changed:
            self._allowed = max(self._allowed, moment)
            self._changed.notify_all()
            done = self._changed.wait_for(
                lambda: self.is_over or (self._waits and self._due > self._allowed), PATIENCE
            )
            assert done, "the meter's thread does not come back"

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return EPOCH + self.now


class SimulatedPlug(PlugMeter):
    """`open_meter(name)`, in the time of `fake`. It is what it is: nothing marks it simulated."""

    def __init__(self, name: str, fake: FakeTime) -> None:
        real = open_meter(name)
        assert isinstance(real, PlugMeter)
        super().__init__(real._find, real._address)
        self.fake = fake
        self.turns = Turns(fake.now)
        self.stopping: Any = self.turns

    def __enter__(self) -> SimulatedPlug:
        self.turns.now = self.turns._allowed = self.fake.now
        super().__enter__()
        return self

    def read(self) -> Any:
        try:
            yield from super().read()
        finally:
            with self.turns._changed:
                self.turns.is_over = True
                self.turns._changed.notify_all()

    def observations(self, start: int = 0) -> list[Observation]:
        self.turns.let(self.fake.now)
        return super().observations(start)

    def wait(self, samples: int, timeout: float) -> bool:
        return self.fake.wait_for(self, samples, timeout)


def simulated_plug(
    monkeypatch: pytest.MonkeyPatch, name: str, fake: FakeTime, host: Callable[[], str]
) -> SimulatedPlug:
    """The meter of that name with its `{}` for the server's address."""
    meter = SimulatedPlug(name.format(host()), fake)
    monkeypatch.setattr(plug_meter, "time", meter.turns)
    return meter
