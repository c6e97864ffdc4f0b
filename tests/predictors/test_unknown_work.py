"""Nodes of which capture says that they did more than was counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from irene_jupyter.predictors.methods import predict_with
from irene_jupyter.predictors.predict.bounds import UNKNOWN_FACTOR, UNKNOWN_WATTS
from irene_jupyter.predictors.predict.predicted import predict_tree
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import ModelTree, Node

Leaf = Callable[..., Node]
Tree = Callable[..., ModelTree]
FLAG = "estimated: operations of mylib::f are not known; counted by its bytes"


def doubted(node: Node) -> Node:
    return replace(node, flags=(FLAG,))


@pytest.mark.parametrize("primitive", ["Linear", "mylib::f"])
@pytest.mark.parametrize("megaflops", [0.0, 1208.0])
def test_a_leaf_is_estimated_whatever_was_counted_of_it(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree, primitive: str, megaflops: float
) -> None:
    leaf = doubted(make_leaf(primitive, megaflops=megaflops, mebibytes=megaflops / 100))
    root = predict_tree(make_tree(leaf), profile).root
    energy = root.children[0].energy
    assert energy is not None
    assert energy.source == "estimated"
    assert energy.joules > 0
    assert energy.high == pytest.approx(UNKNOWN_FACTOR * energy.joules)
    assert energy.low == pytest.approx(energy.joules / UNKNOWN_FACTOR)
    assert root.children[0].flags == (FLAG,)


def test_a_module_is_estimated_for_its_own_work_alone(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree
) -> None:
    tree = make_tree(make_leaf("Linear", megaflops=1208.0, mebibytes=30.0), rest_mebibytes=3.0)
    usual = predict_tree(tree, profile).root
    found = predict_tree(replace(tree, root=doubted(tree.root)), profile).root
    assert usual.energy is not None
    assert found.energy is not None
    assert (usual.energy.source, found.energy.source) == ("predicted", "estimated")
    assert found.children[0].energy == usual.children[0].energy
    assert found.energy.joules >= usual.energy.joules
    assert found.energy.high > usual.energy.high


def test_what_took_long_may_have_cost_as_much(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree
) -> None:
    leaf = doubted(make_leaf("mylib::f", mebibytes=0.001))
    slow = replace(leaf, features=replace(leaf.features, latency_seconds=2.0))
    for node, is_long in ((leaf, False), (slow, True)):
        energy = predict_tree(make_tree(node), profile).root.children[0].energy
        assert energy is not None
        assert (energy.high >= 2.0 * UNKNOWN_WATTS) == is_long


def test_equal_nodes_with_and_without_doubt_are_told_apart(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree
) -> None:
    tree = make_tree(make_leaf("Linear", megaflops=1208.0, mebibytes=30.0))
    (leaf,) = tree.root.children
    both = replace(
        tree, root=replace(tree.root, children=(leaf, doubted(replace(leaf, path="other"))))
    )
    sources = [
        node.energy.source for node in predict_tree(both, profile).root.children if node.energy
    ]
    assert sources == ["predicted", "estimated"]


def test_the_papers_regressors_say_so_as_well(
    profile: DeviceProfile, make_leaf: Leaf, make_tree: Tree
) -> None:
    tree = make_tree(doubted(make_leaf("Linear", megaflops=1208.0, mebibytes=30.0)))
    energy = predict_with(tree, profile, "irene").root.children[0].energy
    assert energy is not None
    assert energy.source == "estimated"
    assert energy.high >= 3 * energy.joules
