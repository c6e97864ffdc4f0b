"""A log on disk as a meter: what is there, what comes, and whose clock it has."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from irene_jupyter.meters.base import Event
from irene_jupyter.meters.errors import LogError
from irene_jupyter.meters.logs.csvlog import LogWriter, read_log
from irene_jupyter.meters.meter import Observation
from irene_jupyter.meters.opening import open_meter

PATIENCE = 30.0
# A Pi that is 1000 s ahead.
REALTIME, MONOTONIC = 1_700_001_000.0, 500.0


def line(number: int, watts: float) -> Observation:
    seconds = 0.175 * number
    data = b"%d\r\n" % round(100 * watts)
    return Observation(MONOTONIC + seconds, REALTIME + seconds, data)


def test_rows_that_are_there_and_rows_that_come(tmp_path: Path) -> None:
    path = tmp_path / "power.csv"
    with LogWriter(path, format="irene", source="/dev/ttyAMA0") as log:
        for number in range(20):
            log.write(line(number, 100 + number))
        with open_meter(f"csv:{path}") as meter:
            assert meter.wait(19, PATIENCE)  # the first line after opening is left out
            assert (meter.format, meter.clock, meter.scope) == ("irene", "realtime", "wall")
            assert meter.window_seconds(0.175) == pytest.approx(1 / 6)
            assert meter.source == "emonPi, log power.csv"
            for number in range(20, 40):
                log.write(line(number, 100 + number))
            assert meter.wait(39, PATIENCE)
    assert [each.sample.watts for each in meter.samples() if each.sample] == [
        100 + number for number in range(1, 40)
    ]
    assert [each.realtime for each in meter.samples()] == pytest.approx(
        [REALTIME + 0.175 * number for number in range(1, 40)]
    )
    assert not any(t.name.startswith("irene-") for t in threading.enumerate())
    assert tuple(meter.observations()) == read_log(path).observations


def test_a_row_in_pieces_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "power.csv"
    path.write_bytes(b"timestamp,value\n1611465744.1,30")
    with open_meter(f"csv:{path}") as meter, open(path, "ab", buffering=0) as file:
        file.write(b"000\n1611465744.275,30100")
        assert meter.wait(1, PATIENCE)
        file.write(b"\n")
        assert meter.wait(2, PATIENCE)
    assert [each.sample.watts for each in meter.samples() if each.sample] == [300.0, 301.0]


def test_what_happened_to_the_pi_s_port_is_told(tmp_path: Path) -> None:
    path = tmp_path / "power.csv"
    with LogWriter(path, format="irene", source="x") as log:
        for number in range(3):
            log.write(line(number, 100))
        lost = Observation(MONOTONIC + 1, REALTIME + 1, events=(Event("disconnected", "gone"),))
        log.write(lost)
        log.write(Observation(MONOTONIC + 2, REALTIME + 2, events=(Event("reconnected", ""),)))
        for number in range(12, 15):
            log.write(line(number, 100))
    with open_meter(f"csv:{path}") as meter:
        assert meter.wait(4, PATIENCE)
    told = [each for each in meter.observations() if "disconnected" in str(each.events)]
    assert [each.realtime for each in told] == [REALTIME + 1]
    assert told[0].monotonic == pytest.approx(MONOTONIC + 1)


def test_a_log_that_is_none_ends_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "power.csv"
    path.write_text("timestamp,value\n1611465744.1,30000\nnonsense\n")
    with open_meter(f"csv:{path}") as meter, pytest.raises(LogError, match="line 3 is no row"):
        meter.wait(2, PATIENCE)
    assert len(meter.samples()) == 1


def test_a_simulated_log_says_so(tmp_path: Path) -> None:
    path = tmp_path / "power.csv"
    with LogWriter(path, format="irene", source="x") as log:
        log.write(Observation(1, 1, b"simulated emonPi of irene_jupyter\r\n"))
        for number in range(3):
            log.write(line(number, 100))
    with open_meter(f"csv:{path}") as meter:
        assert meter.wait(2, PATIENCE)
        assert meter.is_simulated
        assert meter.source == "simulated emonPi, log power.csv"
