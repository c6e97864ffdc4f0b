"""Plugs with Tasmota's firmware: `/cm?cmnd=Status%208`, after tasmota.github.io/docs."""

from __future__ import annotations

from typing import Any

from irene_jupyter.meters.errors import PlugAccessError, PlugAddressError, PlugAnswerError
from irene_jupyter.meters.plugs.http_door import checked_url, fetch_json
from irene_jupyter.meters.plugs.json_path import is_there, number_at, optional_number, value_at
from irene_jupyter.meters.plugs.plug import Plug, PlugReading

_JOULES_PER_KILOWATT_HOUR = 3.6e6


def find(rest: str) -> Plug:
    """The plug `HOST`, or `HOST#1` for the second one of a strip (counted from 0).

    Raises `MeterError`.
    """
    host, _, channel = rest.partition("#")
    url = f"{checked_url(host)}/cm?cmnd=Status%208"
    try:
        first = fetch_json(url)
    except PlugAddressError as error:
        raise PlugAnswerError(
            f"{host} has no Tasmota: it does not know /cm. Is it shelly:{host}?"
        ) from error
    except PlugAccessError as error:
        raise _locked(host) from error
    name = f"Tasmota plug at {host}" + (f", channel {channel}" if channel else "")
    energy = _energy(first, host)
    power = value_at(energy, "Power")
    if isinstance(power, list) and not channel:
        raise PlugAnswerError(
            f"the Tasmota plug at {host} measures {len(power)} sockets: take one of "
            + ", ".join(f"tasmota:{host}#{number}" for number in range(len(power)))
        )
    suffix = f".{channel}" if channel and isinstance(power, list) else ""

    def read(document: Any) -> PlugReading:
        found = _energy(document, host)
        total = optional_number(found, "Total")
        return PlugReading(
            number_at(found, f"Power{suffix}", name),
            optional_number(found, "Voltage"),
            None if total is None else total * _JOULES_PER_KILOWATT_HOUR,
        )

    return Plug(name, url, read)


def _energy(document: Any, host: str) -> Any:
    if is_there(value_at(document, "WARNING")):  # so it answers where a password is set
        raise _locked(host)
    energy = value_at(document, "StatusSNS.ENERGY")
    if not is_there(energy):
        raise PlugAnswerError(
            f"the Tasmota device at {host} measures no power (no ENERGY in its status): take one "
            "with power monitoring, and give it the right module or template"
        )
    return energy


def _locked(host: str) -> PlugAccessError:
    return PlugAccessError(
        f"the Tasmota plug at {host} asks for a password: switch it off (WebPassword 0) while you "
        "calibrate"
    )
