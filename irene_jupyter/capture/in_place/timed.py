"""A recorded tree with the times of the calls that were timed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from irene_jupyter.capture.in_place.boundaries import Boundaries
from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.in_place.intervals import InPlace, in_place
from irene_jupyter.capture.in_place.leaves import with_functions
from irene_jupyter.capture.in_place.medians import median_of
from irene_jupyter.tree import Node

# The flag of a call of which too much else was timed for it to be, too.
LENT = "untimed: no call of this size was timed, and it has the times of another size"


def with_times(node: Node, course: Course, calls: Sequence[Boundaries]) -> Node:
    """The tree of one call with the times of `calls`, or of the recorded one, which was slower.

    Calls whose functions were followed, which slows them, only divide what modules took by
    themselves. Nodes of which no time is known stay as they are.
    """
    divided = [each for each in calls if course.is_followed_by(each)]
    modules = [each for each in calls if not course.is_followed_by(each)]
    followed = median_of(course, [in_place(course, each) for each in (*divided, course.first)])
    times = median_of(course, [in_place(course, each) for each in modules])
    if times is None:
        times = median_of(course, [in_place(course, each) for each in divided]) or followed
    elif followed is not None:
        times = with_functions(course, times, followed)
    return node if times is None else node.mapped(lambda each: _timed(each, times))


def _timed(node: Node, times: InPlace) -> Node:
    interval, problem = times.intervals.get(node.path), times.untimed.get(node.path)
    if interval is not None:
        features = replace(
            node.features,
            latency_seconds=interval.seconds,
            waiting_seconds=interval.waiting_seconds,
        )
        node = replace(node, features=features)
    return node if problem is None else node.flagged(f"untimed: {problem}")
