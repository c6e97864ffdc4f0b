"""How well the fit predicts what it has not seen: each measured part by a fit without it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from irene_jupyter.calibration.fit.results import Measured, Results
from irene_jupyter.calibration.fit.transfer import Target, joules_of, transferred
from irene_jupyter.predictors.forms.coefficients import Coefficients
from irene_jupyter.predictors.held_out import evaluation
from irene_jupyter.tree import NodeType


@dataclass(frozen=True, slots=True)
class Checked:
    """A measured part and what a fit without it (its node, or its model) says."""

    measured: Measured
    level: NodeType
    class_name: str
    joules: float

    @property
    def percent_error(self) -> float:
        """100·|predicted − measured| / measured."""
        return 100 * abs(self.joules / self.measured.joules - 1)


def left_out(
    source: Coefficients,
    measured: Sequence[Measured],
    targets: Sequence[Target],
    *,
    keep: bool,
    by_node: bool,
) -> Iterator[Checked]:
    """Each part by a fit without it: without its model, or by node without itself alone."""
    models: dict[str, Coefficients] = {}
    for at, (each, target) in enumerate(zip(measured, targets, strict=True)):
        if by_node:
            rest = [t for other, t in enumerate(targets) if other != at]
            rules = transferred(source, rest, keep_residual=keep)
        else:
            model = each.part.architecture
            if model not in models:
                rest = [
                    t
                    for m, t in zip(measured, targets, strict=True)
                    if m.part.architecture != model
                ]
                models[model] = transferred(source, rest or targets, keep_residual=keep)
            rules = models[model]
        first = target.nodes[0]
        yield Checked(each, first.type, first.class_name, joules_of(rules, target))


def error_percent(checked: Sequence[Checked]) -> dict[str, float]:
    """The mean error of each level."""
    found: dict[str, float] = {}
    for level in evaluation.LEVELS:
        errors = [each.percent_error for each in checked if each.level == level]
        if errors:
            found[level] = math.fsum(errors) / len(errors)
    return found


def scorecard_dict(results: Results, checked: Sequence[Checked], protocol: str) -> dict[str, Any]:
    return {
        "error_percent": {f"leave one {protocol} out": error_percent(checked)},
        "meaning": "each node is predicted by a fit that has not seen it; joules are of one run, "
        "mean of the rounds; ± is the expanded uncertainty (95 %) of the measurement",
        "nodes": [
            {
                "node": each.measured.part.key,
                "level": each.level,
                "class_name": each.class_name,
                "measured_joules": each.measured.joules,
                "plus_minus_percent": 100 * each.measured.uncertainty.expanded,
                "repeatability_percent": 100 * each.measured.uncertainty.repeatability,
                "meter_percent": 100 * each.measured.uncertainty.meter,
                "clock_percent": 100 * each.measured.uncertainty.clock,
                "predicted_joules": each.joules,
                "error_percent": each.percent_error,
                "rounds": each.measured.uncertainty.rounds,
                "seconds": each.measured.seconds,
                "variation_percent": 100 * each.measured.variation,
                "unstable": each.measured.unstable,
                "rejected_runs": len(each.measured.rejected),
            }
            for each in checked
        ],
        "failed": [{"node": part.key, "reason": reason} for part, reason in results.failed],
    }
