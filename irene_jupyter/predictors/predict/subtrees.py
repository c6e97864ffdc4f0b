"""A tree as its distinct subtrees: layers are alike, and each is estimated once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from irene_jupyter.predictors.forms import features, matrices
from irene_jupyter.tree import ModelTree, Node


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read while one call of a node ran; NaN where it was not."""

    seconds: float = math.nan
    driver_joules: float = math.nan
    gpu_percent: float = math.nan


UNREAD = Reading()
_READ = ("latency_seconds", "gpu_energy_joules", "gpu_percent")
_NOTHING: frozenset[str] = frozenset()


def readings(tree: ModelTree) -> list[Reading]:
    """What the tree's own features hold of its run, in the order of `root.walk()`."""
    return [Reading(*features.values(_READ, tree, node)) for node in tree.root.walk()]


@dataclass(frozen=True, slots=True)
class Subtree:
    """A node with all below it, as far as energy depends on it, at one of its places.

    `children` are the places of the nodes below in `Subtrees.distinct`, `beside` the kinds of the
    leaves beside a leaf: one without a regressor needs less where they have some.
    """

    tree: ModelTree
    node: Node
    reading: Reading
    children: tuple[int, ...]
    beside: frozenset[str]
    _values: dict[Sequence[str], tuple[float, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def is_leaf(self) -> bool:
        """Whether it is an ml primitive; a module without children is all own work."""
        return self.node.primitive is not None and not self.node.children

    def values(self, columns: tuple[str, ...]) -> tuple[float, ...]:
        """The named columns of one call, in the columns' units."""
        found = self._values.get(columns)
        if found is None:
            found = self._values[columns] = tuple(features.values(columns, self.tree, self.node))
        return found


@dataclass(frozen=True, slots=True)
class Subtrees:
    """The distinct subtrees, children before parents; where the nodes of `root.walk()` are."""

    distinct: tuple[Subtree, ...]
    places: tuple[int, ...]

    @classmethod
    def of(cls, tree: ModelTree, known: Sequence[Reading] = ()) -> Subtrees:
        """`known`: what was read of each node, in the order of `root.walk()`; empty for nothing."""
        distinct: list[Subtree] = []
        places: list[int] = []
        found: dict[tuple[object, ...], int] = {}

        def visit(node: Node, beside: frozenset[str]) -> int:
            at = len(places)
            places.append(-1)
            reading = known[at] if known else None
            children: tuple[int, ...] = ()
            if node.children:
                kinds = frozenset([k for c in node.children if (k := matrices.kind_of(c))])
                children = tuple([visit(child, kinds) for child in node.children])
            if node.children or node.primitive is None:
                beside = _NOTHING
            its = node.features
            key = (
                node.type,
                node.primitive,
                its.canonical_megaflops,
                its.canonical_mebibytes,
                its.flops,
                its.bytes,
                its.calls,
                its.input_shapes,
                its.output_shapes,
                its.dtype,
                beside,
                is_doubted(node) and its.latency_seconds,
                reading,
                children,
            )
            place = found.get(key)
            if place is None:
                place = found[key] = len(distinct)
                distinct.append(Subtree(tree, node, reading or UNREAD, children, beside))
            places[at] = place
            return place

        visit(tree.root, _NOTHING)
        return cls(tuple(distinct), tuple(places))


def is_doubted(node: Node) -> bool:
    """Whether capture says of a node that it did work that could not be counted."""
    return bool(node.flags) and any(flag.startswith("estimated: ") for flag in node.flags)
