"""Writes results.md and its figure from a fresh run of every method under every protocol.

Usage: python docs/make_results.py DATA

DATA are the public IrEne measurements of PC1 (.jsonl or .jsonl.gz): the paper's figures that
stand beside ours are of that machine. Takes some minutes; the page does not depend on when or
where it was made.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

from irene_jupyter.errors import IreneError
from irene_jupyter.files import write_atomic
from irene_jupyter.predictors import methods
from irene_jupyter.predictors.baselines.irene import STEPS, PredictedSum
from irene_jupyter.predictors.baselines.leaf_lines import FEATURE_SETS
from irene_jupyter.predictors.evaluate.crossvalidation import CrossValidation, crossvalidate
from irene_jupyter.predictors.evaluate.plots import draw
from irene_jupyter.predictors.fit.dataset import load_trees
from irene_jupyter.predictors.held_out import evaluation
from irene_jupyter.predictors.held_out.evaluation import LEVELS, Outcome, quantile
from irene_jupyter.predictors.held_out.protocols import PROTOCOLS, splits
from irene_jupyter.predictors.methods import FeatureSet
from irene_jupyter.tree import ModelTree

FOLDER = Path(__file__).resolve().parent
TEMPLATE = FOLDER / "results.template.md"
PAGE, FIGURE = FOLDER / "results.md", FOLDER / "results.svg"
RELEASED_COLUMNS = ("num_parameters", "input_size")  # not in the paper's table 1
SEEDS = 5  # of the paper's trained methods, one model out

# Cao et al., ACL 2021: PC1, percent. Columns in the paper's order of models.
MODELS = (
    "bert-base-uncased",
    "distilbert-base-uncased",
    "roberta-base",
    "gpt2",
    "distilgpt2",
    "openai-gpt",
)
TABLE_5_IRENE = (5.8, 11.6, 7.1, 3.5, 2.2, 2.7, 5.5)
TABLE_5_SOFTWARE = (57.9, 56.3, 62.5, 62.6, 55.9, 61.8, 57.8)
TABLE_6 = (5.37, 5.93, 5.44, 14.92, 14.73, 13.98, 8.54)
TABLE_7 = {
    "Embedding": 0.65,
    "LayerNorm": 0.89,
    "Linear": 0.60,
    "Tanh": 0.82,
    "MatMul": 0.61,
    "Softmax": 1.0,
    "Conv1D": 0.58,
}
TABLE_7_AVERAGE = 0.70
TABLE_8: dict[FeatureSet, tuple[float, float, float]] = {
    "all": (0.70, 8.54, 5.52),
    "no-resource": (5.76, 11.54, 7.08),
    "no-model": (0.63, 8.87, 7.32),
}
TABLE_9 = {
    "irene": (8.54, 5.52),
    "stepwise": (9.28, 14.84),
    "predicted-sum": (16.42, 17.69),
    "unstructured": (78.0, 39.79),
}
TABLE_11 = (32.54, 62.80, 13.36, 24.96, 35.93, 42.37, 35.33)


class Results:
    """Runs each cross-validation once."""

    def __init__(self, trees: Sequence[ModelTree]) -> None:
        self.trees = trees
        self._known: dict[tuple[str, str, FeatureSet], CrossValidation] = {}

    def __call__(
        self, method: str, protocol: str = "model", features: FeatureSet = "all"
    ) -> CrossValidation:
        key = (method, protocol, features)
        if key not in self._known:
            seeds = SEEDS if protocol == "model" else 1
            found = crossvalidate(self.trees, method, protocol, features=features, seeds=seeds)
            self._known[key] = found
            print(f"{' '.join(key):50} {found.seconds:6.1f} s", file=sys.stderr, flush=True)
        return self._known[key]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|--:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def percent(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def by_models(label: str, values: Sequence[float], digits: int = 2) -> list[str]:
    return [label, *(percent(value, digits) for value in values)]


def of_models(found: CrossValidation, level: str) -> list[float]:
    """The errors of the paper's models, and the mean over all nodes, which is its "average"."""
    errors = found.levels[level]
    return [*(errors.by_model[model] for model in MODELS), errors.pooled]


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def tables(results: Results) -> dict[str, str]:
    """The paper's tables, ours beside them."""
    irene, software = results("irene"), results("software")
    models = ["", *MODELS, "all nodes"]
    levels_of_both = [f"{level}, {who}" for who in ("paper", "ours") for level in LEVELS]
    primitives = [
        [name, percent(theirs), percent(mean(_of_primitive(irene.outcomes, name)))]
        for name, theirs in TABLE_7.items()
    ]
    ablations = []
    for features, theirs in TABLE_8.items():
        found = results("irene", features=features).levels
        ours = [found[level].pooled for level in LEVELS]
        ablations.append([features, *map(percent, (*theirs, *ours))])
    ways = []
    for method, theirs in TABLE_9.items():
        found = [results(method).levels[level] for level in ("module", "model")]
        ours = [*(each.pooled for each in found), *(each.mean for each in found)]
        ways.append([method, *map(percent, (*theirs, *ours))])
    return {
        "table_5": table(
            models,
            [
                by_models("IrEne, paper", TABLE_5_IRENE, 1),
                by_models("IrEne, ours", of_models(irene, "model"), 1),
                by_models("Strubell 2019, paper", TABLE_5_SOFTWARE, 1),
                by_models("driver's energy alone, ours", of_models(software, "model"), 1),
            ],
        ),
        "table_6": table(
            models,
            [
                by_models("IrEne, paper", TABLE_6),
                by_models("IrEne, ours", of_models(irene, "module")),
            ],
        ),
        "table_7": table(
            ["", "paper", "ours"],
            [
                *primitives,
                ["all nodes", percent(TABLE_7_AVERAGE), percent(irene.levels["ml"].pooled)],
            ],
        ),
        "table_8": table(["features", *levels_of_both], ablations),
        "table_9": table(
            [
                *("method", "module, paper", "model, paper", "module, ours", "model, ours"),
                *("module, ours, mean of models", "model, ours, mean of models"),
            ],
            ways,
        ),
        "table_11": table(
            models,
            [
                by_models("software baseline, paper", TABLE_11),
                by_models("driver's energy alone, ours", of_models(software, "module")),
            ],
        ),
    }


def all_methods(results: Results) -> str:
    """Every method under every protocol."""
    rows = []
    for method in methods.METHODS:
        for protocol in PROTOCOLS:
            levels = [results(method, protocol).levels[level] for level in LEVELS]
            covered = [percent(each.coverage90, 0) for each in levels]
            rows.append(
                [
                    f"`{method}`",
                    protocol,
                    " / ".join(percent(each.mean) for each in levels),
                    " / ".join(percent(each.pooled) for each in levels),
                    " / ".join(percent(each.p99, 1) for each in levels),
                    "–" if set(covered) == {"–"} else " / ".join(covered),
                ]
            )
    header = ["method", "unseen", "mean of models", "all nodes", "99 % below", "in 90 % interval"]
    return table(header, rows)


def figures(results: Results) -> dict[str, str]:
    """The single figures that stand in the text."""
    irene = results("irene")
    values: dict[str, str] = {"seeds": str(SEEDS), "steps": str(STEPS)}
    for level in LEVELS:
        nodes = [each for each in irene.outcomes if each.level == level]
        distinct = [each.percent_error for each in nodes if each.distinct]
        of_seeds = [levels[level].pooled for levels in irene.by_seed]
        values |= {
            f"count_{level}": str(len(nodes)),
            f"distinct_count_{level}": str(len(distinct)),
            f"distinct_{level}": percent(mean(distinct)),
            f"least_{level}": percent(min(of_seeds)),
            f"most_{level}": percent(max(of_seeds)),
            f"irene_{level}_pooled": percent(irene.levels[level].pooled),
            f"irene_{level}_mean": percent(irene.levels[level].mean),
            f"stepwise_{level}": percent(results("stepwise").levels[level].pooled),
            f"software_{level}": percent(results("software").levels[level].pooled, 1),
            f"unstructured_{level}": percent(results("unstructured").levels[level].pooled),
        }
        blind = results("unstructured", features="no-resource")
        values[f"blind_{level}"] = percent(blind.levels[level].pooled, 1)
    errors = [each.percent_error for each in irene.outcomes if each.level == "model"]
    for limit in (10, 17):
        share = sum(error < limit for error in errors) / len(errors)
        values[f"figure_3_under_{limit}"] = percent(100 * share, 0)
    values["figure_3_median"] = percent(quantile(errors, 0.5), 1)
    values["figure_3_largest"] = percent(max(errors), 1)
    sizes = [o.percent_error for o in results("irene", "size").outcomes if o.level == "ml"]
    values["size_over_10"] = percent(100 * sum(e > 10 for e in sizes) / len(sizes), 1)
    published = [name for name in FEATURE_SETS["all"] if name not in RELEASED_COLUMNS]
    outcomes = evaluation.run(lambda: PredictedSum(published), splits("model", results.trees))
    for name in TABLE_7:
        values[f"table_1_{name}"] = percent(mean(_of_primitive(outcomes, name)))
    return values


def _of_primitive(outcomes: Iterable[Outcome], name: str) -> list[float]:
    return [o.percent_error for o in outcomes if o.level == "ml" and o.class_name == name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="the public measurements of PC1, .jsonl[.gz]")
    began = time.perf_counter()
    try:
        trees = load_trees(parser.parse_args().data)
    except IreneError as error:
        sys.exit(str(error))
    missing = set(MODELS) - {tree.name for tree in trees}
    if missing:
        sys.exit(f"the data lack {', '.join(sorted(missing))}: give the public ones of PC1")
    results = Results(trees)
    values = {"all_methods": all_methods(results), **tables(results), **figures(results)}
    page = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(values)
    figure = draw(results("irene"))
    write_atomic(PAGE, page.encode(), IreneError)
    write_atomic(FIGURE, figure, IreneError)
    print(f"{PAGE.name}, {FIGURE.name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
