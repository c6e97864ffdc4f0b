"""Cross-validation of a method on measured trees: its errors at each level, for all to compare."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, get_args

from irene_jupyter.errors import DataError, OptionError
from irene_jupyter.predictors import methods
from irene_jupyter.predictors.baselines.names import ABLATED, SEEDED
from irene_jupyter.predictors.held_out import evaluation
from irene_jupyter.predictors.held_out.evaluation import Outcome
from irene_jupyter.predictors.held_out.protocols import PROTOCOLS, family, splits
from irene_jupyter.predictors.methods import FeatureSet
from irene_jupyter.tree import ModelTree


@dataclass(frozen=True, slots=True)
class LevelErrors:
    """Errors `100·|predicted − measured|/measured` of a level's nodes, in percent.

    Averaged over the seeds, where there are several.
    """

    mean: float  # over the models, of each model's mean
    pooled: float  # over all nodes
    p99: float  # of all nodes
    max: float
    coverage90: float | None  # percent of nodes in their 90 % interval; as `mean`, over models
    by_model: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """What a method reached under a protocol: averaged over the seeds, and of each by itself.

    `outcomes` are the nodes of the first seed.
    """

    method: str
    protocol: str
    features: FeatureSet
    levels: Mapping[str, LevelErrors]
    by_seed: tuple[Mapping[str, LevelErrors], ...]
    seconds: float
    outcomes: tuple[Outcome, ...]

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values: the averages."""
        return {
            "method": self.method,
            "protocol": self.protocol,
            "features": self.features,
            "levels": {level: asdict(errors) for level, errors in self.levels.items()},
            "seconds": self.seconds,
        }


def crossvalidate(
    trees: Sequence[ModelTree],
    method: str,
    protocol: str = "model",
    *,
    features: FeatureSet = "all",
    seeds: int = 1,
) -> CrossValidation:
    """Errors of a method on measured trees, of which a part is left out of each training.

    `method` is irene, stepwise, predicted-sum or unstructured (the paper's), additive (this
    package's), software … `protocol` leaves out a "model", a "family" of models, or a "size".
    `features` without "no-resource" or "no-model" ones are the paper's ablations. `seeds` many
    runs, with seeds 0, 1 …, for methods that start at random.

    `levels` of the result has the errors of the ml, module and model nodes in percent of their
    joules. Raises `OptionError` for a method, protocol or features that are not known, or none of
    the method's business; `DataError` where the trees leave nothing to train on or to test.

    These trees have learned from the shipped profile, so that the example needs no data:

    >>> import irene_jupyter as irene
    >>> from irene_jupyter.tree import ModelTree
    >>> from transformers import BertConfig, RobertaConfig
    >>> sizes = dict(num_hidden_layers=1, hidden_size=32, num_attention_heads=2, vocab_size=100)
    >>> trees = [
    ...     ModelTree(name, irene.predict(model, batch, 16).root, batch, 16)
    ...     for name, model in [("bert", BertConfig(**sizes)), ("roberta", RobertaConfig(**sizes))]
    ...     for batch in (1, 2, 4)
    ... ]
    >>> found = irene.crossvalidate(trees, "additive")
    >>> found.levels["model"].pooled < 5  # percent, mean over all nodes of the level
    True
    """
    if method not in methods.METHODS:
        raise OptionError(f"no method {method!r}: take {', '.join(methods.METHODS)}")
    if protocol not in PROTOCOLS:
        raise OptionError(f"no protocol {protocol!r}: take {', '.join(PROTOCOLS)}")
    if features not in get_args(FeatureSet):
        raise OptionError(f"no features {features!r}: take {', '.join(get_args(FeatureSet))}")
    if features != "all" and method not in ABLATED:
        raise OptionError(
            f"{method} has no choice of features: take all, or one of the methods "
            f"{', '.join(sorted(ABLATED))}"
        )
    parts = splits(protocol, trees)
    if not parts:
        raise DataError(_nothing_left(trees, protocol))
    began = time.perf_counter()
    runs = [
        evaluation.run(partial(methods.make, method, features=features, seed=seed), parts)
        for seed in range(seeds if method in SEEDED else 1)
    ]
    seconds = time.perf_counter() - began
    by_seed = tuple(_levels(run) for run in runs)
    levels = {level: _averaged([each[level] for each in by_seed]) for level in by_seed[0]}
    return CrossValidation(method, protocol, features, levels, by_seed, seconds, tuple(runs[0]))


def _nothing_left(trees: Sequence[ModelTree], protocol: str) -> str:
    models = sorted({tree.name for tree in trees})
    if len(models) == 1:
        return (
            f"every line has the 'model_name' {models[0]!r}, so that nothing is left to train on; "
            "give trees of two or more models"
        )
    if protocol == "family":
        label = family(models[0])
        return (
            f"all models ({', '.join(models)}) are of one family by their 'model_name', {label}; "
            "give trees of another family too, or take --protocol model"
        )
    return (
        "all lines have nearly the same 'batch_size' and 'seq_len', so that no size is left to "
        "train on; give trees of more sizes, or take --protocol model"
    )


def _levels(outcomes: Sequence[Outcome]) -> dict[str, LevelErrors]:
    """The errors of each level that has nodes."""
    groups = {level: [o for o in outcomes if o.level == level] for level in evaluation.LEVELS}
    return {level: _errors(found) for level, found in groups.items() if found}


def _errors(outcomes: Sequence[Outcome]) -> LevelErrors:
    percent = [outcome.percent_error for outcome in outcomes]
    by_model: dict[str, list[float]] = defaultdict(list)
    for outcome, error in zip(outcomes, percent, strict=True):
        by_model[outcome.model].append(error)
    of_models = {model: _mean(errors) for model, errors in by_model.items()}
    coverage = None
    if any(outcome.low < outcome.high for outcome in outcomes):
        (coverage,) = evaluation.coverage(outcomes).values()
    return LevelErrors(
        mean=_mean(list(of_models.values())),
        pooled=_mean(percent),
        p99=evaluation.quantile(percent, 0.99),
        max=max(percent),
        coverage90=coverage,
        by_model=of_models,
    )


def _averaged(runs: Sequence[LevelErrors]) -> LevelErrors:
    coverages = [run.coverage90 for run in runs if run.coverage90 is not None]
    return LevelErrors(
        mean=_mean([run.mean for run in runs]),
        pooled=_mean([run.pooled for run in runs]),
        p99=_mean([run.p99 for run in runs]),
        max=_mean([run.max for run in runs]),
        coverage90=_mean(coverages) if coverages else None,
        by_model={
            model: _mean([run.by_model[model] for run in runs]) for model in runs[0].by_model
        },
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
