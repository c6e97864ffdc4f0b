"""The report's JSON as a notebook holds it: what alike nodes have in common is written once.

A notebook file has an indented line for every value of its JSON, which is most of a tree's size.
So a tree is one text there, JSON again, and deflated where it is long.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from irene_jupyter.report.deflated import deflated

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

Json = dict[str, Any]

# Smaller reports are small files already: they are shown in full.
FULL_UP_TO_NODES = 64
FULL_UP_TO_RUNS = 16
_DIGITS = 6  # significant, of what no sum is made of
# Of nodes in a tree beyond this many, four digits will do, and nine of their joules.
_LARGE_FROM_NODES = 2000
_LARGE_DIGITS, _LARGE_JOULES_DIGITS = 4, 9
_EXACT = 2**53  # whole numbers up to here are exact as floats
_INHERITED = ("type", "class_name", "primitive", "flags")
# In place of a counterpart; every node has a type and a class.
_NOTHING: Json = {"type": None, "class_name": None, "primitive": None, "flags": [], "features": {}}


def notebook_json(report: EnergyReport) -> Json:
    """`report.to_dict()`, in brief where it has more than `FULL_UP_TO_NODES` nodes.

    In brief, each tree, the resources and the configuration are a text of JSON, features and
    bounds of intervals have six digits, and a node with the structure of an earlier sibling
    names it under `like`: what the node and those below it leave out is that of its counterpart
    there (`docs/report-format.md`). More than `FULL_UP_TO_RUNS` runs are a text, too, of a list
    for each key. Long texts are deflated. Joules are exact, but in trees of thousands of nodes,
    where those below the root have nine digits, and the rest four.
    """
    data = report.to_dict()
    if len(data["runs"]) > FULL_UP_TO_RUNS:
        data["runs"] = _text(_columns(data["runs"]))
    roots = [data["root"], *data["not_run"], *(phase["root"] for phase in data["phases"])]
    if sum(_count(root) for root in roots if root is not None) <= FULL_UP_TO_NODES:
        return data
    return {
        **data,
        "root": None if data["root"] is None else _text(brief_tree(data["root"])),
        "not_run": [_text(brief_tree(root)) for root in data["not_run"]],
        "phases": [{**phase, "root": _text(brief_tree(phase["root"]))} for phase in data["phases"]],
        **{
            key: _text(data[key])
            for key in ("configuration", "resources", "said", "trend")
            if data[key] is not None
        },
    }


def brief_tree(root: Json) -> Json:
    """The tree that `node_to_dict` wrote, in brief; `root` stays as it is."""
    large = _count(root) > _LARGE_FROM_NODES
    rounded = _rounded(root, large)
    if large:
        rounded["energy"] = root["energy"]  # the total is exact
    structures: dict[int, int] = {}
    _number(rounded, {}, structures)
    return _brief(rounded, None, structures)


def _columns(runs: Sequence[Json]) -> Json:
    columns = {name: [run[name] for run in runs] for name in runs[0]}
    return {**columns, "seconds": [_short(seconds) for seconds in columns["seconds"]]}


def _text(value: Any) -> str:
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return deflated(text)


def _count(node: Json) -> int:
    return 1 + sum(_count(child) for child in node["children"])


def _rounded(node: Json, large: bool) -> Json:
    digits = _LARGE_DIGITS if large else _DIGITS
    energy = node["energy"]
    if energy is not None:  # which must lie in its interval
        joules = _short(energy["joules"], _LARGE_JOULES_DIGITS) if large else energy["joules"]
        low = min(_short(energy["low"], digits), joules)
        high = max(_short(energy["high"], digits), joules)
        energy = {**energy, "joules": joules, "low": low, "high": high}
    features = {name: _short(value, digits) for name, value in node["features"].items()}
    children = [_rounded(child, large) for child in node["children"]]
    return {**node, "energy": energy, "features": features, "children": children}


def _short(value: Any, digits: int = _DIGITS) -> Any:
    """`value` in fewer characters: whole numbers without a point, others to so many digits."""
    if not isinstance(value, float):
        return value
    if value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return float(f"{value:.{digits}g}")


def _number(node: Json, numbers: dict[Any, int], structures: dict[int, int]) -> int:
    """Number the structures in the tree: `structures` holds that of each node, by its id()."""
    below = tuple(_number(child, numbers, structures) for child in node["children"])
    # With the same features, for a node cannot say that it lacks one of its counterpart's.
    key = (node["type"], node["class_name"], node["primitive"], tuple(node["features"]), below)
    structures[id(node)] = numbers.setdefault(key, len(numbers))
    return structures[id(node)]


def _brief(node: Json, like: Json | None, structures: dict[int, int]) -> Json:
    """`node` without what is nothing, or the same in its counterpart `like`."""
    brief = {"path": node["path"]}
    known = _NOTHING if like is None else like
    brief |= {name: node[name] for name in _INHERITED if node[name] != known[name]}
    if node["energy"] is not None:
        brief["energy"] = node["energy"]
    features = {
        name: value
        for name, value in node["features"].items()
        if name not in known["features"] or value != known["features"][name]
    }
    children = _children(node, like, structures)
    return brief | {
        name: value for name, value in (("features", features), ("children", children)) if value
    }


def _children(node: Json, like: Json | None, structures: dict[int, int]) -> list[Json]:
    if like is not None:
        pairs = zip(node["children"], like["children"], strict=True)
        return [_brief(child, other, structures) for child, other in pairs]
    briefs: list[Json] = []
    firsts: dict[int, Json] = {}  # by structure
    paths: set[str] = set()
    for child in node["children"]:
        first = firsts.get(structures[id(child)])
        written = _brief(child, first, structures)
        if first is not None:
            written = {"path": child["path"], "like": first["path"], **written}
        elif child["path"] not in paths:  # else the path would name another one
            firsts[structures[id(child)]] = child
        paths.add(child["path"])
        briefs.append(written)
    return briefs
