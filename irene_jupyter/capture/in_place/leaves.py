"""The functions of modules whose calls were timed without a function mode, which slows them.

What a module took beyond its child modules is divided as in calls whose functions were followed.
"""

from __future__ import annotations

import math
from dataclasses import replace

from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.in_place.intervals import InPlace


def with_functions(course: Course, modules: InPlace, followed: InPlace) -> InPlace:
    """The times of `modules`, and of functions in the proportions of calls that were `followed`."""
    intervals = dict(modules.intervals)
    for path, below in course.below.items():
        own, slowed = (each.own(path, below.modules) for each in (modules, followed))
        if own is None or slowed is None or not slowed.seconds > 0:
            continue
        pace = own.seconds / slowed.seconds
        parts = {
            each: part.scaled(pace)
            for each in below.functions
            if (part := followed.intervals.get(each)) is not None
        }
        waited = math.fsum(part.waiting_seconds or 0.0 for part in parts.values())
        # No more than the module itself waited.
        kept = min(1.0, (own.waiting_seconds or 0.0) / waited) if waited > 0 else 1.0
        for each, part in parts.items():
            waiting = part.waiting_seconds
            intervals[each] = replace(
                part, waiting_seconds=None if waiting is None else waiting * kept
            )
    return InPlace(intervals, {**followed.untimed, **modules.untimed})
