"""Measured runs of a board → its profile, with intervals and errors of families left out.

Deterministic: the same runs give the same profile on any machine (stored to ten digits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.fit.board_errors import (
    BoardOutcome,
    JudgedRun,
    board_intervals,
    board_outcomes,
    bounded,
    error_figures,
    in_interval_percent,
)
from irene_jupyter.predictors.fit.board_fit import START, fit_board
from irene_jupyter.predictors.fit.board_runs import BoardData
from irene_jupyter.predictors.fit.device_training import check_name, rounded
from irene_jupyter.predictors.forms.board_constants import BOARD_KNOWN, BoardKnown
from irene_jupyter.predictors.forms.dtypes import is_half
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.profiles.board_profile import BoardProfile

LEAST_FAMILIES = 3  # so that intervals of two can be tested on the third
METHOD = (
    "board: relative loss over nodes of known time; rates that the quickest tenth of the leaves "
    "reached; the host's seconds by modules and whole runs"
)
SOURCE = (
    "Nodes of transformers that were repeated alone for .9 s each, their energy by the slope of "
    "the board's energy counter (NVML), idle power included; a protocol as IrEne's (Cao et al., "
    "ACL-IJCNLP 2021, https://aclanthology.org/2021.acl-long.167). Measured for irene_jupyter. "
    "Cache size and rates where none were measured: NVIDIA H100 datasheet."
)
# What the runs that are shipped do not say of themselves.
PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    "h100": {
        "label": "H100 SXM, board alone",
        "host": "the virtual machine of the measured runs, its CPU not named in the data",
        "memory_gibibytes": 79.2,  # 81079 MiB by its driver
    }
}


def train_board(data: BoardData, *, name: str, label: str | None = None) -> BoardProfile:
    """Fit a board's constants to its runs, and test them and their intervals on unseen families.

    Raises `DataError` for a bad name and too few nodes or families.
    """
    check_name(name)
    runs = [JudgedRun.of(run, START.cache_bytes) for run in data.runs]
    families = sorted({run.family for run in data.runs})
    if len(families) < LEAST_FAMILIES:
        raise DataError(
            f"runs of {len(families)} families of models are too few; give {LEAST_FAMILIES} or "
            "more, so that the errors can be tested on what was left out"
        )
    left_out = _left_out(runs, families)
    published = PUBLISHED.get(name, {})
    profile = BoardProfile(
        name=name,
        label=label or published.get("label", f"{data.board}, board alone"),
        board=data.board,
        host=published.get("host", "that of the measured runs, not named in their file"),
        constants=fit_board(runs),
        intervals={known: board_intervals(left_out[known]) for known in BOARD_KNOWN},
        training={
            "energy": "of the board alone, idle power included",
            "runs": [run.description for run in data.runs],
            "families": families,
            "nodes": sum(len(each.judged) for each in runs),
            "header": dict(data.header),
            "method": METHOD,
        },
        scorecard={
            "left_out": "one family of models, in constants and intervals alike; runs of "
            "half-precision, because all of float32 are of one family",
            "error_percent": {known: error_figures(left_out[known]) for known in BOARD_KNOWN},
            "in_interval_percent": {
                known: in_interval_percent(_crossed(left_out[known])) for known in BOARD_KNOWN
            },
        },
        citation=SOURCE,
        memory_gibibytes=published.get("memory_gibibytes"),
    )
    return BoardProfile.from_dict(rounded(profile.to_dict()))


def _left_out(
    runs: Sequence[JudgedRun], families: Sequence[str]
) -> dict[BoardKnown, list[BoardOutcome]]:
    """Predictions of each family's runs by constants that the others gave."""
    found: dict[BoardKnown, list[BoardOutcome]] = {known: [] for known in BOARD_KNOWN}
    for family in families:
        unseen = [each for each in runs if each.run.family == family and is_half(each.run.dtype)]
        if not unseen:
            continue
        constants = fit_board([each for each in runs if each.run.family != family])
        for known in BOARD_KNOWN:
            found[known] += board_outcomes(unseen, constants, known)
    return found


def _crossed(outcomes: Sequence[BoardOutcome]) -> list[BoardOutcome]:
    """Each family's outcomes with the intervals that the others' errors make."""
    found: list[BoardOutcome] = []
    for family in dict.fromkeys(each.family for each in outcomes):
        others = [each for each in outcomes if each.family != family]
        intervals: Mapping[str, Interval] = board_intervals(others)
        found += bounded((each for each in outcomes if each.family == family), intervals)
    return found
