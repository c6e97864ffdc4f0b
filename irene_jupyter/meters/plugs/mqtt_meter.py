"""A topic of an MQTT broker: `mqtt:emonpi.local/emon/emonpi/power1`, `mqtt:HOST/plug#power,W`.

What emonHub, zigbee2mqtt, Tasmota and Shelly publish. The connection is Eclipse Paho's, which comes
with the extra `mqtt`. Name and password are read from the environment and go to the broker alone.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from irene_jupyter.meters.base import Event, MeterError
from irene_jupyter.meters.errors import (
    PlugAccessError,
    PlugAddressError,
    PlugAnswerError,
    PlugError,
    PlugSilentError,
)
from irene_jupyter.meters.meter import Observation, PowerMeter
from irene_jupyter.meters.plugs.http_door import checked_url
from irene_jupyter.meters.plugs.json_path import document_of, numbers
from irene_jupyter.meters.plugs.place import Place
from irene_jupyter.meters.plugs.plug import PATIENCE_SECONDS, STALE_SECONDS, PlugReading

if TYPE_CHECKING:
    from paho.mqtt.client import Client

USER, PASSWORD = "MQTT_USERNAME", "MQTT_PASSWORD"
PORTS = {"mqtt": 1883, "mqtts": 8883}
CONNECT_SECONDS = 5.0
FIRST_SECONDS = 20.0  # until the first reading; an emonPi's come every 5 to 10 s
LOOK_SECONDS = 5.0  # after so long without one, the broker's other topics are looked at
_MOST_TOPICS = 1000  # that are kept, and some of them named where the wanted one is silent
_SHOWN = 12


class MqttMeter(PowerMeter):
    """`rest` is `HOST[:PORT]/TOPIC`, with `#path` or `#path,unit` where JSON is published.

    A reading is stamped as it arrives. What the broker kept from before is no reading. A connection
    that is lost is made anew, which is an event.
    """

    silent_remedy = "does its device publish? irene-jupyter doctor --meter names other topics"

    def __init__(self, rest: str, *, scheme: str = "mqtt") -> None:
        super().__init__()
        address, _, place = rest.removeprefix("//").partition("#")
        # A topic is no path of an address: it may have spaces and question marks.
        host, _, self._topic = address.partition("/")
        url = urlsplit(checked_url(f"{scheme}://{host}", schemes=(scheme,)))
        if not self._topic or "+" in self._topic:
            raise PlugAddressError(
                f"{scheme}:{rest} names no topic: take {scheme}:HOST/TOPIC, and #key after it where"
                " the topic has JSON (mqtt:192.168.1.2/tele/plug/SENSOR#ENERGY.Power)"
            )
        assert url.hostname is not None  # checked
        self._host, self._port = url.hostname, url.port or PORTS[scheme]
        self._tls = scheme == "mqtts"
        self._place = Place.of(place)
        self._where = f"MQTT {self._topic} at {url.netloc}"
        self._client: Client | None = None
        self._inbox: queue.SimpleQueue[tuple[float, bytes | Event]] = queue.SimpleQueue()
        self._others: dict[str, None] = {}  # topics with numbers, in order
        self._answered = threading.Event()
        self._refused: PlugError | None = None

    @property
    def source(self) -> str:
        """The topic, the broker, and where the number stands."""
        return self._where + (f", {self._place.path}" if self._place.path else "")

    @property
    def unit_is_known(self) -> bool:
        """Whether the unit was said."""
        return self._place.unit is not None

    def open(self) -> None:
        """Connects and subscribes. Raises `PlugError` and its kin."""
        client = self._client = self._made()
        try:
            client.connect(self._host, self._port, keepalive=10)
        except (OSError, ValueError) as error:
            raise PlugSilentError(
                f"no MQTT broker answers at {self._host}:{self._port} ({error}): is it on, and is "
                "its address right?"
            ) from error
        client.loop_start()
        if not self._answered.wait(CONNECT_SECONDS):
            raise PlugSilentError(
                f"what is at {self._host}:{self._port} does not speak MQTT: a broker's port is "
                "1883, or 8883 with TLS (mqtts:HOST/TOPIC)"
            )
        if self._refused is not None:
            raise self._refused

    def close(self) -> None:
        """Ends the connection and its thread."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def read(self) -> Iterator[Observation]:
        """Raises `PlugError` where no reading comes, or what comes is none."""
        new = time.monotonic()
        looked = any_came = False
        client = self._client
        assert client is not None  # it is open
        while not self.stopping.is_set():
            try:
                moment, found = self._inbox.get(timeout=0.1)
            except queue.Empty:
                silent = time.monotonic() - new
                if not any_came and not looked and silent > LOOK_SECONDS:
                    looked = True
                    client.subscribe("#")
                patience = STALE_SECONDS if any_came else FIRST_SECONDS
                if silent > (patience if client.is_connected() else PATIENCE_SECONDS):
                    raise self._silent(client.is_connected(), silent) from None
                continue
            realtime = time.time() - (time.monotonic() - moment)
            if isinstance(found, Event):
                yield Observation(moment, realtime, events=(found,))
                continue
            try:
                watts = self._place.watts(self._document(found), self._where)
            except PlugError:
                if not any_came or moment - new > FIRST_SECONDS:
                    raise
                continue
            if looked and not any_came:
                client.unsubscribe("#")
            any_came, new = True, moment
            yield Observation(moment, realtime, sample=PlugReading(watts).sample)

    def _document(self, payload: bytes) -> Any:
        try:
            return document_of(payload)
        except ValueError as error:
            raise PlugAnswerError(
                f"{self._where} tells neither a number nor JSON ({payload[:40]!r}): take the topic "
                "of the plug's power"
            ) from error

    def _silent(self, connected: bool, seconds: float) -> PlugError:
        if not connected:
            return PlugSilentError(
                f"the MQTT broker at {self._host} was lost, and is not back ({seconds:.0f} s)"
            )
        if not self._others:
            return PlugSilentError(
                f"{self._where} has told nothing for {seconds:.0f} s: does its device publish, and "
                "more often than every two minutes (Tasmota: TelePeriod 10)?"
            )
        others = sorted(self._others, key=lambda place: "power" not in place.lower())[:_SHOWN]
        return PlugAddressError(
            f"{self._where} has told nothing for {seconds:.0f} s. What the broker has with "
            f"numbers: {', '.join(others)}"
        )

    # --- the connection, whose callbacks are in Paho's thread ---

    def _made(self) -> Client:
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise MeterError(
                "a meter by MQTT needs paho-mqtt: pip install 'irene-jupyter[mqtt]'"
            ) from error
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect_timeout = CONNECT_SECONDS
        client.reconnect_delay_set(1, 5)
        if user := os.environ.get(USER):
            client.username_pw_set(user, os.environ.get(PASSWORD))
        if self._tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        if reason.is_failure:
            self._refused = PlugAccessError(
                f"the MQTT broker at {self._host} refuses ({reason}): put the name and password "
                f"of a user of the broker's into the environment, {USER} and {PASSWORD}"
            )
            self._answered.set()
        else:
            if self._answered.is_set():
                self._put(Event("reconnected", f"{self._host} is back"))
            client.subscribe(self._topic)

    def _on_subscribe(self, _: Client, __: Any, ___: int, reasons: list[Any], ____: Any) -> None:
        if reasons[0].is_failure and not self._answered.is_set():
            self._refused = PlugAccessError(
                f"the MQTT broker at {self._host} does not let this user read {self._topic}"
            )
        self._answered.set()

    def _on_disconnect(self, _: Client, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        if self._answered.is_set():
            self._put(Event("disconnected", f"{self._host} was lost ({reason})"))

    def _on_message(self, _: Client, __: Any, message: Any) -> None:
        if message.topic == self._topic:
            if not message.retain:
                self._put(message.payload)
        elif len(self._others) < _MOST_TOPICS:
            self._note(message.topic, message.payload)

    def _put(self, what: bytes | Event) -> None:
        self._inbox.put((time.monotonic(), what))

    def _note(self, topic: str, payload: bytes) -> None:
        """Keeps the places of another topic's numbers, to name them where ours is silent."""
        with suppress(ValueError, RecursionError):  # in Paho's thread, which nothing may end
            for path, _ in numbers(document_of(payload)):
                self._others[f"{topic}#{path}" if path else topic] = None
