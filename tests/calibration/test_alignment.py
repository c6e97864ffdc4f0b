"""The load pattern in the samples: how well its offset is found, and when it must not be."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
import pytest
from scipy.signal import lfilter
from simulation import Power, edges_of, metered

from irene_jupyter.calibration.errors import AlignmentError, ReversedClampError
from irene_jupyter.calibration.signal.alignment import (
    SLOT_SECONDS,
    Clock,
    ClockOffset,
    find_offset,
    load_pattern,
    pattern_slots,
    slot_seconds,
)
from irene_jupyter.calibration.signal.load import Edges
from irene_jupyter.calibration.signal.samples import Samples
from irene_jupyter.calibration.workload.suite import Timing

START = 100.0
IDLE_WATTS = 60.0


def executed(seed: int, *, period_seconds: float = 0.175, late_seconds: float = 0.02) -> Edges:
    """A pattern whose edges come late by as much as a thread may; the stamps tell it."""
    draw = np.random.default_rng(seed)
    pattern = load_pattern(pattern_slots(period_seconds), seed)
    edges = edges_of(pattern, START, slot_seconds(period_seconds))
    return [(time + draw.uniform(0, late_seconds), level) for time, level in edges]


def power(edges: Edges, watts: float = 80.0) -> Power:
    return Power(IDLE_WATTS, [(time, IDLE_WATTS + watts * level) for time, level in edges])


def around(edges: Edges) -> tuple[float, float]:
    return edges[0][0] - 5, edges[-1][0] + 5


@pytest.mark.parametrize("mains_hz", [60.0, 50.0])
@pytest.mark.parametrize(
    ("watts", "most_seconds"),
    [(80.0, 0.010), (20.0, 0.025)],  # spec 3.2: σ 3 ms and 7.5 ms, so 100 draws are within 3.3 σ
)
def test_the_offset_is_found_over_100_seeds(
    mains_hz: float, watts: float, most_seconds: float
) -> None:
    """16-bit centiwatts every 175 or 210 ms, noise, jitter, late lines, late edges."""
    errors, told = [], []
    for seed in range(100):
        edges = executed(seed)
        offset = float(np.random.default_rng(seed + 500).uniform(-1.9, 1.9))
        samples = metered(
            power(edges, watts),
            *around(edges),
            seed,
            mains_hz=mains_hz,
            noise_watts=2.0,
            jitter_seconds=0.005,
            latency_jitter_seconds=0.003,
            offset_seconds=offset,
        )
        found = find_offset(samples, edges)
        errors.append(found.seconds - offset)
        told.append(found.standard_error_seconds)
        assert found.watts_step == pytest.approx(watts, abs=2)
    assert np.abs(errors).max() < most_seconds
    # What it tells of its own error is true: the mean lateness of the lines is no error.
    assert np.std(errors) == pytest.approx(np.mean(told), rel=0.5)


def test_without_noise_the_offset_is_exact() -> None:
    edges = executed(1)
    samples = metered(
        power(edges),
        *around(edges),
        1,
        noise_watts=0,
        latency_jitter_seconds=0,
        offset_seconds=0.1234,
    )
    found = find_offset(samples, edges)
    assert found.seconds == pytest.approx(0.1234, abs=1e-4)
    assert found.correlation > 0.999
    assert found.at_seconds == pytest.approx(START + 15.5, abs=0.1)


def test_an_offset_of_hours_is_found_in_a_long_log_full_of_other_work() -> None:
    """A log on a Pi whose clock is an hour off; the machine works before and after."""
    edges = executed(3)
    draw = np.random.default_rng(3)
    work = [(START - 1500 + 60 * n, draw.uniform(60, 200)) for n in range(24)]
    after = [(START + 40 + 60 * n, draw.uniform(60, 200)) for n in range(25)]
    levels = [(time, IDLE_WATTS + 80 * level) for time, level in edges]
    busy = Power(IDLE_WATTS, [*work, (START - 20, IDLE_WATTS), *levels, *after])
    samples = metered(busy, START - 1600, START + 1600, 3, offset_seconds=3600.25)
    found = find_offset(samples, edges, near_seconds=3590, search_seconds=1800)
    assert found.seconds == pytest.approx(3600.25, abs=0.01)


def test_300_ms_off_and_drifting_is_followed_by_a_straight_line() -> None:
    """0.02 s in 20 minutes; between two alignments a line, beyond them too."""
    before, after = executed(4), [(time + 1200, level) for time, level in executed(5)]
    all_edges = [*before, *after]
    drift = 20e-6
    samples = metered(
        power(all_edges), 50, 1400, 4, offset_seconds=0.3, drift=drift, latency_jitter_seconds=0
    )
    clock = Clock(find_offset(samples, before), find_offset(samples, after))
    assert clock.moved_seconds == pytest.approx(1200 * drift, abs=0.008)
    truth = np.array([200.0, 700.0, 1300.0])
    stamps = truth + 0.3 + drift * (truth - 50)
    assert clock.to_load(stamps) == pytest.approx(truth, abs=0.008)
    assert [clock.to_meter(t) for t in truth] == pytest.approx(stamps, abs=0.008)
    aligned = clock.aligned(samples)
    # Aligned samples have no offset left.
    assert find_offset(aligned, after).seconds == pytest.approx(0, abs=0.005)


def test_there_and_back_is_the_same_time() -> None:
    clock = Clock(
        ClockOffset(-5000.0, 0.001, 80, 1, at_seconds=10),
        ClockOffset(-4999.96, 0.003, 80, 1, at_seconds=3600),
    )
    for time in (0.0, 10.0, 1234.5, 3600.0, 9999.0):
        assert clock.to_load(np.array([clock.to_meter(time)]))[0] == pytest.approx(time, abs=1e-6)
    assert clock.standard_error_seconds == 0.003
    assert Clock(clock.before).moved_seconds == 0
    assert Clock(clock.before).offset(1e6) == -5000


def test_a_reversed_clamp_shows_at_the_alignment() -> None:
    """In the irene format −60 W is 595.36 W: plausible, but it falls while the load is on."""
    edges = executed(6)
    samples = metered(power(edges), *around(edges), 6, sign=-1)
    assert samples.watts.min() > 400
    with pytest.raises(ReversedClampError, match="Turn it on the wire"):
        find_offset(samples, edges)


def test_a_load_that_is_not_seen_is_an_error_with_the_remedy() -> None:
    edges = executed(7)
    idle = metered(power(edges, 0.0), *around(edges), 7, noise_watts=3)
    with pytest.raises(AlignmentError, match=r"not seen.*let the machine rest"):
        find_offset(idle, edges)
    flat = metered(power(edges, 0.0), *around(edges), 7, noise_watts=0)
    with pytest.raises(AlignmentError, match="not seen"):
        find_offset(flat, edges)


def test_an_offset_beyond_the_search_is_an_error_not_a_wrong_number() -> None:
    for seed in range(20):
        edges = executed(seed)
        samples = metered(power(edges), 0, 300, seed, offset_seconds=30)
        with pytest.raises(AlignmentError):
            find_offset(samples, edges, search_seconds=5)


def test_a_load_that_repeats_itself_fits_more_than_once() -> None:
    edges: Edges = [(START + n, float(n % 2 == 0)) for n in range(30)]
    endless: Edges = [(START - 60 + n, float(n % 2 == 0)) for n in range(160)]
    samples = metered(power(endless), 0, 300, 8)
    with pytest.raises(AlignmentError, match="more than one offset"):
        find_offset(samples, [*edges, (START + 30, 0.0)], search_seconds=10, pad_seconds=0)


@pytest.mark.parametrize("gone", ["all", "most"])
def test_missing_samples_are_an_error(gone: str) -> None:
    edges = executed(9)
    samples = metered(power(edges), *around(edges), 9)
    kept = samples.between(0, 1) if gone == "all" else samples.between(START + 20, START + 99)
    with pytest.raises(AlignmentError, match="samples while the load pattern ran"):
        find_offset(kept, edges)


@pytest.mark.parametrize("edges", [[], [(0.0, 1.0)], [(0.0, 0.0)] * 4, [(1.0, 1.0), (0.5, 0.0)]])
def test_edges_that_are_none_are_refused(edges: Edges) -> None:
    good = executed(10)
    samples = metered(power(good), *around(good), 10)
    with pytest.raises(AlignmentError, match="load pattern is"):
        find_offset(samples, edges)


def test_a_gap_of_the_meter_costs_little() -> None:
    edges = executed(11)
    samples = metered(power(edges), *around(edges), 11, offset_seconds=0.3)
    early, late = samples.between(0, START + 10), samples.between(START + 14, 999)
    parts = [np.concatenate([a, b]) for a, b in zip(_arrays(early), _arrays(late), strict=True)]
    none = np.array([])
    holed = Samples(*parts, none, none, none)
    assert find_offset(holed, edges).seconds == pytest.approx(0.3, abs=0.01)


def _arrays(samples: Samples) -> tuple[np.ndarray, ...]:
    return samples.stamps, samples.watts, samples.volts, samples.windows


def test_a_meter_of_5_s_needs_a_longer_pattern_and_then_does() -> None:
    """The stock firmware: a snapshot of 0.2 s every 5 s, in whole watts."""
    assert [pattern_slots(period) for period in (0.175, 1.0, 5.0, 9.8)] == [31, 31, 127, 255]
    assert [slot_seconds(period) for period in (0.175, 1.0, 5.0)] == [1.0, 2.382, 1.0]
    for seed in range(5):
        edges = executed(seed, period_seconds=5.0)
        fast = metered(power(edges), 0, 400, seed, offset_seconds=0.4, counts_per_watt=1)
        stock = _every(fast, 29)
        assert find_offset(stock, edges).seconds == pytest.approx(0.4, abs=0.3)
        with pytest.raises(AlignmentError, match="longer pattern"):
            find_offset(_every(fast, 29), executed(seed))


def plug(
    edges: Edges, seed: int, *, late: float, smoothing: float = 0.0, mean: float = 1.0
) -> Samples:
    """One Hz: means of `mean` seconds, smoothed, held for a second, polled by another clock."""
    draw = np.random.default_rng(seed)
    times = np.arange(START - 60, edges[-1][0] + 60, 0.05)
    watts = power(edges).mean(times, 0.05)
    if smoothing:
        watts = lfilter([1 - np.exp(-0.05 / smoothing)], [1, -np.exp(-0.05 / smoothing)], watts,
                        zi=[IDLE_WATTS * np.exp(-0.05 / smoothing)])[0]  # fmt: skip
    total = np.concatenate([[0.0], np.cumsum(watts)]) * 0.05
    updates = np.arange(START - 40 + draw.uniform(), edges[-1][0] + 50, 1.0003)
    ends = np.interp([updates - mean, updates], np.append(times[0] - 0.05, times), total)
    told = (ends[1] - ends[0]) / mean + draw.normal(0, 0.3, len(updates))
    polls = START - 20 + np.cumsum(1 + draw.uniform(-0.02, 0.02, int(edges[-1][0] - START) + 55))
    held = told[np.searchsorted(updates + late, polls, side="right") - 1]
    none = np.array([])
    return Samples(polls, held, 0 * polls, 0 * polls, none, none, none)


@pytest.mark.parametrize(
    ("late", "smoothing", "mean"),
    [(0.0, 0.0, 1.0), (0.3, 0.0, 0.2), (2.0, 1.5, 1.0), (6.5, 0.0, 1.0), (9.0, 0.5, 1.0),
     (1.0, 3.0, 1.0), (4.0, 0.0, 5.0)],
)  # fmt: skip
def test_a_plug_that_is_late_and_smooths_is_found(
    late: float, smoothing: float, mean: float
) -> None:
    """How late it is on average, and nothing of the load beyond the tail that is told."""
    shape = {"late": late, "smoothing": smoothing, "mean": mean}
    for seed in range(8):
        edges = executed(seed, period_seconds=1.0)
        found = find_offset(plug(edges, seed, **shape), edges, search_seconds=12.0)
        # It is held for up to a second: half a second on average.
        average = late + smoothing + mean / 2 + 0.5
        assert found.late_seconds == pytest.approx(average, abs=0.6 + 0.1 * mean)
        assert found.tail_seconds <= 7 * (smoothing + mean / 2) + 4
        # All that a reading saw lies within its window, but for what a run's guards leave out.
        guard = Timing().guard_length(1.0, found.smoothing_seconds)
        assert found.seconds - guard <= late + 0.1
        assert found.seconds + found.tail_seconds + guard >= late + mean + 5 * smoothing + 1
        known = found.smoothing_seconds
        other = plug(edges, seed + 50, **shape)
        again = find_offset(other, edges, search_seconds=12.0, smoothing_seconds=known)
        assert again.seconds == pytest.approx(found.seconds, abs=1.0)


def test_a_meter_that_does_not_smooth_is_not_thought_to() -> None:
    for seed in range(20):
        edges = executed(seed)
        samples = metered(power(edges, 40), *around(edges), seed, noise_watts=2.0)
        assert find_offset(samples, edges).smoothing_seconds == 0


@pytest.mark.parametrize("period", [0.1, 0.2, 1.0])
def test_a_counter_is_aligned_as_well(period: float) -> None:
    """Its samples are means since the one before, at polls of no regular time."""
    for seed in range(10):
        draw = np.random.default_rng(seed)
        edges = executed(seed)
        stamps = START - 5 + np.cumsum(draw.uniform(0.8 * period, 1.2 * period, int(41 / period)))
        times = np.arange(START - 6, START + 40, 0.02)  # the counter changes every 20 ms
        steps = power(edges).mean(times, 0.02) * 0.02
        counted = np.interp(stamps, times, np.cumsum(steps)) + draw.normal(0, 0.05, len(stamps))
        windows, none = np.diff(stamps), np.array([])
        watts = np.diff(counted) / windows
        samples = Samples(stamps[1:] + 0.25, watts, 0 * watts, windows, none, none, none)
        found = find_offset(samples, edges)
        assert found.seconds == pytest.approx(0.25, abs=0.02)
        assert found.watts_step == pytest.approx(80, abs=2)


def _every(samples: Samples, step: int) -> Samples:
    none = np.array([])
    return Samples(*(each[::step] for each in _arrays(samples)), none, none, none)


@pytest.mark.parametrize("slots", [3, 10, 15, 31, 63])
def test_a_pattern_is_balanced_and_unlike_itself_when_shifted(slots: int) -> None:
    patterns = {load_pattern(slots, seed) for seed in range(5)}
    assert len(patterns) > 1
    for pattern in patterns:
        assert len(pattern) == slots
        if slots >= 15:
            assert abs(2 * sum(pattern) - slots) == 1
            assert max(len(list(group)) for _, group in groupby(pattern)) <= slots.bit_length()
            signs = 2 * np.array(pattern, dtype=int) - 1
            assert {int(signs @ np.roll(signs, k)) for k in range(1, slots)} == {-1}
    assert load_pattern(slots, 1) == load_pattern(slots, 1)


def test_a_pattern_of_next_to_nothing_is_refused() -> None:
    with pytest.raises(AlignmentError):
        load_pattern(2)


def test_edges_are_those_of_the_pattern() -> None:
    edges = edges_of((True, False, True), 10.0)
    assert edges == [(10.0, 1.0), (11.0, 0.0), (12.0, 1.0), (13.0, 0.0)]
    assert all(b[0] - a[0] == SLOT_SECONDS for a, b in pairwise(edges))
