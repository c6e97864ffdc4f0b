"""Values from outside, such as a file's: strict JSON, and whether they are what they should be."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeGuard, TypeVar

# Counts and sizes fit in 64 bits, as in torch and pandas.
MAX_COUNT = 2**63 - 1

_T = TypeVar("_T")


def is_number(value: Any, *, signed: bool = False) -> TypeGuard[int | float]:
    """Finite, and not negative unless `signed`."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= sys.float_info.max  # False for NaN; an int may be larger than any float
        and (signed or value >= 0)
    )


def is_whole(value: Any, least: int = 0, most: int = MAX_COUNT) -> TypeGuard[int]:
    """A whole number from `least` to `most`."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def strict_json(text: str) -> Any:
    """The JSON in `text`. Raises `ValueError` also for what is forbidden and Python lets through.

    That is NaN and Infinity, a key twice, half a character; and for too deep a nesting.
    """
    try:
        data = json.loads(text, parse_constant=_no_number, object_pairs_hook=_unique_keys)
        if "\\u" in text:  # only an escape can hold half a character
            json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half a character (a lone surrogate)") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return data


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in strict JSON")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("an object has the same key twice")
    return data


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks what one kind of file holds. `error` makes what is wrong an error with its remedy."""

    error: Callable[[str], Exception]

    def refuse(self, what: str) -> NoReturn:
        """Raises the error."""
        raise self.error(what)

    def field(self, data: Mapping[str, Any], key: str, kind: type[_T]) -> _T:
        """What `data` has under `key`, of the type `kind`."""
        value = data.get(key)
        if not isinstance(value, kind):
            self.refuse(f"{key!r} must be of type {kind.__name__}")
        return value

    def one_of(self, data: Mapping[str, Any], key: str, choices: tuple[Any, ...]) -> Any:
        """What `data` has under `key`, which is one of `choices`."""
        value = data.get(key)
        if value not in choices:
            self.refuse(f"{key!r} must be one of {', '.join(map(str, choices))}")
        return value

    def number(
        self, value: Any, what: str, most: float = sys.float_info.max, *, signed: bool = False
    ) -> float:
        """A finite number of at most `most` in size, not negative unless `signed`."""
        if not is_number(value, signed=True):
            self.refuse(f"{what} must be a finite number")
        if value < 0 and not signed:
            self.refuse(f"{what} must not be negative")
        if abs(value) > most:
            self.refuse(f"{what} must be at most {most:g}")
        return value

    def whole(self, value: Any, what: str, least: int = 0, most: int = MAX_COUNT) -> int:
        """A whole number from `least` to `most`."""
        if not is_whole(value, least, most):
            self.refuse(f"{what} must be a whole number from {least} to {most}")
        return value

    def strings(self, value: Any, what: str) -> list[str]:
        """A list of texts."""
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.refuse(f"{what} must hold strings")
        return value
