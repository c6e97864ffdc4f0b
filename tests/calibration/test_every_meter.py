"""Whole calibrations by each kind of meter, in simulated time, with the timing of `quick`.

The meters are the real ones, down to the port, the log or the files of the kernel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from known_machine import FEW, Power
from lockstep import Lockstep, in_step
from simulated_time import EPOCH, SimulatedMachine, make_simulated

from irene_jupyter.calibration.workload.suite import Suite, suite_of
from irene_jupyter.meters.counters import counter_meter
from irene_jupyter.meters.counters.counter_meter import CounterMeter
from irene_jupyter.meters.counters.rapl_zones import packages
from irene_jupyter.meters.emonpi import stream
from irene_jupyter.meters.emonpi.meter_reader import MeterReader
from irene_jupyter.meters.emonpi.stream import MeterStream
from irene_jupyter.meters.emulator.wire import Firmware, Knobs
from irene_jupyter.meters.logs.csvlog import LogWriter
from irene_jupyter.meters.logs.log_meter import LogMeter
from irene_jupyter.meters.meter import Observation, PowerMeter

FORMATS = {
    "irene": Knobs("irene", jitter_seconds=0.003),
    "irene, 50 Hz": Knobs("irene", mains_hz=50, jitter_seconds=0.003),
    "keyvalue, a reading every 0.2 s": Knobs("keyvalue", period_seconds=0.2),
    "stock, a reading every 5 s": Knobs("stock"),
}
NOISE_WATTS = 0.3


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimulatedMachine:
    return make_simulated(monkeypatch, tmp_path)


def cut(machine: SimulatedMachine) -> Suite:
    """`quick` with three parts."""
    quick = suite_of("quick")
    return Suite("cut", FEW, quick.timing, limits=quick.limits, make_bench=lambda: machine.bench)


def calibrated(machine: SimulatedMachine, meter: PowerMeter) -> None:
    """All rounds of all parts are measured, each within 1 % of the law's energy."""
    profile = machine.calibrate(meter=meter, suite=cut(machine), rounds=2)
    true = {part.key: machine.bench.true_joules(part) for part in FEW}
    assert len(machine.runs()) == 2 * len(FEW)
    for run in machine.runs():
        assert run.joules == pytest.approx(true[run.part], rel=0.01), run
    assert profile.training["meter"] == meter.source


class Lines:
    """What a firmware sends, line by line, of a machine's power."""

    def __init__(self, knobs: Knobs, power: Power, begin: float) -> None:
        self._firmware, self._power = Firmware(knobs), power
        self._window = (
            knobs.period if knobs.continuous or knobs.format == "keyvalue" else knobs.window_seconds
        )
        self._draw = np.random.default_rng(1)
        self.due = begin + self._window

    def next(self) -> tuple[float, bytes]:
        """When the next line ends its window, and the line."""
        end = self.due
        watts = self._power.joules(end - self._window, end) / self._window
        line = self._firmware.line(watts + float(self._draw.normal(0, NOISE_WATTS)))
        self.due = end + self._firmware.next_period()
        return end, line


class FakePort:
    """A serial port on which a firmware's lines come in simulated time."""

    url, baud, is_socket = "/dev/ttyUSB0", 38400, False

    def __init__(self, lines: Lines, step: Lockstep) -> None:
        self._lines, self._step = lines, step

    def read(self) -> bytes:
        self._step.wait(max(0.0, self._lines.due - self._step.now))
        if self._step.is_set():
            return b""
        return self._lines.next()[1] + b"\r\n"

    def open(self) -> None: ...

    close = release = open


@pytest.mark.parametrize("name", FORMATS)
def test_an_emonpi(machine: SimulatedMachine, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    knobs = FORMATS[name]
    step = Lockstep(machine.fake)
    monkeypatch.setattr(stream, "time", step)
    lines = Lines(knobs, machine.power, machine.fake.now)
    reading = MeterStream("/dev/ttyUSB0", knobs.format, stop=step)  # type: ignore[arg-type]
    reading.port = FakePort(lines, step)  # type: ignore[assignment]
    meter = in_step(MeterReader(reading), machine.fake, step)
    calibrated(machine, meter)


@pytest.mark.parametrize("ahead", [0.0, 0.3])
def test_a_log_that_another_machine_writes(
    machine: SimulatedMachine, tmp_path: Path, ahead: float
) -> None:
    path = tmp_path / "power.csv"
    lines = Lines(FORMATS["irene"], machine.power, machine.fake.now)
    with LogWriter(path, format="irene", source="/dev/ttyAMA0") as log:

        def write(moment: float) -> None:
            while lines.due <= moment:
                end, line = lines.next()
                log.write(Observation(end, EPOCH + end + ahead, line))

        step = Lockstep(machine.fake, write)
        meter = LogMeter(path)
        meter.stopping = step  # type: ignore[assignment]
        calibrated(machine, in_step(meter, machine.fake, step))


def test_rapl(machine: SimulatedMachine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages with their halves of the power; the counters wrap now and then."""
    counted, begin = 5_000_000_000, machine.fake.now  # microjoules: of 5 kJ, in which they wrap
    draw = np.random.default_rng(1)  # no machine's power is the same twice

    def write(moment: float) -> None:
        for number in range(2):
            zone = tmp_path / "powercap" / f"intel-rapl:{number}"
            micro = int(machine.power.joules(begin, moment) / 2 * 1e6) + 4_990_000_000
            micro += int(draw.integers(0, 2_000))  # less than 2 ms of standby: it never goes back
            zone.mkdir(parents=True, exist_ok=True)
            (zone / "name").write_text(f"package-{number}\n")
            (zone / "max_energy_range_uj").write_text(f"{counted}\n")
            (zone / "energy_uj").write_text(f"{micro % (counted + 1)}\n")

    write(begin)
    step = Lockstep(machine.fake, write)
    monkeypatch.setattr(counter_meter, "time", step)

    def find() -> Any:
        return packages(tmp_path / "powercap", step.monotonic), lambda: None

    meter = CounterMeter(find, "cpu")
    meter.stopping = step  # type: ignore[assignment]
    calibrated(machine, in_step(meter, machine.fake, step))
