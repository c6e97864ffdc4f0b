"""Any address that tells its power as JSON: `http:192.168.1.5/status#meters.0.power`."""

from __future__ import annotations

from typing import Any

from irene_jupyter.meters.errors import PlugAddressError
from irene_jupyter.meters.plugs.http_door import checked_url, shown
from irene_jupyter.meters.plugs.place import Place
from irene_jupyter.meters.plugs.plug import Plug, PlugReading


def find(rest: str) -> Plug:
    """The number at `URL#path`, or `URL#path,kW` where its unit is to be said.

    Raises `PlugAddressError`.
    """
    address, mark, where = rest.partition("#")
    if not mark:
        raise PlugAddressError(
            f"http:{rest} does not say where its number is: take http:{rest}#key, with dots "
            "between keys (http:192.168.1.5/status#meters.0.power)"
        )
    place = Place.of(where)
    url = checked_url(address.removeprefix("//"))
    name = f"{shown(url)}, {place.path or 'the number'}"

    def read(document: Any) -> PlugReading:
        return PlugReading(place.watts(document, name))

    return Plug(name, url, read, unit_is_known=place.unit is not None)
