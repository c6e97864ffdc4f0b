"""Predicted units of measured runs against what was measured there."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from irene_jupyter.predictors.fit.board_runs import BoardRun
from irene_jupyter.predictors.forms.board_constants import BoardConstants, BoardKnown
from irene_jupyter.predictors.forms.board_work import WorkUnit, work_units
from irene_jupyter.predictors.forms.host_operations import is_fused
from irene_jupyter.predictors.forms.interval import COVERAGE, Interval
from irene_jupyter.predictors.held_out.evaluation import LEVELS
from irene_jupyter.predictors.predict.board_estimates import Counted, estimate_board
from irene_jupyter.tree import Node, NodeType

LEAST_FACTOR = 1.02  # of an interval's side: no counter is repeatable to less


@dataclass(frozen=True, slots=True)
class BoardOutcome:
    """One measured node or fused kernel: joules of a call, and the interval of the prediction."""

    run: int  # its place in the file
    family: str
    level: NodeType
    path: str
    measured: float
    predicted: float
    low: float
    high: float

    @property
    def percent_error(self) -> float:
        """100·|predicted − measured| / measured."""
        return 100 * abs(self.predicted / self.measured - 1)

    @property
    def log_ratio(self) -> float:
        """Size of log(measured / predicted)."""
        return abs(math.log(self.measured / self.predicted)) if self.predicted > 0 else math.inf

    @property
    def is_inside(self) -> bool:
        """Whether the measurement lies in the interval."""
        return self.low <= self.measured <= self.high


@dataclass(frozen=True, slots=True)
class JudgedUnit:
    """A unit that was measured, at its place in `units` of its run."""

    place: int
    path: str
    level: NodeType
    joules: float
    seconds: float


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """A run, what it asks of a board with so large a cache, and what of it was measured."""

    run: BoardRun
    units: tuple[WorkUnit, ...]
    judged: tuple[JudgedUnit, ...]

    @classmethod
    def of(cls, run: BoardRun, cache_bytes: float) -> JudgedRun:
        """Each distinct node once; the leaves of a fused attention are one. Without its products
        its work is not known: left out."""
        units = tuple(work_units(run.tree.root, cache_bytes))
        judged = []
        for place, unit in enumerate(units):
            measured = [node for node in unit.nodes if node.energy is not None]
            named = [node for node in measured if node.path in run.distinct]
            is_part = is_fused(unit.nodes[0]) and not any(unit.work.flops.values())
            if named and not is_part:
                path = named[0].path
                joules, seconds = _sum(measured)
                judged.append(JudgedUnit(place, path, run.distinct[path], joules, seconds))
        return cls(run, units, tuple(judged))

    @property
    def counted(self) -> Counted:
        """What was measured of the root."""
        root = self.judged[-1]
        return Counted(root.seconds, root.joules)


def board_outcomes(
    runs: Iterable[JudgedRun], constants: BoardConstants, known: BoardKnown
) -> list[BoardOutcome]:
    """Predicted against measured, without intervals."""
    found = []
    for number, each in enumerate(runs):
        made = estimate_board(each.units, constants, known, each.counted)
        for unit in each.judged:
            joules = made[unit.place][1]
            found.append(
                BoardOutcome(
                    number, each.run.family, unit.level, unit.path, unit.joules, joules, joules,
                    joules,
                )
            )  # fmt: skip
    return found


def error_figures(outcomes: Sequence[BoardOutcome]) -> dict[str, Any]:
    """For each level mean, median and 90th percentile of the errors in %, and how many nodes."""
    return {level: _figures(_errors(outcomes, level)) for level in LEVELS}


def in_interval_percent(outcomes: Sequence[BoardOutcome]) -> dict[str, float | None]:
    """The share of each level's measurements that lie in their intervals, and of all."""
    found: dict[str, float | None] = {}
    for level in (*LEVELS, "all"):
        inside = [each.is_inside for each in outcomes if level in (each.level, "all")]
        found[level] = round(100 * sum(inside) / len(inside), 1) if inside else None
    return found


def board_intervals(outcomes: Iterable[BoardOutcome]) -> dict[str, Interval]:
    """For each level the factor that holds 90 % of what these predictions had not seen.

    By split conformal prediction: the ⌈(n + 1)·.9⌉th largest of n errors in logarithms.
    """
    found: dict[str, Interval] = {}
    every = list(outcomes)
    for level in LEVELS:
        sizes = sorted(each.log_ratio for each in every if each.level == level)
        if sizes:
            place = min(len(sizes), math.ceil((len(sizes) + 1) * COVERAGE)) - 1
            found[level] = Interval.factor(max(LEAST_FACTOR, math.exp(sizes[place])))
    return found


def bounded(
    outcomes: Iterable[BoardOutcome], intervals: Mapping[str, Interval]
) -> list[BoardOutcome]:
    """The outcomes with the intervals of their levels."""
    return [
        replace(
            each,
            low=each.predicted * intervals[each.level].low,
            high=each.predicted * intervals[each.level].high,
        )
        for each in outcomes
    ]


def _errors(outcomes: Sequence[BoardOutcome], level: str) -> list[float]:
    return sorted(each.percent_error for each in outcomes if each.level == level)


def _figures(errors: Sequence[float]) -> dict[str, float | int | None]:
    if not errors:
        return {"mean": None, "median": None, "p90": None, "nodes": 0}
    at = math.ceil(0.9 * len(errors)) - 1
    return {
        "mean": round(statistics.fmean(errors), 2),
        "median": round(statistics.median(errors), 2),
        "p90": round(errors[at], 2),
        "nodes": len(errors),
    }


def _sum(nodes: Sequence[Node]) -> tuple[float, float]:
    """(joules, seconds)."""
    joules = math.fsum(node.energy.joules for node in nodes if node.energy)
    return joules, math.fsum(node.features.latency_seconds or 0.0 for node in nodes)
