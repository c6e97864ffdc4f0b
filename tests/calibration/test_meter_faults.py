"""A real wire that misbehaves, read by a real reader: each fault reaches its gate, or its error.

The emulator's seconds go by faster than ours; its stamps are turned back into them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from simulation import edges_of

from irene_jupyter.calibration.errors import ReversedClampError
from irene_jupyter.calibration.signal.alignment import find_offset, load_pattern
from irene_jupyter.calibration.signal.integration import plateau
from irene_jupyter.calibration.signal.load import Edges
from irene_jupyter.calibration.signal.quality import judge_run, standby_of
from irene_jupyter.calibration.signal.samples import Samples, samples_of
from irene_jupyter.meters.emonpi.stream import Reconnect
from irene_jupyter.meters.emulator.emulated_meter import EmulatedMeter
from irene_jupyter.meters.emulator.wire import Knobs
from irene_jupyter.meters.opening import open_meter

PATIENCE = 60.0
SCALE = 20.0
TRANSPORTS = pytest.mark.parametrize("transport", ["pty", "tcp"])
PERIOD = Knobs().period


def noisy(watts: float, noise: float = 0.5) -> Callable[[float], float]:
    """Power that is never the same twice, the same for every run of a test."""
    return lambda t: watts + noise * float(np.sin(1e3 * t) + np.cos(777.7 * t))


def seen(meter: EmulatedMeter) -> Samples:
    """The samples in the emulator's seconds."""
    found = [
        replace(each, monotonic=meter.emulator.time(each.monotonic))
        for each in meter.observations()
    ]
    return samples_of(found, meter.window_seconds(PERIOD))


def reach(meter: EmulatedMeter, seconds: float) -> None:
    """Waits until the emulator's time is so late, as its samples tell it."""
    count = len(meter.samples())
    while not count or meter.emulator.time(meter.samples()[-1].monotonic) < seconds:
        assert meter.wait(count + 1, PATIENCE)
        count = len(meter.samples())


def more(meter: EmulatedMeter, seconds: float) -> None:
    """Waits for so many more of the emulator's seconds, however late this thread wakes."""
    reach(meter, meter.emulator.time() + seconds)


def on_time(samples: Samples) -> Samples:
    """Stamps as the firmware's period makes them, where our threads' waking would matter."""
    return replace(samples, stamps=PERIOD * (2 + np.arange(len(samples))))


def codes(
    samples: Samples, start: float = 1.0, end: float | None = None, **options: object
) -> set[str]:
    """Of the whole time by default, so that no fault comes too late for it."""
    end = float(samples.stamps[-1]) if end is None else end
    found = judge_run(
        samples,
        start,
        end,
        period_seconds=PERIOD,
        format="irene",
        **options,  # type: ignore[arg-type]
    )
    return {each.code for each in found}


@pytest.mark.parametrize(
    ("fault", "transport"), [("garbage_rate", "pty"), ("lost_crlf_rate", "tcp")]
)
def test_garbage_and_lost_line_ends(fault: str, transport: str) -> None:
    """Most lines are good, and none gives a wrong watt; the gate counts the others."""
    options = {"transport": transport, "time_scale": SCALE}
    knobs = Knobs(seed=1, **{fault: 0.1})  # type: ignore[arg-type]
    with open_meter("simulated", power=noisy(300), knobs=knobs, **options) as meter:
        assert isinstance(meter, EmulatedMeter)
        reach(meter, 22)
        samples = seen(meter)
    assert "parse_errors" in codes(samples)
    assert samples.watts.min() > 297
    assert samples.watts.max() < 303


@TRANSPORTS
def test_a_gap_of_5_seconds(transport: str) -> None:
    options = {"transport": transport, "time_scale": SCALE}
    with open_meter("simulated", power=noisy(300), **options) as meter:
        assert isinstance(meter, EmulatedMeter)
        reach(meter, 8)
        meter.emulator.silence(5.0)
        more(meter, 12)
        found = codes(seen(meter))
    assert {"gap", "coverage"} <= found


def test_a_wrap_at_655_watts() -> None:
    """A load that crosses it shows by jumps; one that stays beyond is less than at rest."""

    def trace(t: float) -> float:
        return noisy(100)(t) if t < 10 else noisy(700)(t) if t < 31 else 650 + 10 * np.sin(t)

    with open_meter("simulated", power=trace, time_scale=SCALE) as meter:
        assert isinstance(meter, EmulatedMeter)
        reach(meter, 53)
        samples = on_time(seen(meter))
    standby = standby_of(samples.between(1, 9))
    assert standby.watts == pytest.approx(100, abs=1)
    assert "below_standby" in codes(samples, 10.5, 30.5, standby=standby)
    assert samples.between(12, 29).watts == pytest.approx(44.64, abs=2)
    assert {"jump", "near_wrap"} <= codes(samples, 31.5, 51.5, standby=standby)


@TRANSPORTS
def test_a_reset_and_its_banner_half_way(transport: str) -> None:
    options = {"transport": transport, "time_scale": SCALE}
    with open_meter("simulated", power=noisy(300), **options) as meter:
        assert isinstance(meter, EmulatedMeter)
        reach(meter, 8)
        meter.emulator.reboot()
        more(meter, 12)
        samples = seen(meter)
    assert "reset" in codes(samples)
    # A run after it is good again, as far as the reset goes.
    assert "reset" not in codes(samples, samples.resets[-1] + 0.1)


@pytest.mark.parametrize(("transport", "reset"), [("pty", False), ("tcp", True)])
def test_a_lost_connection_half_way(transport: str, reset: bool) -> None:
    """It comes back by itself, and the run is repeated."""
    options = {"transport": transport, "time_scale": SCALE}
    quick = Reconnect(attempts=100, first_seconds=0.02, longest_seconds=0.1, stable_seconds=0)
    meter = EmulatedMeter(noisy(300), reconnect=quick, **options)
    with meter:
        reach(meter, 8)
        before = len(meter.samples())
        meter.emulator.disconnect(3.0, reset=reset)
        assert meter.wait(before + 40, PATIENCE)
        samples = seen(meter)
    assert "connection" in codes(samples)
    assert not [t.name for t in threading.enumerate() if t.name.startswith("irene-")]


# --- the clocks, over a real wire -----------------------------------------------------------------

_SLOW = 4.0  # a thread that wakes 5 ms late is 20 ms late in the emulator's time
_EDGES: Edges = edges_of(load_pattern(15, 2), 3.0)
_END = _EDGES[-1][0] + 2.5


def pattern(t: float) -> float:
    level = [level for time, level in _EDGES if time <= t][-1:] or [0.0]
    return noisy(60)(t) + 80 * level[0]


def test_the_load_pattern_and_a_reversed_clamp_over_a_real_wire() -> None:
    """Two machines at once: one whose lines are late, one whose clamp is the wrong way round."""
    late, turned = Knobs(latency_seconds=0.4), Knobs(sign=-1)
    with (
        open_meter(
            "simulated", power=pattern, knobs=late, transport="tcp", time_scale=_SLOW
        ) as good,
        open_meter("simulated", power=pattern, knobs=turned, time_scale=_SLOW) as bad,
    ):
        assert isinstance(good, EmulatedMeter)
        assert isinstance(bad, EmulatedMeter)
        reach(good, _END)
        reach(bad, _END)
        found = find_offset(seen(good), _EDGES)
        with pytest.raises(ReversedClampError, match="Turn it on the wire"):
            find_offset(seen(bad), _EDGES)
    # Threads of ours wake late by what the machine leaves them.
    assert found.seconds == pytest.approx(0.4, abs=0.3)
    assert found.watts_step == pytest.approx(80, abs=8)


def test_a_true_energy_is_recovered_within_1_percent_over_a_real_wire() -> None:

    def trace(t: float) -> float:
        return noisy(237.5)(t) if 3 <= t < 23 else noisy(60)(t)

    with open_meter("simulated", power=trace, time_scale=10.0, transport="tcp") as meter:
        assert isinstance(meter, EmulatedMeter)
        reach(meter, 25)
        found = plateau(on_time(seen(meter)), 3, 23, guard_seconds=1.5)
    assert found.joules == pytest.approx(237.5 * 20, rel=0.01)
    assert found.standard_error_joules / found.joules < 0.01
