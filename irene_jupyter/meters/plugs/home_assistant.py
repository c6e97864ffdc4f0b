"""A sensor of Home Assistant: `/api/states/sensor.x`, after developers.home-assistant.io.

Its token is read from the environment and goes into a header: never onto a command line, into an
error, a journal or a profile. A state stays until the next one comes, however old it is, so its own
time decides what is a reading.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from irene_jupyter.meters.errors import (
    PlugAccessError,
    PlugAddressError,
    PlugAnswerError,
    PlugSilentError,
)
from irene_jupyter.meters.plugs.http_door import checked_url, fetch_json, shown
from irene_jupyter.meters.plugs.json_path import number_at, value_at
from irene_jupyter.meters.plugs.plug import Plug, PlugReading
from irene_jupyter.meters.plugs.units import UNITS

TOKEN = "HASS_TOKEN"  # as Home Assistant's own command line calls it
PORT = 8123
_ABSENT = ("unavailable", "unknown", "")


def find(rest: str) -> Plug:
    """The sensor `HOST/sensor.NAME`, or `https://HOST:PORT/sensor.NAME`. Raises `MeterError`."""
    address, _, entity = rest.rpartition("/")
    if not address or "." not in entity:
        raise PlugAddressError(
            f"homeassistant:{rest} names no sensor: take homeassistant:HOST/sensor.NAME, as Home "
            "Assistant lists it under Developer tools, States"
        )
    base = checked_url(address, PORT)
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise PlugAccessError(
            f"Home Assistant wants a token: make one on your profile's page ({base}/profile, "
            f"Long-lived access tokens), and put it into the environment variable {TOKEN}"
        )
    name = f"Home Assistant at {shown(base)}, {entity}"
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{base}/api/states/{entity}"
    try:
        first = fetch_json(url, headers)
    except PlugAccessError as error:
        raise PlugAccessError(
            f"{name}: the token in {TOKEN} is not taken. Make a new one on your profile's page"
        ) from error
    except PlugAddressError as error:
        raise PlugAddressError(
            f"{name}: there is no such sensor. Developer tools, States lists them; that of a "
            "plug's power often ends in _power"
        ) from error
    _scale(first, name)  # a sensor of another kind is an error at once

    def read(document: Any) -> PlugReading:
        if str(value_at(document, "state")) in _ABSENT:
            raise PlugSilentError(
                f"{name} is {value_at(document, 'state') or 'empty'}: is the plug online?"
            )
        watts = number_at(document, "state", name) * _scale(document, name)
        return PlugReading(watts, realtime=_time(document, name))

    return Plug(name, url, read, headers, tells_time=True)


def _scale(document: Any, name: str) -> float:
    unit = value_at(document, "attributes.unit_of_measurement")
    if unit not in UNITS:
        told = f"is in {unit}" if isinstance(unit, str) else "has no unit"
        raise PlugAnswerError(
            f"{name} {told}, and power is in {' or '.join(UNITS)}: take the plug's sensor of power"
        )
    return UNITS[unit]


def _time(document: Any, name: str) -> float:
    """When the state was reported, of which older versions tell the last change only."""
    for key in ("last_reported", "last_updated"):
        text = value_at(document, key)
        if isinstance(text, str):
            try:
                return datetime.fromisoformat(text).timestamp()
            except ValueError:
                break
    raise PlugAnswerError(f"{name}: its state tells no time (last_updated)")
