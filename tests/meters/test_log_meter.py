"""The logger and its files: written row by row, read back as a live meter, whole after any end."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irene_jupyter import cli
from irene_jupyter.meters.emonpi.decoder import Decoder
from irene_jupyter.meters.emonpi.stream import MeterStream, Reconnect
from irene_jupyter.meters.emulator.simulated import SimulatedMeter
from irene_jupyter.meters.emulator.wire import Firmware, Knobs
from irene_jupyter.meters.errors import FormatError, LogError
from irene_jupyter.meters.logs.csvlog import LogWriter, escape, read_log, unescape
from irene_jupyter.meters.logs.to_csv import log_meter
from irene_jupyter.meters.meter import Observation
from irene_jupyter.meters.opening import open_meter

COMMAND = [sys.executable, "-m", "irene_jupyter.cli", "log-meter"]
PATIENCE = 30.0
SCALE = 20.0


def write(path: Path, lines: list[bytes], format: str = "auto", step: float = 0.2) -> Path:
    with LogWriter(path, format=format, source="/dev/ttyAMA0") as log:
        for number, line in enumerate(lines):
            log.write(Observation(100 + step * number, 1.6e9 + step * number, line))
    return path


def rows(path: Path) -> int:
    return path.read_bytes().count(rb"\r\n") if path.exists() else 0


# --- the files ----------------------------------------------------------------------------------


@given(st.binary(max_size=80))
def test_any_bytes_come_back(line: bytes) -> None:
    text = escape(line)
    assert text.isascii()
    assert not text or text.isprintable()
    assert unescape(text) == line


@pytest.mark.parametrize("text", ["\\", "\\q", "\\x1", "\\xZZ", "\\u1234", "\n", "é"])
def test_what_is_never_written_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an escaped line"):
        unescape(text)


def test_a_log_reads_back_as_it_came(tmp_path: Path) -> None:
    lines = [b"3\r\n", b"30123\r\n", b"\xff\x00\r\n", b"emonPi V2.93\r\n", b"64001\r\n", b"12"]
    log = read_log(write(tmp_path / "meter.csv", lines))
    assert log.format == "irene"
    assert [each.sample.watts for each in log.samples if each.sample] == [301.23, 640.01]
    assert log.samples[0].realtime == pytest.approx(1.6e9 + 0.2)
    assert log.samples[0].monotonic == pytest.approx(100.2)
    assert [each.line for each in log.observations if each.error] == [b"\xff\x00\r\n", b"12"]
    assert log.counts["reset"] == 1
    assert not log.is_simulated
    assert log.source == "emonPi, log meter.csv"


@pytest.mark.parametrize("json", [False, True])
def test_commas_and_quotes_are_plain_csv(tmp_path: Path, json: bool) -> None:
    firmware = Firmware(Knobs("keyvalue", json=json))
    lines = [firmware.line(100.0 + number) for number in range(4)]
    path = write(tmp_path / "meter.csv", lines, "keyvalue")
    table = pd.read_csv(path, comment="#")
    assert list(table) == ["realtime", "monotonic", "line"]
    assert [unescape(line) for line in table["line"]] == lines
    assert [each.sample.watts for each in read_log(path).samples if each.sample] == [101, 102, 103]


def test_each_row_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    with LogWriter(path, format="irene", source="x") as log:
        for number in range(1, 4):
            log.write(Observation(number, number, b"30123\r\n"))
            assert rows(path) == number


def test_a_cut_last_row_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "meter.csv", [b"3\r\n", b"30123\r\n", b"30124\r\n"])
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert len(read_log(path).samples) == 1
    path.write_bytes(b"")
    assert read_log(path).samples == ()


def test_a_clock_that_was_set_is_an_event(tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    with LogWriter(path, format="irene", source="x") as log:
        for number, late in enumerate([0, 0, 0.3, 0.3, 0.301]):
            log.write(Observation(number, 1.6e9 + number + late, b"30123\r\n"))
    found = read_log(path)
    steps = [event for each in found.observations for event in each.events if event.kind == "clock"]
    assert [step.text for step in steps] == ["the clock was set by +0.300 s"]


@pytest.mark.parametrize("header", ["timestamp,value\n", ""])
def test_the_authors_log(tmp_path: Path, header: str) -> None:
    path = tmp_path / "power.csv"
    path.write_text(
        header + "1611465744.123456,30123\n1611465744.298456,power1,30223\n"
        "1611465744.300000,ct,1,no_of_half_wavelengths,20\n1611465744.473456,-5\n1611465744.6,301"
    )
    log = read_log(path)
    assert [each.sample.watts for each in log.samples if each.sample] == [301.23, 302.23]
    assert log.samples[0].realtime == log.samples[0].monotonic == 1611465744.123456
    assert (log.counts["skipped"], log.counts["errors"]) == (1, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello\n", "line 1 is no row"),
        ("timestamp,value\nnoon,30123\n", "line 2 is no row"),
        ("timestamp,value\nnan,30123\n", "line 2 is no row"),
        ("1611465744.1,30123\n1611465743.1,30123\n", "line 2: the time goes back"),
        ("# irene-jupyter meter log 1, format irene, x\n1,2\n", "line 2 is no row"),
        ("# irene-jupyter meter log 1, format irene, x\n1,2,\\q\n", "line 2 is no row"),
        ("1,\xff\n", "not plain ASCII"),
        ("\xff\xfet\x00\n\x00", "is UTF-16. Export or save it as CSV in plain text"),
        ("1611465744.1;301.2\n", "there is ';' between them"),
        ("1611465744123,301.2\n", "milliseconds"),
        ("2024-01-01 10:00:00,301.2\n", "no time that is the same everywhere.*with its zone"),
        ("14/12/2015 14:51:00,301.2\n", "no time that is the same everywhere"),
        # watts, or hundredths of them: asked for
        ("timestamp,value\n1611465744,0\n1611465745,301\n", "line 3: 301 may be 301 W or 3.01 W"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "meter.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(LogError, match=words) as caught:
        read_log(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "format", "watts", "is_known"),
    [
        # as emonCMS exports a feed: unix time, or ISO 8601
        ("1388666100,357.90\n1388666110,null\n1388666120,0.00\n", "auto", [357.9, 0.0], False),
        ("2015-12-14T14:51:00+00:00,61.5\r\n", "auto", [61.5], False),
        ("time,power\n1388666100,-4.5\n", "auto", [-4.5], False),
        ("\ufefftimestamp,value\n1388666100,61.5\n", "auto", [61.5], False),
        ("1388666100,301\n1388666110,0\n", "watts", [301.0, 0.0], True),
        ("1388666100,301\n", "irene", [3.01], True),
        ("1388666100,0\n1388666101,30123\n1388666102,301\n", "auto", [301.23, 3.01], True),
    ],
)
def test_a_log_of_watts(
    tmp_path: Path, text: str, format: str, watts: list[float], is_known: bool
) -> None:
    path = tmp_path / "power.csv"
    path.write_bytes(text.encode())
    log = read_log(path, format)
    assert [each.sample.watts for each in log.samples if each.sample] == watts
    assert log.counts["errors"] == 0
    with open_meter(f"csv:{path}", format=format) as meter:
        assert meter.wait(len(watts), 30)
        assert meter.unit_is_known == is_known
        assert meter.window_seconds(10.0) == (
            0.0 if log.format == "watts" else pytest.approx(9.5238, rel=1e-4)
        )


def test_a_log_of_an_unknown_format_or_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot be read"):
        read_log(tmp_path / "none.csv")
    with pytest.raises(FormatError):
        read_log(write(tmp_path / "meter.csv", [b"1\r\n"], "emonpi"))


def test_a_log_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "meter.csv", [b"1\r\n"])
    before = path.read_bytes()
    with pytest.raises(LogError, match="exists already: give another --output"):
        LogWriter(path, format="irene", source="x")
    with pytest.raises(LogError, match="cannot be written"):
        LogWriter(tmp_path / "no" / "folder.csv", format="irene", source="x")
    assert path.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "meter.csv", format="irene", source="x")
    with open("/dev/full", "wb", buffering=0) as full:
        os.dup2(full.fileno(), log._file.fileno())
    with pytest.raises(LogError, match="free some space"):
        log.write(Observation(1, 1, b"30123\r\n"))
    log.close()


# --- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["pty", "tcp"])
@pytest.mark.parametrize("format", ["auto", "stock"])
def test_log_meter_for_some_seconds(
    tmp_path: Path, transport: str, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "meter.csv"
    before = signal.getsignal(signal.SIGINT)
    knobs = Knobs("stock", period_seconds=0.5)
    with SimulatedMeter(lambda t: 345, knobs, transport=transport, time_scale=SCALE) as meter:
        arguments = ["--url", meter.url, "--output", str(path), "--format", format]
        assert cli.main(["log-meter", *arguments, "--seconds", "1"]) == 0
    out, err = capsys.readouterr()
    log = read_log(path)
    assert log.format == "stock"
    assert {each.sample.watts for each in log.samples if each.sample} == {345}
    assert f"{len(log.samples)} readings, 0 that cannot be read" in out
    assert "simulated" in out
    assert log.is_simulated
    assert "Ctrl-C ends it" in err
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_cleanly_with_a_valid_file(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "meter.csv"
    with SimulatedMeter(lambda t: 301.23, time_scale=SCALE) as meter:
        with subprocess.Popen(
            [*COMMAND, "--url", meter.url, "--output", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            end = time.monotonic() + PATIENCE
            while rows(path) < 5 and time.monotonic() < end:
                time.sleep(0.05)
            process.send_signal(number)
            out, err = process.communicate(timeout=PATIENCE)
        with meter.reader() as reader:  # the port is free again
            assert reader.wait(2, PATIENCE)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert path.read_bytes().endswith(b"\n")
    log = read_log(path)
    assert len(log.samples) >= 3
    assert f"{len(log.samples)} readings" in out
    with path.open(newline="") as file:
        assert all(len(row) == 3 for row in csv.reader(file) if not row[0].startswith("#"))


def test_it_needs_neither_torch_nor_numpy(tmp_path: Path) -> None:
    program = (
        "import sys; from irene_jupyter import cli; code = cli.main(sys.argv[1:]);"
        "print(code, *sorted({'torch', 'numpy', 'pandas', 'scipy', 'IPython'} & set(sys.modules)))"
    )
    with SimulatedMeter(lambda t: 301.23, time_scale=SCALE) as meter:
        arguments = ["--url", meter.url, "--output", str(tmp_path / "a.csv"), "--seconds", "0.5"]
        done = subprocess.run(
            [sys.executable, "-c", program, "log-meter", *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert done.stdout.splitlines()[-1] == "0", done.stderr


def test_errors_leave_with_1_and_what_was_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "meter.csv"
    knobs = Knobs("stock", period_seconds=0.2, wrong_baud=True)
    with SimulatedMeter(lambda t: 1, knobs, time_scale=SCALE) as meter:
        assert cli.main(["log-meter", "--url", meter.url, "--output", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Wrong baud rate" in err
    assert f"{path}: " in err
    assert read_log(path).samples == ()
    assert read_log(path).counts["errors"] >= 8


def test_a_port_that_is_not_there_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "meter.csv"
    port = str(tmp_path / "ttyUSB0")
    assert cli.main(["log-meter", "--url", port, "--output", str(path)]) == 1
    assert "plugged in" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--url", "x"],
        ["--output", "x"],
        ["--url", "x", "--output", "y", "--seconds", "0"],
        ["--url", "x", "--output", "y", "--seconds", "nan"],
        ["--url", "x", "--output", "y", "--format", "emonpi"],
        ["--url", "x", "--output", "y", "--baud", "-1"],
    ],
)
def test_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["log-meter", *arguments]) == 2
    assert "usage" in capsys.readouterr().err


def test_a_gap_is_in_the_log_and_is_no_jump(tmp_path: Path) -> None:
    """After a reconnect the first line is a part of one, in the log as on the wire."""
    path = tmp_path / "meter.csv"
    quick = Reconnect(first_seconds=0.02, longest_seconds=0.1)
    with (
        SimulatedMeter(lambda t: 301.23, transport="tcp", time_scale=SCALE) as meter,
        LogWriter(path, format="auto", source=meter.url) as log,
        MeterStream(meter.url, reconnect=quick) as stream,
    ):
        cut = False
        for observation in stream.observations(PATIENCE):
            log.write(observation)
            counts = stream.decoder.counts
            if counts["samples"] == 3 and not cut:
                meter.disconnect()
                cut = True
            if counts["discarded"] > 1 and counts["samples"] > 6:
                break
    found = read_log(path)
    assert found.counts["discarded"] == 2
    assert found.counts["errors"] == 0
    assert b" reconnected: after" in path.read_bytes()
    assert found.counts["samples"] == stream.decoder.counts["samples"]


def test_logging_from_a_thread_works_without_signals(tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    with SimulatedMeter(lambda t: 301.23, time_scale=SCALE) as meter:
        url = meter.url
        thread = threading.Thread(target=lambda: log_meter(url, path, seconds=0.5))
        thread.start()
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert read_log(path).samples


def test_a_live_meter_and_its_log_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "meter.csv"
    firmware = Firmware(Knobs("keyvalue", garbage_rate=0.2, lost_crlf_rate=0.1, seed=4))
    lines = b"".join(firmware.line(100 + n) for n in range(200)).splitlines(keepends=True)
    decoder = Decoder()
    live = [decoder.feed_line(line).sample for line in lines]
    log = read_log(write(path, lines))
    assert [each.sample for each in log.samples] == [sample for sample in live if sample]
    assert log.counts == decoder.counts
