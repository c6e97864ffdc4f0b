"""What a profile says of a board's measured runs, against what was measured there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from irene_jupyter.predictors.fit.board_errors import (
    BoardOutcome,
    JudgedRun,
    board_outcomes,
    bounded,
    error_figures,
    in_interval_percent,
)
from irene_jupyter.predictors.fit.board_fit import START
from irene_jupyter.predictors.fit.board_runs import BoardData, BoardRun
from irene_jupyter.predictors.forms.board_constants import BoardKnown
from irene_jupyter.predictors.forms.coefficients import Known
from irene_jupyter.predictors.predict.predicted import predictions
from irene_jupyter.predictors.predict.subtrees import readings
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile


@dataclass(frozen=True, slots=True)
class BoardEvaluation:
    """The errors of one profile on the runs of a file."""

    device: str
    known: BoardKnown
    runs: tuple[BoardRun, ...]
    outcomes: tuple[BoardOutcome, ...]

    def to_dict(self) -> dict[str, Any]:
        """Errors in %: mean, median and 90th percentile over the nodes of each level."""
        return {
            "device": self.device,
            "known": self.known,
            "levels": error_figures(self.outcomes),
            "in_interval_percent": in_interval_percent(self.outcomes),
            "by_run": [
                {
                    **run.description,
                    "levels": error_figures(own),
                    "in_interval_percent": in_interval_percent(own),
                }
                for run, own in self._by_run()
            ],
        }

    def _by_run(self) -> Iterator[tuple[BoardRun, list[BoardOutcome]]]:
        for number, run in enumerate(self.runs):
            yield run, [each for each in self.outcomes if each.run == number]


def evaluate_board(
    data: BoardData, profile: BoardProfile | DeviceProfile, known: BoardKnown
) -> BoardEvaluation:
    """Each distinct node once, by as much as is `known` of its run."""
    if isinstance(profile, BoardProfile):
        runs = [JudgedRun.of(run, profile.constants.cache_bytes) for run in data.runs]
        made = board_outcomes(runs, profile.constants, known)
        outcomes = bounded(made, profile.intervals[known])
    else:
        outcomes = [
            each
            for number, run in enumerate(data.runs)
            for each in _by_regressors(number, JudgedRun.of(run, START.cache_bytes), profile, known)
        ]
    return BoardEvaluation(profile.name, known, data.runs, tuple(outcomes))


def _by_regressors(
    number: int, each: JudgedRun, profile: DeviceProfile, known: BoardKnown
) -> Iterator[BoardOutcome]:
    """By the profile of another device; a counted root scales the whole tree."""
    tree = each.run.tree
    rule: Known = "latency" if known == "seconds" else "features"
    made = predictions(tree, profile, rule, readings(tree) if known == "seconds" else ())
    of = {node.path: found for node, found in zip(tree.root.walk(), made, strict=True)}
    whole = of[""].joules
    level = each.counted.joules / whole if known == "total" and whole > 0 else 1.0
    for unit in each.judged:
        parts = [of[node.path] for node in each.units[unit.place].nodes]
        joules, low, high = (
            level * math.fsum(values)
            for values in zip(*((it.joules, it.low, it.high) for it in parts), strict=True)
        )
        yield BoardOutcome(
            number, each.run.family, unit.level, unit.path, unit.joules, joules, low, high
        )
