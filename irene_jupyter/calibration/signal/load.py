"""A load that goes on and off, as a meter sees it: averaged over windows, and smoothed. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from irene_jupyter.calibration.errors import AlignmentError
from irene_jupyter.calibration.signal.samples import Floats

Edges = Sequence[tuple[float, float]]  # (time, level from then on)


class Load:
    """A load over time: `edges` as executed, the last of which ends it. Raises `AlignmentError`."""

    def __init__(self, edges: Edges) -> None:
        times = np.array([time for time, _ in edges], dtype=float)
        levels = np.array([level for _, level in edges], dtype=float)
        if len(times) < 3 or np.any(np.diff(times) < 0) or levels[-1] != 0 or np.ptp(levels) == 0:
            raise AlignmentError(
                "a load pattern is (time, level) in the order of time, on at least once, and off "
                "at its end: take those of load_pattern, as executed"
            )
        self.start, self.end = float(times[0]), float(times[-1])
        self.slot = float(np.min(np.diff(times)))
        self._times, self._levels = times, levels
        self._total = np.concatenate([[0.0], np.cumsum(np.diff(times) * levels[:-1])])

    def mean(self, centres: Floats, windows: Floats, smoothing: float = 0.0) -> Floats:
        """The mean level in windows around `centres`; a point is taken as a millisecond."""
        half = np.maximum(windows, 1e-3) / 2
        late = np.interp(centres + half, self._times, self._total)
        early = np.interp(centres - half, self._times, self._total)
        mean = (late - early) / (2 * half)
        if smoothing:
            # Of τ·dy/dt + y = level: ∫y = ∫level − τ·Δy.
            change = self._smooth(centres + half, smoothing) - self._smooth(
                centres - half, smoothing
            )
            mean = mean - smoothing * change / (2 * half)
        return np.asarray(mean)

    def _smooth(self, times: Floats, smoothing: float) -> Floats:
        """The level as a first-order filter with this time constant shows it."""
        at_edges = [0.0]
        for seconds, level in zip(np.diff(self._times), self._levels, strict=False):
            at_edges.append(level + (at_edges[-1] - level) * math.exp(-seconds / smoothing))
        at = np.searchsorted(self._times, times, side="right") - 1
        since = np.maximum(times - self._times[np.maximum(at, 0)], 0.0)
        level = self._levels[np.maximum(at, 0)]
        begun = np.array(at_edges)[np.maximum(at, 0)]
        return np.where(at < 0, 0.0, level + (begun - level) * np.exp(-since / smoothing))
