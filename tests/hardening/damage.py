"""Random damage to a JSON document, at any depth."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

ODD = [
    None, True, False, 0, -1, 1.5, -0.0, 1e308, 10**400, "", "x", "\x00", "\ud800", "1e5", "NaN",
    [], {}, [[]], {"": None}, [1, "a"], 2**63, "../../etc", "<script>",
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values below `value`."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from places(item, (*path, key))


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """`document` with one to three values replaced, dropped, repeated, or put elsewhere."""
    data = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(data))
        if not found:
            break
        path = draw(st.sampled_from(found))
        holder = data
        for key in path[:-1]:
            holder = holder[key]
        key = path[-1]
        match draw(st.sampled_from(["odd", "drop", "rename", "copy", "grow"])):
            case "odd":
                holder[key] = draw(st.sampled_from(ODD))
            case "drop":
                del holder[key]
            case "rename" if isinstance(holder, dict):
                holder[f"{key}_"] = holder.pop(key)
            case "copy":
                holder[key] = copy.deepcopy(data)
            case "grow" if isinstance(holder, list):
                holder.extend(copy.deepcopy(holder[:3]))
            case _:
                holder[key] = [holder[key]]
    return data


@st.composite
def damaged_text(draw: st.DrawFn, document: Any) -> bytes:
    """The bytes of a file of `document`, cut, with bytes replaced, or with a NaN in it."""
    data = bytearray(json.dumps(document, ensure_ascii=False).encode())
    match draw(st.sampled_from(["cut", "bytes", "nan", "twice"])):
        case "cut":
            return bytes(data[: draw(st.integers(0, len(data) - 1))])
        case "bytes":
            for _ in range(draw(st.integers(1, 5))):
                data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
            return bytes(data)
        case "nan":
            return bytes(data).replace(b"0.", draw(st.sampled_from([b"NaN", b"-Infinity"])), 1)
    return bytes(data) * 2
