"""The methods by name: those that a profile holds, to predict by, and all that can be compared."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

from irene_jupyter.errors import DeviceError, OptionError
from irene_jupyter.predictors.baselines.names import STORED

if TYPE_CHECKING:
    from irene_jupyter.predictors.forms.coefficients import Known
    from irene_jupyter.predictors.held_out.evaluation import Method
    from irene_jupyter.predictors.predict.launching import Launching
    from irene_jupyter.predictors.profiles.board_profile import BoardProfile
    from irene_jupyter.predictors.profiles.reading import Profile
    from irene_jupyter.tree import ModelTree

FeatureSet = Literal["all", "no-resource", "no-model"]
DEFAULT = "additive"
IN_PROFILES = (DEFAULT, *STORED)  # by which a device profile predicts


def check_method(name: str) -> str:
    """The name, if it is one of `IN_PROFILES`. Raises `OptionError` that lists them."""
    if name not in IN_PROFILES:
        raise OptionError(f"unknown method {name!r}; known are {', '.join(IN_PROFILES)}")
    return name


def predict_with(
    tree: ModelTree,
    profile: Profile,
    method: str,
    launching: Launching | None = None,
    phase: str | None = None,
) -> ModelTree:
    """A copy of `tree` with the energy by one of `IN_PROFILES`; no children exceed their parent.

    A board's profile has one method, and alone asks how the operations are launched. A backward
    pass or an optimiser's step, as its `phase` says, has but one method as well. Raises
    `OptionError` for another method, `DeviceError` where the profile lacks it.
    """
    check_method(method)
    from irene_jupyter.predictors.predict.passes import FOLLOWING, on_board, predict_pass
    from irene_jupyter.predictors.profiles.board_profile import BoardProfile

    if isinstance(profile, BoardProfile):
        made = _on_board(tree, profile, method, launching)
        return on_board(made) if phase in FOLLOWING else made
    if phase in FOLLOWING and phase is not None:
        return predict_pass(tree, profile, phase)
    if method == DEFAULT:
        from irene_jupyter.predictors.predict.predicted import predict_tree

        return predict_tree(tree, profile)
    from irene_jupyter.predictors.baselines.stored import predictions
    from irene_jupyter.predictors.predict.prediction import filled

    found = predictions(tree, profile, method)
    return filled(tree, found, simulated=profile.is_simulated)


def _on_board(
    tree: ModelTree, profile: BoardProfile, method: str, launching: Launching | None
) -> ModelTree:
    from irene_jupyter.predictors.predict.board_tree import predict_board_tree
    from irene_jupyter.predictors.predict.launching import USUAL

    if method != DEFAULT:
        raise DeviceError(
            f"{profile.name} is a board's profile: it has no regressors, so that {method!r} cannot "
            f"predict by it; leave the method out, or take a device such as gtx1080ti"
        )
    how = launching or USUAL
    return predict_board_tree(tree, profile, "nothing", None, how.launch, how.host_seconds_per_op)


def _paper(name: str, features: FeatureSet, seed: int) -> Method:
    from irene_jupyter.predictors.baselines.irene import method_of_paper

    return method_of_paper(name, features, seed)


def _software(features: FeatureSet, seed: int) -> Method:
    from irene_jupyter.predictors.baselines.software import Software

    return Software()


def _additive(known: Known, features: FeatureSet, seed: int) -> Method:
    from irene_jupyter.predictors.fit.additive import Additive

    return Additive(known)


# Name → a fresh method, called with the keywords `features` and `seed`.
METHODS: dict[str, Callable[..., Method]] = {
    "irene": partial(_paper, "irene"),
    "stepwise": partial(_paper, "stepwise"),
    "predicted-sum": partial(_paper, "predicted-sum"),
    "unstructured": partial(_paper, "unstructured"),
    "software": _software,
    "additive-measured": partial(_additive, "measured"),
    "additive-leaves": partial(_additive, "leaves"),
    "additive-latency": partial(_additive, "latency"),
    "additive": partial(_additive, "features"),
    "additive-root": partial(_additive, "root"),
    "additive-root-latency": partial(_additive, "root-latency"),
}


def make(name: str, *, features: FeatureSet = "all", seed: int = 0) -> Method:
    """A fresh method of a known name. Raises `KeyError` for an unknown one."""
    return METHODS[name](features=features, seed=seed)
