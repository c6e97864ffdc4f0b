"""Every gate: clean runs pass all of them, and each fault is caught by its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation import Power, metered

from irene_jupyter.calibration.signal.alignment import Clock, ClockOffset
from irene_jupyter.calibration.signal.load_gates import busy, clock_moved, unquiet, variation
from irene_jupyter.calibration.signal.quality import judge_run, judge_standby, standby_of
from irene_jupyter.calibration.signal.rejection import LIMITS, Limits, Rejection, Standby
from irene_jupyter.calibration.signal.samples import Samples
from irene_jupyter.calibration.signal.steady_gates import drifting
from irene_jupyter.resources.processes import Busy, MachineLoad

START, END = 60.0, 80.0
PERIOD = {60.0: 0.175, 50.0: 0.210}

SEEDS = st.integers(0, 10**6)
MAINS = st.sampled_from([60.0, 50.0])
WATTS = st.floats(100.0, 550.0)  # of a run; a computer's rest is less
CASES = settings(max_examples=40, deadline=None)


def run(seed: int, mains_hz: float, watts: float, idle_watts: float = 60.0) -> Samples:
    """A minute at rest, a steady run of 20 s, ten more seconds at rest."""
    power = Power(idle_watts, [(START, watts), (END, idle_watts)])
    noise = 0.003 * idle_watts
    return metered(power, 0, 90, seed, mains_hz=mains_hz, noise_watts=noise, volts=230.0)


def judged(samples: Samples, mains_hz: float, **options: object) -> set[str]:
    rest = metered(Power(60, []), 0, 59, 1, mains_hz=mains_hz, noise_watts=0.18, volts=230.0)
    given_: dict[str, object] = {
        "period_seconds": PERIOD[mains_hz],
        "format": "irene",
        "standby": standby_of(rest),
        "idle": samples.between(50, 59),
        "nominal_volts": 230.0,
    }
    found = judge_run(samples, START, END, **{**given_, **options})  # type: ignore[arg-type]
    for each in found:
        check(each)
    return {each.code for each in found}


def check(rejection: Rejection) -> None:
    """A reason has its value, its limit and a remedy, in words."""
    assert any(character.isdigit() for character in rejection.message), rejection.message
    assert len(rejection.remedy) > 20
    assert rejection.remedy in str(rejection)
    assert rejection.message in str(rejection)
    assert np.isfinite(rejection.value)
    assert np.isfinite(rejection.limit)


def without(samples: Samples, drop: np.ndarray) -> Samples:
    keep = ~drop
    return replace(
        samples,
        stamps=samples.stamps[keep],
        watts=samples.watts[keep],
        volts=samples.volts[keep],
        windows=samples.windows[keep],
    )


@CASES
@given(SEEDS, MAINS, WATTS)
def test_clean_runs_pass(seed: int, mains_hz: float, watts: float) -> None:
    assert judged(run(seed, mains_hz, watts), mains_hz) == set()


@CASES
@given(SEEDS, MAINS, WATTS, st.floats(0.9, 5.0), st.floats(61, 73))
def test_a_gap(seed: int, mains_hz: float, watts: float, seconds: float, at: float) -> None:
    samples = run(seed, mains_hz, watts)
    hole = (samples.centres > at) & (samples.centres < at + seconds)
    assert judged(without(samples, hole), mains_hz) - {"coverage"} == {"gap"}


@pytest.mark.parametrize("end", ["start", "end"])
def test_a_gap_at_an_end_of_the_run(end: str) -> None:
    samples = run(1, 60.0, 300)
    hole = abs(samples.centres - (START if end == "start" else END)) < 1.2
    assert "gap" in judged(without(samples, hole), 60.0)


@CASES
@given(SEEDS, MAINS, WATTS, st.integers(5, 12))
def test_samples_lost_one_by_one(seed: int, mains_hz: float, watts: float, every: int) -> None:
    samples = run(seed, mains_hz, watts)
    drop = np.arange(len(samples)) % every == 0
    assert judged(without(samples, drop), mains_hz) == {"coverage"}


@CASES
@given(SEEDS, MAINS, WATTS, st.integers(2, 3))
def test_lines_that_a_network_held_up(seed: int, mains_hz: float, watts: float, many: int) -> None:
    """They come together: so many with one stamp, that of the last of them."""
    samples = run(seed, mains_hz, watts)
    groups = (np.arange(len(samples)) // many + 1) * many - 1
    stamps = samples.stamps[np.minimum(groups, len(samples) - 1)]
    assert judged(replace(samples, stamps=stamps), mains_hz) - {"gap"} == {"bunched"}


def test_one_line_that_was_held_up_does_not_matter() -> None:
    samples = run(2, 60.0, 300)
    stamps = samples.stamps.copy()
    stamps[400] = stamps[401]
    assert judged(replace(samples, stamps=stamps), 60.0) == set()


@CASES
@given(SEEDS, MAINS, WATTS, st.integers(3, 40))
def test_lines_that_cannot_be_read(seed: int, mains_hz: float, watts: float, many: int) -> None:
    times = np.linspace(START + 1, END - 1, many)
    samples = run(seed, mains_hz, watts)
    assert judged(replace(samples, error_stamps=times), mains_hz) == {"parse_errors"}
    before = replace(samples, error_stamps=times - 50)
    assert judged(before, mains_hz) == set()


@CASES
@given(SEEDS, MAINS, WATTS, st.floats(START + 0.3, END - 0.3))
def test_a_reset_and_a_lost_connection(seed: int, mains_hz: float, watts: float, at: float) -> None:
    samples = run(seed, mains_hz, watts)
    assert judged(replace(samples, resets=np.array([at])), mains_hz) == {"reset"}
    assert judged(replace(samples, losses=np.array([at])), mains_hz) == {"connection"}
    assert judged(replace(samples, resets=np.array([5.0, 95.0])), mains_hz) == set()


@CASES
@given(SEEDS, MAINS, WATTS, st.integers(10, 60), st.integers(0, 25))
def test_a_meter_that_repeats_itself(
    seed: int, mains_hz: float, watts: float, many: int, at: int
) -> None:
    samples = run(seed, mains_hz, watts)
    values = samples.watts.copy()
    first = int(np.searchsorted(samples.centres, START + 0.5)) + at
    values[first : first + many] = values[first]
    stuck = replace(samples, watts=values)
    assert "stuck" in judged(stuck, mains_hz)
    assert "stuck" in judged(stuck, mains_hz, format=None), "others with digits enough"
    whole = standby_of(metered(Power(60, []), 0, 59, 1, noise_watts=0.18, counts_per_watt=1))
    assert "stuck" not in judged(stuck, mains_hz, format="keyvalue", standby=whole)
    values[first : first + many : 9] += 0.01
    assert "stuck" not in judged(replace(samples, watts=values), mains_hz)


def test_a_meter_of_whole_watts_that_stands_at_its_reading_of_the_pause() -> None:
    """They repeat themselves at rest, so that ten of a kind tell nothing."""
    samples = replace(run(1, 60.0, 300), volts=np.full(len(run(1, 60.0, 300)), np.nan))
    whole = replace(samples, watts=np.round(samples.watts))
    standby = standby_of(whole.between(0, 59))
    still = replace(whole, watts=np.full(len(whole), 60.0))
    options = {"format": "keyvalue", "standby": standby}
    assert judged(still, 60.0, idle=still.between(50, 59), **options) == {"stuck"}
    assert judged(whole, 60.0, idle=whole.between(50, 59), **options) == set()


@CASES
@given(SEEDS, MAINS, st.floats(642.0, 654.0))
def test_readings_that_may_have_wrapped(seed: int, mains_hz: float, watts: float) -> None:
    samples = run(seed, mains_hz, watts)
    assert judged(samples, mains_hz) == {"near_wrap"}
    assert judged(samples, mains_hz, format="stock") == set()


@CASES
@given(SEEDS, MAINS)
def test_a_run_that_passes_655_watts_back_and_forth(seed: int, mains_hz: float) -> None:
    power = Power(60, [(START, 655.36), (END, 60)])
    samples = metered(power, 0, 90, seed, mains_hz=mains_hz, noise_watts=2, volts=230)
    assert {"near_wrap", "jump"} <= judged(samples, mains_hz)


@CASES
@given(SEEDS, MAINS, st.floats(660.0, 705.0))
def test_a_run_that_is_all_beyond_655_watts(seed: int, mains_hz: float, watts: float) -> None:
    """A steady 44.64 W: nothing else in the run tells that it is 700."""
    assert "below_standby" in judged(run(seed, mains_hz, watts), mains_hz)


@CASES
@given(SEEDS, MAINS, WATTS)
def test_a_jump(seed: int, mains_hz: float, watts: float) -> None:
    samples = run(seed, mains_hz, watts)
    values = samples.watts.copy()
    values[int(np.searchsorted(samples.centres, 70.0))] += 501
    found = judged(replace(samples, watts=values), mains_hz, format="stock")
    assert found - {"slope", "outlier", "bursts"} == {"jump"}


@CASES
@given(SEEDS, MAINS, WATTS, st.floats(61, 79), st.integers(0, 4))
def test_a_lost_digit(seed: int, mains_hz: float, watts: float, at: float, digit: int) -> None:
    """The line 30123 without one of its digits is another number: some 270 W, no jump of 500."""
    samples = run(seed, mains_hz, watts)
    values = samples.watts.copy()
    index = int(np.searchsorted(samples.centres, at))
    text = str(round(100 * values[index]))
    digit %= len(text)
    values[index] = int(text[:digit] + text[digit + 1 :]) / 100
    found = judged(replace(samples, watts=values), mains_hz)
    assert found - {"slope", "jump", "uneven"} == {"outlier"}


@CASES
@given(SEEDS, MAINS, WATTS)
def test_a_reversed_clamp_where_the_format_has_signs(
    seed: int, mains_hz: float, watts: float
) -> None:
    samples = run(seed, mains_hz, watts)
    turned = replace(samples, watts=-samples.watts)
    assert judged(turned, mains_hz, format="stock") == {"reversed", "below_standby"}


@CASES
@given(SEEDS, MAINS, WATTS, st.floats(0.03, 1.0))
def test_a_machine_that_has_not_cooled(
    seed: int, mains_hz: float, watts: float, warmer: float
) -> None:
    """More than a fan that still turns: over 3.5 % of the run's own power."""
    samples = run(seed, mains_hz, watts)
    pause = 60 + 0.04 * watts + 60 * warmer
    rest = metered(Power(pause, []), 45, 60, seed, mains_hz=mains_hz, noise_watts=0.18)
    assert judged(samples, mains_hz, idle=rest) == {"idle"}
    noisy = Standby(60, pause - 60, 300)
    assert judged(samples, mains_hz, idle=rest, standby=noisy) == set()
    fan = metered(Power(60 + 0.03 * watts, []), 45, 60, seed, mains_hz=mains_hz, noise_watts=0.18)
    assert judged(samples, mains_hz, idle=fan) == set()


@CASES
@given(SEEDS, MAINS, WATTS, st.floats(0.08, 0.3), st.sampled_from([-1, 1]))
def test_power_that_drifts(
    seed: int, mains_hz: float, watts: float, share: float, sign: int
) -> None:
    samples = run(seed, mains_hz, watts)
    ramp = 1 + sign * share * (samples.centres - 70) / (END - START)
    drifting = replace(samples, watts=samples.watts * ramp)
    idle = samples.between(50, 59)
    assert judged(drifting, mains_hz, format="stock", idle=idle) == {"slope"}
    assert judged(drifting, mains_hz, format="stock", idle=idle, is_steady=False) == set()
    warming = replace(samples, watts=samples.watts * (1 + (ramp - 1) * 0.06 / share))
    assert judged(warming, mains_hz, format="stock", idle=idle) == set()


@CASES
@given(SEEDS, MAINS, WATTS, st.floats(0.11, 0.5), st.sampled_from([-1, 1]))
def test_voltage_far_from_nominal(
    seed: int, mains_hz: float, watts: float, share: float, sign: int
) -> None:
    samples = run(seed, mains_hz, watts)
    volts = samples.volts.copy()
    volts[int(np.searchsorted(samples.centres, 70.0))] *= 1 + sign * share
    odd = replace(samples, volts=volts)
    assert judged(odd, mains_hz) == {"voltage"}
    assert judged(odd, mains_hz, nominal_volts=None) == set()
    assert judged(replace(samples, volts=np.full(len(samples), np.nan)), mains_hz) == set()


@pytest.mark.parametrize("many", [0, 1, 4])
def test_next_to_no_samples(many: int) -> None:
    samples = run(1, 60.0, 300).between(70, 70 + 0.175 * many)
    assert judged(samples, 60.0, idle=None) == {"too_few"}


def test_limits_can_be_set() -> None:
    samples = replace(run(1, 60.0, 300), resets=np.array([]))
    strict = replace(LIMITS, wrap_watts=100.0, slope_share=-0.01)
    assert judged(samples, 60.0, limits=strict) == {"near_wrap", "slope"}
    assert (LIMITS.gap_periods, LIMITS.coverage, LIMITS.clock_seconds) == (3, 0.95, 0.05)
    assert Limits() == LIMITS


# --- beyond one run -------------------------------------------------------------------------------


@CASES
@given(st.floats(-0.5, 0.5), st.floats(-10, 10))
def test_a_clock_that_moved(moved: float, at: float) -> None:
    clock = Clock(ClockOffset(at, 0.003, 80, 1), ClockOffset(at + moved, 0.003, 80, 1, 1200))
    found = clock_moved(clock)
    if abs(abs(moved) - 0.05) > 1e-6:
        assert (found is not None) == (abs(moved) > 0.05)
    if found:
        check(found)
        assert found.code == "clock"
    assert clock_moved(Clock(clock.before)) is None


@CASES
@given(st.lists(st.floats(10, 1000), min_size=0, max_size=10))
def test_rounds_that_vary(values: list[float]) -> None:
    found = variation(values)
    spread = np.std(values, ddof=1) / np.mean(values) if len(values) > 1 else 0
    if abs(spread - 0.01) > 1e-6:
        assert (found is not None) == (spread > 0.01)
    if found:
        check(found)
        assert found.code == "variation"


def test_rounds_of_nothing_vary() -> None:
    found = variation([-1.0, 1.0])
    assert found is not None
    assert found.code == "variation"


# --- standby --------------------------------------------------------------------------------------


def test_a_minute_at_rest() -> None:
    rest = metered(Power(60, []), 0, 60, 3, noise_watts=0.5, volts=231.0)
    found = standby_of(rest)
    assert found.watts == pytest.approx(60, abs=0.1)
    assert found.sigma_watts == pytest.approx(0.5, rel=0.2)
    assert (found.samples, found.volts) == (len(rest), 231.0)
    quiet = MachineLoad(60, 0.0005)
    assert judge_standby(rest, 0.5, 59, period_seconds=0.175, format="irene", load=quiet) == ()
    empty = standby_of(rest.between(-10, -5))
    assert empty.samples == 0
    assert np.isnan(empty.watts)


def test_a_machine_that_still_cools_is_not_at_rest() -> None:
    rest = metered(Power(60, []), 0, 60, 3, noise_watts=0.2)
    cooling = replace(rest, watts=rest.watts * (1 + 0.08 * (30 - rest.centres) / 60))
    found = judge_standby(cooling, 0.5, 59, period_seconds=0.175, format="irene")
    assert [each.code for each in found] == ["slope"]
    charging = replace(rest, watts=rest.watts * (1 + 0.03 * (30 - rest.centres) / 60))
    assert judge_standby(charging, 0.5, 59, period_seconds=0.175, format="irene") == ()


def test_a_busy_machine_is_told_and_who_is_busy() -> None:
    load = MachineLoad(60, 0.3, (Busy(77, "backup", 0.9), Busy(78, "indexer", 0.3)))
    rest = metered(Power(60, []), 0, 60, 3, noise_watts=0.2)
    (found,) = judge_standby(rest, 0.5, 59, period_seconds=0.175, format="irene", load=load)
    check(found)
    assert found.code == "busy"
    assert "backup (77) 90 % of a core, indexer (78) 30 % of a core" in found.message
    assert "end those programs" in found.remedy
    unseen = busy(MachineLoad(60, 0.3))
    assert unseen is not None
    assert "none that can be seen" in unseen.message


def test_a_machine_that_is_nearly_quiet_is_noted_and_goes_on() -> None:
    nearly = MachineLoad(60, 0.01, (Busy(5, "jupyter-lab", 0.02),))
    assert busy(nearly) is None
    assert "jupyter-lab (5) 2 % of a core" in (unquiet(nearly) or "")
    assert unquiet(MachineLoad(60, 0.0009)) is None


def test_a_battery_that_charges_is_noted() -> None:
    rest = metered(Power(40, []), 0, 60, 3, noise_watts=0.2)
    charging = replace(rest, watts=rest.watts * (1 + 0.03 * (30 - rest.centres) / 60))
    note = drifting(charging)
    assert note is not None
    assert note.startswith("power at rest fell by 3.0 % in 60 s: a battery that charges")
    assert drifting(rest) is None
