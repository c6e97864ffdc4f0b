"""This process's share of what the processors drew, by its CPU time. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from irene_jupyter.meters.counters.counters import Counted
from irene_jupyter.meters.counters.energy_curve import at
from irene_jupyter.meters.counters.guards import Circumstances, judged
from irene_jupyter.report.parts import ProcessShare

# How much more or less than ours other processes may draw in the same CPU time: vector units and
# memory at work draw about twice what waiting for memory does.
_FACTOR = 2.0


def process_share(
    counted: Sequence[Counted], start: float, end: float, others_cpu_share: float | None
) -> ProcessShare | None:
    """Of the CPU packages between two times; None without them, or where a guard withholds one.

    The load of others, which withholds the cell's total, is what this is about: it does not count.
    Idle power is shared by the same rule as the rest.
    """
    packages = [each for each in counted if each.reading.scope == "cpu"]
    if others_cpu_share is None or not packages:
        return None
    own = 1 - others_cpu_share
    joules = low = high = 0.0
    for each in packages:
        reading = each.reading
        quiet = Circumstances(end - start)
        verdict = judged(reading.seconds, reading.update_seconds, reading.scope, quiet)
        if verdict.withheld:
            return None
        counts = at(each.curve, end) - at(each.curve, start)
        joules += counts
        low += counts * verdict.low
        high += counts * verdict.high
    if joules <= 0:
        return None
    return ProcessShare(
        own,
        own * joules,
        _weighted(own, 1 / _FACTOR) * low,
        _weighted(own, _FACTOR) * high,
        joules,
    )


def _weighted(own: float, factor: float) -> float:
    """Our share where a second of ours draws `factor` times what one of others' does."""
    return own * factor / (own * factor + (1 - own))
