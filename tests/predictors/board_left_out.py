"""Boards whose profiles are shipped, each predicted from its datasheet by the others' parts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from irene_jupyter.predictors.fit.board_errors import JudgedRun, board_outcomes
from irene_jupyter.predictors.fit.board_runs import load_board_runs
from irene_jupyter.predictors.fit.kernel_constants import UNIT_OF
from irene_jupyter.predictors.fit.kernel_rows import load_kernels
from irene_jupyter.predictors.forms.board_constants import BoardConstants, BoardKnown
from irene_jupyter.predictors.profiles.datasheet_profile import estimated
from irene_jupyter.predictors.profiles.datasheets import KNOWN
from irene_jupyter.predictors.profiles.loading import load_board

Errors = dict[tuple[str, str], list[float]]  # (what is known, level) -> sizes of log ratios


def constants_without(name: str) -> BoardConstants:
    others = {each: load_board(each) for each in KNOWN if each != name}
    facts = KNOWN[name]
    return estimated(facts, facts.power_limit_watts, {k: v for k, v in others.items() if v})


def node_errors(file: Path) -> Errors:
    """The H100's nodes in half precision, by the other boards."""
    constants = constants_without("h100")
    runs = [JudgedRun.of(run, constants.cache_bytes) for run in load_board_runs(file).runs]
    found: Errors = {}
    known: BoardKnown
    for known in ("seconds", "nothing"):
        for each in board_outcomes(runs, constants, known):
            found.setdefault((known, each.level), []).append(each.log_ratio)
    return found


def kernel_errors(file: Path) -> Errors:
    """A board's products, by the other boards; each kind counts alike."""
    data = load_kernels(file)
    constants = constants_without(data.board.lower())
    found: Errors = {}
    for known, ratios in _products(data, constants):
        found.setdefault((known, "ml"), []).extend(ratios)
    return found


def _products(data: object, constants: BoardConstants) -> Iterator[tuple[str, list[float]]]:
    for each in data.kinds:  # type: ignore[attr-defined]
        if each.kind.operation != "gemm" or each.kind.dtype not in UNIT_OF:
            continue
        unit, rows = UNIT_OF[each.kind.dtype], each.is_powered
        flops, moved = each.work.flops[rows], each.work.bytes[rows]
        joules = constants.flop_joules(unit) * flops + constants.joules_per_byte * moved
        kernel = np.maximum(flops / constants.flop_rate(unit), moved / constants.bytes_per_second)
        times = {"seconds": each.seconds[rows], "nothing": kernel + constants.kernel_seconds}
        for known, seconds in times.items():
            made = constants.idle_watts * seconds
            made += np.minimum(joules, constants.busy_watts * seconds)
            logs = np.abs(np.log(made / each.joules[rows]))
            places = np.linspace(0, 1, 200)
            yield known, np.quantile(logs, places).tolist()


def factors(errors: Errors, share: float = 0.9) -> dict[tuple[str, str], float]:
    return {key: math.exp(float(np.quantile(each, share))) for key, each in errors.items()}
