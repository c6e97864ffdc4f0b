"""One word for each meter: `emonpi:URL`, `shelly:HOST`, `csv:PATH`, `nvml`, `rapl` …"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from irene_jupyter.meters.base import METERS, MeterError
from irene_jupyter.meters.counters.counter_meter import (
    PERIOD_SECONDS,
    CounterMeter,
    Counters,
    Release,
)
from irene_jupyter.meters.counters.nvml_meter import NvmlMeter
from irene_jupyter.meters.counters.rapl_counter import RaplCounter
from irene_jupyter.meters.counters.rapl_zones import POWERCAP, packages
from irene_jupyter.meters.emonpi.meter_reader import MeterReader
from irene_jupyter.meters.emonpi.stream import MeterStream
from irene_jupyter.meters.emulator.emulated_meter import EmulatedMeter
from irene_jupyter.meters.emulator.wire import Knobs
from irene_jupyter.meters.logs.log_meter import LogMeter
from irene_jupyter.meters.meter import PowerMeter
from irene_jupyter.meters.plugs import any_json, home_assistant, shelly, tasmota
from irene_jupyter.meters.plugs.mqtt_meter import MqttMeter
from irene_jupyter.meters.plugs.plug import Plug
from irene_jupyter.meters.plugs.plug_meter import PlugMeter


def open_meter(name: str, **options: Any) -> PowerMeter:
    """The meter of that name, to be used in a `with` block, which connects.

    emonpi:URL  a device such as /dev/ttyUSB0, or socket://host:port; options of `MeterStream`
                (format, baud, unwrap, silence_seconds …)
    csv:PATH    a log of `irene-jupyter log-meter` or of the IrEne authors; format, unwrap
    shelly:HOST, tasmota:HOST, homeassistant:HOST/sensor.NAME, http:URL#path
                smart plugs, and whatever else tells its power as JSON; period_seconds
    mqtt:HOST/TOPIC, with #path where it has JSON; mqtts: by TLS
    nvml        all NVIDIA boards together, nvml:0 the first, nvml:GPU-… by its UUID;
                period_seconds
    rapl        all processor packages together; period_seconds
    simulated   the emulator, simulated:stock in that wire format; power, knobs, transport …

    Raises `MeterError` for anything else, and for options that the meter does not have.
    """
    kind, _, rest = name.partition(":")
    make = _KINDS.get(kind)
    if make is None or (kind in _PLACES and not rest):
        raise MeterError(f"no meter {name!r}: take {METERS}")
    try:
        return make(rest, **options)
    except TypeError as error:
        raise MeterError(f"{kind}: {error}; see the options in docs/meters.md") from error


def _emonpi(url: str, format: str = "auto", **options: Any) -> PowerMeter:
    return MeterReader(MeterStream(url, format, **options))


def _csv(path: str, format: str = "auto", *, unwrap: bool = False) -> PowerMeter:
    return LogMeter(Path(path).expanduser(), format, unwrap=unwrap)


def _plug(kind: str) -> Callable[..., PowerMeter]:
    find: Callable[[str], Plug] = _PLUGS[kind]

    def make(rest: str, **options: Any) -> PowerMeter:
        return PlugMeter(lambda: find(rest), f"{kind}:{rest.partition('?')[0]}", **options)

    return make


def _rapl(
    rest: str, *, period_seconds: float = PERIOD_SECONDS, powercap: Path = POWERCAP
) -> PowerMeter:
    if rest:
        raise MeterError("rapl has no further name: it adds up all processor packages")

    def find() -> tuple[Counters, Release]:
        found: list[RaplCounter] = packages(powercap, time.monotonic)
        meter.scope = found[0].scope  # "board" where only the platform as a whole is counted
        return found, lambda: None

    meter = CounterMeter(find, "cpu", period_seconds=period_seconds)
    return meter


def _simulated(format: str, **options: Any) -> PowerMeter:
    if format:
        if "knobs" in options:
            raise MeterError("simulated: give the format in its name or in knobs, not in both")
        options["knobs"] = Knobs(format)
    return EmulatedMeter(**options)


_PLUGS = {
    "shelly": shelly.find,
    "tasmota": tasmota.find,
    "homeassistant": home_assistant.find,
    "http": any_json.find,
    "https": lambda rest: any_json.find("https://" + rest.removeprefix("//")),
}
_PLACES = ("emonpi", "csv", "mqtt", "mqtts", *_PLUGS)
_KINDS: dict[str, Callable[..., PowerMeter]] = {
    "emonpi": _emonpi,
    "csv": _csv,
    "mqtt": MqttMeter,
    "mqtts": partial(MqttMeter, scheme="mqtts"),
    "nvml": NvmlMeter,
    "rapl": _rapl,
    "simulated": _simulated,
    **{kind: _plug(kind) for kind in _PLUGS},
}
