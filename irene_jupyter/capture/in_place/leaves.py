"""The functions of modules whose calls were timed without a function mode, which slows them.

What a module took beyond its child modules is divided as in a call whose functions were followed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.in_place.intervals import InPlace, Interval


@dataclass(slots=True)
class _Below:
    """The paths of a module's children; a dict is a set that keeps its order."""

    modules: dict[str, None] = field(default_factory=dict)
    functions: dict[str, None] = field(default_factory=dict)


def with_functions(course: Course, modules: InPlace, followed: InPlace) -> InPlace:
    """The times of `modules`, and of functions in the proportions of a call that was `followed`."""
    intervals = dict(modules.intervals)
    for path, below in _below(course).items():
        own = _own(path, below.modules, modules.intervals)
        own_followed = _own(path, below.modules, followed.intervals)
        parts = {each: followed.intervals.get(each) for each in below.functions}
        known = {each: part for each, part in parts.items() if part is not None}
        if own is None or own_followed is None or not own_followed.seconds > 0:
            continue
        pace = own.seconds / own_followed.seconds
        waits = {
            each: None if part.waiting_seconds is None else part.waiting_seconds * pace
            for each, part in known.items()
        }
        waited = math.fsum(each or 0.0 for each in waits.values())
        # What is left of a module's waiting is its own.
        kept = min(1.0, (own.waiting_seconds or 0.0) / waited) if waited > 0 else 1.0
        for each, part in known.items():
            waiting = waits[each]
            intervals[each] = Interval(
                part.seconds * pace, None if waiting is None else waiting * kept
            )
    return InPlace(intervals, {**followed.untimed, **modules.untimed})


def _below(course: Course) -> Mapping[str, _Below]:
    found: dict[str, _Below] = {}
    for step in course.steps:
        if step.above >= 0:
            (above, _), *_ = course.steps[step.above].parts
            below = found.setdefault(above, _Below())
            paths = below.functions if step.module is None else below.modules
            paths.update(dict.fromkeys(path for path, _ in step.parts))
    return {path: below for path, below in found.items() if below.functions}


def _own(path: str, modules: Iterable[str], times: Mapping[str, Interval]) -> Interval | None:
    """Of a module beyond its child modules; None where its time is not known."""
    whole = times.get(path)
    if whole is None:
        return None
    parts = [times[each] for each in modules if each in times]
    waiting = whole.waiting_seconds
    if waiting is not None:
        waiting = max(0.0, waiting - math.fsum(each.waiting_seconds or 0.0 for each in parts))
    return Interval(max(0.0, whole.seconds - math.fsum(each.seconds for each in parts)), waiting)
