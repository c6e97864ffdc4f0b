"""Any address that tells its power as JSON: `http:192.168.1.5/status#meters.0.power`."""

from __future__ import annotations

from typing import Any

from irene_jupyter.meters.errors import PlugAddressError
from irene_jupyter.meters.plugs.http_door import checked_url, shown
from irene_jupyter.meters.plugs.json_path import number_at
from irene_jupyter.meters.plugs.plug import Plug, PlugReading
from irene_jupyter.meters.plugs.units import UNITS


def find(rest: str) -> Plug:
    """The number at `URL#path`, or `URL#path,kW` where its unit is to be said.

    Raises `PlugAddressError`. Without a unit it is taken for watts, and doubted.
    """
    address, mark, place = rest.partition("#")
    path, comma, unit = place.partition(",")
    if not mark:
        raise PlugAddressError(
            f"http:{rest} does not say where its number is: take http:{rest}#key, with dots "
            "between keys (http:192.168.1.5/status#meters.0.power)"
        )
    if comma and unit not in UNITS:
        raise PlugAddressError(f"{unit!r} is no unit of power: take one of {', '.join(UNITS)}")
    url = checked_url(address.removeprefix("//"))
    name = f"{shown(url)}, {path or 'the number'}"
    scale = UNITS[unit] if comma else 1.0

    def read(document: Any) -> PlugReading:
        return PlugReading(number_at(document, path, name) * scale)

    return Plug(name, url, read, unit_is_known=bool(comma))
