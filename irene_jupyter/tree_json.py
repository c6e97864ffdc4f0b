"""Model trees as strict JSON values, and back, checked."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

from irene_jupyter.checker import Checker, is_number, is_whole
from irene_jupyter.tree import (
    MAX_DEPTH,
    NODE_TYPES,
    TIMES,
    WORK,
    Energy,
    Features,
    Node,
    Shape,
    TreeError,
)

# Relative tolerance of "own + children = parent" when a tree is read from a file.
ADDITIVITY_TOLERANCE = 1e-6

_FEATURES = tuple(each.name for each in fields(Features))


def node_to_dict(node: Node) -> dict[str, Any]:
    """`node` as strict JSON values; unknown features are left out."""
    features = {
        name: value
        for name in _FEATURES
        if (value := getattr(node.features, name)) not in (None, (), {})
    }
    for name in ("input_shapes", "output_shapes"):
        if name in features:
            features[name] = [list(shape) for shape in features[name]]
    if "resources" in features:
        features["resources"] = dict(features["resources"])
    energy = node.energy
    return {
        "path": node.path,
        "type": node.type,
        "class_name": node.class_name,
        "primitive": node.primitive,
        "energy": None
        if energy is None
        else {name: getattr(energy, name) for name in ("joules", "low", "high", "source")},
        "own_joules": node.own_joules,
        "features": features,
        "flags": list(node.flags),
        "children": [node_to_dict(child) for child in node.children],
    }


_CHECK = Checker(lambda what: TreeError(f"tree: {what}"))


def node_from_dict(
    data: Any, depth: int = 0, like: Node | None = None, *, brief: bool = False
) -> Node:
    """The node that `node_to_dict` wrote. Raises `TreeError` on anything else.

    What `data` leaves out of its features is as in its counterpart `like`: see `_children`. In a
    `brief` tree type, class and flags are, too, and nodes may leave out what is empty.

    Checks types, finite numbers, depth, and that children do not exceed their parent.
    """
    if depth > MAX_DEPTH:
        raise TreeError(f"tree: deeper than {MAX_DEPTH} levels")
    if not isinstance(data, dict):
        raise TreeError(f"tree: a node must be an object, not {type(data).__name__}")
    if brief:
        known = {"type": like.type, "class_name": like.class_name} if like else {}
        data = {**known, "features": {}, "children": [], **data}
    kind = data.get("type")
    if kind not in NODE_TYPES:
        raise TreeError(f"tree: type {kind!r} is none of {', '.join(NODE_TYPES)}")
    energy = data.get("energy")
    primitive = data.get("primitive", like.primitive if like else None)
    if primitive is not None and not isinstance(primitive, str):
        raise TreeError("tree: 'primitive' must be a string or null")
    flags = like.flags if like else ()
    if "flags" in data or not brief:
        flags = tuple(_CHECK.field(data, "flags", list))
        if not all(isinstance(flag, str) for flag in flags):
            raise TreeError("tree: 'flags' must be strings")
    node = Node(
        path=_CHECK.field(data, "path", str),
        type=kind,
        class_name=_CHECK.field(data, "class_name", str),
        features=_features_from_dict(_CHECK.field(data, "features", dict), like),
        children=_children(_CHECK.field(data, "children", list), depth + 1, like, brief),
        energy=None if energy is None else _energy_from_dict(energy),
        primitive=primitive,
        flags=flags,
    )
    if node.energy is not None and node.children:
        below = math.fsum(child.energy.joules for child in node.children if child.energy)
        if below > node.energy.joules * (1 + ADDITIVITY_TOLERANCE) + 1e-12:
            raise TreeError(
                f"tree: the children of {node.path!r} sum to {below} J, more than their "
                f"parent's {node.energy.joules} J"
            )
    return node


def _children(data: list[Any], depth: int, like: Node | None, brief: bool) -> tuple[Node, ...]:
    """Nodes at `depth`, each with its counterpart: the earlier sibling whose path is its `like`.

    Without one, it is the child at the same place of the parent's own counterpart `like`.
    """
    nodes: list[Node] = []
    earlier: dict[str, Node] = {}
    for index, child in enumerate(data):
        other = like.children[index] if like and index < len(like.children) else None
        if isinstance(child, dict) and "like" in child:
            path = _CHECK.field(child, "like", str)
            if path not in earlier:
                raise TreeError(f"tree: 'like' names no earlier sibling: {path!r}")
            other = earlier[path]
        nodes.append(node_from_dict(child, depth, other, brief=brief))
        earlier.setdefault(nodes[-1].path, nodes[-1])
    return tuple(nodes)


def _energy_from_dict(data: Any) -> Energy:
    if not isinstance(data, dict) or set(data) != {"joules", "low", "high", "source"}:
        raise TreeError("energy: must have exactly joules, low, high and source")
    return Energy(**data)


_COUNTS = ("num_parameters", "calls")
_NUMBERS = (*WORK, *TIMES)
_STRINGS = ("dtype", "device", "operation")
_SHAPES = ("input_shapes", "output_shapes")


def _features_from_dict(data: dict[str, Any], like: Node | None) -> Features:
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name in _COUNTS and is_whole(value):
            values[name] = value
        elif name in _NUMBERS and is_number(value):
            values[name] = value
        elif name in _STRINGS and isinstance(value, str):
            values[name] = value
        elif name in _SHAPES and isinstance(value, list):
            values[name] = tuple(_shape(item) for item in value)
        elif (
            name == "resources"
            and isinstance(value, dict)
            and all(is_number(item, signed=True) for item in value.values())
        ):
            values[name] = value
        else:
            raise TreeError(f"features: {name!r} is unknown or its value is not valid")
    if values.get("calls", 1) < 1:
        raise TreeError("features: 'calls' must be at least 1")
    return replace(like.features if like else Features(), **values)


def _shape(value: Any) -> Shape:
    if not isinstance(value, list) or not all(is_whole(size) for size in value):
        raise TreeError("features: a shape must be a list of sizes")
    return tuple(value)
