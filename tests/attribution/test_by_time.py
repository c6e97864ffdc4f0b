"""Joules by time in place: own + children = parent, whatever clocks and predictions say."""

from __future__ import annotations

import math

import pytest

from irene_jupyter.attribution.apportion import Share
from irene_jupyter.attribution.by_time import divided_by_time
from irene_jupyter.tree import Energy, Features, Node

SHARE = Share(10.0, 5.0, 30.0, 1.0)


def node(path: str, seconds: float | None, joules: float, *children: Node) -> Node:
    energy = Energy(joules, joules, joules, "predicted")
    features = Features(latency_seconds=seconds)
    return Node(path, "module", "Part", features, children, energy)


def divided(root: Node) -> Node:
    found = divided_by_time(root, root, SHARE)
    for each in found.walk():
        below = math.fsum(child.energy.joules for child in each.children if child.energy)
        assert each.energy is not None
        assert each.energy.source == "estimated"
        assert below <= each.energy.joules
        assert each.energy.low == pytest.approx(each.energy.joules / 2)
        assert each.energy.high == pytest.approx(each.energy.joules * 3)
    return found


def test_each_node_has_as_much_as_of_the_time():
    root = divided(node("", 4.0, 1.0, node("a", 1.0, 0.9), node("b", 2.0, 0.1)))
    assert root.energy == Energy(10.0, 5.0, 30.0, "estimated")
    assert [child.energy.joules for child in root.children if child.energy] == [2.5, 5.0]
    assert root.own_joules == 2.5


def test_what_was_not_timed_is_divided_as_predicted():
    hidden = node("b", 2.0, 8.0, node("b.x", None, 6.0), node("b.y", None, 2.0))
    root = divided(node("", 4.0, 10.0, node("a", 2.0, 2.0), hidden))
    assert root.find("b").energy == Energy(5.0, 2.5, 15.0, "estimated")
    assert root.find("b.x").energy == Energy(3.75, 1.875, 11.25, "estimated")
    assert root.find("b.y").energy == Energy(1.25, 0.625, 3.75, "estimated")


def test_clocks_that_tell_more_than_the_whole_are_brought_down():
    root = divided(node("", 4.0, 1.0, node("a", 3.0, 0.5), node("b", 3.0, 0.5)))
    assert [child.energy.joules for child in root.children if child.energy] == [5.0, 5.0]


def test_a_tree_without_any_time_is_divided_as_predicted():
    root = divided(node("", None, 4.0, node("a", None, 3.0), node("b", None, 0.0)))
    assert [child.energy.joules for child in root.children if child.energy] == [7.5, 0.0]
