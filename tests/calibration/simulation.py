"""A meter as pure arithmetic: power over time → what `Samples` a session would hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from irene_jupyter.calibration.signal.alignment import SLOT_SECONDS
from irene_jupyter.calibration.signal.load import Edges
from irene_jupyter.calibration.signal.samples import Floats, Samples
from irene_jupyter.meters.emulator.wire import CYCLES


class Power:
    """Power that is constant between edges, (time, watts) each; `base` before the first."""

    def __init__(self, base: float, edges: list[tuple[float, float]]) -> None:
        self._times = np.array([time for time, _ in edges])
        self._levels = np.array([base, *(watts for _, watts in edges)])

    def mean(self, ends: Floats, window: float) -> Floats:
        """The mean power of windows that end at `ends`."""
        starts = ends - window
        cuts = np.clip(self._times[:, None], starts, ends)
        seconds = np.diff(np.vstack([starts, cuts, ends]), axis=0)
        return (seconds * self._levels[:, None]).sum(axis=0) / window


def metered(
    power: Power,
    start: float,
    end: float,
    seed: int = 0,
    *,
    mains_hz: float = 60.0,
    noise_watts: float = 1.0,
    jitter_seconds: float = 0.003,
    latency_seconds: float = 0.0,
    latency_jitter_seconds: float = 0.002,
    offset_seconds: float = 0.0,
    drift: float = 0.0,
    counts_per_watt: float = 100.0,
    sign: int = 1,
    is_wrapped: bool = True,
    volts: float = float("nan"),
) -> Samples:
    """In the irene format: windows of 10 mains cycles every 10½, 16-bit centiwatts, late stamps."""
    draw = np.random.default_rng(seed)
    window, period = CYCLES / mains_hz, (CYCLES + 0.5) / mains_hz
    count = int((end - start) / period)
    steps = np.maximum(draw.normal(period, jitter_seconds, count), window)
    ends = start + draw.uniform(0, period) + np.cumsum(steps)
    watts = sign * (power.mean(ends, window) + draw.normal(0, noise_watts, count))
    counts = np.trunc(watts * counts_per_watt)
    if is_wrapped:
        counts = counts % 65536
    late = latency_seconds + np.abs(draw.normal(0, latency_jitter_seconds, count))
    stamps = ends + late + offset_seconds + drift * (ends - start)
    none = np.array([], dtype=float)
    return Samples(
        stamps,
        counts / counts_per_watt,
        np.full(count, volts),
        np.full(count, window),
        none,
        none,
        none,
    )


def edges_of(pattern: Sequence[bool], start: float, slot_seconds: float = SLOT_SECONDS) -> Edges:
    """The edges of a pattern that is executed to the letter: (time, 1 for on and 0 for off)."""
    edges = [(start + slot_seconds * n, float(on)) for n, on in enumerate(pattern)]
    return [*edges, (start + slot_seconds * len(pattern), 0.0)]
