"""Power as the slope of a counter: right, as sure as it says, and it sees a drift."""

from __future__ import annotations

import numpy as np
import pytest

from irene_jupyter.calibration.signal.counter_slope import counter_slope
from irene_jupyter.calibration.signal.samples import Samples

NONE = np.array([])


def counted(
    watts: float, drift: float = 0.0, seed: int = 0, jitter_seconds: float = 0.0005
) -> Samples:
    """Changes every 0.1 s over a second, whose times are known to half a millisecond."""
    true = np.linspace(0.0, 1.0, 11)
    joules = watts * (true + drift * (true**2 - true) / 2)
    seen = true + np.random.default_rng(seed).normal(0, jitter_seconds, len(true))
    windows = np.diff(seen)
    return Samples(seen[1:], np.diff(joules) / windows, 0 * windows, windows, NONE, NONE, NONE)


def test_it_is_as_sure_as_it_says() -> None:
    found = [counter_slope(counted(500.0, seed=seed), 0, 2) for seed in range(300)]
    watts = np.array([each.watts for each in found if each])
    told = np.array([each.error_watts for each in found if each])
    assert len(watts) == 300
    assert watts.mean() == pytest.approx(500.0, rel=0.0005)
    assert np.std(watts) == pytest.approx(np.sqrt((told**2).mean()), rel=0.25)
    # A drift that is none is told as one in few cases.
    assert (
        np.mean([each.is_steady(0.0) for each in found if each]) > 0.8
    )  # by t of 6 free changes: 91 %


@pytest.mark.parametrize("drift", [0.05, -0.05])
def test_a_drift_is_seen(drift: float) -> None:
    found = counter_slope(counted(500.0, drift), 0, 2)
    assert found is not None
    # The first change begins what is counted: nine tenths of a second.
    assert found.drift_watts == pytest.approx(500 * drift * 0.9, abs=3 * found.drift_error_watts)
    assert not found.is_steady(0.01)
    assert found.is_steady(0.06)


def test_too_few_changes_are_none() -> None:
    samples = counted(500.0)
    assert counter_slope(samples, 0.55, 0.95) is None
    found = counter_slope(samples, 0.35, 0.95)
    assert found is not None
    assert found.changes == 6
