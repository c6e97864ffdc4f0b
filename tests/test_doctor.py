"""What a machine can measure, with a remedy for everything that it cannot."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pynvml
import pytest

sys.path.insert(0, str(Path(__file__).parent / "meters"))
from machine import Driver, Powercap

from irene_jupyter import cli, doctor
from irene_jupyter.meters.base import MeterError
from irene_jupyter.meters.counters import rapl_counter as rapl
from irene_jupyter.meters.emulator.simulated import SimulatedMeter
from irene_jupyter.meters.emulator.wire import Knobs


def named(findings: tuple[doctor.Finding, ...], name: str) -> doctor.Finding:
    (found,) = (each for each in findings if each.name.startswith(name))
    return found


def test_this_machine_as_text_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    out, err = capsys.readouterr()
    assert "So here a cell's energy is" in out
    assert err == ""
    assert cli.main(["doctor", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {each["state"] for each in document["findings"]} <= {"ok", "limited", "missing"}
    for each in document["findings"]:
        assert each["found"]
        assert each["state"] == "ok" or each["remedy"], each


def test_a_bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    findings = doctor.examine(proc=tmp_path / "proc", powercap=tmp_path / "powercap")
    assert named(findings, "CPU and memory").state == "missing"
    assert "modprobe" in (named(findings, "CPU package energy").remedy or "")
    assert "graphviz" in (named(findings, "figures").remedy or "")
    assert "estimated for this machine" in doctor.energy_line(findings)
    text = doctor.as_text(findings)
    assert "→" in text
    # Wrapped: none but a word that is longer, or a command to be copied, leaves 80 columns.
    commands = {line for each in findings for line in (each.remedy or "").splitlines()[1:]}
    for line in text.splitlines():
        assert len(line) <= 80 or line in commands or " " not in line.strip(), line
    for each in findings:
        assert "".join(each.found.split()) in "".join(text.split())


def test_counters_that_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    powercap, driver = Powercap(tmp_path / "powercap"), Driver(monkeypatch)
    reads = iter(range(5_000_000, 10**12, 9_000_000))
    monkeypatch.setattr(rapl, "_number", lambda path: next(reads))
    joules = iter(range(1000, 10**9, 20_000))
    driver.say("nvmlDeviceGetTotalEnergyConsumption", lambda handle: next(joules))
    findings = doctor.examine(powercap=powercap.root)
    assert named(findings, "CPU package energy").state == "ok"
    assert named(findings, "GPU 0: Board A").state == "ok"
    assert doctor.energy_line(findings).startswith("a cell's energy is measured (CPU package, GPU")
    assert driver.calls == ["init", "shutdown"]


def test_counters_that_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    powercap = Powercap(tmp_path / "powercap")
    Driver(monkeypatch)

    def denied(path: Path) -> int:
        raise rapl.MeterError(f"CPU package: permission denied; {rapl.REMEDY_DENIED}")

    monkeypatch.setattr(rapl, "_number", denied)
    findings = doctor.examine(powercap=powercap.root)
    package = named(findings, "CPU package energy")
    assert package.state == "missing"
    commands = package.remedy or ""
    assert "sudo udevadm trigger --subsystem-match=powercap" in commands
    assert "CVE-2020-8694" in commands
    assert "-v /sys/devices/virtual/powercap/intel-rapl:/host/powercap:ro" in commands
    text = doctor.as_text(findings)
    assert "\n  sudo groupadd" in text  # to be copied: a line of its own, not broken
    assert text.count("groupadd") == 1
    board = named(findings, "GPU 0: Board A")  # its counter stands still here
    assert (board.state, "stood still" in board.found) == ("limited", True)


def test_a_board_without_a_counter_and_a_driver_that_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = Driver(monkeypatch)
    driver.without_counter()
    board = named(doctor.examine(powercap=tmp_path), "GPU 0: Board A")
    assert "integrated" in board.found
    driver.fail("nvmlDeviceGetTotalEnergyConsumption", pynvml.NVML_ERROR_GPU_IS_LOST)
    assert named(doctor.examine(powercap=tmp_path), "GPU 0: Board A").state == "missing"
    driver.fail("nvmlInit", pynvml.NVML_ERROR_NO_PERMISSION)
    refused = named(doctor.examine(powercap=tmp_path), "GPU energy")
    assert "nvidia-smi" in (refused.remedy or "") + refused.found


def test_a_meter_is_tried_with_its_baud_rate_and_format(tmp_path: Path) -> None:
    """22: an emonPi3 by USB, which is a pty here: the rate and the format reach the port."""
    knobs = Knobs("keyvalue", period_seconds=0.2)
    with SimulatedMeter(lambda t: 61.5, knobs) as emulator:
        options = {"format": "keyvalue", "baud": 115200}
        found = doctor.try_meter(f"emonpi:{emulator.url}", **options)
    assert (found.state, found.name) == ("limited", "power meter")
    assert re.search(r"W just now, a reading every [\d.]+ s: SIMULATED", found.found)
    path = tmp_path / "power.csv"
    path.write_text("1388666100,61.5\n1388666110,62.5\n")
    found = doctor.try_meter(f"csv:{path}", format="watts")
    assert found.state == "ok"
    assert "62.5 W just now, a reading every 10 s" in found.found
    found = doctor.try_meter("emonpi:/dev/nothing", baud=9600)
    assert found.state == "missing"
    assert "/dev/nothing" in found.found


def test_options_of_a_meter_reach_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Any] = []

    def open_meter(name: str, **options: Any) -> Any:
        seen.append((name, options))
        raise MeterError("not opened")

    monkeypatch.setattr(doctor, "open_meter", open_meter)
    monkeypatch.setattr(importlib.import_module("irene_jupyter.calibration.calibrate"),
                        "open_meter", open_meter)  # fmt: skip
    line = ["--meter", "emonpi:/dev/ttyUSB0", "--baud", "115200", "--format", "keyvalue"]
    assert cli.main(["doctor", *line]) == 0
    assert cli.main(["calibrate", *line]) == 1
    wanted = ("emonpi:/dev/ttyUSB0", {"baud": 115200, "format": "keyvalue"})
    assert seen == [wanted, wanted]
    assert "not opened" in capsys.readouterr().err


def test_who_names_no_meter_is_shown_those_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "serial_ports", lambda: [("COM7", "FT232R USB UART")])
    text = doctor.which_meter(powercap=tmp_path / "none")
    assert "emonpi:COM7  a serial port (FT232R USB UART)" in text
    assert "simulated    measures nothing" in text
    assert "rapl is not here: CPU package: no RAPL counters" in text
    powercap = Powercap(tmp_path / "powercap")
    reads = iter(range(5_000_000, 10**12, 9_000_000))
    monkeypatch.setattr(rapl, "_number", lambda path: next(reads))
    text = doctor.which_meter(powercap=powercap.root)
    assert "\n  rapl         CPU package energy: " in text
    assert "rapl is not here" not in text
