"""Measured trees → a device profile: coefficients, intervals, and a scorecard of its errors.

Deterministic: the same trees give the same profile on any machine (stored to ten digits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.baselines.stored import fit_stored
from irene_jupyter.predictors.fit.additive import Additive
from irene_jupyter.predictors.fit.profile_fit import fit_profile
from irene_jupyter.predictors.held_out import evaluation
from irene_jupyter.predictors.held_out.protocols import family, splits
from irene_jupyter.predictors.predict.estimates import R5
from irene_jupyter.predictors.profiles.checks import NAME
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import ModelTree

# What a scorecard calls the protocols.
SHORT = {"model": "LOMO", "size": "SIZE", "family": "FAM"}
LEAST_TREES = 8
LEAST_MODELS = 2
DIGITS = 10  # significant, of every stored number
# What the public data sets do not say of themselves.
PUBLISHED: Mapping[str, Mapping[str, str]] = {
    "gtx1080ti": {
        "label": "GTX 1080 Ti PC",
        "hardware": "PC1: Intel Core i9-7900X, 32 GiB, NVIDIA GeForce GTX 1080 Ti (11.2 GiB)",
        "software": "torch 1.7.1, transformers 4.2.2, float32",
        "energy": "wall power of the whole machine, idle included (emonPi, every 170 ms)",
        "source": "the public IrEne measurements, github.com/StonyBrookNLP/irene, device_1",
    }
}

MEMORY_GIBIBYTES = {"gtx1080ti": 11.2}


def train_device(
    trees: Sequence[ModelTree], *, name: str, label: str | None = None
) -> DeviceProfile:
    """Fit the additive model to measured trees of one device, and measure its own errors.

    `label` is how people call the device; a published data set's name knows its own. The trees
    hold joules, and are of 2 models or more. Raises `DataError` for too few trees or models, or
    nodes without energy.

    This one learns from another profile's predictions, so that it needs no data:

    >>> import irene_jupyter as irene
    >>> from irene_jupyter.tree import ModelTree
    >>> from transformers import BertConfig, RobertaConfig
    >>> sizes = dict(num_hidden_layers=1, hidden_size=32, num_attention_heads=2, vocab_size=100)
    >>> trees = [
    ...     ModelTree(name, irene.predict(model, batch, seq_len).root, batch, seq_len)
    ...     for name, model in [("bert", BertConfig(**sizes)), ("roberta", RobertaConfig(**sizes))]
    ...     for batch, seq_len in [(1, 16), (2, 16), (4, 16), (1, 32), (2, 32), (4, 32)]
    ... ]
    >>> profile = irene.train_device(trees, name="copy", label="a copy of the reference")
    >>> profile.training["trees"], profile.training["models"]
    (12, ['bert', 'roberta'])
    """
    if len(trees) < LEAST_TREES or len({tree.name for tree in trees}) < LEAST_MODELS:
        raise DataError(
            f"{len(trees)} trees are too few; give at least {LEAST_TREES} measured trees of "
            f"{LEAST_MODELS} or more models"
        )
    check_name(name)
    published = dict(PUBLISHED.get(name, {}))
    label = label or published.pop("label", None) or name
    published.pop("label", None)
    memory = MEMORY_GIBIBYTES.get(name)
    crossed: dict[str, dict[str, Any]] = {"error_percent": {}, "coverage_percent": {}}
    for protocol, short in SHORT.items():
        parts = splits(protocol, trees)
        if not parts:
            continue
        bounded = protocol != "size"  # whose many folds, each with its own, take minutes
        outcomes = evaluation.run(partial(Additive, intervals=bounded), parts)
        crossed["error_percent"][short] = evaluation.mean_errors(outcomes)
        if bounded:
            crossed["coverage_percent"][short] = evaluation.coverage(outcomes)
    scorecard: dict[str, Any] = {
        **crossed,
        "protocols": {
            "LOMO": "leave one model out",
            "SIZE": "leave one model out, and a quarter of the input sizes",
            "FAM": "leave one family of models out",
        },
        "meaning": "nothing run; mean over the models of each model's mean, over all nodes of a "
        "level; coverage is of 90 % intervals that were themselves made without the held-out trees",
    }
    training: dict[str, Any] = {
        **published,
        "trees": len(trees),
        "models": sorted({tree.name for tree in trees}),
        "families": sorted({family(tree.name) for tree in trees}),
        "nodes": sum(1 for tree in trees for _ in tree.root.walk()),
        "method": "additive: boosted rooflines of leaves and non-negative own terms (R2), driver "
        "energy and latency where known (R1, R3), scaled to a measured root (R5)",
    }
    profile = replace(
        fit_profile(trees, name, scaled=tuple(R5)),
        label=label,
        training=training,
        scorecard=scorecard,
        irene=fit_stored(trees),
        memory_gibibytes=memory,
    )
    return DeviceProfile.from_dict(rounded(profile.to_dict()))


def check_name(name: str) -> None:
    """Raises `DataError` for what no profile can be called."""
    if name == "auto" or not NAME.fullmatch(name):
        raise DataError(
            f"a device cannot be named {name!r}; use letters, digits, '.', '_' and '-' (at most "
            "64), and not 'auto'"
        )


def rounded(value: Any) -> Any:
    """Numbers to `DIGITS` significant digits, throughout a JSON value."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value
