"""Machines as meters see them: the noise, tasks, fans and leakage of true ones, and spoilt runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from irene_jupyter.calibration.signal.integration import plateau
from irene_jupyter.calibration.signal.samples import Floats, Samples

STANDBY_SECONDS = 60.0
REST_SECONDS = 4.0  # before a run
TICK = 0.005  # seconds between two points of the power over time
# What spoils a run; of another program, which part of the plateau it runs for.
Spoil = Literal["other program", "ended in the run", "a moment", "clock", "stuck"]
PARTS = {"other program": (0.2, 0.7), "ended in the run": (0.2, 0.7), "a moment": (0.06, 0.12)}


@dataclass(frozen=True)
class Seen:
    """What a meter saw of a minute's rest and of one run after a pause; all times the load's."""

    standby: Samples
    run: Samples
    start: float
    end: float
    spoilt_by: float  # how far its joules are off for what spoilt it, as a share

    @property
    def pause(self) -> Samples:
        period = self.run.period_seconds
        return self.run.between(self.start - 4 * period, self.start - 0.6 * period)


@dataclass(frozen=True)
class TrueMachine:
    """A machine at rest and at work, and the meter at it. Shares are of its power at the time."""

    idle_watts: float
    run_watts: tuple[float, float]  # from, to
    noise: float = 0.003
    spike_watts: float = 0.0  # of a task of 0.3 s every 3 s or so
    spike_jitter: float = 0.3  # of the time between two
    leakage: float = 0.0  # more power once warm, as a share; it comes with `warm_seconds`
    warm_seconds: float = 15.0
    pause_watts: float = 0.0  # a fan that still turns
    standby_drift: float = 0.0  # a minute, as a share: a battery that charges
    period_seconds: float = 0.175
    window_seconds: float | None = 1 / 6  # None: a counter's
    digits: int = 2
    seconds: tuple[float, ...] = (5.0, 20.0)
    slow_noise: float = 0.0  # share, of a wander with a correlation of a second

    def see(self, seed: int, spoil: Spoil | None = None, share: float = 0.0) -> Seen:
        """One calibration's standby and one run; `spoil` makes so large a share of it false."""
        draw = np.random.default_rng(seed)
        length = float(draw.choice(self.seconds))
        run_watts = float(draw.uniform(*self.run_watts))
        rest = self._idle(draw, STANDBY_SECONDS)
        rest *= 1 + self.standby_drift * np.linspace(0, 1, len(rest))
        times = np.arange(0, REST_SECONDS + length + 2, TICK)
        start, end = REST_SECONDS, REST_SECONDS + length
        power = self._idle(draw, times[-1] + TICK)[: len(times)] + self.pause_watts
        working = (times >= start) & (times < end)
        warmth = 1 + self.leakage * (1 - np.exp(-(times - start) / self.warm_seconds))
        power[working] += (run_watts * warmth - self.idle_watts)[working]
        inside = (times >= start + 0.5) & (times < end - 0.5)
        true = power[inside].mean()
        spoilt, shift = power.copy(), 0.0
        missing = share * (length - 1) / (1 - self.idle_watts / run_watts)
        if spoil in PARTS:
            part = float(draw.uniform(*PARTS[spoil]))
            begin = start + 0.5 + draw.uniform(0, 1 - part) * (length - 1)
            if spoil == "ended in the run":  # it began before the pause
                begin = 0.0
            busy = (times >= begin) & (times < max(begin, start + 0.5) + part * (length - 1))
            spoilt[busy] += share * true / np.mean(busy[inside])
        elif spoil == "clock":
            shift = float(draw.choice([-1, 1])) * (0.5 + missing)
        clean, samples = (self._metered(seed, each) for each in (power, spoilt))
        if spoil == "stuck":
            at, last = np.searchsorted(
                samples.centres, (start - draw.uniform(0, 1), start + 0.5 + missing)
            )
            samples.watts[at:last] = samples.watts[at]
        samples = replace(samples, stamps=samples.stamps + shift)
        joules = [plateau(each, start, end).joules for each in (clean, samples)]
        standby = self._metered(seed + 1, rest)
        return Seen(standby, samples, start, end, abs(joules[1] / joules[0] - 1))

    def _idle(self, draw: np.random.Generator, seconds: float) -> Floats:
        times = np.arange(0, seconds, TICK)
        power = np.full(len(times), float(self.idle_watts))
        if self.spike_watts:
            at = draw.uniform(0, 3)
            while at < seconds:
                power[(times >= at) & (times < at + 0.3)] += self.spike_watts
                at += 3 * (1 + self.spike_jitter * draw.uniform(-1, 1))
        return power

    def _metered(self, seed: int, power: Floats) -> Samples:
        draw = np.random.default_rng(seed)
        total = np.concatenate([[0.0], np.cumsum(power) * TICK])
        grid = np.arange(len(total)) * TICK
        period, window = self.period_seconds, self.window_seconds
        ends = np.arange(max(period, window or 0), grid[-1], period)
        ends = ends + draw.normal(0, 0.003, len(ends))
        windows = np.diff(ends, prepend=ends[0] - period) if window is None else window
        watts = np.interp(ends, grid, total) - np.interp(ends - windows, grid, total)
        watts = watts / windows
        noise = draw.normal(0, self.noise, len(ends))
        if self.slow_noise:
            keep = np.exp(-period)
            wander = np.zeros(len(ends))
            for n in range(1, len(ends)):
                wander[n] = keep * wander[n - 1] + np.sqrt(1 - keep**2) * draw.normal()
            noise = noise + self.slow_noise * wander
        none = np.array([])
        return Samples(
            ends, np.round(watts * (1 + noise), self.digits), np.full(len(ends), np.nan),
            np.broadcast_to(np.asarray(windows, dtype=float), ends.shape).copy(), none, none, none,
        )  # fmt: skip
