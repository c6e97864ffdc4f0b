"""Prediction of trees: additivity, fallbacks, extrapolation, calls."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.predict.predicted import predict_tree
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.tree import Energy, Features, ModelTree, Node

Leaf = Callable[..., Node]
Tree = Callable[..., ModelTree]


def energy(node: Node) -> Energy:
    assert node.energy is not None
    return node.energy


def check(root: Node) -> None:
    """What holds at every node of a predicted tree."""
    for node in root.walk():
        own = node.own_joules
        assert own is not None
        below = math.fsum(energy(child).joules for child in node.children)
        assert below <= energy(node).joules * (1 + 1e-12)
        assert own + below == pytest.approx(energy(node).joules, rel=1e-12)
        assert 0 <= energy(node).low <= energy(node).joules <= energy(node).high
        for source in ("estimated", "extrapolated"):
            codes = [flag for flag in node.flags if flag.startswith(f"{source}: ")]
            assert len(codes) <= 1
        assert (energy(node).source == "estimated") == any(
            flag.startswith("estimated: ") for flag in node.flags
        )


def test_additive_at_every_node_of_the_data(trees: list[ModelTree], profile: DeviceProfile) -> None:
    for tree in trees:
        predicted = predict_tree(tree, profile)
        check(predicted.root)
        assert [n.path for n in predicted.root.walk()] == [n.path for n in tree.root.walk()]
        assert not any(node.flags for node in predicted.root.walk())
        assert {energy(node).source for node in predicted.root.walk()} == {"predicted"}


def test_close_to_what_was_measured(trees: list[ModelTree], profile: DeviceProfile) -> None:
    errors, inside = [], 0
    for tree in trees:
        predicted, truth = energy(predict_tree(tree, profile).root), energy(tree.root).joules
        errors.append(abs(predicted.joules - truth) / truth)
        inside += predicted.low <= truth <= predicted.high
    assert sum(errors) / len(errors) < 0.025
    assert inside / len(trees) > 0.9


PRIMITIVES = ("Linear", "Conv1D", "MatMul", "Softmax", "LayerNorm", "Embedding", "Tanh", "GELU")
PRIMITIVES += ("RMSNorm", "LSTM", "Conv2d", "GroupedMatMul", "MyOwn")
size = st.floats(0, 1e7, allow_nan=False)


@st.composite
def nodes(draw: st.DrawFn, depth: int = 3) -> Node:
    features = Features(
        flops=draw(size),
        bytes=draw(size),
        canonical_megaflops=draw(size),
        canonical_mebibytes=draw(size),
        calls=draw(st.integers(1, 1000)),
        input_shapes=draw(st.sampled_from([(), ((),), ((0, 4),), ((8, 128, 768),)])),
        output_shapes=draw(st.sampled_from([(), ((8, 128, 3072),), ((1, 8192),)])),
        dtype=draw(st.sampled_from([None, "float32", "bfloat16", "int64"])),
    )
    count = draw(st.integers(0, 3)) if depth else 0
    children = tuple(draw(nodes(depth=depth - 1)) for _ in range(count))
    primitive = None if children else draw(st.sampled_from([None, *PRIMITIVES]))
    return Node("x", "ml" if primitive else "module", "X", features, children, primitive=primitive)


@settings(max_examples=150, deadline=None)
@given(root=nodes(), batch_size=st.integers(1, 512), seq_len=st.integers(1, 10**6))
def test_additive_on_any_tree(root: Node, batch_size: int, seq_len: int) -> None:
    tree = ModelTree("any", root, batch_size, seq_len)
    check(predict_tree(tree, load_device("gtx1080ti")).root)


@pytest.mark.parametrize(
    ("primitive", "megaflops", "mebibytes", "basis"),
    [
        ("GELU", 18.9, 24.0, "pointwise"),
        ("SiLU", 18.9, 24.0, "pointwise"),
        ("MyOwn", 0.0, 24.0, "pointwise"),
        ("MyOwn", 18.9, 0.0, "product"),
        ("RMSNorm", 6.3, 12.0, "LayerNorm"),
        ("BatchNorm2d", 6.3, 12.0, "LayerNorm"),
        ("Conv2d", 1800.0, 6.0, "product"),
        ("Conv1d", 1800.0, 6.0, "product"),
        ("LSTM", 50.0, 60.0, "product"),
        ("GroupedMatMul", 5000.0, 60.0, "product"),
        ("MyOwnProduct", 5000.0, 60.0, "product"),
    ],
)
def test_a_leaf_without_a_regressor_is_estimated(
    profile: DeviceProfile,
    make_leaf: Leaf,
    make_tree: Tree,
    primitive: str,
    megaflops: float,
    mebibytes: float,
    basis: str,
) -> None:
    leaf = make_leaf(primitive, megaflops=megaflops, mebibytes=mebibytes)
    root = predict_tree(make_tree(leaf), profile).root
    (predicted,) = root.children
    assert energy(predicted).source == "estimated" == energy(root).source
    assert energy(predicted).joules > 0
    assert energy(predicted).high >= 2.9 * energy(predicted).joules
    (flag,) = predicted.flags
    assert flag.startswith(f"estimated: no regressor for {primitive}")
    assert basis in flag
    assert root.flags[0].startswith("estimated: 100%")


def test_pointwise_leaves_total_as_they_did_in_training(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree
) -> None:
    """In the data GELU is no node: its work is part of the module's own."""
    dense = make_leaf("Linear", megaflops=4835.0, mebibytes=135.0)
    gelu = make_leaf("GELU", "act", megaflops=18.9, mebibytes=24.0)
    as_trained = predict_tree(make_tree(dense, rest_mebibytes=24.0, rest_megaflops=18.9), profile)
    as_captured = predict_tree(make_tree(dense, gelu), profile)
    assert energy(as_captured.root).joules == pytest.approx(energy(as_trained.root).joules)
    # The module's interval covers it, as it did in training.
    assert energy(as_captured.root).high == pytest.approx(energy(as_trained.root).high)
    assert energy(as_captured.root).source == "predicted"
    assert energy(as_captured.root.children[1]).source == "estimated"


def test_work_that_nobody_counted_is_not_silent(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree
) -> None:
    root = predict_tree(make_tree(make_leaf("Mystery")), profile).root
    (leaf,) = root.children
    assert energy(leaf).joules == 0 < energy(leaf).high
    assert "no operations or bytes were counted" in leaf.flags[0]
    # What really ran stands in where the canonical count is missing.
    counted = replace(make_leaf("Mystery"), features=Features(flops=1e6, bytes=1e6))
    assert energy(predict_tree(make_tree(counted), profile).root.children[0]).joules > 0


def test_a_module_that_runs_nothing_is_free(profile: DeviceProfile, make_tree: Tree) -> None:
    nothing = Node("drop", "module", "Identity")
    (child,) = predict_tree(make_tree(nothing), profile).root.children
    assert child.energy == Energy(0.0, 0.0, 0.0, "predicted")
    assert not child.flags


def test_functional_work_of_a_childless_module_is_estimated(
    profile: DeviceProfile, make_tree: Tree
) -> None:
    features = Features(canonical_megaflops=0.1, canonical_mebibytes=0.1)
    rotary = Node("rotary_emb", "module", "RotaryEmbedding", features)
    (child,) = predict_tree(make_tree(rotary), profile).root.children
    assert energy(child).source == "estimated"
    assert energy(child).joules >= min(
        leaf.floor_joules for leaf in profile.coefficients.leaves.values()
    )
    assert child.flags == ("estimated: 100% of it is functional work, by bytes",)


def test_small_leaves_cost_their_launch(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree
) -> None:
    norm = make_leaf("LayerNorm", mebibytes=0.01)
    (child,) = predict_tree(make_tree(norm), profile).root.children
    floor = profile.coefficients.leaves["LayerNorm"].floor_joules
    assert energy(child).joules == pytest.approx(floor, rel=0.02)
    assert not child.flags
    relu = make_leaf("ReLU", mebibytes=0.01)
    (child,) = predict_tree(make_tree(relu), profile).root.children
    assert energy(child).joules >= min(
        leaf.floor_joules for leaf in profile.coefficients.leaves.values()
    )


def test_functional_products_in_a_module_are_estimated(
    profile: DeviceProfile, make_tree: Tree
) -> None:
    root = predict_tree(make_tree(rest_megaflops=5000.0, rest_mebibytes=10.0), profile).root
    assert energy(root).joules > 0.1
    assert energy(root).source == "estimated"
    assert "own work as a matrix product" in root.flags[0]


@pytest.mark.parametrize(
    ("leaf", "tree", "reason"),
    [
        ({"dtype": "bfloat16"}, {}, "bfloat16 predicted as float32"),
        ({"shapes": ((8, 128, 4096), (8, 128, 768))}, {}, "width 4096 (trained on 768–3072)"),
        ({"shapes": ((8, 128, 768), (8, 128, 128))}, {}, "width 128 (trained on 768–3072)"),
        ({"megaflops": 1e6}, {}, "Mflop (trained on"),
        ({}, {"seq_len": 1}, "sequence length 1 (trained on 32–256)"),
        ({}, {"batch_size": 1}, "batch size 1 (trained on 8–32)"),
    ],
)
def test_extrapolation_is_flagged_and_widened(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree, leaf: dict, tree: dict, reason: str
) -> None:
    usual = predict_tree(make_tree(make_leaf("Linear", megaflops=1208.0)), profile).root
    assert not any(node.flags for node in usual.walk())
    linear = make_leaf("Linear", **{"megaflops": 1208.0} | leaf)
    root = predict_tree(make_tree(linear, **tree), profile).root
    (flag,) = root.children[0].flags
    assert flag.startswith("extrapolated: ")
    assert reason in flag
    for node, before in zip(root.walk(), usual.walk(), strict=True):
        assert node.flags[0].startswith("extrapolated: ")
        assert energy(node).source == "predicted"
        assert energy(node).high / energy(node).joules >= 1.24
        assert energy(node).low / energy(node).joules <= 0.81
        assert energy(node).high / energy(node).joules > (
            energy(before).high / energy(before).joules
        )


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (1.01, 1.5),  # at least ×/÷ 1.5
        (1.2, 1.2**3),  # three times as wide in logarithms
        (3.2, 6.4),  # what is wide already grows by no more than ×/÷ 2
    ],
)
def test_an_extrapolated_interval_is_wider_within_bounds(side: float, expected: float) -> None:
    found = Interval(1 / side, side).extrapolated()
    assert found.high == pytest.approx(expected)
    assert found.low == pytest.approx(1 / expected)


@pytest.mark.parametrize("primitive", ["Linear", "MatMul", "LayerNorm", "GELU", "Conv2d"])
@pytest.mark.parametrize("calls", [2, 12, 1000])
def test_calls_scale_the_energy_of_one(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree, primitive: str, calls: int
) -> None:
    def total(n: int) -> list[Energy]:
        leaf = make_leaf(primitive, megaflops=1208.0, mebibytes=30.0, calls=n)
        tree = make_tree(leaf, rest_mebibytes=3.0, inner=True, calls=n)
        return [energy(node) for node in predict_tree(tree, profile).root.walk()]

    for once, often in zip(total(1), total(calls), strict=True):
        assert often.joules == pytest.approx(calls * once.joules)
        assert often.high == pytest.approx(calls * once.high)


def test_flags_of_capture_are_kept(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree
) -> None:
    tree = make_tree(make_leaf("Linear", megaflops=1208.0))
    tree = replace(tree, root=replace(tree.root, flags=("incomplete: it raised",)))
    assert predict_tree(tree, profile).root.flags == ("incomplete: it raised",)
