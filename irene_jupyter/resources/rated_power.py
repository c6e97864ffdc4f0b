"""What a processor is rated for, in watts: by a library's table, or a declared range of its class.

The table is codecarbon's (`cpu_power.csv`, some 4,900 processors of AMD, Intel and Apple). Only
the file is read: the package itself is not imported.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from irene_jupyter.resources.processor import Processor

EXTRA = "irene-jupyter[processors]"
_TABLE = Path("data/hardware/cpu_power.csv")


@dataclass(frozen=True, slots=True)
class RatedPower:
    """Watts at which a processor (all its sockets) is rated, between `low` and `high`.

    The three are equal where a table tells; `why` says in words where they come from.
    """

    watts: float
    low: float
    high: float
    why: str

    @property
    def is_of_class(self) -> bool:
        """Whether only its class is known."""
        return self.low < self.high


# Per logical CPU of a server. AMD EPYC 9654 is rated 1.9 W a thread, EPYC 7742 1.8 W, Intel Xeon
# Platinum 8380 3.4 W, 8275CL 5 W, E5-2686 v4 4 W (makers' data sheets); codecarbon takes 4 W.
SERVER_THREAD = (3.0, 1.5, 6.0)
# Of whole processors: laptops of the makers' U and H lines, desktops of 35 to 170 W, Apple's M.
LAPTOP = (28.0, 10.0, 55.0)
DESKTOP = (80.0, 35.0, 170.0)
APPLE = (30.0, 10.0, 110.0)
_SERVERS = re.compile(r"xeon|epyc|opteron|graviton|neoverse|ampere|altra|aarch64", re.IGNORECASE)


def rated_power(processor: Processor) -> RatedPower:
    """Of the part of it that this system has.

    Of a virtual machine it is that of so many threads of a server, and no more than the whole
    processor's, where its name tells that.
    """
    known = _table().get(plain(processor.name))
    if processor.is_virtual:
        watts, low, high = (processor.threads * each for each in SERVER_THREAD)
        if known is not None:
            watts, low, high = (min(each, known) for each in (watts, low, high))
        return RatedPower(watts, low, high, f"{SERVER_THREAD[0]:g} W for each virtual CPU")
    if known is not None:
        watts = known * processor.sockets
        return RatedPower(watts, watts, watts, "by codecarbon's table")
    if processor.name.startswith("Apple"):
        return RatedPower(*APPLE, "as Apple's processors are")
    if _SERVERS.search(processor.name):
        watts, low, high = (processor.threads * each for each in SERVER_THREAD)
        return RatedPower(watts, low, high, f"{SERVER_THREAD[0]:g} W for each logical CPU")
    if processor.has_battery:
        return RatedPower(*LAPTOP, "as laptops' processors are")
    return RatedPower(*DESKTOP, "as desktops' processors are")


def has_table() -> bool:
    """Whether codecarbon's table is installed."""
    return bool(_table())


@functools.cache
def _table() -> dict[str, float]:
    """Watts by `plain` name; empty without codecarbon."""
    found = find_spec("codecarbon")
    folders = (found.submodule_search_locations if found else None) or []
    for folder in folders:
        try:
            with (Path(folder) / _TABLE).open(encoding="utf-8", newline="") as file:
                return dict(_rows(csv.DictReader(file)))
        except (OSError, ValueError):
            continue  # another version of it: as if it were not there
    return {}


def _rows(table: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, float]]:
    for row in table:
        with contextlib.suppress(KeyError, TypeError, ValueError):  # a few say no single number
            if (watts := float(row["TDP"])) > 0:
                yield plain(row["Name"]), watts


def plain(name: str) -> str:
    """A processor's name as tables have it: "Intel Core i7-1185G7", in lower case.

    >>> plain("11th Gen Intel(R) Core(TM) i7-1185G7 @ 3.00GHz")
    'intel core i7-1185g7'
    >>> plain("AMD EPYC 7763 64-Core Processor")
    'amd epyc 7763'
    """
    text = re.sub(r"\((?:r|tm|c)\)", " ", name.lower())
    text = re.sub(r"\s(?:@|with\s|w/).*$", "", text)
    text = re.sub(r"\b(?:\d+(?:st|nd|rd|th) gen|cpu|processor|(?:\w+|\d+)-core)\b", " ", text)
    return " ".join(text.split())
