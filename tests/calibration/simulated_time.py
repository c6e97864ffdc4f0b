"""Calibrations in a time of their own: whoever waits lets it go by, so that hours take seconds.

No thread, no real clock: the same seed gives the same calibration, however busy the machine is.
Its fit is the only part that takes real seconds: it is left out unless a machine `fits`.
"""

from __future__ import annotations

import importlib
import random
import sys
import time as real
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import known_machine
import pytest
from known_machine import FEW, IDLE_WATTS, Machine, Power

from irene_jupyter.calibration.fit.calibrated import calibrated
from irene_jupyter.calibration.fit.results import Results
from irene_jupyter.calibration.running import standby
from irene_jupyter.meters.base import Event, PowerSample
from irene_jupyter.meters.meter import Observation, PowerMeter
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.resources.processes import MachineLoad

PERIOD, WINDOW = 0.052, 0.05
BEGIN = 1000.0
EPOCH = 1_700_000_000.0
CALIBRATE = "irene_jupyter.calibration.calibrate"  # the package has a function of that name


class Killed(BaseException):
    """The process ends: nothing of it catches this."""


class FakeTime:
    """What stands for the module `time`. At `kill_at` it raises `Killed`, once."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.kill_at = float("inf")

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic

    def time(self) -> float:
        return EPOCH + self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.0)
        if self.now >= self.kill_at:
            self.kill_at = float("inf")
            raise Killed

    def wait_for(self, meter: PowerMeter, samples: int, timeout: float) -> bool:
        """`PowerMeter.wait` in this time."""
        until = self.now + timeout
        while len(meter.samples()) < samples and self.now < until:
            meter.check()
            self.sleep(0.05)
        return len(meter.samples()) >= samples

    def __getattr__(self, name: str) -> object:
        return getattr(real, name)


class FakeMeter(PowerMeter):
    """The mean power of each window, in this time. `change` may turn any sample into another.

    `shift(moment)` is what the meter's clock is ahead by, for one of another machine.
    """

    def __init__(
        self,
        time: FakeTime,
        power: Power,
        *,
        source: str = "plug",
        period: float = PERIOD,
        window: float = WINDOW,
        noise_watts: float = 0.0,
        change: Callable[[float, float], float] = lambda moment, watts: watts,
        shift: Callable[[float], float] | None = None,
        has_two_clocks: bool = True,
    ) -> None:
        super().__init__()
        self.fake, self.power = time, power
        self._source, self._noise, self._change = source, noise_watts, change
        self._period, self._window = period, window
        self._shift, self._has_two_clocks = shift, has_two_clocks
        if shift is not None:
            self.clock = "realtime"
        self._end = float("nan")
        self._done: list[Observation] = []

    @property
    def source(self) -> str:
        return self._source

    def read(self):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    def __enter__(self) -> FakeMeter:
        self._end = self.fake.now + self._window
        return self

    def stop(self) -> None:
        pass

    def window_seconds(self, period_seconds: float) -> float:
        return self._window

    def observations(self, start: int = 0) -> list[Observation]:
        while self._end <= self.fake.now:
            end = self._end
            watts = self.power.joules(end - self._window, end) / self._window
            if self._noise:
                watts += random.Random(end).gauss(0.0, self._noise)
            ahead = 0.0 if self._shift is None else self._shift(end)
            stamp = EPOCH + end + ahead
            before = self._done[-1] if self._done else None
            mono = end if self._has_two_clocks else stamp
            events = ()
            if before is not None:
                step = stamp - before.realtime - (mono - before.monotonic)
                if abs(step) > 0.1:
                    events = (Event("clock", f"the clock was set by {step:+.3f} s"),)
            sample = PowerSample(self._change(end, watts))
            self._done.append(Observation(mono, stamp, sample=sample, events=events))
            self._end += self._period
        return self._done[start:]

    def wait(self, samples: int, timeout: float) -> bool:
        until = self.fake.now + timeout
        while len(self.observations()) < samples and self.fake.now < until:
            self.fake.sleep(self._window)
        return len(self._done) >= samples


class SimulatedMachine(Machine):
    """A known machine whose calibrations take no time."""

    def __init__(self, folder: Path, time: FakeTime) -> None:
        super().__init__(folder)
        self.fake = time
        self.fits = False
        self.results: list[Results] = []  # that a profile was made of
        self.bench.runs_for_real = False

    def meter(self, **options: object) -> FakeMeter:
        return FakeMeter(self.fake, self.power, **options)  # type: ignore[arg-type]

    def fit(self, results: Results, *context: Any, **options: Any) -> DeviceProfile:
        """In the place of `calibrated`."""
        self.results.append(results)
        if self.fits:
            return calibrated(results, *context, **options)
        _, source = context
        about = {key: options[key] for key in ("name", "label", "training")}
        return replace(source, kind="calibrated", **about)

    def check(self) -> None:
        """Every run that counts is the law's energy."""
        true = {part.key: self.bench.true_joules(part) for part in FEW}
        assert self.runs()
        for run in self.runs():
            assert run.joules == pytest.approx(true[run.part], rel=0.01), run

    def reboot(self) -> None:
        """As after a process that was killed: the load is off."""
        self.power.set(IDLE_WATTS)


def _quiet(tape: object, seconds: float) -> MachineLoad:
    tape.sleep(seconds)  # type: ignore[attr-defined]
    return MachineLoad(seconds, 0.0)


def make_simulated(monkeypatch: pytest.MonkeyPatch, folder: Path) -> SimulatedMachine:
    """A machine in simulated time, for as long as `monkeypatch` holds."""
    fake = FakeTime()
    for name, module in list(sys.modules.items()):
        if name.startswith("irene_jupyter.calibration.") and hasattr(module, "time"):
            monkeypatch.setattr(module, "time", fake)
    monkeypatch.setattr(known_machine, "time", fake)
    monkeypatch.setattr(standby, "_load_while", _quiet)
    made = SimulatedMachine(folder, fake)
    monkeypatch.setattr(importlib.import_module(CALIBRATE), "calibrated", made.fit)
    return made
