"""A tree's joules by the time that each of its nodes took in place. Pure functions on trees."""

from __future__ import annotations

import math
from dataclasses import replace

from irene_jupyter.attribution.apportion import Share
from irene_jupyter.merging import energies_of
from irene_jupyter.tree import Energy, Node


def divided_by_time(root: Node, predicted: Node, share: Share) -> Node:
    """`root` with the share's joules, of which each node has as much as of the time in place.

    Below a node whose children were not timed, the `predicted` tree of the same shape divides:
    shares alone are taken from it, whatever device it is for.
    """
    low, high = (each / share.joules if share.joules else 1.0 for each in (share.low, share.high))
    return _divided(root, predicted, share.joules, min(low, 1.0), max(high, 1.0))


def _divided(node: Node, predicted: Node, joules: float, low: float, high: float) -> Node:
    parts = _parts(node, predicted)
    children = tuple(
        _divided(child, other, joules * part, low, high)
        for child, other, part in zip(node.children, predicted.children, parts, strict=True)
    )
    # So that rounding never puts a parent below its children.
    joules = max(joules, math.fsum(energy.joules for energy in energies_of(children)))
    energy = Energy(joules, joules * low, joules * high, "estimated")
    return replace(node, children=children, energy=energy)


def _parts(node: Node, predicted: Node) -> list[float]:
    """Of a node's joules, each child's; together at most 1."""
    whole = node.features.latency_seconds
    seconds = [child.features.latency_seconds for child in node.children]
    expected = [_predicted_part(child, predicted) for child in predicted.children]
    if not whole or all(each is None for each in seconds):
        parts = expected
    else:
        parts = [
            part if each is None else each / whole
            for each, part in zip(seconds, expected, strict=True)
        ]
    together = math.fsum(parts)
    return [part / together for part in parts] if together > 1.0 else parts


def _predicted_part(child: Node, parent: Node) -> float:
    if child.energy is None or parent.energy is None or parent.energy.joules <= 0:
        return 0.0
    return child.energy.joules / parent.energy.joules
