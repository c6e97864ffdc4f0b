"""A node of one tree and its counterpart in another, and what differs between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from irene_jupyter.report.folding import is_untested
from irene_jupyter.tree import Energy, Node


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """A node of the one tree and its counterpart in the other; one of them may be missing.

    What is missing needs 0 J. `children` are the pairs of the children.
    """

    before: Node | None
    after: Node | None
    children: tuple[Difference, ...] = ()

    @property
    def node(self) -> Node:
        """The earlier node, or the later where there is none."""
        node = self.before if self.before is not None else self.after
        assert node is not None
        return node

    @property
    def path(self) -> str:
        """Of `node`."""
        return self.node.path

    @property
    def joules(self) -> float | None:
        """After minus before; None where one of them is unknown."""
        before, after = self.energies
        return None if before is None or after is None else after.joules - before.joules

    @property
    def percent(self) -> float | None:
        """Of what it was before; None where that is 0 or unknown."""
        before, after = self.energies
        if before is None or after is None or before.joules <= 0:
            return None
        return 100.0 * (after.joules - before.joules) / before.joules

    @property
    def is_significant(self) -> bool | None:
        """Whether the 90 % intervals do not overlap; None where one is unknown, or not tested.

        Cautious for two predictions with one profile, whose errors are much the same.
        """
        before, after = self.energies
        if before is None or after is None or self.is_untested:
            return None
        return before.high < after.low or after.high < before.low

    @property
    def is_untested(self) -> bool:
        """Whether a side is estimated or extrapolated: its interval decides nothing."""
        return any(node is not None and is_untested(node) for node in (self.before, self.after))

    @property
    def own_joules(self) -> float | None:
        """The change of what no child explains: own + Σ children = `joules`."""
        sides = [0.0 if node is None else node.own_joules for node in (self.before, self.after)]
        before, after = sides
        return None if before is None or after is None else after - before

    @property
    def energies(self) -> tuple[Energy | None, Energy | None]:
        """Before and after; a node that is not there has 0 J."""
        nothing = Energy(0.0, 0.0, 0.0, "predicted")
        return (
            nothing if self.before is None else self.before.energy,
            nothing if self.after is None else self.after.energy,
        )

    def walk(self) -> Iterator[Difference]:
        """This pair and all below it, parents first, in order."""
        stack = [self]
        while stack:
            pair = stack.pop()
            yield pair
            stack.extend(reversed(pair.children))

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values."""
        return {
            "before": _side(self.before),
            "after": _side(self.after),
            "difference_joules": self.joules,
            "difference_percent": self.percent,
            "is_significant": self.is_significant,
            "own_difference_joules": self.own_joules,
            "children": [child.to_dict() for child in self.children],
        }

    def __repr__(self) -> str:
        return f"<Difference {self.path!r}, {self.joules} J, {len(self.children)} children>"


def _side(node: Node | None) -> dict[str, Any] | None:
    if node is None:
        return None
    energy = node.energy
    return {
        "path": node.path,
        "type": node.type,
        "class_name": node.class_name,
        "energy": None if energy is None else asdict(energy),
    }
