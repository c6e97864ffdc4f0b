"""From the rounds of a cell's loop to its trend: their joules, and why some were slow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from irene_jupyter.capture.watch.loop import Stretch, joined
from irene_jupyter.meters.counters.energy_curve import at
from irene_jupyter.report.trend import (
    LONG_SECONDS,
    Evaluation,
    Point,
    Round,
    SlowRound,
    Trend,
    TrendSource,
)

if TYPE_CHECKING:
    from irene_jupyter.attribution.apportion import Points
    from irene_jupyter.attribution.cell import Cell
    from irene_jupyter.capture.watch import loop
    from irene_jupyter.capture.watch.loop import Loop, Rounds
    from irene_jupyter.report.report import EnergyReport

MIN_ROUNDS = 20
_MAX_POINTS = 120
_PART = 5  # start and end are the median of the first and the last fifth
_MOSTLY = 0.5  # of the time that a slow round took too long
_MUCH_MORE = 1.5  # input, times the usual
_BUSY = 0.2  # share of the processor's time that others took

_PHASES = {"step": ("forward", "backward", "optimiser"), "decoding step": ("decode",)}

Joules = Callable[[float, float], float]  # between two times of time.perf_counter()


@dataclass(frozen=True, slots=True)
class Known:
    """A cell's joules: `between` two times where that is known, else the `whole` alone.

    `device` is empty where they are this machine's.
    """

    source: TrendSource
    between: Joules | None = None
    whole: float | None = None
    device: str = ""


def trend_of(
    loop: Loop,
    began: float,
    known: Known,
    others_cpu_share: float | None,
) -> Trend | None:
    """The trend of a loop in a cell that `began` then; None where it was short, or no loop."""
    rounds = loop.rounds
    if rounds is None or rounds.count < MIN_ROUNDS:
        return None
    stretches = rounds.stretches
    seconds = math.fsum(each.seconds * each.count for each in stretches)
    if seconds < LONG_SECONDS:
        return None
    joules = known.between
    evaluation = None if rounds.has_own_evaluation else _evaluation(loop, joules)
    spans = loop.evaluations if evaluation is not None else []
    each_joules = None if joules is None else _without(joules, spans)
    whole = known.whole
    if each_joules is not None:
        whole = math.fsum(each_joules(each.start, each.end) for each in stretches)
    part = max(1, len(stretches) // _PART)
    points = list(stretches)
    while len(points) > _MAX_POINTS:
        points = joined(points)
    return Trend(
        unit=rounds.unit,
        count=rounds.count,
        seconds=seconds,
        start=_round(stretches[:part], each_joules),
        end=_round(stretches[-part:], each_joules),
        joules=None if whole is None else whole / rounds.count,
        source=None if whole is None else known.source,
        device=known.device,
        slow=rounds.slow,
        slowest=tuple(
            SlowRound(
                each.index + 1,
                each.seconds,
                _reason(each, rounds, seconds / rounds.count, others_cpu_share),
                None if each_joules is None else each_joules(each.start, each.end),
            )
            for each in rounds.slowest
        ),
        evaluation=evaluation,
        points=tuple(
            Point(max(0.0, each.end - began), each.seconds, _joules(each, each_joules))
            for each in points
        ),
    )


def known_joules(cell: Cell, report: EnergyReport, loop: Loop) -> Known:
    """What is known of a cell's joules over its time, and of its loop's rounds together."""
    if cell.curves:
        return Known("measured", by_curves(cell.curves))
    if cell.estimate is not None:
        return Known("estimated", by_curves([cell.estimate.curve]))
    if cell.estimate is not None:
        return Known("estimated", by_curves([cell.estimate.curve]))
    energy = None if report.root is None else report.root.energy
    source: TrendSource = "estimated" if energy and energy.source == "estimated" else "predicted"
    unit = "" if loop.rounds is None else loop.rounds.unit
    return Known(source, whole=_of_rounds(report, unit), device=report.device.label)


def _of_rounds(report: EnergyReport, unit: str) -> float | None:
    """The joules of all rounds of a `unit`; None where others are among what is known."""
    if unit in _PHASES:
        found = [each.joules for each in report.phases if each.phase in _PHASES[unit]]
        return math.fsum(found) if found else None
    return report.total_joules if len(report.models) == 1 else None


def by_curves(curves: Sequence[Points]) -> Joules:
    """Joules between two times, as counters told."""

    def joules(start: float, end: float) -> float:
        return math.fsum(max(0.0, at(curve, end) - at(curve, start)) for curve in curves)

    return joules


def _without(joules: Joules, spans: Sequence[tuple[float, float]]) -> Joules:
    """The joules between two times without those of the spans in between."""

    def rest(start: float, end: float) -> float:
        inside = [(max(start, low), min(end, high)) for low, high in spans]
        taken = math.fsum(joules(low, high) for low, high in inside if high > low)
        return max(0.0, joules(start, end) - taken)

    return rest


def _evaluation(loop: Loop, joules: Joules | None) -> Evaluation | None:
    if not (loop.is_training and loop.evaluation_count):
        return None
    found = None
    if joules is not None and len(loop.evaluations) == loop.evaluation_count:
        found = math.fsum(joules(*span) for span in loop.evaluations)
    return Evaluation(loop.evaluation_count, loop.evaluation_seconds, found)


def _round(stretches: Sequence[Stretch], joules: Joules | None) -> Round:
    """One of these, by the median."""
    known = [found for each in stretches if (found := _joules(each, joules)) is not None]
    return Round(median(each.seconds for each in stretches), median(known) if known else None)


def _joules(stretch: Stretch, joules: Joules | None) -> float | None:
    return None if joules is None else joules(stretch.start, stretch.end) / stretch.count


def _reason(
    slow: loop.SlowRound, rounds: Rounds, seconds: float, others_cpu_share: float | None
) -> str:
    """What probably made it slow: where the time went that a mean round does not need."""
    work, usual = slow.work, rounds.mean_work
    if work.new_sizes > 0 and rounds.mean_work.new_sizes < _MOSTLY:
        return "the first with inputs of its size, which is recorded"
    if work.elements > _MUCH_MORE * usual.elements > 0:
        return f"{work.elements / usual.elements:.1f} times the input of a usual {rounds.unit}"
    excess = {
        "the forward pass": work.forward - usual.forward,
        "the backward pass": work.backward - usual.backward,
        "the optimiser": work.optimiser - usual.optimiser,
    }
    within = sum((work.forward, work.backward, work.optimiser))
    outside = slow.seconds - within
    usually = seconds - sum((usual.forward, usual.backward, usual.optimiser))
    if outside - usually > _MOSTLY * (slow.seconds - seconds):
        return "most of it outside the model: data, saving, printing"
    if others_cpu_share is not None and others_cpu_share > _BUSY:
        return f"other programs took {others_cpu_share:.0%} of the processor's time"
    return f"{max(excess, key=lambda name: excess[name])} took longer"
