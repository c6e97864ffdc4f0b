"""Arithmetic on trees: repeating, adding and moving them. Pure functions on plain data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from irene_jupyter.tree import SOURCES, Energy, Features, Node, Source

CELL = "Cell"  # the class name of the root above several models

# A sum is called after the least certain source that gives it more than this share.
UNCERTAIN_SHARE = 0.2
_FEW = 4  # flags of a node that are kept as they are
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")  # not "Conv2d"


def repeated(node: Node, calls: int) -> Node:
    """The tree of `calls` runs of `node`'s."""
    if calls == 1:
        return node
    children = tuple(repeated(child, calls) for child in node.children)
    energies = [] if node.energy is None else [node.energy.scaled(calls)]
    return replace(
        node,
        features=node.features.scaled(calls),
        energy=total(energies, [child.energy for child in children if child.energy]),
        children=children,
    )


def merged(trees: Sequence[Node]) -> Node:
    """The sum of several runs of one model, node by node along the paths; `trees` is not empty.

    Own energies add up as well, so that own + children = parent still holds at every node.
    """
    first = trees[0]
    if len(trees) == 1:
        return first
    groups: dict[str, list[Node]] = {}
    for tree in trees:
        for child in tree.children:
            groups.setdefault(child.path, []).append(child)
    children = tuple(merged(group) for group in groups.values())
    energies = [tree.energy for tree in trees if tree.energy is not None]
    return replace(
        first,
        features=_summed(first.features, [tree.features for tree in trees]),
        energy=total(energies, [child.energy for child in children if child.energy]),
        children=children,
        flags=_flags(dict.fromkeys(flag for tree in trees for flag in tree.flags)),
    )


def _flags(flags: Iterable[str]) -> tuple[str, ...]:
    """Many that differ in numbers alone, as hundreds of lengths do, are one with their ranges."""
    alike: dict[str, list[str]] = {}
    for flag in flags:
        alike.setdefault(_NUMBER.sub("#", flag), []).append(flag)
    return tuple(
        flag for same in alike.values() for flag in (same if len(same) <= _FEW else [_ranged(same)])
    )


def _ranged(flags: Sequence[str]) -> str:
    columns = iter(list(zip(*map(_NUMBER.findall, flags), strict=True)))

    def span(_: re.Match[str]) -> str:
        numbers = sorted(next(columns), key=lambda number: float(number.replace(",", "")))
        return numbers[0] if numbers[0] == numbers[-1] else f"{numbers[0]}–{numbers[-1]}"

    return _NUMBER.sub(span, flags[0])


def _summed(first: Features, parts: Sequence[Features]) -> Features:
    return replace(
        first,
        num_parameters=max(f.num_parameters for f in parts),
        flops=sum(f.flops for f in parts),
        bytes=sum(f.bytes for f in parts),
        canonical_megaflops=sum(f.canonical_megaflops for f in parts),
        canonical_mebibytes=sum(f.canonical_mebibytes for f in parts),
        calls=sum(f.calls for f in parts),
        latency_seconds=_sum_of_known([f.latency_seconds for f in parts]),
        replayed_seconds=_sum_of_known([f.replayed_seconds for f in parts]),
        replayed_spread_seconds=_sum_of_known([f.replayed_spread_seconds for f in parts]),
    )


def _sum_of_known(values: Sequence[float | None]) -> float | None:
    """None where one of them is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def total(energies: Sequence[Energy], children: Sequence[Energy] = ()) -> Energy | None:
    """The sum of energies, None of none. The intervals add up: errors of one profile agree.

    `children` are what the sum consists of, so that rounding never puts it below theirs.
    """
    if not energies:
        return None
    joules = max(math.fsum(e.joules for e in energies), math.fsum(e.joules for e in children))
    low = math.fsum(e.low for e in energies)
    high = math.fsum(e.high for e in energies)
    return Energy(joules, min(low, joules), max(high, joules), _source(energies, joules))


def _source(energies: Sequence[Energy], joules: float) -> Source:
    for source in reversed(SOURCES):  # the least certain last
        share = math.fsum(e.joules for e in energies if e.source == source)
        if share > UNCERTAIN_SHARE * joules:
            return source
    return energies[0].source


def moved(node: Node, prefix: str) -> Node:
    """The tree with `prefix` before every path."""
    path = f"{prefix}.{node.path}" if node.path else prefix
    return replace(node, path=path, children=tuple(moved(child, prefix) for child in node.children))


def gathered(models: Sequence[tuple[str, Node]]) -> Node:
    """One root above several (name, model) trees, whose paths then begin with their names."""
    children = tuple(moved(node, name) for name, node in models)
    return Node(
        path="",
        type="model",
        class_name=CELL,
        features=_summed(
            Features(), [replace(child.features, latency_seconds=None) for child in children]
        ),
        children=children,
        energy=total([child.energy for child in children if child.energy]),
    )
