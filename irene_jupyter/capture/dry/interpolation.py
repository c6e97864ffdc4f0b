"""A decoding step between two others: all that is known of it grows linearly with the cache."""

from __future__ import annotations

from dataclasses import replace

from irene_jupyter.tree import Features, Node, Shape


def interpolated(short: Node, long: Node, fraction: float) -> Node:
    """The tree of a step between two of the same structure: 0 is `short`, 1 is `long`.

    Where the structures differ (a window that is full), the nearer one stands for it.
    """
    if short is long or fraction <= 0:
        return short
    if not _is_alike(short, long):
        return short if fraction < 0.5 else long
    return _between(short, long, fraction)


def _is_alike(a: Node, b: Node) -> bool:
    return (
        a.path == b.path
        and len(a.children) == len(b.children)
        and _dimensions(a.features) == _dimensions(b.features)
        and all(map(_is_alike, a.children, b.children))
    )


def _dimensions(features: Features) -> list[int]:
    return [len(shape) for shape in (*features.input_shapes, *features.output_shapes)]


def _between(a: Node, b: Node, fraction: float) -> Node:
    def number(name: str) -> float:
        low, high = getattr(a.features, name), getattr(b.features, name)
        return float(low + fraction * (high - low))

    def shapes(name: str) -> tuple[Shape, ...]:
        pairs = zip(getattr(a.features, name), getattr(b.features, name), strict=True)
        return tuple(
            tuple(round(x + fraction * (y - x)) for x, y in zip(low, high, strict=True))
            for low, high in pairs
        )

    is_replayed = None not in (a.features.replayed_seconds, b.features.replayed_seconds)
    features = replace(
        a.features,
        flops=number("flops"),
        bytes=number("bytes"),
        canonical_megaflops=number("canonical_megaflops"),
        canonical_mebibytes=number("canonical_mebibytes"),
        input_shapes=shapes("input_shapes"),
        output_shapes=shapes("output_shapes"),
        replayed_seconds=number("replayed_seconds") if is_replayed else None,
        replayed_spread_seconds=number("replayed_spread_seconds") if is_replayed else None,
    )
    children = tuple(_between(x, y, fraction) for x, y in zip(a.children, b.children, strict=True))
    return replace(a, features=features, children=children)
