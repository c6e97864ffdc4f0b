"""Joules from samples: a step of known size, and counters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation import Power, metered

from irene_jupyter.calibration.errors import IntegrationError
from irene_jupyter.calibration.signal.integration import counter, plateau, trapezoid
from irene_jupyter.calibration.signal.samples import Samples, samples_of
from irene_jupyter.calibration.signal.uncertainty import clock_joules
from irene_jupyter.meters.base import PowerSample
from irene_jupyter.meters.meter import Observation

START, END = 10.0, 30.0
STEP = Power(150, [(START, 300), (END, 150)])
TRUTH = 6000.0
SEEDS = range(200)


def runs(**knobs: float) -> list[Samples]:
    return [metered(STEP, 0, 40, seed, **{"noise_watts": 1.5, **knobs}) for seed in SEEDS]


def percent(joules: list[float]) -> tuple[float, float]:
    """Mean and standard deviation of the errors."""
    errors = 100 * (np.array(joules) / TRUTH - 1)
    return float(errors.mean()), float(errors.std())


def test_the_sum_times_a_wrong_period_is_3_percent_short() -> None:
    """What one must not do: hard-code the time step. Shown, so that the others can be compared."""
    sums = []
    for samples in runs():
        inside = (samples.stamps > START) & (samples.stamps <= END)
        sums.append(float(samples.watts[inside].sum() * 0.170))
    assert percent(sums)[0] == pytest.approx(-3.0, abs=0.1)


def test_trapezoids_are_a_little_short_and_less_so_when_the_lag_is_taken_out() -> None:
    raw = [trapezoid(replace(s, windows=0 * s.windows), START, END).joules for s in runs()]
    lag = [trapezoid(s, START, END).joules for s in runs()]
    assert percent(raw)[0] == pytest.approx(-0.26, abs=0.04)
    assert percent(lag)[0] == pytest.approx(-0.18, abs=0.04)


def test_the_plateau_is_right() -> None:
    mean, spread = percent([plateau(s, START, END).joules for s in runs()])
    assert mean == pytest.approx(0, abs=0.02)
    assert spread == pytest.approx(0.04, abs=0.015)


def test_the_standard_error_is_what_the_joules_scatter_by() -> None:
    found = [plateau(s, START, END) for s in runs()]
    scatter = float(np.std([each.joules for each in found]))
    told = float(np.median([each.standard_error_joules for each in found]))
    assert told == pytest.approx(scatter, rel=0.25)
    first = found[0]
    assert (first.seconds, first.method, first.edge_watts) == (20.0, "plateau", 0.0)
    assert first.samples == pytest.approx(19 / 0.175, abs=3)
    assert first.watts == pytest.approx(300, rel=0.002)
    assert first.standard_error_joules / first.joules == pytest.approx(0.0005, rel=0.5)


def test_neighbours_that_are_alike_count_less() -> None:
    """A slow wave has as much spread as noise, and far fewer free samples."""
    draw = np.random.default_rng(0)
    base = metered(Power(300, []), 0, 40, 0, noise_watts=0)
    noise = replace(base, watts=300 + draw.normal(0, 2, len(base)))
    wave = replace(base, watts=300 + 2.8 * np.sin(base.centres))
    assert (
        plateau(wave, 5, 35).standard_error_joules > 2 * plateau(noise, 5, 35).standard_error_joules
    )


def test_a_plateau_does_not_mind_a_clock_that_is_off_within_its_guards() -> None:
    for late in (-0.3, 0.3):
        joules = [plateau(s, START, END).joules for s in runs(offset_seconds=late)]
        assert percent(joules)[0] == pytest.approx(0, abs=0.02)


def test_a_trapezoid_does_and_its_edge_tells_how_much() -> None:
    for samples, late in zip(runs(), runs(offset_seconds=0.5), strict=True):
        good, shifted = trapezoid(samples, START, END), trapezoid(late, START, END)
        change = abs(good.joules - shifted.joules)
        assert change == pytest.approx(clock_joules(good.edge_watts, 0.5), rel=0.2)
        assert good.method == "trapezoid"


def test_a_ramp_is_summed_up_by_trapezoids_exactly() -> None:
    stamps = np.arange(0.0, 50.0, 0.175)
    none = np.array([])
    samples = Samples(
        stamps, 100 + 3 * (stamps - 0.05), 0 * stamps, 0 * stamps + 0.1, none, none, none
    )
    assert trapezoid(samples, 10, 30).joules == pytest.approx(100 * 20 + 1.5 * (30**2 - 10**2))


@pytest.mark.parametrize("integrate", [plateau, trapezoid, counter])
def test_what_cannot_be_told_is_an_error_with_the_remedy(integrate) -> None:  # type: ignore[no-untyped-def]
    samples = runs()[0]
    with pytest.raises(IntegrationError, match="not after its start"):
        integrate(samples, 20, 20)
    with pytest.raises(IntegrationError):
        integrate(samples, 100, 120)
    with pytest.raises(IntegrationError):
        integrate(samples.between(1000, 1001), 10, 30)


def test_a_plateau_that_is_too_short_says_how_long_it_must_be() -> None:
    with pytest.raises(IntegrationError, match=r"0 samples.*about 3 s with this meter"):
        plateau(runs()[0], 10, 11)


# --- counters -------------------------------------------------------------------------------------


def counted(times: list[float], joules: list[float]) -> Samples:
    """What a CounterMeter tells of a counter that stood at `joules` at `times`."""
    found = [
        Observation(time, time, sample=PowerSample((j - j0) / (time - t0)))
        for (t0, j0), (time, j) in zip(
            zip(times, joules, strict=True), zip(times[1:], joules[1:], strict=True), strict=False
        )
    ]
    # The first sample's window is not known from the stamps alone: it is left out.
    first = Observation(times[0], times[0], sample=PowerSample(1e9))
    return samples_of([first, *found], None)


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(st.tuples(st.floats(0.05, 2.0), st.floats(0.0, 500.0)), min_size=5, max_size=40),
    first=st.integers(0, 2),
)
def test_a_counter_s_samples_add_up_to_what_it_counted(
    steps: list[tuple[float, float]], first: int
) -> None:
    """However irregular its polls, between any two of its own readings."""
    times = [100.0, *(100 + np.cumsum([seconds for seconds, _ in steps]))]
    joules = [5.0, *(5 + np.cumsum([joules for _, joules in steps]))]
    samples = counted(times, joules)
    found = counter(samples, times[first], times[-1])
    assert found.joules == pytest.approx(joules[-1] - joules[first], abs=1e-6)
    assert found.method == "counter"


def test_a_counter_s_error_is_its_reading_at_both_ends() -> None:
    times = list(np.arange(0, 40, 0.1))
    samples = counted(times, [200 * t for t in times])
    found = counter(samples, 5.03, 25.08)
    assert found.joules == pytest.approx(200 * 20.05)
    assert found.standard_error_joules == pytest.approx(200 * 0.1 / np.sqrt(6))
    with pytest.raises(IntegrationError, match="wait for the meter's next reading"):
        counter(samples, 5, 45)


# --- samples --------------------------------------------------------------------------------------


def test_observations_become_arrays_by_either_clock() -> None:
    from irene_jupyter.meters.base import Event
    from irene_jupyter.meters.errors import LineError

    seen = [
        Observation(1.0, 101.5, sample=PowerSample(10.0)),
        Observation(2.0, 102.5, sample=PowerSample(20.0, 230.0, frozenset({"simulated"}))),
        Observation(2.5, 103.0, error=LineError("x")),
        Observation(3.0, 103.5, events=(Event("reset", ""),)),
        Observation(3.5, 104.0, events=(Event("disconnected", ""),)),
    ]
    samples = samples_of(seen, 0.5, "realtime")
    assert samples.stamps.tolist() == [101.5, 102.5]
    assert samples.centres.tolist() == [101.25, 102.25]
    assert samples.watts.tolist() == [10, 20]
    assert np.isnan(samples.volts[0])
    assert samples.volts[1] == 230
    assert samples.is_simulated
    assert [*samples.error_stamps, *samples.resets, *samples.losses] == [103.0, 103.5, 104.0]
    part = samples_of(seen).between(1.5, 2.7)
    assert (len(part), len(part.error_stamps), len(part.resets)) == (1, 1, 0)
    assert np.isnan(part.period_seconds)
    assert len(samples_of([])) == 0
