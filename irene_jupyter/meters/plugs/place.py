"""Where the watts stand in a document, and in which unit: `meters.0.power`, `power,kW`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from irene_jupyter.meters.errors import PlugAddressError
from irene_jupyter.meters.plugs.json_path import number_at
from irene_jupyter.meters.plugs.units import UNITS


@dataclass(frozen=True, slots=True)
class Place:
    """`path` as in `json_path`. Without a unit it is taken for watts, and doubted."""

    path: str
    unit: str | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """`path`, or `path,unit`. Raises `PlugAddressError`."""
        path, comma, unit = text.partition(",")
        if comma and unit not in UNITS:
            raise PlugAddressError(f"{unit!r} is no unit of power: take one of {', '.join(UNITS)}")
        return cls(path, unit if comma else None)

    def watts(self, document: Any, where: str) -> float:
        """The power in `document`; `where` and errors as in `number_at`."""
        return number_at(document, self.path, where) * UNITS[self.unit or "W"]
