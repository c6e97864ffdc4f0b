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

    @property
    def tells_functions(self) -> bool:
        """Whether functions that are leaves lie between boundaries of their own, if any do."""
        followed = self.course.is_followed_by(self.boundaries)
        return followed or not (self.course.is_shown and self.course.functions)


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


Parts = Sequence[tuple[str, float]]  # paths of nodes, each with its share


class Owners:
    """To which nodes of a call's tree its autograd nodes belong, by their numbers."""

    def __init__(self, passed: Passed) -> None:
        course, boundaries = passed.course, passed.boundaries
        kept = range(len(course.first.keys))
        if not course.is_followed_by(boundaries):
            kept = course.modules  # type: ignore[assignment]
        opens, closes = {}, set()
        for index, step in enumerate(course.steps):
            opens[step.begin] = index
            closes.add(step.end)
        self._numbers = boundaries.numbers
        self._parts: list[Parts] = []  # after each boundary
        running: list[int] = []
        for boundary in kept:
            if boundary in opens:
                running.append(opens[boundary])
            elif boundary in closes and running:
                running.pop()
            self._parts.append(course.steps[running[-1]].parts if running else ())

    def of(self, number: int) -> Parts:
        """The module that ran when a node got its number, or the leaves of a function."""
        place = bisect_right(self._numbers, number) - 1
        return self._parts[place] if 0 <= place < len(self._parts) else ()
