"""The emulator: what it prints is what the firmware would, and it always lets go."""

from __future__ import annotations

import math
import os
import socket
import stat
import sys
import threading
import time
from itertools import accumulate, repeat
from pathlib import Path

import pytest

from irene_jupyter.meters.base import MeterError
from irene_jupyter.meters.emonpi.decoder import SIMULATED_LINE, Decoder
from irene_jupyter.meters.emonpi.formats import parse_line, parse_reading
from irene_jupyter.meters.emulator.simulated import MachinePower, SimulatedMeter, TracePower
from irene_jupyter.meters.emulator.wire import Firmware, Knobs
from irene_jupyter.meters.errors import FormatError
from irene_jupyter.meters.opening import open_meter

TRANSPORTS = pytest.mark.parametrize("transport", ["pty", "tcp"])
PATIENCE = 20.0  # seconds until a test gives up; nothing takes a tenth of it


def ours() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("irene-")]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


# --- the firmware, without any clock ------------------------------------------------------------


@pytest.mark.parametrize("watts", [0.0, 0.4, 60.0, 301.236, 640.0, 655.35, 655.36, 700.0, 1500.7])
def test_irene_wraps_modulo_65536(watts: float) -> None:
    line = Firmware(Knobs()).line(watts)
    assert line == b"%d\r\n" % (int(watts * 100) % 65536)
    clipped = parse_line(Firmware(Knobs(wrap=False)).line(watts), "irene")
    assert clipped is not None
    assert clipped.watts == min(int(watts * 100), 65535) / 100


def test_the_examples_of_the_firmware_study() -> None:
    assert Firmware(Knobs()).line(655.36) == b"0\r\n"
    assert Firmware(Knobs()).line(700) == b"4464\r\n"
    assert Firmware(Knobs(sign=-1)).line(1) == b"65436\r\n"
    assert Firmware(Knobs(prefix=True)).line(301.23) == b"power1,30123\r\n"
    stock = Firmware(Knobs("stock", volts=120.34)).line(345)
    assert stock.startswith(b"OK 5 89 1 0 0 89 1 2 47 0 0")


@pytest.mark.parametrize(
    "knobs",
    [
        Knobs(),
        Knobs("stock"),
        Knobs("stock", continuous=True),
        Knobs("keyvalue"),
        Knobs("keyvalue", json=True),
        Knobs("keyvalue", currents=True, pf=0.9772, volts=231.5),
    ],
    ids=str,
)
def test_what_it_prints_reads_back(knobs: Knobs) -> None:
    firmware = Firmware(knobs)
    for watts in (42.0, 299.0, 611.0):
        reading = parse_reading(firmware.line(watts), knobs.format)
        assert reading is not None
        assert reading.watts == watts
        if knobs.format != "irene":
            assert reading.volts == pytest.approx(knobs.volts)
        if knobs.currents:
            assert reading.power_from_current == pytest.approx(watts, abs=0.3)


@pytest.mark.parametrize("format", ["stock", "keyvalue"])
def test_a_reversed_clamp_is_negative(format: str) -> None:
    sample = parse_line(Firmware(Knobs(format, sign=-1)).line(100), format)
    assert sample is not None
    assert sample.watts == -100
    assert sample.flags == {"negative"}


@pytest.mark.parametrize(
    ("knobs", "period"),
    [
        (Knobs(mains_hz=60), 0.175),
        (Knobs(mains_hz=50), 0.210),
        (Knobs("stock"), 5.0),
        (Knobs("stock", continuous=True), 9.85),
        (Knobs("keyvalue"), 9.8),
        (Knobs("keyvalue", period_seconds=0.2), 0.2),
    ],
)
def test_periods_are_the_firmware_s(knobs: Knobs, period: float) -> None:
    assert knobs.period == pytest.approx(period)
    assert Firmware(knobs).next_period() == knobs.period


def test_jitter_keeps_the_mean_period_and_the_seed_repeats_it() -> None:
    knobs = Knobs(jitter_seconds=0.01, seed=7)
    draws = [[Firmware(knobs).next_period() for _ in range(1)] for _ in range(2)]
    assert draws[0] == draws[1]
    firmware = Firmware(knobs)
    periods = [firmware.next_period() for _ in range(2000)]
    assert sum(periods) / 2000 == pytest.approx(0.175, abs=0.001)
    assert len(set(periods)) > 1900


def test_energy_and_messages_count_up_and_begin_anew() -> None:
    firmware = Firmware(Knobs("stock", continuous=True))
    last = None
    for _ in range(400):
        last = parse_reading(firmware.line(360), "stock")
    assert last is not None
    assert last.message == 400
    assert last.energy_wh == pytest.approx(360 * 9.85 * 400 / 3600, abs=1)
    firmware.reboot()
    last = parse_reading(firmware.line(360), "stock")
    assert last is not None
    assert (last.message, last.energy_wh) == (1, 0)


def test_line_faults_come_at_their_rates_and_are_all_found() -> None:
    firmware = Firmware(Knobs(garbage_rate=0.1, lost_crlf_rate=0.05, seed=3))
    decoder = Decoder("irene", discard_first=False)
    for _ in range(2000):
        decoder.feed(firmware.line(301.23))
    bad = decoder.counts["errors"]
    assert 200 < bad < 450
    clean = Decoder("irene", discard_first=False)
    found = [d.sample for d in clean.feed(b"".join(repeat(Firmware(Knobs()).line(301.23), 10)))]
    assert {sample.watts for sample in found if sample} == {301.23}


def test_a_wrong_baud_rate_gives_no_sample() -> None:
    firmware, decoder = Firmware(Knobs(wrong_baud=True)), Decoder()
    for _ in range(500):
        decoder.feed(firmware.line(300))
    assert decoder.counts["samples"] == 0
    assert decoder.counts["errors"] > 20


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(FormatError):
        Knobs("auto")


# --- power --------------------------------------------------------------------------------------


def test_a_trace_is_averaged_over_the_window() -> None:
    window = Knobs(mains_hz=50).window_seconds
    assert window == pytest.approx(0.2)
    step = TracePower(lambda t: 100.0 if t < 1.0 else 300.0)
    assert step.mean_watts(0.5, 0.7) == 100
    assert step.mean_watts(0.9, 1.1) == pytest.approx(200, abs=2)
    wave = TracePower(lambda t: 100 + 50 * math.sin(2 * math.pi * t))
    assert wave.mean_watts(3.0, 3.25) == pytest.approx(100 + 50 * 2 / math.pi, rel=1e-3)


def test_a_machine_s_power_follows_its_cpu() -> None:
    ticks = iter([(0, 0), (10, 100), (60, 200), (60, 200), (60, 200), (160, 300)])
    power = MachinePower(60, 80, 0, cpu=lambda: next(ticks))
    power.begin(0)
    assert power.mean_watts(0, 1) == 60 + 80 * 0.5
    power.begin(1)
    assert power.mean_watts(1, 1.001) == 60 + 80 * 0.5  # no tick: as before
    assert power.mean_watts(1, 2) == 60 + 80


def test_a_busy_core_shows_in_the_power_of_this_machine() -> None:
    power = MachinePower(60, 80, 0)
    power.begin(0)
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        sum(range(1000))
    watts = power.mean_watts(0, 0.3)
    assert 60 + 0.3 * 80 / (os.cpu_count() or 1) < watts <= 140


# --- where there is no pty ------------------------------------------------------------------------


def no_pty() -> tuple[int, int]:
    raise OSError("out of pty devices")


@pytest.mark.parametrize("lacks", ["tty", "openpty"])
def test_without_a_pty_it_is_read_over_tcp(monkeypatch: pytest.MonkeyPatch, lacks: str) -> None:
    """As on Windows, which has no module tty, and where all ptys are taken."""
    if lacks == "tty":
        monkeypatch.setitem(sys.modules, "tty", None)
    else:
        monkeypatch.setattr(os, "openpty", no_pty)
    with open_meter("simulated", power=lambda t: 123.45) as meter:
        assert meter.wait(2, PATIENCE)
        assert meter.source == "simulated emonPi (irene, tcp)"
    with (
        pytest.raises(MeterError, match="take the transport tcp"),
        open_meter("simulated", power=lambda t: 123.45, transport="pty"),
    ):
        pass


# --- on a wire ----------------------------------------------------------------------------------


@TRANSPORTS
def test_a_real_reader_gets_the_trace_and_its_mark(transport: str) -> None:
    with (
        SimulatedMeter(lambda t: 123.45, transport=transport, time_scale=20) as meter,
        meter.reader() as reader,
    ):
        assert reader.wait(12, PATIENCE)
        samples = reader.samples()
    assert {sample.sample.watts for sample in samples if sample.sample} == {123.45}
    assert all("simulated" in sample.sample.flags for sample in samples if sample.sample)
    assert meter.is_simulated
    assert reader.is_simulated
    assert "simulated" in meter.source
    assert "simulated" in reader.source


@TRANSPORTS
def test_the_mean_of_a_ramp_is_kept_through_the_whole_chain(transport: str) -> None:
    """Values, not times: message after message is the window's mean at its own time."""
    knobs = Knobs("stock", continuous=True, period_seconds=1.0)
    with (
        SimulatedMeter(lambda t: 100 * t, knobs, transport=transport, time_scale=20) as meter,
        meter.reader() as reader,
    ):
        assert reader.wait(8, PATIENCE)
        found = [s.sample.watts for s in reader.samples() if s.sample]
    half = knobs.window_seconds / 2
    ends = accumulate(repeat(1.0), initial=knobs.window_seconds)
    expected = [int(100 * (end - half)) for end, _ in zip(ends, range(1000), strict=False)]
    start = expected.index(found[0])
    assert found == expected[start : start + len(found)]


def test_split_writes_and_jitter_lose_nothing() -> None:
    knobs = Knobs("keyvalue", period_seconds=0.5, split_writes=True, jitter_seconds=0.05)
    with (
        SimulatedMeter(lambda t: 200, knobs, transport="tcp", time_scale=20) as meter,
        meter.reader() as reader,
    ):
        assert reader.wait(20, PATIENCE)
        assert reader.stream.decoder.counts["errors"] == 0
        assert reader.stream.decoder.counts["dropped"] == 0


def test_late_lines_are_the_same_lines() -> None:
    knobs = Knobs(latency_seconds=1.0)
    with (
        SimulatedMeter(lambda t: 200, knobs, transport="tcp", time_scale=20) as meter,
        meter.reader() as reader,
    ):
        assert reader.wait(3, PATIENCE)
        first = reader.samples()[0]
    assert meter.time(first.monotonic) >= 1.0


@TRANSPORTS
def test_a_pause_of_the_lines_shows_in_the_message_numbers(transport: str) -> None:
    knobs = Knobs("keyvalue", period_seconds=0.5)
    with (
        SimulatedMeter(lambda t: 200, knobs, transport=transport, time_scale=20) as meter,
        meter.reader() as reader,
    ):
        assert reader.wait(3, PATIENCE)
        meter.silence(5.0)
        assert reader.wait(8, PATIENCE)
    dropped = [
        event.count for o in reader.observations() for event in o.events if event.kind == "dropped"
    ]
    assert len(dropped) == 1
    assert 9 <= dropped[0] <= 11


def test_a_pty_is_raw_and_gone_afterwards() -> None:
    with SimulatedMeter(lambda t: 1) as meter:
        path = Path(meter.url)
        assert stat.S_ISCHR(path.stat().st_mode)
    assert not path.exists()
    assert not path.parent.exists()
    with pytest.raises(MeterError, match="with block"):
        _ = meter.url


def test_the_mark_is_the_first_line_of_a_tcp_client() -> None:
    with SimulatedMeter(lambda t: 1, transport="tcp") as meter:
        host, port = meter.url.removeprefix("socket://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
            assert client.makefile("rb").readline() == SIMULATED_LINE


@TRANSPORTS
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_thread_and_files_are_released(transport: str, error: type[BaseException]) -> None:
    with SimulatedMeter(lambda t: 1, transport=transport):  # whatever is opened once
        pass
    before = open_files()

    def fail() -> None:
        with (
            SimulatedMeter(lambda t: 1, transport=transport, time_scale=20) as meter,
            meter.reader() as reader,
        ):
            reader.wait(1, PATIENCE)
            meter.disconnect()
            raise error

    for _ in range(3):
        with pytest.raises(error):
            fail()
    assert ours() == []
    assert open_files() == before


def test_an_error_of_the_power_is_raised_as_the_block_ends() -> None:
    def trace(t: float) -> float:
        if t > 1:
            raise ZeroDivisionError("the trace is over")
        return 1.0

    def until_it_ends() -> None:
        with SimulatedMeter(trace, time_scale=20) as meter:
            while "irene-emulator" in ours():
                assert meter.time() < 20 * PATIENCE
                time.sleep(0.02)

    with pytest.raises(ZeroDivisionError, match="the trace is over"):
        until_it_ends()
    assert ours() == []
