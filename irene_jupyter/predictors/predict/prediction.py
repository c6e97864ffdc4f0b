"""What a method says of one node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.tree import Energy, ModelTree, Node, Source


@dataclass(frozen=True, slots=True)
class Prediction:
    """Joules of one node with their 90 % interval, and what they rest on.

    `low` and `high` are `joules` where the method has no interval. `flags` are to be added to
    the node's own.
    """

    joules: float
    low: float
    high: float
    basis: str
    source: Source = "predicted"
    flags: tuple[str, ...] = ()

    @classmethod
    def exact(cls, joules: float, basis: str) -> Prediction:
        """A prediction without an interval."""
        return cls(joules, joules, joules, basis)


def filled(
    tree: ModelTree, predictions: Sequence[Prediction], *, simulated: bool = False
) -> ModelTree:
    """A copy of the tree with the predicted energies, which are in the order of `root.walk()`.

    `simulated` marks them: a meter that is no hardware had a part in the profile.
    """
    energies: dict[tuple[float, float, float, Source], Energy] = {}  # layers are alike

    def of(node: Node, each: Iterator[Prediction]) -> Node:
        found = next(each)
        source = "simulated" if simulated else found.source
        key = (found.joules, found.low, found.high, source)
        energy = energies.get(key)
        if energy is None:
            energy = energies[key] = Energy(*key)
        return Node(
            node.path,
            node.type,
            node.class_name,
            node.features,
            tuple([of(child, each) for child in node.children]),
            energy,
            node.primitive,
            node.flags + found.flags,
        )

    return replace(tree, root=of(tree.root, iter(predictions)))


def doubted(root: Node, flag: str) -> Node:
    """A tree of which no data tell: intervals as wide as outside the trained sizes, all flagged."""

    def wider(node: Node) -> Node:
        energy = node.energy
        if energy is None or not 0 < energy.low <= energy.joules:
            return node.flagged(flag)
        joules = energy.joules
        wide = Interval(energy.low / joules, energy.high / joules).extrapolated()
        low, high = joules * wide.low, joules * wide.high
        return replace(node, energy=Energy(joules, low, high, energy.source)).flagged(flag)

    return root.mapped(wider)


def within_physics(root: Node, joules_per_byte: float) -> Node:
    """The tree with ranges that no data tested brought to what its bytes take at least.

    No range lies below that. What does not fit the device could not be tried there at all: of its
    range nothing else is known from below, so that it begins there.
    """

    def bounded(node: Node) -> Node:
        energy, codes = node.energy, {flag.partition(":")[0] for flag in node.flags}
        if energy is None or codes.isdisjoint(("extrapolated", "does_not_fit")):
            return node
        least = joules_per_byte * node.features.bytes
        low = least if "does_not_fit" in codes else max(energy.low, least)
        low, high = min(energy.joules, low), max(energy.high, least)
        return replace(node, energy=Energy(energy.joules, low, high, energy.source))

    return root.mapped(bounded)
