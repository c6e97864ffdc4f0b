"""A tree on a board: every node in its place, and nothing that does not add up."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from irene_jupyter.predictors.predict.board_estimates import Counted
from irene_jupyter.predictors.predict.board_tree import predict_board_tree
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.loading import load_board
from irene_jupyter.tree import Features, ModelTree, Node

FUSED = "scaled_dot_product_attention"


@pytest.fixture(scope="module")
def h100() -> BoardProfile:
    profile = load_board("h100")
    assert profile is not None
    return profile


def linear(path: str, rows: int, width: int, out: int, dtype: str = "bfloat16") -> Node:
    features = Features(
        num_parameters=width * out,
        flops=2.0 * rows * width * out,
        bytes=2.0 * (rows * width + rows * out + width * out),
        input_shapes=((rows, width),),
        output_shapes=((rows, out),),
        dtype=dtype,
    )
    return Node(path, "ml", "Linear", features, primitive="Linear")


def part(path: str, primitive: str, flops: float, moved: float) -> Node:
    features = Features(
        flops=flops,
        bytes=moved,
        input_shapes=((8, 128, 128),),
        output_shapes=((8, 128, 128),),
        dtype="bfloat16",
        operation=FUSED,
    )
    return Node(path, "ml", primitive, features, primitive=primitive)


def module(path: str, *children: Node) -> Node:
    features = Features(
        num_parameters=sum(child.features.num_parameters for child in children),
        flops=sum(child.features.flops for child in children),
        bytes=sum(child.features.bytes for child in children),
        input_shapes=children[0].features.input_shapes,
        output_shapes=children[-1].features.output_shapes,
        dtype="bfloat16",
    )
    return Node(path, "module" if path else "model", "Module", features, children)


def model(rows: int) -> ModelTree:
    """A layer with a fused attention, and a head."""
    layer = module(
        "layer",
        linear("layer.query", rows, 1024, 3072),
        part("layer.matmul_0", "MatMul", 4e8, 6e6),
        part("layer.softmax", "Softmax", 1e7, 0.0),
        part("layer.matmul_1", "MatMul", 4e8, 2e6),
        linear("layer.output", rows, 1024, 1024),
    )
    return ModelTree("Model", module("", layer, linear("head", rows, 1024, 32000)), 1, rows)


def timed(node: Node, seconds: dict[str, float]) -> Node:
    def change(each: Node) -> Node:
        if each.path not in seconds:
            return each
        features = replace(each.features, latency_seconds=seconds[each.path])
        return replace(each, features=features)

    return node.mapped(change)


def joules(node: Node) -> float:
    assert node.energy is not None
    return node.energy.joules


def seconds(node: Node) -> float:
    return node.features.latency_seconds or node.features.predicted_seconds or 0.0


@pytest.mark.parametrize("rows", [1, 64, 16384])
@pytest.mark.parametrize("launch", ["eager", "graph"])
def test_own_and_children_are_the_whole(h100: BoardProfile, rows: int, launch: str) -> None:
    root = predict_board_tree(model(rows), h100, "nothing", launch=launch).root  # type: ignore[arg-type]
    for node in root.walk():
        assert node.energy is not None
        assert node.energy.low < joules(node) < node.energy.high
        assert node.energy.source == "predicted"
        assert math.fsum(joules(child) for child in node.children) <= joules(node)
        below = math.fsum(seconds(child) for child in node.children)
        assert below <= seconds(node) * (1 + 1e-9)
        assert 0 <= (node.features.waiting_seconds or 0.0) <= seconds(node)


def test_the_whole_takes_as_long_as_the_longer_of_host_and_board(h100: BoardProfile) -> None:
    small, large = (predict_board_tree(model(rows), h100, "nothing") for rows in (1, 65536))
    assert (small.root.features.waiting_seconds or 0.0) > 0.8 * seconds(small.root)
    assert large.root.features.waiting_seconds == 0
    slower = predict_board_tree(model(1), h100, "nothing", host_seconds_per_op=46e-6)
    assert seconds(slower.root) == pytest.approx(2 * seconds(small.root))
    graph = predict_board_tree(model(1), h100, "nothing", launch="graph")
    assert graph.root.features.waiting_seconds == 0
    assert joules(graph.root) < 0.5 * joules(small.root)


def test_a_busy_board_hides_the_launches_of_small_operations(h100: BoardProfile) -> None:
    launch = h100.constants.host_seconds_per_operation
    for rows, is_hidden in ((64, False), (65536, True)):
        layer = predict_board_tree(model(rows), h100, "nothing").root.find("layer")
        attention = sum(seconds(child) for child in layer.children[1:4])
        assert (attention < launch) == is_hidden


def test_a_fused_attention_is_shared_among_its_parts(h100: BoardProfile) -> None:
    layer = predict_board_tree(model(64), h100, "nothing").root.find("layer")
    first, softmax, last = layer.children[1:4]
    assert joules(first) > joules(last) > joules(softmax) > 0
    for name in ("predicted_seconds", "waiting_seconds"):
        assert getattr(first.features, name) > getattr(last.features, name)


def test_known_seconds_are_the_nodes_own(h100: BoardProfile) -> None:
    tree = model(64)
    times = {"": 4e-3, "layer": 3e-3, "layer.query": 2e-3, "head": 0.5e-3}
    root = predict_board_tree(replace(tree, root=timed(tree.root, times)), h100, "seconds").root
    idle = h100.constants.idle_watts
    for path, known in times.items():
        assert seconds(root.find(path)) == known
        assert joules(root.find(path)) == pytest.approx(idle * known, rel=0.2)
    rest = seconds(root.find("layer.output"))  # of which no time is known: what is left
    assert 0 < rest < 1e-3
    assert root.find("head").features.predicted_seconds is None


def test_parts_of_a_fused_kernel_take_its_time_together(h100: BoardProfile) -> None:
    tree = model(64)
    parts = ("matmul_0", "softmax", "matmul_1")
    times = {"": 1e-3, "layer": 1e-3, **{f"layer.{name}": 1e-4 for name in parts}}
    root = predict_board_tree(replace(tree, root=timed(tree.root, times)), h100, "seconds").root
    idle = h100.constants.idle_watts
    attention = sum(joules(root.find(f"layer.{name}")) for name in parts)
    assert attention == pytest.approx(idle * 3e-4, rel=0.1)


def test_times_that_exceed_their_parent_are_brought_to_it(h100: BoardProfile) -> None:
    tree = model(64)
    times = {"": 1e-3, "layer": 1e-3, "head": 1e-3}
    root = predict_board_tree(replace(tree, root=timed(tree.root, times)), h100, "seconds").root
    assert sum(joules(child) for child in root.children) <= joules(root)
    assert joules(root.children[0]) == pytest.approx(0.5 * joules(root), rel=0.2)


def test_what_was_counted_is_the_roots(h100: BoardProfile) -> None:
    counted = Counted(seconds=2e-3, joules=0.5)
    for known in ("total", "seconds"):
        root = predict_board_tree(model(64), h100, known, counted).root  # type: ignore[arg-type]
        assert joules(root) == pytest.approx(0.5)
        assert seconds(root) == pytest.approx(2e-3)
    less = Counted(seconds=2e-3, joules=0.05)  # than the idle power of this board
    root = predict_board_tree(model(64), h100, "total", less).root
    assert joules(root) == pytest.approx(0.05)


def test_calls_add_up(h100: BoardProfile) -> None:
    once = model(64)
    times = replace(
        once,
        root=once.root.mapped(lambda node: replace(node, features=node.features.scaled(5))),
    )
    one, five = (predict_board_tree(tree, h100, "nothing").root for tree in (once, times))
    for single, repeated in zip(one.walk(), five.walk(), strict=True):
        assert joules(repeated) == pytest.approx(5 * joules(single))
        assert seconds(repeated) == pytest.approx(5 * seconds(single))


def test_a_dtype_without_constants_is_estimated(h100: BoardProfile) -> None:
    tree = ModelTree("Model", module("", linear("head", 64, 4096, 4096, "float64")), 1, 64)
    root = predict_board_tree(tree, h100, "nothing").root
    head = root.find("head")
    assert head.energy is not None
    assert head.energy.source == "estimated"
    assert head.energy.high == pytest.approx(3 * head.energy.joules)
    assert head.flags == ("estimated: no constants for float64 on this board",)
    assert root.energy is not None
    assert root.energy.source == "estimated"


def test_a_profile_says_how_its_joules_are_known(h100: BoardProfile) -> None:
    for origin, source in (({"simulated": True}, "simulated"), ({"estimated": "x"}, "estimated")):
        profile = replace(h100, training=origin)
        root = predict_board_tree(model(64), profile, "nothing").root
        assert {node.energy.source for node in root.walk() if node.energy} == {source}


def test_work_that_nobody_counted_keeps_its_doubt(h100: BoardProfile) -> None:
    doubted = linear("head", 64, 4096, 4096).flagged("estimated: an operation of another library")
    root = predict_board_tree(ModelTree("Model", module("", doubted), 1, 64), h100, "nothing").root
    assert root.find("head").flags == doubted.flags  # said once
    assert root.energy is not None
    assert root.energy.high > 2 * root.energy.joules
