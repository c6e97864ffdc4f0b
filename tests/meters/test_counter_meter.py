"""Counters as meters: power between their changes, that adds up to what they counted."""

from __future__ import annotations

import itertools
import os
import threading
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pynvml
import pytest
from machine import Clock, Driver, Powercap

from irene_jupyter.calibration.signal.integration import counter
from irene_jupyter.calibration.signal.samples import samples_of
from irene_jupyter.meters.base import BoardCondition, MeterError
from irene_jupyter.meters.counters import counter_meter, nvml_meter
from irene_jupyter.meters.errors import SilentMeterError
from irene_jupyter.meters.meter import PowerMeter
from irene_jupyter.meters.opening import open_meter

PATIENCE = 30.0
WATTS = 70.0


def ours() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("irene-")]


def growing(driver: Driver, watts: float = WATTS, every_seconds: float = 0.02) -> None:
    """A board's counter, which changes every 20 ms, as real ones do."""
    start = time.monotonic()

    def joules(handle: object) -> int:
        updates = (time.monotonic() - start) // every_seconds
        return round(1000 * (1000 + watts * updates * every_seconds))

    driver.say("nvmlDeviceGetTotalEnergyConsumption", joules)


@contextmanager
def running(powercap: Powercap, watts: float, start_joules: float = 5.0) -> Iterator[None]:
    """A package that counts while the block lasts. Its file is replaced, never half-written."""
    stop = threading.Event()
    zone = powercap.root / "intel-rapl:0"
    begin = time.monotonic()
    powercap.energy(start_joules)

    def count() -> None:
        while not stop.wait(0.002):
            counted = round((start_joules + watts * (time.monotonic() - begin)) * 1e6)
            (zone / "new").write_text(f"{counted % (Powercap.RANGE + 1)}\n")
            os.replace(zone / "new", zone / "energy_uj")

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)


def integral_watts(meter: PowerMeter) -> float:
    samples = samples_of(meter.observations(), meter.window_seconds(0.1), meter.clock)
    start, end = samples.stamps[0], samples.stamps[-1]
    return counter(samples, start, end).watts


def test_an_nvml_counter_as_a_meter(driver: Driver) -> None:
    growing(driver)
    with open_meter("nvml", period_seconds=0.05) as meter:
        assert meter.wait(12, PATIENCE)
        assert meter.source == "GPU 0: Board A (NVML energy counter)"
        assert (meter.scope, meter.truth, meter.clock) == ("gpu", "weak", "monotonic")
        assert not meter.is_simulated
        assert meter.format is None
    assert integral_watts(meter) == pytest.approx(WATTS, rel=0.1)
    stamps = [each.monotonic for each in meter.samples()]
    assert stamps == sorted(stamps)
    assert abs(meter.samples()[0].realtime - time.time()) < PATIENCE
    assert driver.calls == ["init", "shutdown"]
    assert ours() == []


def test_a_board_without_counter_is_read_by_its_power(driver: Driver) -> None:
    driver.without_counter()
    with open_meter("nvml:0", period_seconds=0.05) as meter:
        assert meter.wait(5, PATIENCE)
        assert meter.source == "GPU 0: Board A (NVML power)"
    assert integral_watts(meter) == pytest.approx(70.0, rel=1e-6)


def test_all_boards_are_added_up(driver: Driver) -> None:
    growing(driver, 100.0)
    driver.say("nvmlDeviceGetCount", lambda: 3)
    with open_meter("nvml", period_seconds=0.1) as meter:
        assert meter.wait(8, PATIENCE)
        assert meter.source.count("Board A") == 3
    assert integral_watts(meter) == pytest.approx(300, rel=0.1)


def test_packages_as_a_meter_over_a_wrap(powercap: Powercap) -> None:
    with (
        running(powercap, 40.0, Powercap.RANGE / 1e6 - 20.0),  # wraps after half a second
        open_meter("rapl", powercap=powercap.root, period_seconds=0.05) as meter,
    ):
        assert meter.wait(25, PATIENCE)
        assert meter.source == "CPU package 0 (RAPL)"
        assert (meter.scope, meter.truth) == ("cpu", "weak")
    assert integral_watts(meter) == pytest.approx(40, rel=0.2)
    # The thread that counts may be late; nothing is ever far off, as a wrong wrap would be.
    assert max(each.sample.watts for each in meter.samples() if each.sample) < 4000
    assert ours() == []


def test_the_platform_where_there_is_no_package(tmp_path: Path) -> None:
    powercap = Powercap(tmp_path / "powercap")
    (powercap.root / "intel-rapl:0" / "name").write_text("psys\n")
    (powercap.root / "intel-rapl:1" / "name").write_text("core\n")
    with running(powercap, 40.0), open_meter("rapl", powercap=powercap.root) as meter:
        assert meter.scope == "board"
        assert meter.wait(1, PATIENCE)


def test_permission_denied_names_the_remedy(
    powercap: Powercap, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_text

    def denied(self: Path, *args: object, **options: object) -> str:
        if self.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return read(self)

    monkeypatch.setattr(Path, "read_text", denied)
    with (
        pytest.raises(MeterError, match="`irene-jupyter doctor`"),
        open_meter("rapl", powercap=powercap.root),
    ):
        pass
    assert ours() == []


def test_a_read_that_fails_half_way_ends_it_and_keeps_what_came(driver: Driver) -> None:
    growing(driver)
    with open_meter("nvml", period_seconds=0.05) as meter:
        assert meter.wait(3, PATIENCE)
        driver.fail("nvmlDeviceGetTotalEnergyConsumption")
        with pytest.raises(MeterError, match="half-way"):
            meter.wait(10**6, PATIENCE)
    assert len(meter.samples()) >= 3
    assert driver.calls == ["init", "shutdown"]


def test_a_counter_that_stands_still_is_silence_not_zero(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter_meter, "STILL_SECONDS", 0.3)
    with open_meter("nvml", period_seconds=0.05) as meter:
        with pytest.raises(SilentMeterError, match="stands still"):
            meter.wait(1, PATIENCE)
        assert meter.samples() == []
    assert ours() == []


def test_the_sources_are_named_before_it_is_open() -> None:
    assert open_meter("nvml").source == "energy counters (gpu)"


# --- when a counter changes -----------------------------------------------------------------------


class Waiting:
    """The meter's thread waits in a time of the tests."""

    def __init__(self, clock: Clock, late_seconds: float) -> None:
        self.clock, self.late = clock, late_seconds

    def wait(self, seconds: float) -> bool:
        self.clock.tick(max(0.0, seconds) + self.late)
        return False


@pytest.mark.parametrize("late_seconds", [0.0, 0.0014, 0.004])
@pytest.mark.parametrize("update_seconds", [0.1, 0.0999, 0.10205])
def test_constant_power_is_constant_however_the_counter_beats_with_the_readings(
    driver: Driver, clock: Clock, monkeypatch: pytest.MonkeyPatch, late_seconds: float,
    update_seconds: float,
) -> None:  # fmt: skip
    """Due every 0.2 s while the counter moves every 0.1 s: three updates in one sample."""

    def joules(handle: object) -> int:
        moment = clock.now
        clock.tick(0.001)  # a call
        return round(1000 * 300 * (moment // update_seconds) * update_seconds)

    driver.say("nvmlDeviceGetTotalEnergyConsumption", joules)
    now = types.SimpleNamespace(monotonic=clock, time=clock)
    monkeypatch.setattr(counter_meter, "time", now)
    monkeypatch.setattr(nvml_meter, "time", now)
    meter = open_meter("nvml:0")
    meter.stopping = Waiting(clock, late_seconds)  # type: ignore[assignment]
    meter.open()
    found = [each.sample.watts for each in itertools.islice(meter.read(), 200) if each.sample]
    meter.close()
    assert len(found) == 200
    # Each end of a sample is known to half the time between two polls: 2 ms, a call, and late.
    bound = 1.02 * (0.003 + late_seconds) / 0.2
    assert max(found) < 300 * (1 + bound)
    assert min(found) > 300 * (1 - bound)


def test_the_board_is_named_by_its_uuid(driver: Driver) -> None:
    driver.say("nvmlDeviceGetCount", lambda: 3)
    growing(driver)
    with open_meter("nvml:GPU-c", period_seconds=0.05) as meter:
        assert meter.source == "GPU 2: Board A (NVML energy counter)"
    with pytest.raises(MeterError, match=r"no such GPU; name it by its number"):
        open_meter("nvml:GPU-x").open()
    assert driver.calls == ["init", "shutdown"] * 2


def test_a_part_of_the_only_board_is_that_board(driver: Driver) -> None:
    driver.say("nvmlDeviceGetCount", lambda: 1)
    meter = open_meter("nvml:GPU-of-mig")
    meter.open()
    assert meter.source.startswith("GPU 0: Board A")
    meter.close()


def test_conditions_of_the_boards(driver: Driver) -> None:
    driver.say("nvmlDeviceGetCount", lambda: 2)
    driver.processes, driver.reasons = [os.getpid(), 7, 8], 0x04
    driver.limit_watts, driver.celsius = 250.0, 66
    driver.fail("nvmlDeviceGetPowerManagementDefaultLimit", pynvml.NVML_ERROR_NOT_SUPPORTED)
    meter = open_meter("nvml:1")
    meter.open()
    (found,) = meter.conditions()
    meter.close()
    assert found == BoardCondition("Board A", 66.0, 250.0, None, 2, ("power cap",))
    (doubt,) = found.doubts
    assert "2 other processes have the board" in doubt
    capped = BoardCondition("Board A", None, 250.0, 300.0, None, ())
    assert capped.doubts[0].startswith(
        "Board A: the board's power is capped at 250 W, usual are 300"
    )
    assert BoardCondition("Board A", None, None, None, 0, ()).doubts == ()
