"""Backward passes and optimiser steps by what is known of forward passes alone.

No published data measure them. On a device's profile a backward pass needs what forward passes of
the same work need: each product of its own as one of the forward pass, all else by its bytes; a
step is pointwise work. On a board's profile work is work. Both are said to be no more than that.
"""

from __future__ import annotations

import math
from dataclasses import replace

from irene_jupyter.predictors.forms.features import rest_mebibytes
from irene_jupyter.predictors.forms.interval import ESTIMATED
from irene_jupyter.predictors.forms.matrices import kind_of
from irene_jupyter.predictors.predict.predicted import predictions
from irene_jupyter.predictors.predict.prediction import Prediction, doubted, filled
from irene_jupyter.predictors.predict.subtrees import is_doubted
from irene_jupyter.predictors.predict.terms import pointwise_joules
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import MEGAFLOP, ModelTree, Node

FOLLOWING = ("backward", "optimiser")  # phases of a training step after its forward pass
UNTESTED_STEP = (
    "backward pass and optimiser are predicted by their operations and bytes; there are no data of "
    "training steps to test that on, so that the range is wide and no tested interval"
)
UNTRAINED = "no training step was measured on"
_HOW = {
    "backward": "its work costs what forward passes of as much work do",
    "optimiser": "by the bytes that it reads and writes, as pointwise work",
}


def predict_pass(tree: ModelTree, profile: DeviceProfile, phase: str) -> ModelTree:
    """A copy of the `tree` of one of `FOLLOWING` with the joules that the device would need.

    All are "estimated", within a factor of 3. No children exceed their parent.
    """
    found = _step(tree, profile) if phase == "optimiser" else _backward(tree, profile)
    made = filled(tree, found, simulated=profile.is_simulated)
    flag = f"estimated: {UNTRAINED} {profile.label}; {_HOW[phase]}"
    return replace(made, root=made.root.flagged(flag))


def on_board(tree: ModelTree) -> ModelTree:
    """A tree that was predicted by a board's constants, as of what they were not tested on."""
    return replace(tree, root=doubted(tree.root, f"extrapolated: {UNTRAINED} a board"))


def _backward(tree: ModelTree, profile: DeviceProfile) -> list[Prediction]:
    several = replace(tree, root=tree.root.mapped(_as_forward_products))
    joules = [each.joules for each in predictions(several, profile, reconcile=True)]
    places = list(zip(tree.root.walk(), range(len(joules)), strict=True))
    untold = [(place, node) for node, place in places if _is_told_by_time(node)]
    if untold:
        # In the time of the others as much a second as they.
        whole = tree.root.features.latency_seconds or 0.0
        seconds = math.fsum(node.features.latency_seconds or 0.0 for _, node in untold)
        counted = joules[0] - math.fsum(joules[place] for place, _ in untold)
        watts = max(0.0, counted) / (whole - seconds) if whole > seconds else 0.0
        for place, node in untold:
            joules[place] = watts * (node.features.latency_seconds or 0.0)
        joules[0] = counted + watts * seconds
    return [_estimated(each) for each in joules]


def _is_told_by_time(node: Node) -> bool:
    """A leaf below the root of known time and unknown work, such as the loss."""
    its = node.features
    is_leaf = not node.children and "." not in node.path and node.path != ""
    return is_leaf and is_doubted(node) and not its.flops and bool(its.latency_seconds)


def _as_forward_products(node: Node) -> Node:
    """A product's two gradients are two products of its size: as many calls as that makes."""
    its = node.features
    if node.children or kind_of(node) not in ("GEMM", "MatMul"):
        return node
    if not its.input_shapes or not its.output_shapes or not its.input_shapes[0]:
        return node
    one = 2.0 * math.prod(its.output_shapes[0]) * its.input_shapes[0][-1] / MEGAFLOP
    times = round(its.canonical_megaflops / its.calls / one) if one else 1
    return node if times < 2 else replace(node, features=replace(its, calls=its.calls * times))


def _step(tree: ModelTree, profile: DeviceProfile) -> list[Prediction]:
    """Own bytes of each node, as pointwise work: a few kernels go over all parameters at once."""
    whole = tree.root.features.canonical_mebibytes
    least = profile.coefficients.launch_joules
    joules = max(least, pointwise_joules(profile.coefficients, whole))
    found: list[float] = []

    def visit(node: Node) -> float:
        place = len(found)
        found.append(0.0)
        below = math.fsum([visit(child) for child in node.children])
        found[place] = below + joules * rest_mebibytes(node) * node.features.calls / whole
        return found[place]

    if not whole:
        return [_estimated(0.0) for _ in tree.root.walk()]
    visit(tree.root)
    return [_estimated(each) for each in found]


def _estimated(joules: float) -> Prediction:
    low, high = joules * ESTIMATED.low, joules * ESTIMATED.high
    return Prediction(joules, low, high, "by work", "estimated")
