"""A word for each meter: what it opens, what it says of itself, what helps where it fails."""

from __future__ import annotations

import threading
from pathlib import Path

import pynvml
import pytest
from machine import Driver, Powercap

from irene_jupyter.meters.base import MeterError
from irene_jupyter.meters.counters.counter_meter import CounterMeter
from irene_jupyter.meters.emonpi.meter_reader import MeterReader
from irene_jupyter.meters.emulator.emulated_meter import EmulatedMeter
from irene_jupyter.meters.emulator.simulated import SimulatedMeter
from irene_jupyter.meters.emulator.wire import Knobs
from irene_jupyter.meters.errors import FormatError, LogError, PortBusyError, PortOpenError
from irene_jupyter.meters.logs.log_meter import LogMeter
from irene_jupyter.meters.opening import open_meter

PATIENCE = 30.0
SCALE = 20.0


def ours() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("irene-")]


@pytest.mark.parametrize("transport", ["pty", "tcp"])
def test_an_emonpi_by_its_address(transport: str) -> None:
    with (
        SimulatedMeter(lambda t: 123.45, transport=transport, time_scale=SCALE) as emulator,
        open_meter(f"emonpi:{emulator.url}", format="irene") as meter,
    ):
        assert isinstance(meter, MeterReader)
        assert meter.wait(12, PATIENCE)
        assert meter.format == "irene"
        assert meter.clock == "monotonic"
        assert meter.is_simulated  # by the emulator's own mark
        assert (meter.scope, meter.truth) == ("wall", "truth")
    assert ours() == []


@pytest.mark.parametrize("transport", ["pty", "tcp"])
def test_two_calibrations_on_one_port(transport: str) -> None:
    """The second one is told so at once, and the first goes on."""
    with SimulatedMeter(lambda t: 123.45, transport=transport, time_scale=SCALE) as emulator:
        name = f"emonpi:{emulator.url}"
        with open_meter(name) as first:
            assert first.wait(3, PATIENCE)
            with (
                pytest.raises(PortBusyError, match=r"already has a reader.*second calibration"),
                open_meter(name),
            ):
                pass
            assert first.wait(len(first.samples()) + 5, PATIENCE)
            first.check()
        with open_meter(name) as second:
            assert second.wait(3, PATIENCE)
    assert ours() == []


@pytest.mark.parametrize(
    ("name", "format", "window"),
    [
        ("simulated", "irene", pytest.approx(0.175 * 10 / 10.5)),
        ("simulated:irene", "irene", pytest.approx(0.175 * 10 / 10.5)),
        ("simulated:stock", "stock", None),
        ("simulated:keyvalue", "keyvalue", None),
    ],
)
def test_the_emulator_in_any_format(name: str, format: str, window: float | None) -> None:
    with open_meter(name, power=lambda t: 100.0, time_scale=100.0) as meter:
        assert isinstance(meter, EmulatedMeter)
        assert meter.wait(2, PATIENCE)
        assert meter.format == format
        period = meter.emulator.knobs.period
        assert meter.window_seconds(period if format != "stock" else 9.85) == window
        assert meter.is_simulated
        assert "simulated" in meter.source
        assert all("simulated" in each.sample.flags for each in meter.samples() if each.sample)
    assert ours() == []


def test_the_emulator_with_knobs_over_tcp() -> None:
    options = {"knobs": Knobs("irene", mains_hz=50), "transport": "tcp", "time_scale": SCALE}
    with open_meter("simulated", power=lambda t: 80.0, **options) as meter:
        assert meter.wait(2, PATIENCE)
        assert meter.window_seconds(0.210) == pytest.approx(0.2)
    with pytest.raises(MeterError, match="not in both"):
        open_meter("simulated:stock", **options)


@pytest.mark.parametrize("transport", ["pty", "tcp"])
def test_an_error_of_the_emulator_s_power_ends_the_meter(transport: str) -> None:
    def trace(t: float) -> float:
        if t > 2:
            raise ZeroDivisionError("the trace is over")
        return 100.0

    options = {"power": trace, "transport": transport, "time_scale": SCALE}
    with (
        open_meter("simulated", **options) as meter,
        pytest.raises(ZeroDivisionError, match="the trace is over"),
    ):
        meter.wait(10**6, PATIENCE)
    assert ours() == []


def test_windows_are_those_of_the_firmware() -> None:
    """Their middle is where a sample is true: half a window before its stamp."""
    stock = open_meter("emonpi:/dev/ttyUSB0", format="stock")
    assert stock.window_seconds(5.0) == pytest.approx(0.2)
    assert stock.window_seconds(9.85) is None
    assert open_meter("emonpi:/dev/ttyUSB0", format="keyvalue").window_seconds(0.2) is None


@pytest.mark.parametrize("name", ["", "emonpi", "emonpi:", "csv:", "plug:1", "NVML", "usb"])
def test_an_unknown_meter_is_told_which_there_are(name: str) -> None:
    with pytest.raises(MeterError, match="take emonpi:URL, csv:PATH, shelly:HOST"):
        open_meter(name)


@pytest.mark.parametrize(
    "name", ["emonpi:/dev/ttyUSB0", "csv:x.csv", "nvml", "rapl", "simulated", "simulated:stock"]
)
def test_an_unknown_option_is_no_type_error(name: str) -> None:
    with pytest.raises(MeterError, match=r"colour.*docs/meters\.md"):
        open_meter(name, colour="red")


def test_what_is_not_there_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PortOpenError, match="plugged in"), open_meter(f"emonpi:{tmp_path}/tty"):
        pass
    with pytest.raises(LogError, match="start the log"), open_meter(f"csv:{tmp_path}/x.csv"):
        pass
    with pytest.raises(FormatError):
        open_meter("emonpi:/dev/ttyUSB0", format="emonpi")
    with pytest.raises(FormatError):
        open_meter("simulated:emonpi")
    with (
        pytest.raises(MeterError, match="modprobe intel_rapl_msr"),
        open_meter("rapl", powercap=tmp_path / "none"),
    ):
        pass
    with pytest.raises(MeterError, match="adds up all"):
        open_meter("rapl:0")
    with pytest.raises(MeterError, match="nvml:0"):
        open_meter("nvml:first")
    assert ours() == []


def test_no_driver_is_an_error_that_names_other_meters(driver: Driver) -> None:
    driver.fail("nvmlInit", pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)
    with (
        pytest.raises(MeterError, match=r"no NVIDIA driver.*rapl or simulated"),
        open_meter("nvml"),
    ):
        pass


def test_a_gpu_that_is_not_there(driver: Driver) -> None:
    with pytest.raises(MeterError, match="this machine has 1 GPUs"), open_meter("nvml:3"):
        pass
    assert driver.calls == ["init", "shutdown"]


def test_kinds(powercap: Powercap, tmp_path: Path) -> None:
    assert isinstance(open_meter("rapl", powercap=powercap.root), CounterMeter)
    assert isinstance(open_meter(f"csv:{tmp_path}/x.csv"), LogMeter)
    assert open_meter("csv:~/x.csv").path == Path.home() / "x.csv"  # type: ignore[attr-defined]
