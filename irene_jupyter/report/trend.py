"""How a long loop went: its rounds at the start and at the end, the slow ones, evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from irene_jupyter.report.units import format_joules, format_seconds, printable

if TYPE_CHECKING:
    from irene_jupyter.checker import Checker
    from irene_jupyter.report.drawing import TimelineDrawing

TrendSource = Literal["measured", "estimated", "predicted"]

LONG_SECONDS = 5.0  # a cell that takes longer has a trend, and a live line
_ALIKE = 0.03  # start and end that differ by less are one
_FEW = 0.1  # slow rounds beyond this share are no outliers, but a mix of rounds
_REASON_LENGTH = 200  # characters
_LABEL_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Round:
    """What a round took on this machine; joules are None where only their mean is known."""

    seconds: float
    joules: float | None = None


@dataclass(frozen=True, slots=True)
class SlowRound:
    """A round that took more than twice what those before it took; `number` counts from 1."""

    number: int
    seconds: float
    reason: str  # what it probably was
    joules: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Calls without gradients between the rounds, `times` in all; none of it is in the rounds."""

    times: int
    seconds: float
    joules: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """Rounds until `at_seconds` since the cell began, and what one of them took."""

    at_seconds: float
    seconds: float
    joules: float | None = None


@dataclass(frozen=True, slots=True)
class Trend:
    """The rounds of a cell's loop: its optimiser steps, or else the calls of one model.

    `start` and `end` are medians over its first and last fifth. Joules of single rounds are
    known where the cell's were counted, or estimated for this machine; of what is predicted,
    `joules` is the mean of all rounds. A few of the slow ones are in `slowest`.
    """

    unit: str  # "step", "call", "decoding step"
    count: int
    seconds: float  # of all rounds, without evaluation
    start: Round
    end: Round
    joules: float | None = None  # of one round, on average
    source: TrendSource | None = None
    device: str = ""  # whose joules these are, where another's than this machine's
    slow: int = 0
    slowest: tuple[SlowRound, ...] = ()
    evaluation: Evaluation | None = None
    points: tuple[Point, ...] = ()

    def plot(self) -> TimelineDrawing:
        """Seconds and joules a round over the cell: SVG in a notebook, signs in a terminal."""
        from irene_jupyter.report.drawing import Series, TimelineDrawing

        rows = [
            Series(f"a {self.unit}", "s", tuple(point.seconds for point in self.points)),
            Series(f"a {self.unit}", "J", tuple(point.joules for point in self.points)),
        ]
        known = [row for row in rows if any(value is not None for value in row.values)]
        return TimelineDrawing(tuple(point.at_seconds for point in self.points), tuple(known))

    @property
    def has_outliers(self) -> bool:
        """Whether its slow rounds are few enough to be exceptions."""
        return 0 < self.slow <= _FEW * self.count

    def __str__(self) -> str:
        return "; ".join([self._course(), *self._exceptions()])

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values; the points are columns."""
        points = {
            name: [getattr(point, name) for point in self.points]
            for name in ("at_seconds", "seconds", "joules")
        }
        return {
            **asdict(self),
            "slowest": [asdict(each) for each in self.slowest],
            "points": points,
        }

    @property
    def _source(self) -> str:
        whose = f" for {printable(self.device, _LABEL_LENGTH)}" if self.device else ""
        return f"{self.source}{whose}"

    def _course(self) -> str:
        first, last = self.start, self.end
        told = f"{self.count:,} {self.unit}s: "
        if first.joules is None or last.joules is None:
            if _is_alike(first.seconds, last.seconds):
                told += f"{format_seconds(last.seconds)} a {self.unit} here from start to end"
            else:
                told += (
                    f"{format_seconds(first.seconds)} a {self.unit} here at the start, "
                    f"{format_seconds(last.seconds)} at the end"
                )
            if self.joules is not None:
                told += f", {format_joules(self.joules)} on average ({self._source})"
            return told
        if _is_alike(first.joules, last.joules) and _is_alike(first.seconds, last.seconds):
            return told + (
                f"{format_joules(last.joules)} ({self._source}) and {format_seconds(last.seconds)} "
                f"a {self.unit} from start to end"
            )
        return told + (
            f"{format_joules(first.joules)} ({self._source}) and {format_seconds(first.seconds)} "
            f"a {self.unit} at the start, {format_joules(last.joules)} and "
            f"{format_seconds(last.seconds)} at the end"
        )

    def _exceptions(self) -> list[str]:
        told = []
        if self.has_outliers and self.slowest:
            most = self.slowest[0]
            number = f"number {most.number:,} took {format_seconds(most.seconds)}"
            which = f"one slow {self.unit}" if self.slow == 1 else f"{self.slow:,} slow ones"
            told.append(
                f"{which}, {'' if self.slow == 1 else 'of which '}{number} "
                f"({printable(most.reason, _REASON_LENGTH)})"
            )
        if (found := self.evaluation) is not None:
            times = "once" if found.times == 1 else f"{found.times:,} times"
            joules = "" if found.joules is None else f", {format_joules(found.joules)}"
            told.append(f"evaluation between them {times}: {format_seconds(found.seconds)}{joules}")
        return told


def trend_from_dict(data: Any, check: Checker) -> Trend | None:
    """The trend that `Trend.to_dict` wrote; refused by `check` where it is anything else."""
    if data is None:
        return None
    if not isinstance(data, dict):
        check.refuse("'trend' must be an object or null")
    points = check.field(data, "points", dict)
    columns = [check.field(points, name, list) for name in ("at_seconds", "seconds", "joules")]
    if len({len(column) for column in columns}) > 1:
        check.refuse("the columns of the trend's points must be equally long")
    found = data.get("evaluation")
    return Trend(
        unit=printable(check.field(data, "unit", str), 40),
        count=check.whole(data.get("count"), "'count'", 1),
        seconds=check.number(data.get("seconds"), "'seconds'"),
        start=_round(data.get("start"), check),
        end=_round(data.get("end"), check),
        joules=_joules(data, check),
        source=check.one_of(data, "source", (None, *get_args(TrendSource))),
        device=check.field(data, "device", str),
        slow=check.whole(data.get("slow"), "'slow'", 0),
        slowest=tuple(
            SlowRound(
                number=check.whole(each.get("number"), "'number'", 1),
                seconds=check.number(each.get("seconds"), "'seconds'"),
                reason=check.field(each, "reason", str),
                joules=_joules(each, check),
            )
            for each in _objects(check.field(data, "slowest", list), check)
        ),
        evaluation=None
        if found is None
        else Evaluation(
            times=check.whole(_object(found, check).get("times"), "'times'", 1),
            seconds=check.number(found.get("seconds"), "'seconds'"),
            joules=_joules(found, check),
        ),
        points=tuple(
            Point(
                check.number(at, "'at_seconds'"),
                check.number(seconds, "'seconds'"),
                _joules({"joules": joules}, check),
            )
            for at, seconds, joules in zip(*columns, strict=True)
        ),
    )


def _round(data: Any, check: Checker) -> Round:
    seconds = check.number(_object(data, check).get("seconds"), "'seconds'")
    return Round(seconds, _joules(data, check))


def _joules(data: Mapping[str, Any], check: Checker) -> float | None:
    return None if data.get("joules") is None else check.number(data["joules"], "'joules'")


def _objects(data: list[Any], check: Checker) -> list[dict[str, Any]]:
    return [_object(each, check) for each in data]


def _object(data: Any, check: Checker) -> dict[str, Any]:
    if not isinstance(data, dict):
        check.refuse("a part of 'trend' must be an object")
    return dict(data)


def _is_alike(one: float, other: float) -> bool:
    return abs(one - other) <= _ALIKE * max(one, other)
