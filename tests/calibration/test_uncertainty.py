"""Repeatability, calibration and clock: after the GUM, and in words that promise no more."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.signal.uncertainty import (
    ACCURACY,
    Uncertainty,
    clock_joules,
    uncertainty_of,
)

ROUNDS = [10.0, 10.1, 9.9, 10.05, 9.95]


def test_five_rounds_have_the_t_of_the_spec() -> None:
    found = uncertainty_of(ROUNDS, meter_accuracy=0.0)
    scatter = float(np.std(ROUNDS, ddof=1))
    assert found.joules == pytest.approx(10)
    assert found.repeatability == pytest.approx(scatter / math.sqrt(5) / 10)
    assert found.coverage_factor == pytest.approx(2.776, abs=0.001)  # spec 3.6
    assert (
        found.expanded
        == found.expanded_repeatability
        == pytest.approx(2.776 * scatter / math.sqrt(5) / 10, rel=1e-3)
    )
    assert found.interval == pytest.approx((10 - 10 * found.expanded, 10 + 10 * found.expanded))


def test_the_parts_add_up_in_squares() -> None:
    found = uncertainty_of(ROUNDS, meter_accuracy=0.06, clock_joules=0.05)
    assert found.meter == pytest.approx(0.06 / math.sqrt(3))
    assert found.clock == pytest.approx(0.005)
    assert found.combined == pytest.approx(
        math.sqrt(found.repeatability**2 + found.meter**2 + found.clock**2)
    )
    # The meter's part, of which infinitely much is known, rules: nearly a normal distribution.
    assert 1.96 < found.coverage_factor < 1.97
    assert found.expanded == pytest.approx(0.0687, abs=0.001)


def test_rounds_that_agree_by_chance_are_no_surer_than_each_of_them() -> None:
    found = uncertainty_of([10.0, 10.0, 10.0], meter_accuracy=0, within_joules=0.1)
    assert found.repeatability == pytest.approx(0.01 / math.sqrt(3))
    one = uncertainty_of([10.0], meter_accuracy=0.06, within_joules=0.1)
    assert (one.rounds, one.repeatability) == (1, pytest.approx(0.01))
    assert 0.06 < one.expanded < 0.09
    assert one.expanded_repeatability == 0  # nothing was repeated


def test_the_words_say_that_repeatability_is_not_accuracy() -> None:
    words = uncertainty_of(ROUNDS, meter_accuracy=ACCURACY["calibrated"]).words()
    assert words.startswith("10 J ± 6.8 % (95 %)")
    assert "repeatability, not accuracy" in words
    assert "in 5 rounds" in words
    assert "the meter's calibration adds 3.5 %" in words


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """A thousand calibrations, each with a meter of its own error and five noisy rounds."""
    draw = np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        meter = draw.uniform(-0.02, 0.02)
        rounds = 50 * (1 + meter) * (1 + draw.normal(0, 0.01, 5))
        low, high = uncertainty_of(list(rounds), meter_accuracy=0.02).interval
        held += low <= 50 <= high
    assert 920 <= held <= 990


@pytest.mark.parametrize("joules", [[], [1.0, 0.0], [1.0, -1.0], [math.nan], [math.inf]])
def test_rounds_that_are_none_are_refused(joules: list[float]) -> None:
    with pytest.raises(CalibrationError, match="repeat the rounds"):
        uncertainty_of(joules, meter_accuracy=0.05)


@pytest.mark.parametrize("accuracy", [-0.1, 1.0, 6.0, math.nan])
def test_an_accuracy_in_percent_is_refused(accuracy: float) -> None:
    with pytest.raises(CalibrationError, match=r"such as 0\.06 for ± 6 %"):
        uncertainty_of(ROUNDS, meter_accuracy=accuracy)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=8), st.floats(0, 0.5), st.floats(0, 10))
def test_no_part_ever_makes_it_surer(rounds: list[float], meter: float, clock: float) -> None:
    alone = uncertainty_of(rounds, meter_accuracy=0)
    whole = uncertainty_of(rounds, meter_accuracy=meter, clock_joules=clock)
    assert whole.combined >= max(alone.combined, whole.meter, whole.clock) * (1 - 1e-12)
    assert 1.95 < whole.coverage_factor < 13
    assert isinstance(whole, Uncertainty)


def test_the_clock_s_joules_are_power_times_time() -> None:
    assert clock_joules(-150, 0.003) == pytest.approx(0.45)
    assert clock_joules(0, 1) == 0
