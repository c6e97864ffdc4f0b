"""Real ptys and real sockets: what is lost, what comes back, and what ends with which words."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial

from irene_jupyter.meters.emonpi.meter_reader import MeterReader
from irene_jupyter.meters.emonpi.stream import MeterStream, Reconnect
from irene_jupyter.meters.emonpi.transport import Port
from irene_jupyter.meters.emulator.simulated import SimulatedMeter
from irene_jupyter.meters.emulator.wire import Firmware, Knobs
from irene_jupyter.meters.errors import (
    DisconnectedError,
    FormatError,
    GarbageError,
    PortBusyError,
    PortOpenError,
    SilentMeterError,
)
from irene_jupyter.meters.meter import Observation

TRANSPORTS = pytest.mark.parametrize("transport", ["pty", "tcp"])
PATIENCE = 30.0  # seconds until a test gives up; nothing takes a tenth of it
QUICK = Reconnect(attempts=40, first_seconds=0.02, longest_seconds=0.2, stable_seconds=0.0)
FEW = Reconnect(attempts=2, first_seconds=0.01, longest_seconds=0.02)
SCALE = 20.0


def trace(t: float) -> float:
    return 123.45


def ours() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("irene-")]


@contextmanager
def raw_pty() -> Iterator[SimpleNamespace]:
    """A pty of the test's own: `write` to its master, `path` of its slave."""
    master, slave = os.openpty()
    tty.setraw(slave)
    pty = SimpleNamespace(path=os.ttyname(slave), write=lambda data: os.write(master, data))
    try:
        yield pty
    finally:
        os.close(slave)
        os.close(master)


@contextmanager
def server(serve: Callable[[socket.socket], None], clients: int = 1) -> Iterator[str]:
    """A TCP server that serves so many clients, one by one, and no more; its url.

    It waits before it serves: pyserial drops what is there when it opens a port.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        for number in range(clients):
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if number == clients - 1:
                listener.close()
            with client:
                time.sleep(0.2)
                serve(client)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):  # wakes `accept`, which closing does not
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(PATIENCE)


def kinds(observations: list[Observation]) -> list[str]:
    return [event.kind for each in observations for event in each.events]


# --- opening ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "socket://",
        "socket://host",
        "socket://host:0",
        "socket://host:99999",
        "socket://host:x",
        "socket://host:1/path",
        "socket://host:1?logging=debug",
        "http://host:1",
        "rfc2217://host:1",
        "spy:///dev/ttyUSB0?file=x",
        "loop://",
    ],
)
def test_an_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(PortOpenError, match="/dev/ttyUSB0"):
        Port(url)


def test_opening_fails_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PortOpenError, match="plugged in"):
        Port(str(tmp_path / "ttyUSB0")).open()
    (tmp_path / "file").write_text("no port")
    with pytest.raises(PortOpenError, match="is it a serial port"):
        Port(str(tmp_path / "file")).open()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"socket://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(PortOpenError, match="is ser2net running"):
            Port(url).open()
        free.listen()
        port = Port(url)  # the failure before has not kept its lock
        port.open()
        port.release()
    with pytest.raises(FormatError):
        MeterStream("/dev/ttyUSB0", "emonpi")


def test_the_baud_rate_is_the_format_s(tmp_path: Path) -> None:
    rates = {f: MeterStream("x", f).port.baud for f in ("auto", "stock", "irene", "keyvalue")}
    assert rates == {"auto": 38400, "stock": 38400, "irene": 38400, "keyvalue": 115200}
    assert MeterStream("x", "stock", baud=115200).port.baud == 115200


def test_a_pty_that_echoes_is_made_raw() -> None:
    """A terminal's slave in its default state echoes: the reader must switch that off."""
    master, slave = os.openpty()
    path = os.ttyname(slave)
    try:
        port = Port(path)
        port.open()
        os.write(master, b"30123\r\n")
        got = b""
        while len(got) < 7:
            got += port.read()
        port.release()
        assert got == b"30123\r\n"
        os.set_blocking(master, False)
        with pytest.raises(BlockingIOError):
            os.read(master, 100)
    finally:
        os.close(slave)
        os.close(master)


@TRANSPORTS
def test_a_second_reader_is_told_so(transport: str) -> None:
    with SimulatedMeter(trace, transport=transport, time_scale=SCALE) as meter:
        with meter.reader() as first:
            assert first.wait(2, PATIENCE)
            with pytest.raises(PortBusyError, match=r"already has a reader.*emonhub"):
                Port(meter.url).open()
            assert first.wait(len(first.samples()) + 2, PATIENCE)
        with meter.reader() as second:  # and there is room once the first has gone
            assert second.wait(2, PATIENCE)


@pytest.mark.parametrize("words", [b"Port already in use\r\n", b""])
def test_ser2net_s_refusal_is_understood(words: bytes) -> None:
    """pyserial may have dropped the words."""
    with (
        server(lambda client: client.sendall(words)) as url,
        MeterStream(url) as stream,
        pytest.raises(PortBusyError, match="kickolduser"),
    ):
        list(stream.observations(PATIENCE))


# --- reading ------------------------------------------------------------------------------------


@TRANSPORTS
@pytest.mark.parametrize(
    "knobs",
    [
        Knobs(),
        Knobs("stock", period_seconds=0.5),
        Knobs("stock", period_seconds=0.5, continuous=True),
        Knobs("keyvalue", period_seconds=0.5),
        Knobs("keyvalue", period_seconds=0.5, json=True, split_writes=True),
    ],
    ids=["irene", "stock", "CM", "keyvalue", "json"],
)
@pytest.mark.parametrize("format", ["auto", None])
def test_every_format_over_a_real_wire(transport: str, knobs: Knobs, format: str | None) -> None:
    with (
        SimulatedMeter(trace, knobs, transport=transport, time_scale=SCALE) as meter,
        meter.reader(format) as reader,
    ):
        assert reader.wait(5, PATIENCE)
        assert reader.stream.decoder.format == knobs.format
    seen = reader.samples()
    assert {round(each.sample.watts) for each in seen if each.sample} == {123}
    assert reader.stream.decoder.counts["errors"] == 0
    stamps = [each.monotonic for each in seen]
    assert stamps == sorted(stamps)


def test_bytes_sent_before_a_disconnect_are_kept() -> None:
    def once(client: socket.socket) -> None:
        client.sendall(b"part\r\n30123\r\n30124\r\n301")

    with server(once) as url, MeterStream(url, "irene", reconnect=FEW) as stream:
        seen: list[Observation] = []
        with pytest.raises(DisconnectedError, match=r"not back after 2 attempts.*Is the cable in"):
            seen.extend(stream.observations())
    assert [each.sample.watts for each in seen if each.sample] == [301.23, 301.24]
    assert [type(each.error).__name__ for each in seen if each.error] == ["TruncatedLineError"]
    assert kinds(seen)[-1] == "disconnected"


def test_seconds_end_the_iteration_and_a_stop_too() -> None:
    with SimulatedMeter(trace, time_scale=SCALE) as meter:
        with MeterStream(meter.url, "irene") as stream:
            assert any(each.sample for each in stream.observations(0.5))
        with MeterStream(meter.url, "irene") as stream:
            for each in stream.observations():
                if each.sample:
                    stream.stop.set()
    assert stream.stop.is_set()


# --- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transport", "reset"), [("pty", False), ("tcp", False), ("tcp", True)], ids=str
)
@pytest.mark.parametrize("down", [0.0, 10.0])
def test_a_lost_connection_comes_back(transport: str, reset: bool, down: float) -> None:
    with (
        SimulatedMeter(trace, transport=transport, time_scale=SCALE) as meter,
        meter.reader(reconnect=QUICK) as reader,
    ):
        assert reader.wait(3, PATIENCE)
        meter.disconnect(down, reset=reset)
        while "disconnected" not in kinds(reader.observations()):
            assert reader.wait(len(reader.samples()) + 1, PATIENCE)
        assert reader.wait(len(reader.samples()) + 3, PATIENCE)
    told = kinds(reader.observations())
    assert told.count("disconnected") == told.count("reconnected") == 1
    assert told.count("discarded") == 2
    assert {each.sample.watts for each in reader.samples() if each.sample} == {123.45}
    assert ours() == []


def test_a_reboot_is_an_event_and_the_readings_go_on() -> None:
    with SimulatedMeter(trace, time_scale=SCALE) as meter, meter.reader() as reader:
        assert reader.wait(3, PATIENCE)
        meter.reboot()
        while "reset" not in kinds(reader.observations()):
            assert reader.wait(len(reader.samples()) + 1, PATIENCE)
        assert reader.wait(len(reader.samples()) + 3, PATIENCE)
        assert reader.stream.decoder.counts["errors"] == 0


def test_some_garbage_costs_some_lines() -> None:
    knobs = Knobs(garbage_rate=0.1, lost_crlf_rate=0.05, seed=5)
    with SimulatedMeter(trace, knobs, time_scale=50) as meter, meter.reader() as reader:
        assert reader.wait(100, PATIENCE)
        assert reader.stream.decoder.counts["errors"] > 0
    assert {each.sample.watts for each in reader.samples() if each.sample} == {123.45}


@TRANSPORTS
def test_a_wrong_baud_rate_ends_with_the_remedy(transport: str) -> None:
    where = "--baud, now 38400" if transport == "pty" else "ser2net's connector"
    knobs = Knobs("keyvalue", period_seconds=0.5, wrong_baud=True)
    with (
        SimulatedMeter(trace, knobs, transport=transport, time_scale=SCALE) as meter,
        meter.reader("auto") as reader,
        pytest.raises(GarbageError, match="Wrong baud rate") as caught,
    ):
        reader.wait(1, PATIENCE)
    assert where in str(caught.value)
    assert "115200" in str(caught.value)
    assert ours() == []


def test_noise_without_any_line_end_is_garbage_too() -> None:
    with raw_pty() as pty, MeterReader(MeterStream(pty.path, silence_seconds=0.5)) as reader:
        pty.write(b"\x80\xf8" * 20)
        with pytest.raises(GarbageError, match="no line end at all"):
            reader.wait(1, PATIENCE)


def test_the_wrong_format_is_named() -> None:
    with (
        SimulatedMeter(trace, Knobs("stock", period_seconds=0.2), time_scale=SCALE) as meter,
        meter.reader("irene") as reader,
        pytest.raises(GarbageError, match="of stock: give --format stock"),
    ):
        reader.wait(1, PATIENCE)


def test_garbage_that_begins_half_way_ends_it_too() -> None:
    firmware = Firmware(Knobs())
    with raw_pty() as pty, MeterReader(MeterStream(pty.path, "irene")) as reader:
        pty.write(b"part\r\n" + firmware.line(100) * 30)
        assert reader.wait(30, PATIENCE)
        pty.write(b"\xf8\x80\n" * 20)
        with pytest.raises(GarbageError, match="Wrong baud rate"):
            reader.wait(31, PATIENCE)
        assert len(reader.samples()) == 30


@TRANSPORTS
def test_a_meter_silent_from_the_start(transport: str) -> None:
    knobs = Knobs(period_seconds=1e6)
    with (
        SimulatedMeter(trace, knobs, transport=transport) as meter,
        raw_pty() as pty,
        MeterReader(
            MeterStream(pty.path if transport == "pty" else meter.url, silence_seconds=0.5)
        ) as reader,
        pytest.raises(SilentMeterError, match="CT 1") as caught,
    ):
        reader.wait(2, PATIENCE)
    # The emulator's own mark is a line, though not a reading.
    expected = "not one byte" if transport == "pty" else "lines of other kinds"
    assert expected in str(caught.value)


def test_only_other_radio_nodes_are_silence() -> None:
    with raw_pty() as pty, MeterReader(MeterStream(pty.path, silence_seconds=0.5)) as reader:
        pty.write(b"OK 8 1 0 2 0 (-45)\r\n" * 3)
        with pytest.raises(SilentMeterError, match=r"3 lines of other kinds.*node number 5"):
            reader.wait(1, PATIENCE)


def test_a_meter_that_falls_silent_is_connected_again_and_then_given_up() -> None:
    def serve(client: socket.socket) -> None:
        client.sendall(b"part\r\n30123\r\n" if not served else b"")
        served.append(client)
        client.recv(1)  # until the reader hangs up

    served: list[socket.socket] = []
    with server(serve, clients=2) as url:
        stream = MeterStream(url, "irene", silence_seconds=0.5, reconnect=QUICK)
        with MeterReader(stream) as reader, pytest.raises(SilentMeterError):
            reader.wait(2, PATIENCE)
    assert kinds(reader.observations()) == ["discarded", "disconnected", "reconnected"]
    assert len(reader.samples()) == 1


def test_two_readers_that_throw_each_other_out_come_to_an_end() -> None:
    """Another machine's reader, whose lock this one does not see, on a port with kickolduser."""

    def serve(client: socket.socket) -> None:
        client.sendall(b"part\r\n30123\r\n")

    with server(serve, clients=50) as url:
        stream = MeterStream(url, "irene", reconnect=Reconnect(5, 0.01, 0.02, 10.0))
        with (
            MeterReader(stream) as reader,
            pytest.raises(DisconnectedError, match="kickolduser"),
        ):
            reader.wait(1000, PATIENCE)
    assert 1 <= len(reader.samples()) <= 6


def test_closing_from_another_thread_is_a_disconnect() -> None:
    with raw_pty() as pty:
        port = Port(pty.path)
        port.open()
        port._port.close()
        with pytest.raises(DisconnectedError, match="connection was lost"):
            port.read()
        port.release()
        with pytest.raises(DisconnectedError):
            port.read()


@pytest.mark.parametrize(
    "error", [serial.SerialException("x"), OSError(5, "x"), AttributeError("x"), TypeError("x")]
)
def test_all_that_pyserial_raises_comes_out_as_one_error(error: Exception) -> None:
    class Broken:
        in_waiting = 0

        def read(self, size: int) -> bytes:
            raise error

    port = Port("/dev/ttyUSB0")
    port._port = Broken()
    with pytest.raises(DisconnectedError):
        port.read()


@TRANSPORTS
def test_threads_and_descriptors_are_released(transport: str) -> None:
    def once() -> None:
        with SimulatedMeter(trace, transport=transport, time_scale=SCALE) as meter:
            with meter.reader() as reader:
                assert reader.wait(1, PATIENCE)
                assert "irene-meter" in ours()
            reader.stop()
            assert ours() == ["irene-emulator"]

    once()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        once()
    assert len(os.listdir("/proc/self/fd")) == before
    assert ours() == []


def test_an_interrupt_while_the_thread_starts_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with raw_pty() as pty:
        before = len(os.listdir("/proc/self/fd"))

        def interrupted(self: threading.Thread) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            MeterReader(MeterStream(pty.path)).__enter__()
        assert len(os.listdir("/proc/self/fd")) == before


# --- ser2net itself, where it is installed ------------------------------------------------------


needs_ser2net = pytest.mark.skipif(
    shutil.which("ser2net") is None, reason="needs ser2net 4 (apt install ser2net)"
)


@contextmanager
def ser2net(folder: Path, device: str, *, kick: bool) -> Iterator[str]:
    """The guide's configuration on a port of its own; its url, once it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    config = folder / "ser2net.yaml"
    config.write_text(
        "connection: &emon\n"
        f"    accepter: tcp,127.0.0.1,{number}\n"
        f"    connector: serialdev,{device},38400n81,local\n"
        + ("    options:\n      kickolduser: true\n" if kick else "")
    )
    command = ["ser2net", "-n", "-c", str(config), "-P", str(folder / "pid")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + PATIENCE
            while True:
                try:
                    socket.create_connection(("127.0.0.1", number)).close()
                    break
                except OSError:
                    assert time.monotonic() < end
                    time.sleep(0.05)
            yield f"socket://127.0.0.1:{number}"
        finally:
            process.terminate()


@needs_ser2net
def test_through_a_real_ser2net(tmp_path: Path) -> None:
    with (
        SimulatedMeter(trace, time_scale=SCALE) as meter,
        ser2net(tmp_path, meter.url, kick=True) as url,
        MeterReader(MeterStream(url, "irene", reconnect=QUICK)) as reader,
    ):
        assert reader.wait(25, PATIENCE)
        assert reader.is_simulated  # by the line that the emulator sends now and then
        counts = reader.stream.decoder.counts
        assert counts["errors"] == 0
    assert {each.sample.watts for each in reader.samples() if each.sample} == {123.45}


@needs_ser2net
def test_a_real_ser2net_that_has_another_reader(tmp_path: Path) -> None:
    with (
        SimulatedMeter(trace, time_scale=SCALE) as meter,
        ser2net(tmp_path, meter.url, kick=False) as url,
    ):
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        with socket.create_connection(address, timeout=PATIENCE) as other:
            assert other.recv(1)
            with (
                pytest.raises(PortBusyError, match="already"),
                MeterReader(MeterStream(url, "irene")) as reader,
            ):
                reader.wait(1, PATIENCE)
            assert other.recv(1)
