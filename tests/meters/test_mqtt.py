"""Topics of an MQTT broker over real TCP: what they tell, and what helps where none comes."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from mqtt_broker import PATIENCE, Broker

from irene_jupyter.doctor import try_meter
from irene_jupyter.meters.base import MeterError
from irene_jupyter.meters.errors import (
    PlugAccessError,
    PlugAddressError,
    PlugAnswerError,
    PlugSilentError,
)
from irene_jupyter.meters.meter import PowerMeter
from irene_jupyter.meters.opening import open_meter
from irene_jupyter.meters.plugs import mqtt_meter

EMON = "emon/emonpi/power1"
SENSOR = b'{"Time": "2025-02-12T22:47:39", "ENERGY": {"Total": 0.9, "Power": 61.25}}'


@contextmanager
def telling(broker: Broker, topic: str, payload: bytes) -> Iterator[None]:
    """Publishes it every 20 ms."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(0.02):
            broker.publish(topic, payload)

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def read(name: str, samples: int = 3) -> PowerMeter:
    with open_meter(name) as meter:
        assert meter.wait(samples, PATIENCE)
    return meter


@pytest.mark.parametrize(
    ("place", "payload", "known"),
    [
        (EMON, b"61.25", False),
        (f"{EMON}#,W", b"61.25", True),
        ("tele/plug/SENSOR#ENERGY.Power", SENSOR, False),
        ("shellyplug-1/status/switch:0#apower,W", b'{"id":0, "apower":61.25}', True),
        ("zigbee2mqtt/Desk: what?/#power,kW", b'{"linkquality": 90, "power": 0.06125}', True),
    ],
)
def test_a_topic_tells_its_watts(place: str, payload: bytes, known: bool) -> None:
    topic, _, path = place.partition("#")
    with Broker().running() as broker, telling(broker, topic, payload):
        meter = read(f"mqtt:{broker.host}/{place}")
    sample = meter.samples()[0].sample
    assert sample is not None
    assert sample.watts == pytest.approx(61.25)
    assert topic in meter.source
    assert path.partition(",")[0] in meter.source
    assert (meter.scope, meter.truth, meter.clock) == ("wall", "truth", "monotonic")
    assert meter.unit_is_known == known
    assert not [each for each in threading.enumerate() if "paho" in each.name]


def test_what_the_broker_kept_is_no_reading() -> None:
    with Broker().running() as broker:
        broker.publish(EMON, b"1234", retain=True)
        with open_meter(f"mqtt://{broker.host}/{EMON}") as meter:
            broker.publish(EMON, b"61")
            assert meter.wait(1, PATIENCE)
    assert [each.sample.watts for each in meter.samples() if each.sample] == [61]


def test_a_lost_connection_is_made_anew_and_told() -> None:
    broker = Broker()
    with broker.running(), open_meter(f"mqtt:{broker.host}/{EMON}") as meter:
        broker.publish(EMON, b"61")
        assert meter.wait(1, PATIENCE)
        broker.drop()
        broker.wait(EMON)
        broker.publish(EMON, b"62")
        assert meter.wait(2, PATIENCE)
    events = [event.kind for each in meter.observations() for event in each.events]
    assert events == ["disconnected", "reconnected"]


def test_a_broker_that_does_not_come_back_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_meter, "PATIENCE_SECONDS", 0.2)
    with ExitStack() as room:
        broker = room.enter_context(Broker().running())
        with open_meter(f"mqtt:{broker.host}/{EMON}") as meter:
            broker.publish(EMON, b"61")
            assert meter.wait(1, PATIENCE)
            room.close()
            with pytest.raises(PlugSilentError, match="was lost, and is not back"):
                meter.wait(9, PATIENCE)


def test_a_silent_topic_names_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_meter, "FIRST_SECONDS", 1.0)
    monkeypatch.setattr(mqtt_meter, "LOOK_SECONDS", 0.1)
    with Broker().running() as broker:
        broker.publish("home/name", b"desk", retain=True)
        broker.publish("home/odd", b"[" * 16_000, retain=True)
        broker.publish("emon/emonpi/vrms", b"231.2", retain=True)
        broker.publish("tele/plug/SENSOR", SENSOR, retain=True)
        broker.publish(EMON, b"61", retain=True)
        found = try_meter(f"mqtt:{broker.host}/emon/emonpi/power9")
    assert found.state == "missing"
    assert found.found.endswith(
        f"with numbers: tele/plug/SENSOR#ENERGY.Power, {EMON}, emon/emonpi/vrms, "
        "tele/plug/SENSOR#ENERGY.Total"
    )


def test_a_topic_found_while_looking_around_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_meter, "LOOK_SECONDS", 0.1)
    with Broker().running() as broker, open_meter(f"mqtt:{broker.host}/{EMON}") as meter:
        broker.wait("#")
        broker.publish("other", b"1")
        broker.publish(EMON, b"61")
        assert meter.wait(1, PATIENCE)
        broker.publish(EMON, b"62")
        assert meter.wait(2, PATIENCE)
    assert [each.sample.watts for each in meter.samples() if each.sample] == [61, 62]


@pytest.mark.parametrize(
    ("payload", "place", "error", "words"),
    [
        (b"ON", "stat/plug/POWER", PlugAnswerError, "neither a number nor JSON.*topic of the plug"),
        (b"NaN", EMON, PlugAnswerError, "neither a number"),
        (SENSOR, "tele/plug/SENSOR#power", PlugAnswerError, r"no 'power'.*ENERGY.Power \(61.25\)"),
        (b"\xff\x00", EMON, PlugAnswerError, "neither a number"),
        (b"[" * 16_000, EMON, PlugAnswerError, "neither a number"),
    ],
)
def test_what_is_no_power_is_told(
    payload: bytes, place: str, error: type[MeterError], words: str
) -> None:
    with (
        Broker().running() as broker,
        telling(broker, place.partition("#")[0], payload),
        pytest.raises(error, match=words),
    ):
        read(f"mqtt:{broker.host}/{place}")


def test_one_bad_message_costs_itself_alone() -> None:
    with Broker().running() as broker, open_meter(f"mqtt:{broker.host}/{EMON}") as meter:
        for payload in (b"61", b"unavailable", b"62"):
            broker.publish(EMON, payload)
        assert meter.wait(2, PATIENCE)
    assert [each.sample.watts for each in meter.samples() if each.sample] == [61, 62]


def test_users_are_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Broker(user=("emonpi", "secret")).running() as broker:
        with pytest.raises(PlugAccessError, match="MQTT_USERNAME and MQTT_PASSWORD"):
            read(f"mqtt:{broker.host}/{EMON}")
        with pytest.raises(PlugAddressError, match="leave user and password out") as caught:
            open_meter(f"mqtt:emonpi:secret@{broker.host}/{EMON}")
        assert "secret" not in str(caught.value)
        monkeypatch.setenv("MQTT_USERNAME", "emonpi")
        monkeypatch.setenv("MQTT_PASSWORD", "secret")
        with telling(broker, EMON, b"61"):
            meter = read(f"mqtt:{broker.host}/{EMON}")
    assert "secret" not in meter.source


def test_a_topic_that_a_user_may_not_read_is_told() -> None:
    with (
        Broker(denied=EMON).running() as broker,
        pytest.raises(PlugAccessError, match=f"does not let this user read {EMON}"),
    ):
        read(f"mqtt:{broker.host}/{EMON}")


def test_no_broker_is_told_by_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_meter, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        host = f"127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(PlugSilentError, match="does not speak MQTT"):
            read(f"mqtt:{host}/{EMON}")
    with pytest.raises(PlugSilentError, match="is it on, and is its address right"):
        read(f"mqtt:{host}/{EMON}")
    assert not [each for each in threading.enumerate() if "paho" in each.name]


@pytest.mark.parametrize("kind", ["mqtt", "mqtts"])
def test_options_of_other_meters_are_told(kind: str) -> None:
    with pytest.raises(MeterError, match=rf"{kind}: MqttMeter.*'baud'; see the options"):
        open_meter(f"{kind}:192.168.1.2/{EMON}", baud=9600)


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("192.168.1.2", "names no topic"),
        ("192.168.1.2/", "names no topic"),
        ("192.168.1.2/+/power", "names no topic"),
        ("", "no meter 'mqtt:'"),
        ("/emon", "is no address"),
        ("host:x/emon", "is no address"),
        ("host/emon#power,BTU", "no unit of power"),
    ],
)
def test_wrong_addresses_are_told(rest: str, words: str) -> None:
    with pytest.raises(MeterError, match=words):
        open_meter(f"mqtt:{rest}")


def test_without_paho_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(MeterError, match=r"pip install 'irene-jupyter\[mqtt\]'"):
        read(f"mqtt:127.0.0.1/{EMON}")


def test_by_tls_with_a_certificate_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    certificate, key = tmp_path / "broker.pem", tmp_path / "broker.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
         certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Broker(tls=context).running() as broker, telling(broker, EMON, b"61"):
        with pytest.raises(PlugSilentError, match="CERTIFICATE_VERIFY_FAILED"):
            read(f"mqtts:{broker.host}/{EMON}")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert read(f"mqtts:{broker.host}/{EMON}").source == f"MQTT {EMON} at {broker.host}"
