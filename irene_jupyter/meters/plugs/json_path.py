"""A number in a JSON document by its place: `ENERGY.Power`, `meters.0.power`. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from irene_jupyter.meters.errors import PlugAnswerError, PlugSilentError

_SHOWN = 12  # numbers that are named where the wanted one is missing


def document_of(body: bytes) -> Any:
    """What `body` says as JSON, where NaN and Infinity are none. Raises `ValueError`."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def number_at(document: Any, path: str, where: str) -> float:
    """The number at `path`: keys and places in lists, with dots between them; "" is all of it.

    `where` names the plug in errors. A number as text counts. Raises `PlugAnswerError`, which
    names the numbers that there are, and `PlugSilentError` for null: no reading just now.
    """
    value = value_at(document, path)
    if value is _NOTHING:
        raise PlugAnswerError(f"{where}: its answer has no {path!r}; {_others(document)}")
    if value is None:
        raise PlugSilentError(
            f"{where}: {path!r} is null: it has no reading yet, or measures no power"
        )
    number = _number(value)
    if number is None:
        raise PlugAnswerError(
            f"{where}: {path!r} is no number ({str(value)[:40]!r}); {_others(document)}"
        )
    return number


def optional_number(document: Any, path: str) -> float | None:
    """The number at `path`, or None where there is none."""
    return _number(value_at(document, path))


def value_at(document: Any, path: str) -> Any:
    """What stands at `path`. `is_there` tells a missing one from others."""
    found = document
    for key in path.split(".") if path else ():
        if isinstance(found, dict):
            found = found.get(key, _NOTHING)
        elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        else:
            return _NOTHING
    return found


def is_there(value: Any) -> bool:
    """Whether `value_at` found something, if only null."""
    return value is not _NOTHING


def numbers(document: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Each number with its place."""
    if isinstance(document, dict | list):
        items = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in items:
            yield from numbers(value, f"{path}.{key}" if path else str(key))
    elif (number := _number(document)) is not None:
        yield path, number


_NOTHING = object()


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _others(document: Any) -> str:
    found = [f"{path} ({number:g})" for path, number in numbers(document)]
    if not found:
        return "it has no number at all: is this the right address?"
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"its numbers are {', '.join(found[:_SHOWN])}{more}"
