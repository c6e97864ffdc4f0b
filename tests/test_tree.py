"""The ground floor: energies, nodes, and their JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from irene_jupyter.tree import (
    MAX_DEPTH,
    Energy,
    Features,
    Node,
    TreeError,
)
from irene_jupyter.tree_json import node_from_dict, node_to_dict


def _node(path: str, joules: float, *children: Node) -> Node:
    energy = Energy(joules, joules / 2, joules * 2, "predicted")
    kind = "module" if children else "ml"
    return Node(path, kind, path.rpartition(".")[2] or "Net", Features(), children, energy)  # type: ignore[arg-type]


def _tree() -> Node:
    return _node("", 10.0, _node("a", 6.0, _node("a.b", 1.0), _node("a.c", 2.0)), _node("d", 3.0))


@pytest.mark.parametrize(
    ("joules", "low", "high"),
    [
        (-1, -2, 0),
        (math.nan, 0, 1),
        (1, 0, math.inf),
        (1, 2, 3),
        (1, 0, 0.5),
        (True, 0, 1),
        ("1", 0, 2),
        (None, 0, 1),
        (10**400, 0, 10**401),
    ],
)
def test_energy_refuses(joules: Any, low: Any, high: Any) -> None:
    with pytest.raises(TreeError, match="energy"):
        Energy(joules, low, high, "predicted")


def test_energy_refuses_an_unknown_source() -> None:
    with pytest.raises(TreeError, match="guessed"):
        Energy(1, 1, 1, "guessed")  # type: ignore[arg-type]


def test_energy_times_calls() -> None:
    assert Energy(1, 0.5, 2, "measured").scaled(3) == Energy(3, 1.5, 6, "measured")


def test_a_tree_is_rebuilt_from_its_leaves_with_values_in_the_order_of_walk() -> None:
    tree = _tree()

    def told(node: Node, number: int) -> Node:
        below = "".join(child.class_name for child in node.children)
        return replace(node, class_name=f"{number}({below})")

    assert tree.mapped(told, range(5)).class_name == "0(1(2()3())4())"
    with pytest.raises(ValueError, match="shorter"):
        tree.mapped(lambda node, *_: node, range(5), range(4))


def test_what_does_not_change_is_the_same_object() -> None:
    tree = _tree()
    assert tree.mapped(lambda node: node) is tree
    changed = tree.mapped(lambda node: replace(node, flags=("x",)) if node.path == "d" else node)
    assert changed.children[0] is tree.children[0]
    assert changed.find("d").flags == ("x",)


def test_features_times_calls() -> None:
    features = Features(
        num_parameters=7, flops=2, bytes=4, calls=2, latency_seconds=0.5, input_shapes=((1, 2),)
    )
    thrice = features.scaled(3)
    assert (thrice.flops, thrice.bytes, thrice.calls, thrice.latency_seconds) == (6, 12, 6, 1.5)
    assert (thrice.num_parameters, thrice.input_shapes) == (7, ((1, 2),))
    assert Features().scaled(3).latency_seconds is None


def test_walk_find_and_names() -> None:
    root = _tree()
    assert [node.path for node in root.walk()] == ["", "a", "a.b", "a.c", "d"]
    assert [node.path for node in root.leaves()] == ["a.b", "a.c", "d"]
    assert (root.name, root.find("a.c").name) == ("Net", "c")
    with pytest.raises(KeyError, match=r"no node 'a\.c\.x'; the nearest is 'a\.c'"):
        root.find("a.c.x")
    with pytest.raises(KeyError, match="the nearest is 'd'"):
        root.find("d.e.f")


def test_what_rounding_leaves_is_no_own_energy() -> None:
    def parent(joules: float) -> Node:
        child = Node("a", "ml", "A", energy=Energy(3.0, 3.0, 3.0, "measured"))
        return Node(
            "", "ml", "M", energy=Energy(joules, joules, joules, "measured"), children=(child,)
        )

    assert parent(3.0 + 1e-12).own_joules == 0.0
    assert parent(3.0 + 1e-6).own_joules == pytest.approx(1e-6)


def test_own_energy_is_what_no_child_explains() -> None:
    root = _tree()
    assert root.own_joules == 1.0
    assert root.find("a").own_joules == 3.0
    assert root.find("d").own_joules == 3.0
    assert Node("x", "ml", "X").own_joules is None
    for node in root.walk():
        assert node.energy is not None
        assert node.own_joules is not None
        below = sum(child.energy.joules for child in node.children if child.energy)
        assert node.own_joules + below == node.energy.joules


def test_json_round_trip() -> None:
    full = Node(
        "layer.0",
        "ml",
        "Linear",
        Features(
            num_parameters=3,
            flops=1.5,
            bytes=2.0,
            canonical_megaflops=0.1,
            canonical_mebibytes=0.2,
            calls=4,
            input_shapes=((8, 3), ()),
            output_shapes=((8, 1),),
            dtype="float32",
            device="cpu",
            latency_seconds=0.001,
            operation="linear",
            resources={"cpu_percent": -1.0},
        ),
        (),
        Energy(1, 0.5, 2, "estimated"),
        "linear",
        ("estimated: why",),
    )
    for node in (full, _tree(), Node("x", "ml", "X")):
        text = json.dumps(node_to_dict(node), allow_nan=False)
        assert node_from_dict(json.loads(text)) == node


def test_unknown_features_are_left_out() -> None:
    data = node_to_dict(Node("x", "ml", "X"))
    assert data["energy"] is None
    assert data["own_joules"] is None
    assert set(data["features"]) <= {
        *("num_parameters", "flops", "bytes", "canonical_megaflops", "canonical_mebibytes"),
        "calls",
    }


def test_children_must_not_exceed_their_parent() -> None:
    data = node_to_dict(_tree())
    data["children"][0]["children"][0]["energy"] = {
        "joules": 5.0, "low": 5.0, "high": 5.0, "source": "predicted",
    }  # fmt: skip
    with pytest.raises(TreeError, match="the children of 'a' sum to 7"):
        node_from_dict(data)
    data["children"][0]["children"][0]["energy"].update(joules=4.0, low=4.0)
    assert node_from_dict(data).find("a").own_joules == 0.0


def test_rounding_is_no_breach_of_additivity() -> None:
    parts = [_node(f"a.{index}", 0.1) for index in range(10)]
    root = _node("a", sum(0.1 for _ in range(10)), *parts)
    assert node_from_dict(node_to_dict(root)) == root


@pytest.mark.parametrize(
    "change",
    [
        {"type": "layer"},
        {"type": None},
        {"path": 1},
        {"class_name": None},
        {"children": None},
        {"children": [1]},
        {"primitive": 1},
        {"flags": [1]},
        {"flags": None},
        {"energy": {}},
        {"energy": []},
        {"features": []},
        {"features": {"unknown": 1}},
        {"features": {"flops": "1"}},
        {"features": {"flops": -1}},
        {"features": {"flops": math.nan}},
        {"features": {"flops": 10**400}},
        {"features": {"calls": 0}},
        {"features": {"calls": True}},
        {"features": {"calls": 2**63}},
        {"features": {"num_parameters": 1.5}},
        {"features": {"input_shapes": [[1.5]]}},
        {"features": {"input_shapes": [[2**63]]}},
        {"features": {"dtype": 1}},
        {"features": {"resources": {"x": math.inf}}},
    ],
)
def test_node_from_dict_refuses(change: dict[str, Any]) -> None:
    data = node_to_dict(_tree())
    data.update(change)
    with pytest.raises(TreeError):
        node_from_dict(data)


def test_depth_is_bounded() -> None:
    data = node_to_dict(Node("x", "ml", "X"))
    for _ in range(MAX_DEPTH):
        data = {**node_to_dict(Node("x", "module", "X")), "children": [data]}
    assert sum(1 for _ in node_from_dict(data).walk()) == MAX_DEPTH + 1
    data = {**data, "children": [data]}
    with pytest.raises(TreeError, match="deeper than 256"):
        node_from_dict(data)


@pytest.mark.parametrize("data", [None, [], 1, "node"])
def test_a_node_is_an_object(data: Any) -> None:
    with pytest.raises(TreeError, match="must be an object"):
        node_from_dict(data)
