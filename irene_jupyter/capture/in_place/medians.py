"""Several calls of one course as one: of what each node took by itself, the median.

So what disturbs one call, another process on the processor, is in none of the times, and they
still add up, for a module's time is its own and those of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence

from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.in_place.intervals import InPlace, Interval, sum_of


def median_of(course: Course, calls: Sequence[InPlace]) -> InPlace | None:
    """The times of calls of which the whole is known; None where there is none."""
    known = [call for call in calls if "" in call.intervals]
    if not known:
        return None
    everywhere = set.intersection(*(set(call.intervals) for call in known))
    totals: dict[str, Interval] = {}
    for path, below in course.below.items():  # what is below comes first
        parts = [each for each in (*below.modules, *below.functions) if each in everywhere]
        for each in below.functions:
            if each in everywhere:
                totals[each] = _median([call.intervals[each] for call in known])
        if path in everywhere:
            owns = [own for call in known if (own := call.own(path, parts)) is not None]
            totals[path] = sum_of([_median(owns), *(totals[each] for each in parts)])
    untimed = {path: why for call in known for path, why in call.untimed.items()}
    return InPlace(totals, untimed)


def _median(intervals: Sequence[Interval]) -> Interval:
    """One of them, with its own waiting; of two the shorter."""
    return sorted(intervals, key=lambda each: each.seconds)[(len(intervals) - 1) // 2]
