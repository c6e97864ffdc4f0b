"""Seconds and joules of a tree's units on a board, by what is known of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from irene_jupyter.predictors.forms.board_constants import BoardConstants, BoardKnown
from irene_jupyter.predictors.forms.board_work import WorkUnit


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of a whole run."""

    seconds: float
    joules: float


def estimate_board(
    units: Sequence[WorkUnit],
    constants: BoardConstants,
    known: BoardKnown,
    counted: Counted | None = None,
) -> list[tuple[float, float]]:
    """(seconds, joules) of each of `units`, all calls, idle power included.

    "seconds" takes the time of each node from its features, "total" needs `counted`.
    """
    if known == "seconds":
        times = [_measured(unit) for unit in units]
    else:
        times = unmeasured_seconds(units, constants)
    if known != "total" or counted is None:
        return [
            (seconds, constants.joules(unit.work, seconds))
            for unit, seconds in zip(units, times, strict=True)
        ]
    # The more of the run a node is, the more it shares the run's pace; a leaf has its own.
    whole = times[-1]
    pace = counted.seconds / whole
    times = [seconds * pace ** min(1.0, seconds / whole) for seconds in times]
    dynamic = [
        constants.dynamic_joules(unit.work, seconds)
        for unit, seconds in zip(units, times, strict=True)
    ]
    # A board that drew less than this one's idle power has nothing left to divide but time.
    idle = min(constants.idle_watts, counted.joules / counted.seconds)
    beyond_idle = counted.joules - idle * counted.seconds
    factor = beyond_idle / dynamic[-1] if dynamic[-1] > 0 else 1.0  # one for the whole run
    return [
        (seconds, idle * seconds + factor * joules)
        for seconds, joules in zip(times, dynamic, strict=True)
    ]


def unmeasured_seconds(units: Sequence[WorkUnit], constants: BoardConstants) -> list[float]:
    """Of each unit: as long as the host takes to launch it, or the board to do it."""
    device: list[float] = []
    times: list[float] = []
    for unit in units:
        below = sum(device[place] for place in unit.children)
        device.append(constants.device_seconds(unit.own) + below)
        host = constants.host_seconds_per_operation * unit.work.host_operations
        times.append(max(host, device[-1]))
    return times


def _measured(unit: WorkUnit) -> float:
    """Each part of a fused kernel was measured as the whole: their mean."""
    seconds = [node.features.latency_seconds or 0.0 for node in unit.nodes]
    return sum(seconds) / len(seconds)
