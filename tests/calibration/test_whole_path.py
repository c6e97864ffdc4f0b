"""From a firmware's bytes in a Pi's log to joules: every format, and a clock off and drifting.

Time is made up, so that hours take no time; the log, its reader and all of calibration are real.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from simulation import Power, edges_of

from irene_jupyter.calibration.signal.alignment import (
    Clock,
    ClockOffset,
    find_offset,
    load_pattern,
    pattern_slots,
    slot_seconds,
)
from irene_jupyter.calibration.signal.integration import plateau
from irene_jupyter.calibration.signal.load import Edges
from irene_jupyter.calibration.signal.load_gates import clock_moved
from irene_jupyter.calibration.signal.quality import judge_run, standby_of
from irene_jupyter.calibration.signal.samples import samples_of
from irene_jupyter.calibration.signal.uncertainty import uncertainty_of
from irene_jupyter.meters.emulator.wire import Firmware, Knobs
from irene_jupyter.meters.logs.csvlog import LogWriter
from irene_jupyter.meters.meter import Observation
from irene_jupyter.meters.opening import open_meter

PATIENCE = 60.0
HERE = 1_700_000_000.0  # this machine's realtime as the log begins
AHEAD, DRIFT = 1000.3, 20e-6  # the Pi's clock, in seconds, and seconds a second
REST = 60.0


def write_log(path: Path, knobs: Knobs, power: Power, seconds: float) -> int:
    """What `log-meter` would have written; returns how many lines."""
    firmware = Firmware(knobs)
    draw = np.random.default_rng(1)
    window = (
        knobs.period if knobs.continuous or knobs.format == "keyvalue" else knobs.window_seconds
    )
    end, ends = window, []
    while end < seconds:
        ends.append(end)
        end += firmware.next_period()
    watts = power.mean(np.array(ends), window) + draw.normal(0, 0.3, len(ends))
    with LogWriter(path, format=knobs.format, source="/dev/ttyAMA0") as log:
        for end, each in zip(ends, watts, strict=True):
            late = end + float(abs(draw.normal(0, 0.002)))
            stamp = HERE + late + AHEAD + DRIFT * late
            log.write(Observation(5000 + late, stamp, firmware.line(float(each))))
    return len(ends)


@pytest.mark.parametrize(
    ("knobs", "run_seconds", "most"),
    [
        (Knobs("irene", jitter_seconds=0.003), 20, 0.001),
        (Knobs("irene", mains_hz=50, jitter_seconds=0.003), 20, 0.001),
        (Knobs("keyvalue", period_seconds=0.2), 20, 0.003),
        (Knobs("stock", mains_hz=50), 120, 0.005),
        (Knobs("stock", continuous=True), 240, 0.005),
        (Knobs("keyvalue"), 240, 0.005),
    ],
    ids=["irene 60 Hz", "irene 50 Hz", "keyvalue d0.2", "stock", "CM", "keyvalue"],
)
def test_true_joules_are_found_through_a_log(
    tmp_path: Path, knobs: Knobs, run_seconds: float, most: float
) -> None:
    """Standby, alignment, five rounds of three loads, alignment: all within 1 % of the truth."""
    slots, slot = pattern_slots(knobs.period), slot_seconds(knobs.period)
    rest = max(REST, 12 * knobs.period)
    before = edges_of(load_pattern(slots, 1), HERE + rest, slot)
    at = before[-1][0] + rest
    rounds: list[tuple[float, float, float]] = []
    for watts in (120.0, 237.5, 480.0) * 5:
        rounds.append((at, at + run_seconds, watts))
        at += run_seconds + rest
    after = edges_of(load_pattern(slots, 2), at, slot)
    steps = [(time, 60 + 80 * level) for time, level in [*before, *after]]
    steps += [(start, watts) for start, _, watts in rounds] + [(end, 60.0) for _, end, _ in rounds]
    power = Power(60.0, sorted((time - HERE, watts) for time, watts in steps))
    path = tmp_path / "power.csv"
    lines = write_log(path, knobs, power, after[-1][0] - HERE + rest)

    with open_meter(f"csv:{path}") as meter:
        assert meter.wait(lines - 1, PATIENCE)
        window = meter.window_seconds(knobs.period)
        samples = samples_of(meter.observations(), window, meter.clock)

    def offset(edges: Edges) -> ClockOffset:
        return find_offset(samples, edges, near_seconds=990, search_seconds=60)

    clock = Clock(offset(before), offset(after))
    is_fast = knobs.period < 1  # the others' readings are too far apart for milliseconds
    for each, past in ((clock.before, rest), (clock.after, after[0][0] - HERE)):
        assert each is not None
        error = each.standard_error_seconds
        assert each.seconds == pytest.approx(AHEAD + DRIFT * past, abs=0.005 + 3 * error)
        assert error < (0.005 if is_fast else 0.25)
    if is_fast:
        assert clock_moved(clock) is None
    aligned = clock.aligned(samples)
    standby = standby_of(aligned.between(HERE + 1, HERE + rest - 1))
    joules: dict[float, list[float]] = {}
    for start, end, watts in rounds:
        idle = aligned.between(start - rest / 2, start - max(1.0, knobs.period))
        rejections = judge_run(
            aligned,
            start,
            end,
            period_seconds=aligned.period_seconds,
            format=meter.format,
            standby=standby,
            idle=idle,
            nominal_volts=120.0,
        )
        assert rejections == ()
        joules.setdefault(watts, []).append(plateau(aligned, start, end).joules)
    for watts, found in joules.items():
        sure = uncertainty_of(found, meter_accuracy=0.0)
        # Firmware that cuts off watts is half a watt low.
        half = 0.5 if knobs.format == "stock" else 0.0
        assert sure.joules == pytest.approx((watts - half) * run_seconds, rel=most)
        assert sure.expanded < 0.01
