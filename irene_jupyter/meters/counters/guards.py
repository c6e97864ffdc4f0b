"""When a counter's number is to be doubted: pure functions, each with its threshold.

A guard answers with a `Verdict`: what to tell, how far to widen the interval, or why the number
is withheld.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

# A counter that changes every u seconds is off by up to u of power at each end.
FEWEST_UPDATES = 2.0  # in the window; under this the number is withheld
FEW_UPDATES = 20.0  # under this its interval is widened by one update at each end
# The counter's window and the block's must agree, or it counted something else.
LEAST_COVERAGE = 0.95
MOST_COVERAGE = 1.05
COVERAGE_SLACK_SECONDS = 0.02  # a thread's waking, which is nothing in a long block
# CPU time of other processes, of all CPU time that was used.
SOME_LOAD = 0.1  # from here the interval is widened by that share
MOST_LOAD = 0.5  # from here the number is mostly theirs, and withheld
# What the vendors state for their own sensors is about this (NVIDIA: 5 %; Intel states nothing).
COUNTER_ERROR = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a guard found. The interval of the number is [low, high] times the number."""

    warnings: tuple[str, ...] = ()
    low: float = 1.0
    high: float = 1.0
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known about a block beside the counter's number."""

    seconds: float  # of the block
    others_cpu_share: float | None = None  # of the CPU time used, by other processes
    other_gpu_processes: int | None = None
    throttling: tuple[str, ...] = field(default=())


def short_window(seconds: float, update_seconds: float) -> Verdict:
    """A window of few updates of the counter."""
    updates = seconds / update_seconds if update_seconds > 0 else FEW_UPDATES
    if updates < FEWEST_UPDATES:
        return Verdict(
            withheld=f"the block took {seconds:.3g} s and the counter changes every "
            f"{update_seconds:.3g} s; repeat the work in the cell to measure it"
        )
    if updates < FEW_UPDATES:
        return Verdict(
            (f"only about {updates:.0f} updates of the counter fall in the block",),
            1 - 1 / updates,
            1 + 1 / updates,
        )
    return Verdict()


def coverage(counter_seconds: float, block_seconds: float) -> Verdict:
    """A counter's window that is not the block's."""
    off = abs(counter_seconds - block_seconds)
    share = counter_seconds / block_seconds if block_seconds > 0 else 1.0
    if off <= COVERAGE_SLACK_SECONDS or LEAST_COVERAGE <= share <= MOST_COVERAGE:
        return Verdict()
    return Verdict(
        withheld=f"the counter was read over {counter_seconds:.3g} s, the block took "
        f"{block_seconds:.3g} s"
    )


def other_processes(count: int | None) -> Verdict:
    """Other processes with a context on the board: all that was counted may be theirs."""
    if not count:
        return Verdict()
    plural = "process" if count == 1 else "processes"
    return Verdict((f"{count} other {plural} on the GPU: part of the energy may be theirs",), 0.0)


def throttled(reasons: Iterable[str]) -> Verdict:
    """Clocks that were held down: the energy is true, but not what it is at full clocks."""
    found = ", ".join(reasons)
    return Verdict((f"the GPU's clocks were held down ({found})",)) if found else Verdict()


def loaded_machine(others_share: float | None) -> Verdict:
    """Other processes' part of the CPU time that was used while the block ran."""
    if others_share is None or others_share < SOME_LOAD:
        return Verdict()
    told = f"other processes took {100 * others_share:.0f} % of the CPU time used meanwhile"
    if others_share >= MOST_LOAD:
        return Verdict(withheld=f"{told}; measure on a quiet machine")
    return Verdict((told,), 1 - others_share)


def judged(
    counter_seconds: float, update_seconds: float, scope: str, found: Circumstances
) -> Verdict:
    """All guards on one number, and the counter's own error."""
    verdicts = [
        Verdict((), 1 - COUNTER_ERROR, 1 + COUNTER_ERROR),
        short_window(counter_seconds, update_seconds),
        coverage(counter_seconds, found.seconds),
    ]
    if scope == "gpu":
        verdicts += [other_processes(found.other_gpu_processes), throttled(found.throttling)]
    else:
        verdicts.append(loaded_machine(found.others_cpu_share))
    low = high = 1.0
    for verdict in verdicts:
        low *= verdict.low
        high *= verdict.high
    withheld = [v.withheld for v in verdicts if v.withheld]
    warnings = tuple(text for v in verdicts for text in v.warnings)
    return Verdict(warnings, low, high, "; ".join(withheld) or None)
