"""Arithmetic on trees: repeating, adding and moving them. Pure functions on plain data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from irene_jupyter.tree import ADDITIVE, SOURCES, Energy, Features, Node, Source

CELL = "Cell"  # the class name of the root above several models

# A sum is called after the least certain source that gives it more than this share.
UNCERTAIN_SHARE = 0.2
_FEW = 4  # flags of a node that are kept as they are
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")  # not "Conv2d"


def repeated(node: Node, calls: int) -> Node:
    """The tree of `calls` runs of `node`'s."""
    if calls == 1:
        return node

    def again(node: Node) -> Node:
        energies = [] if node.energy is None else [node.energy.scaled(calls)]
        energy = total(energies, energies_of(node.children))
        return replace(node, features=node.features.scaled(calls), energy=energy)

    return node.mapped(again)


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
    return replace(
        first,
        features=_summed(first.features, [tree.features for tree in trees]),
        energy=total(energies_of(trees), energies_of(children)),
        children=children,
        flags=ranged(dict.fromkeys(flag for tree in trees for flag in tree.flags)),
    )


def ranged(flags: Iterable[str], few: int = _FEW) -> tuple[str, ...]:
    """More than `few` that differ in numbers alone, as lengths do, are one with their ranges."""
    alike: dict[str, list[str]] = {}
    for flag in flags:
        alike.setdefault(_NUMBER.sub("#", flag), []).append(flag)
    return tuple(
        flag
        for same in alike.values()
        for flag in (same if len(same) <= few else [_range_of(same)])
    )


def _range_of(flags: Sequence[str]) -> str:
    columns = iter(list(zip(*map(_NUMBER.findall, flags), strict=True)))

    def span(_: re.Match[str]) -> str:
        numbers = sorted(next(columns), key=lambda number: float(number.replace(",", "")))
        return numbers[0] if numbers[0] == numbers[-1] else f"{numbers[0]}–{numbers[-1]}"

    return _NUMBER.sub(span, flags[0])


def _summed(first: Features, parts: Sequence[Features]) -> Features:
    columns = {name: [getattr(each, name) for each in parts] for name in ADDITIVE}
    sums: dict[str, Any] = {
        name: None if None in column else sum(column) for name, column in columns.items()
    }
    return replace(first, num_parameters=max(each.num_parameters for each in parts), **sums)


def energies_of(nodes: Iterable[Node]) -> list[Energy]:
    """Those that are known."""
    return [node.energy for node in nodes if node.energy is not None]


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
    return node.mapped(
        lambda each: replace(each, path=f"{prefix}.{each.path}" if each.path else prefix)
    )


def gathered(models: Sequence[tuple[str, Node]]) -> Node:
    """One root above several (name, model) trees, whose paths then begin with their names."""
    children = tuple(moved(node, name) for name, node in models)
    return Node(
        path="",
        type="model",
        class_name=CELL,
        features=_summed(
            Features(),
            [
                replace(child.features, latency_seconds=None, waiting_seconds=None)
                for child in children
            ],
        ),
        children=children,
        energy=total(energies_of(children)),
    )
