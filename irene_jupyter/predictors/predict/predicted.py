"""Predicts trees with a device profile, by as much as is known of a run.

Where nothing was run by the features alone; else, node by node, by latency and driver energy.
"""

from __future__ import annotations

from dataclasses import replace

from irene_jupyter.predictors.forms.coefficients import Interval
from irene_jupyter.predictors.held_out.evaluation import Prediction
from irene_jupyter.predictors.predict.bounds import by_features, interval_of, widened
from irene_jupyter.predictors.predict.estimates import R1, R2, Known, estimates, reconciled
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import Energy, ModelTree, Node


def predict_tree(tree: ModelTree, profile: DeviceProfile, known: Known = "features") -> ModelTree:
    """A copy of `tree` with the energy that the profile's device would need.

    Every node gets joules, a 90 % interval, a source ("predicted" or "estimated") and the
    flags that explain it. A node of several calls is predicted as its mean call, times them.
    Latency and driver energy in the tree's features count only as `known` says: they must be
    the profile's device's own. No children exceed their parent, whatever is known.
    """
    predicted = by_features(tree, profile)
    if known == "features":
        return predicted
    found = iter(_with_knowledge(tree, predicted, profile, known, reconcile=True))

    def renewed(node: Node) -> Node:
        prediction = next(found)
        children = tuple(renewed(child) for child in node.children)
        source = "predicted" if node.energy is None else node.energy.source
        energy = Energy(prediction.joules, prediction.low, prediction.high, source)
        return replace(node, energy=energy, children=children)

    return replace(predicted, root=renewed(predicted.root))


def predictions(
    tree: ModelTree, profile: DeviceProfile, known: Known = "features", *, reconcile: bool = False
) -> list[Prediction]:
    """Each node's joules, interval and what they rest on, in the order of `root.walk()`.

    Unless `reconcile`, a node of known latency or driver energy has its own estimate, which
    its children's may exceed.
    """
    return _with_knowledge(tree, by_features(tree, profile), profile, known, reconcile=reconcile)


def _with_knowledge(
    tree: ModelTree,
    predicted: ModelTree,
    profile: DeviceProfile,
    known: Known,
    *,
    reconcile: bool,
) -> list[Prediction]:
    nodes = list(predicted.root.walk())
    if known == "features":
        found = [
            Prediction(node.energy.joules, node.energy.low, node.energy.high, _basis(node))
            for node in nodes
            if node.energy is not None
        ]
        assert len(found) == len(nodes)
        return found
    made = estimates(tree, profile.rules, known)
    joules = [each.joules for each in made]
    if reconcile:
        joules = reconciled(tree, joules)
    known_size = (tree.batch_size, tree.seq_len) in profile.sizes
    return [
        _bounded(node, value, each.basis, interval_of(profile, known, node, known_size=known_size))
        for node, value, each in zip(nodes, joules, made, strict=True)
    ]


def _bounded(node: Node, joules: float, basis: str, interval: Interval) -> Prediction:
    """A prediction with its interval; what no features-only regressor covers keeps that one's."""
    energy = node.energy
    if basis != R1 and energy is not None and energy.joules > 0:
        if energy.source == "estimated":
            interval = Interval(energy.low / energy.joules, energy.high / energy.joules)
        elif any(flag.startswith("extrapolated: ") for flag in node.flags):
            interval = widened(interval)
    return Prediction(
        joules, min(joules, joules * interval.low), max(joules, joules * interval.high), basis
    )


def _basis(node: Node) -> str:
    estimated = [flag for flag in node.flags if flag.startswith("estimated: ")]
    return estimated[0] if estimated else R2
