"""The energy that counters saw, given to the parts of a cell. Pure functions on plain data.

Between two readings of the counters power is taken as even, so that a part's energy there is its
share of the time. How far that may be wrong is in the interval; see `docs/measured-energy.md`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from irene_jupyter.attribution.process_share import process_share
from irene_jupyter.capture.watch.activity import Bin
from irene_jupyter.meters.base import CONTAINING, SCOPE_NAMES, Scope
from irene_jupyter.meters.counters.counters import Absence, Counted
from irene_jupyter.meters.counters.energy_curve import at
from irene_jupyter.meters.counters.guards import Circumstances, judged
from irene_jupyter.report.parts import CounterNote, MeasuredEnergy

# A part with this share of the cell's time is the cell: its energy counts as measured.
WHOLE_SHARE = 0.98
# Power during a part is taken to be within this factor of the mean between two readings.
POWER_FACTOR = 2.0
_FULL = 0.999  # of the time between two readings: nothing to divide

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A part's joules with their interval, and its part of the cell's time (0 to 1)."""

    joules: float
    low: float
    high: float
    time: float

    @property
    def is_whole(self) -> bool:
        """Whether the counters covered this part and next to nothing else."""
        return self.time >= WHOLE_SHARE

    def covered(self, low: float, high: float) -> Share:
        """With the counters' own interval, in multiples: it is all that they covered."""
        return replace(self, low=self.joules * low, high=self.joules * high)

    def scaled(self, part: float) -> Share:
        """So much of it, 0 to 1."""
        return Share(self.joules * part, self.low * part, self.high * part, self.time * part)


@dataclass(frozen=True, slots=True)
class Usable:
    """What the counters say of a block, and the curves behind it."""

    measured: MeasuredEnergy
    curves: tuple[Points, ...]
    warnings: tuple[str, ...]
    board_joules: float = 0.0  # of GPUs' boards alone
    boards: int = 0


def measured_energy(
    counted: Sequence[Counted],
    absent: Sequence[Absence],
    start: float,
    end: float,
    *,
    others_cpu_share: float | None = None,
    on_gpu: bool = False,
    boards: frozenset[str] | None = None,
) -> Usable:
    """The cell's joules between two times, from all counters that bear on it.

    CPU packages and memory count for every cell; what contains them (the platform, the wall) only
    where nothing in it was counted; a GPU's board counts where the models ran `on_gpu`, and
    then only the `boards` (UUIDs) that this process used, all where that is not known. Without
    every counter of what the models ran on there is no total.
    """
    notes: list[CounterNote] = []
    warnings: list[str] = []
    used: list[tuple[Counted, float, float, float]] = []
    missing: list[str] = []
    for gap in absent:
        notes.append(CounterNote(gap.name, gap.scope or "unknown", reason=gap.reason))
        alone = gap.scope in CONTAINING and not _is_contained(counted, gap.scope, on_gpu)
        if alone or _needed(gap.scope, gap.uuid, on_gpu, boards):
            missing.append(gap.reason)
    for each in counted:
        reading = each.reading
        note = CounterNote(reading.source, reading.scope, reading.joules, reading.seconds)
        if reading.scope == "gpu" and not (on_gpu and _is_board_of(each.uuid, boards)):
            notes.append(replace(note, reason="the models did not run on it"))
            continue
        if reading.scope in CONTAINING and _is_contained(counted, reading.scope, on_gpu):
            notes.append(replace(note, reason="it contains what the others count"))
            continue
        found = Circumstances(end - start, others_cpu_share, each.other_processes, each.throttling)
        verdict = judged(reading.seconds, reading.update_seconds, reading.scope, found)
        warnings += [f"{reading.source}: {text}" for text in verdict.warnings]
        if verdict.withheld:
            notes.append(replace(note, reason=f"withheld: {verdict.withheld}"))
            if _needed(reading.scope, each.uuid, on_gpu, boards):
                missing.append(f"{reading.source}: {verdict.withheld}")
            continue
        joules = at(each.curve, end) - at(each.curve, start)
        notes.append(replace(note, used=True))
        used.append((each, joules, joules * verdict.low, joules * verdict.high))
    process = process_share(counted, start, end, others_cpu_share)
    seen = {each.reading.scope for each, *_ in used}
    has_needed = "gpu" in seen if on_gpu else bool(seen - {"dram"})
    joules = math.fsum(j for _, j, _, _ in used)
    if missing or not has_needed or joules <= 0:
        reason = "; ".join(dict.fromkeys(missing)) or "no energy counter covers what ran"
        dropped = tuple(replace(note, used=False) for note in notes)
        return Usable(MeasuredEnergy(counters=dropped, reason=reason, process=process), (), ())
    scopes = [SCOPE_NAMES[scope] for scope in SCOPE_NAMES if scope in seen]
    measured = MeasuredEnergy(
        joules=joules,
        low=math.fsum(low for *_, low, _ in used),
        high=math.fsum(high for *_, high in used),
        seconds=end - start,
        scope=" + ".join(scopes),
        counters=tuple(notes),
        process=process,
    )
    boards_joules = [joules for each, joules, *_ in used if each.reading.scope == "gpu"]
    return Usable(
        measured,
        tuple(each.curve for each, *_ in used),
        tuple(warnings),
        math.fsum(boards_joules),
        len(boards_joules),
    )


def _is_board_of(uuid: str | None, boards: frozenset[str] | None) -> bool:
    return boards is None or uuid is None or uuid in boards


def _is_contained(counted: Sequence[Counted], scope: Scope, on_gpu: bool) -> bool:
    """Whether something else was counted, of which a containing scope holds a part."""
    narrower = {"cpu", *(("gpu",) if on_gpu else ()), *CONTAINING[: CONTAINING.index(scope)]}
    return any(each.reading.scope in narrower for each in counted)


def _needed(
    scope: Scope | None, uuid: str | None, on_gpu: bool, boards: frozenset[str] | None
) -> bool:
    if scope == "gpu":
        return on_gpu and _is_board_of(uuid, boards)
    return scope == "cpu" and not on_gpu


def seconds_by_part(bins: Sequence[Bin]) -> dict[Hashable, float]:
    """Seconds of each key over all bins."""
    found: dict[Hashable, float] = {}
    for each in bins:
        for key, seconds in each.spent.items():
            found[key] = found.get(key, 0.0) + seconds
    return found


def shares(
    curves: Sequence[Points], bins: Sequence[Bin], start: float, end: float
) -> dict[Hashable, Share]:
    """Each part's joules: between two readings, the counted joules times its share of the time."""
    times = [start, *(t for t, _ in curves[0] if start < t < end), end]
    joules: dict[Hashable, list[tuple[float, float, float]]] = {}
    first = 0
    for low, high in pairwise(times):
        if high <= low:
            continue
        counted = math.fsum(at(curve, high) - at(curve, low) for curve in curves)
        spent: dict[Hashable, float] = {}
        while first < len(bins) and bins[first].end <= low:
            first += 1
        for each in bins[first:]:
            if each.start >= high:
                break
            overlap = (min(high, each.end) - max(low, each.start)) / (each.end - each.start)
            for key, seconds in each.spent.items():
                spent[key] = spent.get(key, 0.0) + seconds * max(0.0, overlap)
        for key, seconds in spent.items():
            part = min(1.0, seconds / (high - low))
            lowest, highest = part / POWER_FACTOR, min(1.0, part * POWER_FACTOR)
            if part >= _FULL:
                lowest = highest = 1.0
            joules.setdefault(key, []).append(
                (counted * part, counted * min(lowest, part), counted * highest)
            )
    whole = seconds_by_part(bins)
    length = max(end - start, 1e-12)
    found: dict[Hashable, Share] = {}
    for key, rows in joules.items():
        middle, least, most = (math.fsum(column) for column in zip(*rows, strict=True))
        found[key] = Share(middle, least, most, min(1.0, whole.get(key, 0.0) / length))
    return found
