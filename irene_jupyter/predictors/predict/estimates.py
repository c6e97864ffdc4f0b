"""What is known about a run decides how each of its nodes is estimated.

"features": nothing was run (R2). "leaves": latency and driver energy of the leaves (R1), own
terms above them. "latency": R3. "measured": node by node the best that is known, R1 before R3
before R2. "root", "root-latency": R2 or R3, brought to the root's R1 (R5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from irene_jupyter.predictors.forms import features
from irene_jupyter.predictors.forms.coefficients import Rules
from irene_jupyter.predictors.predict.terms import Coefficients
from irene_jupyter.tree import ModelTree, Node

Known = Literal["features", "leaves", "latency", "measured", "root", "root-latency"]
KNOWN: tuple[Known, ...] = get_args(Known)
Role = Literal["ml", "module", "container", "root"]
ROLES: tuple[Role, ...] = ("ml", "module", "container")  # those that are scaled to the root

R1 = "R1: latency and driver energy"
R2 = "R2: features, nothing run"
R2_ABOVE = "R2: own term, and what is known below"
R3 = "R3: latency"
_SCALED = {
    "root": "R5: R2 scaled to the measured root",
    "root-latency": "R5: R3 scaled to the measured root",
}
_READ = ("latency_seconds", "gpu_energy_joules", "gpu_percent")


@dataclass(slots=True)
class Estimate:
    """Joules of a node over all its calls, and what they rest on."""

    joules: float
    basis: str


def role(node: Node, parent: Node | None) -> Role:
    """What the node is to the scaling: a module that holds modules is a container."""
    if parent is None:
        return "root"
    if not node.children:
        return "ml"
    return "container" if any(child.children for child in node.children) else "module"


def estimates(tree: ModelTree, rules: Rules, known: Known) -> list[Estimate]:
    """One estimate for each node, in the order of `root.walk()`; see `reconciled`."""
    walk = _Walk(tree, rules, known)
    walk.visit(tree.root, None)
    found = walk.found
    measured = walk.measured(tree.root) if known in _SCALED else None
    if measured is None or found[0].joules <= 0:
        return found
    ratio = measured / found[0].joules
    powers = rules.scaling.get(known, {})
    for estimate, part in zip(found, walk.roles, strict=True):
        if power := powers.get(part, 0.0):
            estimate.joules *= ratio**power
            estimate.basis = _SCALED[known]
    found[0] = Estimate(measured, R1)
    return found


def reconciled(tree: ModelTree, joules: Sequence[float]) -> list[float]:
    """The joules with no children above their parent: from the root down they are rescaled.

    The root keeps its joules, and every own term (parent − children) is then 0 or more.
    """
    result = list(joules)
    _shrink(tree.root, 0, result)
    return result


def _shrink(node: Node, at: int, joules: list[float]) -> int:
    """Rescale what lies below the node at place `at`. Returns the place after it."""
    places = []
    after = at + 1
    for child in node.children:
        places.append(after)
        after += sum(1 for _ in child.walk())
    total = math.fsum(joules[place] for place in places)
    if total > joules[at]:
        for place in places:
            joules[place] *= joules[at] / total
    for child, place in zip(node.children, places, strict=True):
        _shrink(child, place, joules)
    return after


@dataclass(slots=True)
class _Parts:
    """What lies below a node, itself included: R2 of leaves and own terms (J), latency (s)."""

    leaves: float = 0.0
    own: float = 0.0
    seconds: float = 0.0  # of the leaves; NaN where one is unknown
    best: float = 0.0  # J of the node by what is known

    def add(self, other: _Parts) -> None:
        """Count a child in."""
        self.leaves += other.leaves
        self.own += other.own
        self.seconds += other.seconds
        self.best += other.best


class _Walk:
    """Estimates of one tree, parents first, by what is known."""

    def __init__(self, tree: ModelTree, rules: Rules, known: Known) -> None:
        self._tree = tree
        self._rules = rules
        self._known = known
        self._coefficients = Coefficients(rules.leaves, rules.own)
        self.found: list[Estimate] = []
        self.roles: list[Role] = []

    def visit(self, node: Node, parent: Node | None) -> _Parts:
        """Estimates a node and all below it; what they add to the node above."""
        at = len(self.found)
        self.found.append(Estimate(0.0, R2))
        self.roles.append(role(node, parent))
        is_leaf = node.primitive is not None and not node.children
        parts = _Parts()
        (seconds,) = features.values(_READ[:1], self._tree, node)
        seconds *= node.features.calls
        if is_leaf:
            parts.leaves = self._coefficients.of_leaf(self._tree, node, parent).joules
            parts.seconds = seconds
            parts.best = parts.leaves
        else:
            for child in node.children:
                parts.add(self.visit(child, node))
            own = self._coefficients.of_own(self._tree, node).joules
            parts.own += own
            parts.best += own
        basis = R2 if parts.best == parts.leaves + parts.own or is_leaf else R2_ABOVE
        better = self._better(node, parts, seconds, is_leaf=is_leaf)
        if better is not None:
            parts.best, basis = better
        self.found[at].joules, self.found[at].basis = parts.best, basis
        return parts

    def _better(
        self, node: Node, parts: _Parts, seconds: float, *, is_leaf: bool
    ) -> tuple[float, str] | None:
        """An estimate from what was measured of this very node, if it is known and may be used."""
        if self._known in ("features", "root") or (self._known == "leaves" and not is_leaf):
            return None
        if self._known in ("leaves", "measured"):
            joules = self.measured(node)
            if joules is not None:
                return joules, R1
        rule = self._rules.latency
        if self._known == "leaves" or rule is None or not seconds > 0:
            return None
        if is_leaf:
            return rule.of_leaf(seconds, parts.leaves), R3
        if math.isnan(parts.seconds):
            return None
        return rule.of_module(seconds - parts.seconds, parts.leaves, parts.own), R3

    def measured(self, node: Node) -> float | None:
        """R1 of a node; None where its latency or driver energy is not known."""
        seconds, driver, gpu = features.values(_READ, self._tree, node)
        if self._rules.driver is None or not seconds > 0 or not driver >= 0:
            return None
        return self._rules.driver.joules(seconds, driver, gpu) * node.features.calls
