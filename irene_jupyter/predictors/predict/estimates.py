"""The joules of each node by what is known of a run: the rules R1 to R5, in one place.

Live cells, what-ifs, calibration, fitting and cross-validation all estimate here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from irene_jupyter.predictors.forms.coefficients import Coefficients, Known, Role
from irene_jupyter.predictors.predict.subtrees import Subtree, Subtrees
from irene_jupyter.predictors.predict.terms import Term, term
from irene_jupyter.tree import ModelTree, Node

R1 = "R1: latency and driver energy"
R2 = "R2: features, nothing run"
R2_ABOVE = "R2: own term, and what is known below"
R3 = "R3: latency"
R5: dict[Known, str] = {
    "root": "R5: R2 scaled to the measured root",
    "root-latency": "R5: R3 scaled to the measured root",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Joules of a node over all its calls, what they rest on, and what they were made of."""

    joules: float
    basis: str
    term: Term  # R2 of a leaf, or of a module's own work
    by_features: float  # R2 of the node with all below it, J
    leaves: float  # R2 of the leaves in it, J
    own: float  # R2 of the own terms in it, J
    leaf_seconds: float  # of the leaves in it; NaN where one is unknown
    beyond_seconds: float  # its own time beyond that of its leaves, likewise


def role(subtree: Subtree) -> Role:
    """What a node below the root is to the scaling: a module that holds modules is a container."""
    children = subtree.node.children
    if not children:
        return "ml"
    return "container" if any(child.children for child in children) else "module"


def estimates(
    subtrees: Subtrees, device: Coefficients, known: Known = "features"
) -> list[Estimate]:
    """One estimate for each of `subtrees.distinct`, by those readings that `known` lets it use."""
    found: list[Estimate] = []
    for subtree in subtrees.distinct:
        found.append(_estimate(subtree, device, known, [found[at] for at in subtree.children]))
    if known not in R5:
        return found
    measured = _measured(subtrees.distinct[-1], device)
    if measured is None or found[-1].joules <= 0:
        return found
    ratio = measured / found[-1].joules
    powers = device.scaling.get(known, {})
    for at, (subtree, each) in enumerate(zip(subtrees.distinct, found, strict=True)):
        if power := powers.get(role(subtree), 0.0):
            found[at] = replace(each, joules=each.joules * ratio**power, basis=R5[known])
    found[-1] = replace(found[-1], joules=measured, basis=R1)
    return found


def _estimate(
    subtree: Subtree, device: Coefficients, known: Known, below: Sequence[Estimate]
) -> Estimate:
    made = term(device, subtree)
    seconds = subtree.reading.seconds * subtree.node.features.calls
    if subtree.is_leaf:
        leaves, own, leaf_seconds = made.joules, 0.0, seconds
    else:
        leaves = sum(each.leaves for each in below)
        own = made.joules + sum(each.own for each in below)
        leaf_seconds = sum(each.leaf_seconds for each in below)
    beyond = seconds - leaf_seconds
    joules = by_features = made.joules + math.fsum([each.by_features for each in below])
    basis = R2
    if known != "features":
        if any(each.basis != R2 for each in below):
            joules, basis = made.joules + math.fsum([each.joules for each in below]), R2_ABOVE
        better = _better(subtree, device, known, leaves, own, beyond)
        joules, basis = better or (joules, basis)
    return Estimate(joules, basis, made, by_features, leaves, own, leaf_seconds, beyond)


def _better(
    subtree: Subtree,
    device: Coefficients,
    known: Known,
    leaves: float,
    own: float,
    beyond_seconds: float,
) -> tuple[float, str] | None:
    """By what was read of this very node, if it may be used: (J, basis)."""
    if known == "root" or (known == "leaves" and not subtree.is_leaf):
        return None
    if known in ("leaves", "measured"):
        measured = _measured(subtree, device)
        if measured is not None:
            return measured, R1
    seconds = subtree.reading.seconds * subtree.node.features.calls
    rule = device.latency
    if known == "leaves" or rule is None or not seconds > 0:
        return None
    if subtree.is_leaf:
        return rule.of_leaf(seconds, leaves), R3
    if math.isnan(beyond_seconds):
        return None
    return rule.of_module(beyond_seconds, leaves, own), R3


def _measured(subtree: Subtree, device: Coefficients) -> float | None:
    """R1 of a node; None where its latency or driver energy is not known."""
    read = subtree.reading
    if device.driver is None or not read.seconds > 0 or not read.driver_joules >= 0:
        return None
    joules = device.driver.joules(read.seconds, read.driver_joules, read.gpu_percent)
    return joules * subtree.node.features.calls


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
