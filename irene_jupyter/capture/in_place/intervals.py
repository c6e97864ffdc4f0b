"""From the boundaries of a call to the time of each of its nodes.

Each boundary gets a place on the line of what works there: the thread that makes the call, or a
stream of a GPU. A node's time is the way between its two boundaries, so that the times of its parts
and its own add up to it exactly. What we did meanwhile is taken off: of a thread's time all of it,
of a stream's as much as the board waited.

A board's waiting is told by how late it was: an event passes at once where the board has done all
that it was given, and later the more it has left. So what lies between two events, less by how late
the board was at the second, was at the host's pace: the board kept up and waited for the next
kernel. (Kernels that are shorter than the host's work around them lie within it.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from irene_jupyter.capture.in_place.boundaries import Boundaries, Events, Moment
from irene_jupyter.capture.in_place.course import Course, Step

# By so much a board may seem late that is not: events are put into the queue at an uneven pace.
PROMPT_SECONDS = 5e-6
DRIFT = 1e-4  # of a board's clock against its host's, at most
_ROUNDING = 1e-9  # relative

STREAMS = "it began on one stream of a GPU and ended on another"
OVERLAPS = "it ran on another stream of a GPU, beside other work of the module that it is in"


@dataclass(frozen=True, slots=True)
class Interval:
    """Seconds of a node in one call, and those of them in which the board waited for its host."""

    seconds: float
    waiting_seconds: float | None = None

    def scaled(self, factor: float) -> Interval:
        """As many times as long."""
        waiting = self.waiting_seconds
        return Interval(self.seconds * factor, None if waiting is None else waiting * factor)


@dataclass(frozen=True, slots=True)
class InPlace:
    """The nodes of a call by their paths: how long they took, or why it is not known."""

    intervals: Mapping[str, Interval] = field(default_factory=dict)
    untimed: Mapping[str, str] = field(default_factory=dict)

    def own(self, path: str, below: Iterable[str]) -> Interval | None:
        """Of a module beyond what is `below` it; None where its time is not known."""
        whole = self.intervals.get(path)
        if whole is None:
            return None
        parts = [self.intervals[each] for each in below if each in self.intervals]
        waiting = whole.waiting_seconds
        if waiting is not None:
            waiting = max(0.0, waiting - math.fsum(each.waiting_seconds or 0.0 for each in parts))
        seconds = max(0.0, whole.seconds - math.fsum(each.seconds for each in parts))
        return Interval(seconds, waiting)


@dataclass(frozen=True, slots=True)
class _Place:
    """A boundary on its line: seconds from where that begins, and how many of them were waited."""

    line: tuple[int, int] | None
    seconds: float
    waited: float | None


def in_place(course: Course, boundaries: Boundaries) -> InPlace:
    """The times of a call that took this course; empty where its events cannot be read.

    Without those of functions where it passed the boundaries of modules alone.
    """
    if course.is_on_gpu is None or not course.is_whole:
        return InPlace()
    places: Sequence[_Place | None] = ()
    if not course.is_on_gpu:
        places = _on_the_host(boundaries)
    elif boundaries.events is not None:
        try:
            places = _on_streams(boundaries, course.first, boundaries.events)
        except RuntimeError:  # a failed kernel, or an interrupt before all was done
            return InPlace()
    if not places:
        return InPlace()
    if not course.is_followed_by(boundaries):
        passed = dict(zip(course.modules, places, strict=True))
        places = [passed.get(index) for index in range(len(course.first.keys))]
    return _by_path(course.steps, places)


def host_seconds(course: Course) -> Mapping[str, float]:
    """By path, what the thread spent in each node of the recorded call, whatever worked there."""
    if not course.is_whole:
        return {}
    found = _by_path(course.steps, _on_the_host(course.first)).intervals
    return {path: interval.seconds for path, interval in found.items()}


def seconds_between_boundaries(boundaries: Boundaries) -> Mapping[int, float]:
    """By key, from each boundary to the next on its line: of a thread's, or those of GPUs' events.

    Of the last on its line nothing is known; a key that is passed again has the sum.
    """
    places: Sequence[_Place | None] = ()
    if boundaries.events is None:
        places = _on_the_host(boundaries)
    else:
        with suppress(RuntimeError):  # a failed kernel, or an interrupt before all was done
            places = _on_streams(boundaries, boundaries, boundaries.events)
    found: dict[int, float] = {}
    following: dict[tuple[int, int] | None, float] = {}
    for key, place in reversed(list(zip(boundaries.keys, places, strict=False))):
        if place is not None:
            if place.line in following:
                seconds = max(0.0, following[place.line] - place.seconds)
                found[key] = found.get(key, 0.0) + seconds
            following[place.line] = place.seconds
    return found


def _on_the_host(boundaries: Boundaries) -> list[_Place | None]:
    """By the thread's clock, without what we did."""
    pairs = zip(boundaries.hosts, boundaries.owns, strict=True)
    return [_Place(None, host - own, None) for host, own in pairs]


@dataclass(frozen=True, slots=True)
class _Line:
    """The boundaries of a call on one stream: their indices, moments, and seconds since the first.

    `late` is how long after the host the board passed each, with an offset of their clocks that is
    the same for all.
    """

    indices: Sequence[int]
    moments: Sequence[Moment]
    lengths: Sequence[float]  # from each to the next
    late: Sequence[float]


def _lines(boundaries: Boundaries, events: Events) -> Mapping[tuple[int, int], _Line]:
    """By stream; raises `RuntimeError` where an event has not passed."""
    met: dict[tuple[int, int], list[tuple[int, Moment]]] = {}
    for index, moment in enumerate(boundaries.moments):
        if moment is not None:
            met.setdefault(moment.line, []).append((index, moment))
    found = {}
    for line, those in met.items():
        indices, moments = [index for index, _ in those], [moment for _, moment in those]
        lengths = [events.seconds_between(a, b) for a, b in pairwise(moments)]
        passed = accumulate(lengths, initial=0.0)
        late = [at - boundaries.hosts[i] for at, i in zip(passed, indices, strict=True)]
        found[line] = _Line(indices, moments, lengths, late)
    return found


def _on_streams(
    boundaries: Boundaries, recorded: Boundaries, events: Events
) -> list[_Place | None]:
    """By events; raises `RuntimeError` where one has not passed."""
    before = _lines(recorded, events)
    owns = boundaries.owns
    places: list[_Place | None] = [None] * len(boundaries.moments)
    for key, line in _lines(boundaries, events).items():
        prompt = _prompt(line, boundaries, before.get(key), recorded, events)
        seconds = waited = 0.0
        places[line.indices[0]] = _Place(key, seconds, waited)
        for length, (last, index), late in zip(
            line.lengths, pairwise(line.indices), line.late[1:], strict=True
        ):
            behind, ours = late - prompt, owns[index] - owns[last]
            if behind > PROMPT_SECONDS:  # at work since before we were at this boundary
                waited += max(0.0, length - behind - ours)
            else:
                length = max(0.0, length - ours)
                waited += length
            seconds += length
            places[index] = _Place(key, seconds, waited)
    return places


def _prompt(
    line: _Line,
    boundaries: Boundaries,
    before: _Line | None,
    recorded: Boundaries,
    events: Events,
) -> float:
    """How late the board seems at a boundary that it passes at once.

    As late as at the promptest of this call, where the board got through its queue once. In a queue
    that was full all the time it did not: there the recorded call tells, a little before and slow.
    """
    promptest = min(line.late)
    if before is None or recorded is boundaries:
        return promptest
    best = min(range(len(before.late)), key=before.late.__getitem__)
    span = boundaries.hosts[line.indices[0]] - recorded.hosts[before.indices[best]]
    passed = events.seconds_between(before.moments[best], line.moments[0])
    then = line.late[0] - (passed - span)
    return then if promptest - then > PROMPT_SECONDS + DRIFT * span else promptest


def _by_path(steps: Sequence[Step], places: Sequence[_Place | None]) -> InPlace:
    found = [_interval(step, places) for step in steps]
    beside = _beside(steps, places, found)
    times: dict[str, list[Interval | None]] = {}
    untimed: dict[str, str] = {}
    for index, (step, interval) in enumerate(zip(steps, found, strict=True)):
        problem = STREAMS if _changes_line(step, places) else None
        if index in beside:
            interval, problem = None, OVERLAPS
        for path, share in step.parts:
            times.setdefault(path, []).append(interval and interval.scaled(share))
            if problem is not None:
                untimed[path] = problem
    sums = {path: sum_of([each for each in of if each]) for path, of in times.items() if all(of)}
    return InPlace(sums, untimed)


def _interval(step: Step, places: Sequence[_Place | None]) -> Interval | None:
    begin, end = places[step.begin], places[step.end]
    if begin is None or end is None or begin.line != end.line:
        return None
    if begin.waited is None or end.waited is None:
        return Interval(end.seconds - begin.seconds)
    return Interval(end.seconds - begin.seconds, end.waited - begin.waited)


def _changes_line(step: Step, places: Sequence[_Place | None]) -> bool:
    begin, end = places[step.begin], places[step.end]
    return begin is not None and end is not None and begin.line != end.line


def _beside(
    steps: Sequence[Step], places: Sequence[_Place | None], found: Sequence[Interval | None]
) -> set[int]:
    """Steps on another line than what they are in, where its parts last longer than it does.

    Stages of a model on several GPUs run one after the other, and do not.
    """
    below: dict[int, list[int]] = {}
    for index, step in enumerate(steps):
        if found[index] is not None and step.above >= 0:
            below.setdefault(step.above, []).append(index)
    beside: set[int] = set()
    for index, step in enumerate(steps):  # a step comes after what it is in
        if step.above in beside:
            beside.add(index)
        whole = found[index]
        parts = math.fsum(each.seconds for i in below.get(index, ()) if (each := found[i]))
        if whole is not None and parts > whole.seconds * (1 + _ROUNDING):
            beside |= {i for i in below[index] if _line(steps[i], places) != _line(step, places)}
    return beside


def _line(step: Step, places: Sequence[_Place | None]) -> tuple[int, int] | None:
    begin = places[step.begin]
    return None if begin is None else begin.line


def sum_of(parts: Sequence[Interval]) -> Interval:
    """One after the other; the waiting is unknown where one of theirs is."""
    waits = [each.waiting_seconds for each in parts]
    known = [waiting for waiting in waits if waiting is not None]
    return Interval(
        math.fsum(each.seconds for each in parts),
        math.fsum(known) if len(known) == len(waits) else None,
    )
