"""Forward calls that made autograd nodes, and which of their nodes in a tree made each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from irene_jupyter.capture.in_place.boundaries import Boundaries
from irene_jupyter.capture.in_place.course import Course


@dataclass(frozen=True, slots=True)
class Passed:
    """The boundaries of a call, and the course that it took."""

    course: Course
    boundaries: Boundaries


@dataclass(frozen=True, slots=True)
class Forward:
    """A root call of one thread; its autograd nodes are numbered from `begin` until `end`.

    `key` and `kind` are its signature's; `passed` is None where it was only counted.
    """

    key: int
    kind: Any
    class_name: str
    begin: int
    end: int
    passed: Passed | None


@dataclass(frozen=True, slots=True)
class Owner:
    """Who made an autograd node: a module, or a function within it with the leaves that it is.

    `leaves` are their paths, each with its share.
    """

    module: str
    leaves: Sequence[tuple[str, float]] = ()


class Owners:
    """To which nodes of a call's tree its autograd nodes belong, by their numbers."""

    def __init__(self, passed: Passed) -> None:
        course, boundaries = passed.course, passed.boundaries
        is_followed = course.is_followed_by(boundaries)
        kept = range(len(course.first.keys)) if is_followed else course.modules
        opens, closes = {}, set()
        for index, step in enumerate(course.steps):
            opens[step.begin] = index
            closes.add(step.end)
        self._numbers = boundaries.numbers
        self._owners: list[Owner] = []  # after each boundary
        running: list[int] = []
        for boundary in kept:
            if boundary in opens:
                running.append(opens[boundary])
            elif boundary in closes and running:
                running.pop()
            self._owners.append(_owner(course, running[-1]) if running else Owner(""))

    def of(self, number: int) -> Owner:
        """What ran when a node got its number."""
        place = bisect_right(self._numbers, number) - 1
        return self._owners[place] if 0 <= place < len(self._owners) else Owner("")


def _owner(course: Course, index: int) -> Owner:
    step = course.steps[index]
    if step.module is not None:
        return Owner(step.parts[0][0])
    return Owner(course.steps[step.above].parts[0][0], step.parts)
