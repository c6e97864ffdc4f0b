"""Predicts trees with a device profile, by as much as is known of a run."""

from __future__ import annotations

from collections.abc import Sequence

from irene_jupyter.predictors.forms.coefficients import Known
from irene_jupyter.predictors.predict.bounds import Bound, bounds, interval_of
from irene_jupyter.predictors.predict.estimates import R1, R2, estimates, reconciled
from irene_jupyter.predictors.predict.prediction import Prediction, filled
from irene_jupyter.predictors.predict.subtrees import Reading, Subtrees
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import ModelTree


def predict_tree(
    tree: ModelTree,
    profile: DeviceProfile,
    known: Known = "features",
    readings: Sequence[Reading] = (),
) -> ModelTree:
    """A copy of `tree` with the energy that the profile's device would need.

    Every node gets joules, a 90 % interval, a source ("predicted", "estimated", "simulated") and
    the flags that explain it. No children exceed their parent. See `predictions`.
    """
    found = predictions(tree, profile, known, readings, reconcile=True)
    return filled(tree, found, simulated=profile.is_simulated)


def predictions(
    tree: ModelTree,
    profile: DeviceProfile,
    known: Known = "features",
    readings: Sequence[Reading] = (),
    *,
    reconcile: bool = False,
) -> list[Prediction]:
    """Each node's joules, interval and what they rest on, in the order of `root.walk()`.

    `readings` are the latency and driver energy of each node on the profile's device, in the same
    order; they count only as `known` says. A node of several calls is predicted as its mean call,
    times them. Unless `reconcile`, a node of known latency or driver energy has its own estimate,
    which its children's may exceed.
    """
    subtrees = Subtrees.of(tree, () if known == "features" else readings)
    made = estimates(subtrees, profile.coefficients, known)
    bound = bounds(subtrees, made, profile)
    if known == "features":
        each = [_by_features(it) for it in bound]
        return [each[place] for place in subtrees.places]
    known_size = (tree.batch_size, tree.seq_len) in profile.sizes
    intervals = [
        interval_of(profile, known, subtree.node, known_size=known_size)
        for subtree in subtrees.distinct
    ]
    joules = [made[place].joules for place in subtrees.places]
    if reconcile:
        joules = reconciled(tree, joules)
    found = []
    for place, value in zip(subtrees.places, joules, strict=True):
        energy, flags = bound[place].energy, bound[place].flags
        basis, interval = made[place].basis, intervals[place]
        low, high = interval.low, interval.high
        # What no regressor covers keeps its interval by features.
        if basis != R1 and energy.joules > 0:
            if energy.source == "estimated":
                low, high = energy.low / energy.joules, energy.high / energy.joules
            elif any(flag.startswith("extrapolated: ") for flag in flags):
                wider = interval.extrapolated()
                low, high = wider.low, wider.high
        low, high = min(value, value * low), max(value, value * high)
        found.append(Prediction(value, low, high, basis, energy.source, flags))
    return found


def _by_features(bound: Bound) -> Prediction:
    energy, flags = bound.energy, bound.flags
    basis = next((flag for flag in flags if flag.startswith("estimated: ")), R2)
    return Prediction(energy.joules, energy.low, energy.high, basis, energy.source, flags)
