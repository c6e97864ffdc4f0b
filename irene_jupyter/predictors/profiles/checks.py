"""Reading a device profile's JSON with every value checked: nothing hostile gets through.

Each function returns the value that it read, or raises `DeviceError`.
"""

from __future__ import annotations

import math
import re
from typing import Any

from irene_jupyter.checker import Checker
from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.forms.coefficients import DriverRule, LatencyRule, Roofline
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.forms.residual import LEAF, Residual, Tree

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # of a profile
MAX_ENTRIES = 20_000  # in any one table
MAX_TEXT = 20_000  # characters
MAX_NUMBER = 1e300
MAX_COEFFICIENT = 1e6  # J per unit: no device of ours draws that much for a MiB or a launch
MAX_DESCRIPTION_DEPTH = 8
MAX_LOG_JOULES = 5.0  # of all boosted trees together: more is no residual
MAX_TREES = 2000
MAX_TREE_NODES = 1000


def bad(reason: str) -> DeviceError:
    """The error for a value that no training wrote."""
    return DeviceError(f"{reason}; the profile is damaged: train or calibrate it again")


_CHECK = Checker(bad)


def table(data: dict[str, Any], key: str) -> dict[str, Any]:
    """An object."""
    value = data.get(key)
    if not isinstance(value, dict) or len(value) > MAX_ENTRIES:
        raise bad(f"{key!r} is missing or not an object")
    return value


def items(data: dict[str, Any], key: str) -> list[Any]:
    """A list."""
    value = data.get(key)
    if not isinstance(value, list) or len(value) > MAX_ENTRIES:
        raise bad(f"{key!r} is missing or not a list")
    return value


def text(data: dict[str, Any], key: str) -> str:
    """A text that says something."""
    value = data.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise bad(f"{key!r} is missing or not a text")
    return value


def name(data: dict[str, Any]) -> str:
    """What a profile is called."""
    found = text(data, "name")
    if not NAME.fullmatch(found):
        raise bad("'name' must be letters, digits, '.', '_' and '-' (at most 64)")
    return found


def strings(data: dict[str, Any], key: str) -> list[str]:
    """A list of texts."""
    value = items(data, key)
    if not all(isinstance(item, str) and len(item) <= MAX_TEXT for item in value):
        raise bad(f"{key!r} must be a list of texts")
    return value


def number(value: Any, what: str, maximum: float = MAX_NUMBER, *, signed: bool = False) -> float:
    """A finite number; not negative unless `signed`."""
    return float(_CHECK.number(value, what, maximum, signed=signed))


def slope(entry: Any) -> tuple[str, float]:
    """(column, J per unit); the unit in the file is for people."""
    if not isinstance(entry, dict):
        raise bad("a coefficient must be an object")
    column = text(entry, "column")
    text(entry, "unit")
    what = f"the coefficient of {column!r}"
    return column, number(entry.get("joules_per_unit"), what, MAX_COEFFICIENT)


def roofline(data: Any) -> Roofline:
    """The regressor of a kind of leaf."""
    if not isinstance(data, dict):
        raise bad("a leaf's regressor must be an object")
    parts = items(data, "features")
    slopes = [slope(entry) for entry in parts]
    sharpness = number(data.get("sharpness"), "'sharpness'")
    if not 1 <= sharpness <= 100:
        raise bad("'sharpness' must lie between 1 and 100")
    boosted = data.get("residual")
    return Roofline(
        columns=tuple(column for column, _ in slopes),
        floor_joules=number(data.get("floor_joules"), "'floor_joules'", MAX_COEFFICIENT),
        slopes=tuple(value for _, value in slopes),
        sharpness=sharpness,
        ranges=tuple(ends(entry.get("range")) for entry in parts),
        residual=None if boosted is None else residual(boosted),
    )


def residual(data: Any, most: float = MAX_LOG_JOULES) -> Residual:
    """The boosted trees of a kind of leaf; every walk through them ends at a leaf."""
    if not isinstance(data, dict):
        raise bad("a residual must be an object")
    columns = items(data, "columns")
    if not all(isinstance(column, dict) for column in columns):
        raise bad("a residual's column must be an object")
    trees = items(data, "trees")
    if len(trees) > MAX_TREES:
        raise bad("a residual has too many trees")
    found = Residual(
        columns=tuple(text(column, "column") for column in columns),
        ranges=tuple(ends(column.get("range"), signed=True) for column in columns),
        trees=tuple(_tree(tree, len(columns)) for tree in trees),
    )
    largest = math.fsum(
        max(
            abs(value)
            for column, value in zip(tree.column, tree.value, strict=True)
            if column == LEAF
        )
        for tree in found.trees
    )
    if largest > most:
        raise bad(f"a residual of {largest:g} in log joules is none")
    return found


def _tree(data: Any, columns: int) -> Tree:
    if not isinstance(data, dict):
        raise bad("a residual's tree must be an object")
    lists = [items(data, key) for key in ("column", "value", "right")]
    count = len(lists[0])
    if not 0 < count <= MAX_TREE_NODES or any(len(each) != count for each in lists):
        raise bad("the lists of a residual's tree must be equally long and not empty")
    column = [_CHECK.whole(value, "a tree's column", LEAF, columns - 1) for value in lists[0]]
    value = [number(each, "a tree's value", signed=True) for each in lists[1]]
    right = [_CHECK.whole(each, "a tree's branch", 0, count - 1) for each in lists[2]]
    for at, split in enumerate(column):
        if split != LEAF and not at + 1 < right[at]:
            raise bad("a branch of a residual's tree does not lead on")
    return Tree(tuple(column), tuple(value), tuple(right))


def driver(data: Any) -> DriverRule | None:
    """R1."""
    if data is None:
        return None
    if not isinstance(data, dict):
        raise bad("'measured' must be an object")
    positive, signed = (
        [number(data.get(key), f"{key!r}", MAX_COEFFICIENT, signed=sign) for key in keys]
        for sign, keys in (
            (False, ("joules_per_driver_joule", "idle_watts")),
            (True, ("waiting_watts", "usual_idle", "usual_idle_per_watt")),
        )
    )
    return DriverRule(*positive, *signed)


def latency(data: Any) -> LatencyRule | None:
    """R3."""
    if data is None:
        return None
    if not isinstance(data, dict):
        raise bad("'latency' must be an object")
    keys = ("watts", "features_factor", "leaves_factor", "own_watts", "own_factor")
    return LatencyRule(*(number(data.get(key), f"{key!r}", MAX_COEFFICIENT) for key in keys))


def interval(data: Any) -> Interval:
    """Multiples of a prediction."""
    if not isinstance(data, dict):
        raise bad("an interval must be an object")
    found = Interval(
        number(data.get("low"), "an interval's low"), number(data.get("high"), "its high")
    )
    if not 1e-6 <= found.low <= 1 <= found.high <= 1e6:
        raise bad("an interval must contain 1 and be neither empty nor endless")
    return found


def size(value: Any) -> tuple[int, int]:
    """(batch size, sequence length)."""
    if not isinstance(value, list) or len(value) != 2:
        raise bad("a size must be a list of two whole numbers")
    batch_size = _CHECK.whole(value[0], "a batch size", 1, 2**53)
    return batch_size, _CHECK.whole(value[1], "a length", 1, 2**53)


def ends(value: Any, *, signed: bool = False) -> tuple[float, float]:
    """A range's two ends in order."""
    if not isinstance(value, list) or len(value) != 2:
        raise bad("a range must be a list of two numbers")
    low, high = (number(item, "a range's end", signed=signed) for item in value)
    if low > high:
        raise bad("a range's ends are in the wrong order")
    return low, high


def description(value: Any, depth: int = 0) -> Any:
    """JSON for people, checked only for what could hurt whoever shows it."""
    if depth > MAX_DESCRIPTION_DEPTH:
        raise bad("a description is nested too deeply")
    if isinstance(value, dict) and len(value) <= MAX_ENTRIES:
        return {key: description(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list) and len(value) <= MAX_ENTRIES:
        return [description(item, depth + 1) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, int) and abs(value) < 2**53:
            return value
        return number(value, "a number", signed=True)
    if (
        value is None
        or isinstance(value, bool)
        or (isinstance(value, str) and len(value) <= MAX_TEXT)
    ):
        return value
    raise bad("a description is too large")


def optional(data: dict[str, Any], key: str) -> Any:
    """A description that may be missing or null."""
    return None if data.get(key) is None else description(table(data, key))


def memory(data: dict[str, Any]) -> float | None:
    """The device's own, in GiB, where it is known."""
    value = data.get("memory_gibibytes")
    return None if value is None else number(value, "'memory_gibibytes'")
