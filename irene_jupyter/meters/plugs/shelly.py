"""Shelly plugs and meters: the first generation, and all from the second on.

After shelly-api-docs.shelly.cloud: `/shelly` says the generation. The first one answers at
`/meter/0` (or `/emeter/0`), the later ones at `/rpc/Switch.GetStatus?id=0` and its like.
"""

from __future__ import annotations

from typing import Any

from irene_jupyter.meters.errors import PlugAccessError, PlugAddressError, PlugAnswerError
from irene_jupyter.meters.plugs.http_door import checked_url, fetch_json
from irene_jupyter.meters.plugs.json_path import is_there, number_at, optional_number, value_at
from irene_jupyter.meters.plugs.plug import Plug, PlugReading

_METHODS = {"pm1": "PM1", "em": "EM", "em1": "EM1"}  # others are written as their components are
_POWER_KEYS = ("apower", "act_power", "total_act_power")
_JOULES_PER_WATT_HOUR = 3600.0
_JOULES_PER_WATT_MINUTE = 60.0  # the unit of the first generation's plugs; its clamps have Wh


def find(rest: str) -> Plug:
    """The plug `HOST`, or `HOST#switch:1` where it measures at more than one place.

    A key of one's own may follow the place: `HOST#em:0.a_act_power`. Raises `MeterError`.
    """
    host, _, place = rest.partition("#")
    url = checked_url(host)
    about = _about(url, host)
    if about.get("auth") or about.get("auth_en"):
        raise PlugAccessError(
            f"the Shelly at {host} asks for a password: switch it off in the plug's settings "
            "(Authentication) while you calibrate"
        )
    if "gen" in about:
        return _later(url, host, place, about)
    return _first(url, host, place, about)


def _about(url: str, host: str) -> dict[str, Any]:
    try:
        about = fetch_json(f"{url}/shelly")
    except (PlugAddressError, PlugAnswerError) as error:
        raise PlugAnswerError(
            f"{host} is no Shelly: it does not say what it is at /shelly. Is it tasmota:{host}, or "
            f"another plug (http:{host}/…#path)?"
        ) from error
    if not isinstance(about, dict) or not ({"gen", "type"} & about.keys()):
        raise PlugAnswerError(
            f"{host} is no Shelly: at /shelly it tells neither its type nor its generation"
        )
    return about


# --- the first generation ------------------------------------------------------------------------


def _first(url: str, host: str, place: str, about: dict[str, Any]) -> Plug:
    status = fetch_json(f"{url}/status")
    places = {
        f"{kind[:-1]}/{number}": each
        for kind in ("emeters", "meters")
        for number, each in enumerate(value_at(status, kind) or () if kind in status else ())
        if is_there(value_at(each, "power"))
    }
    chosen, key = _chosen(host, place, tuple(places), "power")
    name = f"Shelly {about.get('type', '')} at {host}, {chosen}"
    unit = _JOULES_PER_WATT_HOUR if chosen.startswith("e") else _JOULES_PER_WATT_MINUTE

    def read(document: Any) -> PlugReading:
        if value_at(document, "is_valid") is False:
            raise PlugAnswerError(f"{name}: it says itself that its reading is not valid")
        return _reading(document, name, key, "voltage", "total", unit)

    return Plug(name, f"{url}/{chosen}", read)


# --- the later ones ------------------------------------------------------------------------------


def _later(url: str, host: str, place: str, about: dict[str, Any]) -> Plug:
    status = fetch_json(f"{url}/rpc/Shelly.GetStatus")
    if not isinstance(status, dict):
        raise PlugAnswerError(f"the Shelly at {host} does not list its parts: update its firmware")
    keys = {
        name: key
        for name, part in status.items()
        for key in _POWER_KEYS
        if isinstance(part, dict) and key in part
    }
    chosen, key = _chosen(host, place, tuple(keys), None)
    key = key or keys[chosen]
    kind, _, number = chosen.partition(":")
    method = _METHODS.get(kind, kind.capitalize())
    name = f"Shelly {about.get('app') or about.get('model') or ''} at {host}, {chosen}"
    phase = key.removesuffix("act_power").removeprefix("total_")
    volts = f"{phase}voltage" if key.endswith("act_power") else "voltage"

    def read(document: Any) -> PlugReading:
        return _reading(document, name, key, volts, "aenergy.total", _JOULES_PER_WATT_HOUR)

    return Plug(name, f"{url}/rpc/{method}.GetStatus?id={number}", read)


def _chosen(host: str, place: str, places: tuple[str, ...], key: str | None) -> tuple[str, str]:
    """The place that is asked for, or the only one, and the key of its power."""
    wanted, _, own = place.partition(".")
    if not places:
        raise PlugAnswerError(
            f"the Shelly at {host} measures no power: take one with PM, EM or Plug in its name"
        )
    if wanted not in places and (wanted or len(places) > 1):
        missing = f"has no {wanted!r}" if wanted else "measures at several places"
        raise PlugAnswerError(
            f"the Shelly at {host} {missing}: take one of "
            + ", ".join(f"shelly:{host}#{each}" for each in places)
        )
    return wanted or places[0], own or key or ""


def _reading(
    document: Any, name: str, power: str, volts: str, counted: str, joules: float
) -> PlugReading:
    total = optional_number(document, counted)
    return PlugReading(
        number_at(document, power, name),
        optional_number(document, volts),
        None if total is None else total * joules,
    )
