"""A recorded tree with the times of the calls that were timed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from irene_jupyter.capture.in_place.boundaries import Boundaries
from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.in_place.intervals import InPlace, in_place
from irene_jupyter.capture.in_place.leaves import with_functions
from irene_jupyter.tree import Node

# The flag of a call of which too much else was timed for it to be, too.
LENT = "untimed: no call of this size was timed, and it has the times of another size"


def with_times(node: Node, course: Course, calls: Sequence[Boundaries]) -> Node:
    """The tree of one call with its times, of the call of median length among `calls`.

    Of one call, and not node by node, so that they add up; those whose functions were followed,
    which slows a call, only divide it. Where no call can be read it is the recorded one, which was
    slower still. Nodes of which no time is known stay as they are.
    """
    followed = [each for each in calls if course.is_followed_by(each)]
    modules = [each for each in calls if not course.is_followed_by(each)]
    whole = _median(course, followed) or _median(course, [course.first])
    times = _median(course, modules)
    times = with_functions(course, times, whole or InPlace()) if times else whole
    return node if times is None else node.mapped(lambda each: _timed(each, times))


def _median(course: Course, passed: Sequence[Boundaries]) -> InPlace | None:
    calls = [in_place(course, each) for each in passed]
    lengths = sorted(
        (call.seconds, number) for number, call in enumerate(calls) if call.seconds is not None
    )
    return calls[lengths[(len(lengths) - 1) // 2][1]] if lengths else None


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
