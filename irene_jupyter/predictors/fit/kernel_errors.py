"""Predicted kernels against measured ones: errors in %, by operation and by dtype."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from irene_jupyter.predictors.fit.kernel_fit import most_watts
from irene_jupyter.predictors.fit.kernel_rows import KernelKind, Kernels
from irene_jupyter.predictors.forms.interval import COVERAGE, Interval
from irene_jupyter.predictors.forms.kernel_form import KernelForm
from irene_jupyter.predictors.forms.kernel_work import Array

LEAST_FACTOR = 1.02  # of an interval's side: no counter is repeatable to less
# What is judged -> whether it needs power.
FIGURES = {"seconds": False, "joules": True, "joules_of_known_seconds": True}


@dataclass(frozen=True)
class KernelOutcome:
    """The rows of one kind whose power is their own: logarithms of predicted / measured."""

    kind: KernelKind
    seconds: Array
    joules: Array
    joules_of_known_seconds: Array


def kernel_outcome(
    kernels: Kernels, form: KernelForm, rows: Any, idle_watts: float
) -> KernelOutcome:
    """Of the chosen rows: by their shapes alone, and the joules by the measured seconds too."""
    most = most_watts(kernels)
    seconds = form.seconds(kernels.work)
    joules = seconds * form.watts(kernels.work, seconds, idle_watts, most)
    watts = form.watts(kernels.work, kernels.seconds, idle_watts, most)
    return KernelOutcome(
        kernels.kind,
        np.log(seconds / kernels.seconds)[rows],
        np.log(joules / kernels.joules)[rows],
        np.log(watts / kernels.watts)[rows],
    )


def kernel_figures(outcomes: Sequence[KernelOutcome]) -> dict[str, Any]:
    """By operation, and there by dtype: mean, median and 90th percentile, and how many kernels."""
    found: dict[str, Any] = {}
    for operation in dict.fromkeys(each.kind.operation for each in outcomes):
        its = [each for each in outcomes if each.kind.operation == operation]
        kinds = {_label(each.kind): [each] for each in its}
        found[operation] = {
            **_figures(its),
            "by_kind": {label: _figures(each) for label, each in kinds.items()},
        }
    return found


def kernel_intervals(outcomes: Sequence[KernelOutcome]) -> dict[str, dict[str, Interval]]:
    """Of joules, for each operation, by what is known: the factor that holds 90 %."""
    names = {"nothing": "joules", "seconds": "joules_of_known_seconds"}
    return {
        known: {
            operation: _interval(
                getattr(each, name) for each in outcomes if each.kind.operation == operation
            )
            for operation in dict.fromkeys(each.kind.operation for each in outcomes)
        }
        for known, name in names.items()
    }


def kernels_inside(
    outcomes: Sequence[KernelOutcome], intervals: Mapping[str, Mapping[str, Interval]]
) -> dict[str, dict[str, float | None]]:
    """The share of measured joules in the intervals, in %, by operation."""
    names = {"nothing": "joules", "seconds": "joules_of_known_seconds"}
    found: dict[str, dict[str, float | None]] = {}
    for known, name in names.items():
        found[known] = {}
        for operation in dict.fromkeys(each.kind.operation for each in outcomes):
            ratios = np.exp(-_joined(outcomes, operation, name))  # measured / predicted
            its = intervals.get(known, {}).get(operation)
            inside = None
            if its is not None and len(ratios):
                inside = round(100 * float(((ratios >= its.low) & (ratios <= its.high)).mean()), 1)
            found[known][operation] = inside
    return found


def _label(kind: KernelKind) -> str:
    return " ".join(filter(None, (kind.framework, kind.kernel, kind.dtype, kind.kv_dtype)))


def _joined(outcomes: Iterable[KernelOutcome], operation: str, name: str) -> Array:
    return np.concatenate(
        [getattr(each, name) for each in outcomes if each.kind.operation == operation]
    )


def _figures(outcomes: Sequence[KernelOutcome]) -> dict[str, Any]:
    found: dict[str, Any] = {"kernels": sum(len(each.seconds) for each in outcomes)}
    for name in FIGURES:
        errors = 100 * np.abs(np.expm1(np.concatenate([getattr(e, name) for e in outcomes])))
        known = errors[np.isfinite(errors)]
        found[name] = {
            "mean": round(float(known.mean()), 2) if len(known) else None,
            "median": round(float(np.median(known)), 2) if len(known) else None,
            "p90": round(float(np.quantile(known, 0.9)), 2) if len(known) else None,
        }
    return found


def _interval(parts: Iterable[Array]) -> Interval:
    sizes = np.sort(np.abs(np.concatenate(list(parts))))
    place = min(len(sizes), math.ceil((len(sizes) + 1) * COVERAGE)) - 1
    return Interval.factor(max(LEAST_FACTOR, math.exp(float(sizes[place]))))
