"""A decoding step between two others: all that is known of it grows linearly with the cache."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from irene_jupyter.tree import WORK, Features, Node, Shape


def interpolated(short: Node, long: Node, fraction: float) -> Node:
    """The tree of a step between two of the same structure: 0 is `short`, 1 is `long`.

    Where the structures differ (a window that is full), the nearer one stands for it.
    """
    if short is long or fraction <= 0:
        return short
    if not _is_alike(short, long):
        return short if fraction < 0.5 else long
    return short.mapped(lambda a, b: _between(a, b.features, fraction), long.walk())


def _is_alike(a: Node, b: Node) -> bool:
    return (
        a.path == b.path
        and len(a.children) == len(b.children)
        and _dimensions(a.features) == _dimensions(b.features)
        and all(map(_is_alike, a.children, b.children))
    )


def _dimensions(features: Features) -> list[int]:
    return [len(shape) for shape in (*features.input_shapes, *features.output_shapes)]


def _between(node: Node, b: Features, fraction: float) -> Node:
    a = node.features

    def number(name: str) -> float:
        low, high = getattr(a, name), getattr(b, name)
        return float(low + fraction * (high - low))

    def shapes(name: str) -> tuple[Shape, ...]:
        pairs = zip(getattr(a, name), getattr(b, name), strict=True)
        return tuple(
            tuple(round(x + fraction * (y - x)) for x, y in zip(low, high, strict=True))
            for low, high in pairs
        )

    is_replayed = None not in (a.replayed_seconds, b.replayed_seconds)
    work: dict[str, Any] = {name: number(name) for name in WORK}
    features = replace(
        a,
        **work,
        input_shapes=shapes("input_shapes"),
        output_shapes=shapes("output_shapes"),
        replayed_seconds=number("replayed_seconds") if is_replayed else None,
        replayed_spread_seconds=number("replayed_spread_seconds") if is_replayed else None,
    )
    return replace(node, features=features)
