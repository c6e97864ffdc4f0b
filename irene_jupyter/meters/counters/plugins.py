"""Counters of other makers: installed packages offer them as entry points of one group.

An entry point names a function without arguments, which returns the `CounterSource`s that this
machine has. It is called once for each cell; what it raises is a reason, and stops nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from irene_jupyter.checker import is_number
from irene_jupyter.meters.base import SCOPE_NAMES, CounterSource, MeterError

GROUP = "irene_jupyter.counters"


@dataclass(frozen=True, slots=True)
class Plugin:
    """What one plug-in offers here; `reason` tells why it offers nothing, where it fails."""

    name: str
    package: str  # that brought it, with its version: "irene-amd 0.1"
    sources: tuple[CounterSource, ...] = ()
    reason: str | None = None


def plugged_in() -> tuple[Plugin, ...]:
    """All plug-ins that are installed, by name, each asked for its counters now."""
    return tuple(_asked(point) for point in _points(tuple(sys.path)))


@lru_cache(maxsize=1)  # reading what is installed takes some ten milliseconds
def _points(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    del path  # what is installed hangs on it
    return tuple(sorted(entry_points(group=GROUP), key=lambda point: point.name))


def _asked(point: EntryPoint) -> Plugin:
    package = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown package"
    try:
        find: Callable[[], Any] = point.load()
        return Plugin(point.name, package, tuple(_checked(each) for each in find()))
    except (Exception, SystemExit) as error:  # the plug-in's, of which nothing is known
        told = str(error) if isinstance(error, MeterError) else f"{type(error).__name__}: {error}"
        return Plugin(point.name, package, reason=f"counter plug-in {point.name}: {told}")


def _checked(source: Any) -> CounterSource:
    if not isinstance(source, CounterSource):
        raise MeterError(f"it must return CounterSource objects, not {type(source).__name__}")
    if source.scope not in SCOPE_NAMES:
        raise MeterError(f"no scope {source.scope!r}: take one of {', '.join(SCOPE_NAMES)}")
    if not callable(source.joules) or not is_number(source.update_seconds):
        raise MeterError(f"{source.name}: joules must be a function, update_seconds a number")
    return source
