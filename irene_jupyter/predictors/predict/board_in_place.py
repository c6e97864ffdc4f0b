"""Seconds and joules of a run's units in their place within it, where each adds up to the whole.

A node that is repeated alone takes its launch or its kernel, whichever is longer, and finds in the
cache what it left there (`board_estimates`). Within a run the host is ahead of a busy board, so
that a small operation costs only its kernel, and weights come from memory again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from irene_jupyter.predictors.forms.board_constants import BoardConstants
from irene_jupyter.predictors.forms.board_work import WorkUnit
from irene_jupyter.predictors.forms.dtypes import item_bytes
from irene_jupyter.predictors.predict.launching import Launch


@dataclass(frozen=True, slots=True)
class InPlace:
    """Of all calls of a unit; its children's seconds and joules sum to no more.

    `waiting_seconds` of its `seconds` the board waited for its host. `dynamic_joules` are those
    above idle power.
    """

    seconds: float
    waiting_seconds: float
    dynamic_joules: float


def in_place(
    units: Sequence[WorkUnit],
    constants: BoardConstants,
    *,
    known_seconds: bool = False,
    whole_seconds: float | None = None,
    launch: Launch = "eager",
) -> list[InPlace]:
    """Of each of `units`, as `work_units` made them.

    With `known_seconds` a node takes as long as its features say, where they do. `whole_seconds`
    are the run's; else they are the root's own, or the longer of what the host needs to launch
    everything and what the board needs to do it.
    """
    device = _summed(units, [constants.device_seconds(unit.own) for unit in units])
    host = [0.0] * len(units)
    if launch == "eager":
        pace = constants.host_seconds_per_operation
        host = _summed(units, [pace * unit.own.host_operations for unit in units])
    known = [_known(unit) if known_seconds else None for unit in units]
    whole = whole_seconds or known[-1] or max(host[-1], device[-1])
    expected = _expected(units, host, device, whole)
    seconds = _divided(units, expected, known, whole)
    streamed = _streamed(units)
    found = []
    for place, unit in enumerate(units):
        work = replace(unit.work, streamed_bytes=streamed[place])
        joules = constants.dynamic_joules(work, seconds[place])
        waiting = _known_waiting(unit) if known_seconds else None
        if waiting is None:
            waiting = max(0.0, seconds[place] - device[place])
        found.append(InPlace(seconds[place], waiting, joules))
    return found


def _summed(units: Sequence[WorkUnit], own: Sequence[float]) -> list[float]:
    """Each unit's with all below it."""
    found: list[float] = []
    for unit, value in zip(units, own, strict=True):
        found.append(value + math.fsum(found[place] for place in unit.children))
    return found


def _expected(
    units: Sequence[WorkUnit], host: Sequence[float], device: Sequence[float], whole: float
) -> list[float]:
    """The whole divided: kernels take what they need, and the board waits where a launch is longer.

    Where the whole took less than the kernels should, each took as much less.
    """
    waiting = whole - device[-1]
    if waiting <= 0:
        return [seconds * whole / device[-1] for seconds in device]
    own = [
        launches - math.fsum(host[place] for place in unit.children)
        for unit, launches in zip(units, host, strict=True)
    ]
    kernels = [
        seconds - math.fsum(device[place] for place in unit.children)
        for unit, seconds in zip(units, device, strict=True)
    ]
    late = _summed(units, [max(0.0, a - b) for a, b in zip(own, kernels, strict=True)])
    # Nobody is late, and yet it took longer than it should: then all did.
    shares = late if late[-1] > 0 else device
    return [
        seconds + waiting * share / shares[-1] if shares[-1] > 0 else whole
        for seconds, share in zip(device, shares, strict=True)
    ]


def _divided(
    units: Sequence[WorkUnit],
    expected: Sequence[float],
    known: Sequence[float | None],
    whole: float,
) -> list[float]:
    """From the root down: what is known of the children, and of the rest as much as expected."""
    seconds = list(expected)
    seconds[-1] = whole
    for place in reversed(range(len(units))):
        children = units[place].children
        told = [each for each in children if known[each] is not None]
        if not told and seconds[place] == expected[place]:
            continue
        others = [each for each in children if known[each] is None]
        of_told = math.fsum(known[each] or 0.0 for each in told)
        fits = min(1.0, seconds[place] / of_told) if of_told > 0 else 1.0
        left = max(0.0, seconds[place] - of_told)
        usual = expected[place] - math.fsum(expected[each] for each in told)
        for each in told:
            seconds[each] = (known[each] or 0.0) * fits
        for each in others:
            seconds[each] = expected[each] * left / usual if usual > 0 else 0.0
    return seconds


def _streamed(units: Sequence[WorkUnit]) -> list[float]:
    """What the whole run reads from memory again, by what each of its leaves might.

    Weights are far from the cache when the next run comes to them, however small a leaf is.
    """
    own = [0.0 if unit.children else _may_stream(unit) for unit in units]
    if not any(own):
        own = [unit.own.bytes for unit in units]
    shares = _summed(units, own)
    whole = units[-1].work.streamed_bytes
    return [whole * share / shares[-1] if shares[-1] > 0 else 0.0 for share in shares]


def _may_stream(unit: WorkUnit) -> float:
    held = math.fsum(
        node.features.num_parameters * item_bytes(node.features.dtype) * node.features.calls
        for node in unit.nodes
    )
    return max(unit.work.streamed_bytes, min(unit.work.bytes, held))


def _known(unit: WorkUnit) -> float | None:
    """The parts of a fused kernel take its time together."""
    known = [node.features.latency_seconds for node in unit.nodes]
    return math.fsum(each for each in known if each is not None) if any(known) else None


def _known_waiting(unit: WorkUnit) -> float | None:
    known = [node.features.waiting_seconds for node in unit.nodes]
    return None if None in known else math.fsum(each for each in known if each is not None)
