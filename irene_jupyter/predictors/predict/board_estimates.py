"""Seconds and joules of a tree's units on a board, by what is known of the run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from irene_jupyter.predictors.forms.board_constants import BoardConstants, BoardKnown
from irene_jupyter.predictors.forms.board_work import WorkUnit


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of a whole run."""

    seconds: float
    joules: float

    def divided(self, idle_watts: float, dynamic_joules: float) -> tuple[float, float]:
        """(W, factor): idle power of each of its seconds, and a factor on all beyond it.

        `dynamic_joules` are expected of the whole run beyond `idle_watts`. A factor far from 1
        (.5 to 2) says that another board ran, or other work.
        """
        watts = self.joules / self.seconds
        if not dynamic_joules > 0:
            return watts, 1.0
        # A board that drew less than this one's idle power has nothing left to divide but time.
        idle = min(idle_watts, watts)
        return idle, (self.joules - idle * self.seconds) / dynamic_joules


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
    idle, factor = counted.divided(constants.idle_watts, dynamic[-1])
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
    """The parts of a fused kernel take its time together."""
    return math.fsum(node.features.latency_seconds or 0.0 for node in unit.nodes)
