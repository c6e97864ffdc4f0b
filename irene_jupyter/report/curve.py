"""Energy against a size as a drawing of our own: a line, its interval's band, a mark for now."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from typing import Any

from irene_jupyter.report.colours import MORE
from irene_jupyter.report.folding import UNTESTED
from irene_jupyter.report.units import (
    INTERVAL,
    RANGE,
    format_interval,
    format_joules,
    printable,
)
from irene_jupyter.tree import Energy

_WIDTH, _HEIGHT = 460, 190  # pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 30, 34
_TICKS = 4
_LEAST_GAP = 34.0  # pixels between two labels of the x axis
# How a stretch of the line is drawn, by what its ends are; the worst of them counts.
_DASHES = {"predicted": "", "extrapolated": "5 3", "estimated": "2 3"}


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A size and its energy. `kind` is the energy's source, or "extrapolated" where it is that."""

    size: int
    energy: Energy
    kind: str

    @classmethod
    def of(cls, size: int, energy: Energy, flags: Sequence[str]) -> CurvePoint:
        """The point of an energy and of the flags that came with it."""
        codes = {flag.partition(":")[0] for flag in flags}
        is_far = energy.source == "predicted" and not UNTESTED.isdisjoint(codes)
        return cls(size, energy, "extrapolated" if is_far else energy.source)

    @property
    def is_untested(self) -> bool:
        """Whether its interval is a declared range."""
        return self.kind in UNTESTED

    def shared(self, amount: int) -> CurvePoint:
        """The same with the energy of one of so many."""
        return replace(self, energy=self.energy.scaled(1 / amount))


@dataclass(frozen=True, slots=True, repr=False)
class EnergyCurve:
    """Points in order of their size; `now` is the one that is shown beside the drawing.

    `svg` is complete in itself, without scripts, in the reader's own colours. `label` names the
    size, `whose` whose energy it is, and `of` what the energy is of, such as "a query".
    """

    points: tuple[CurvePoint, ...]
    now: CurvePoint | None = None
    label: str = "size"
    whose: str = ""
    of: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the points are: predicted, extrapolated, estimated …, in that order."""
        found = {point.kind for point in self._all()}
        return tuple(sorted(found, key=lambda kind: [*_DASHES, kind].index(kind)))

    @property
    def interval(self) -> str:
        """What its band is called."""
        untested = {point.is_untested for point in self._all()}
        if untested == {True, False}:
            return f"{INTERVAL} where predicted, else {RANGE}"
        return RANGE if untested == {True} else INTERVAL

    @property
    def svg(self) -> str:
        """The drawing."""
        return "".join(self._svg())

    def _all(self) -> list[CurvePoint]:
        return [*self.points, *([self.now] if self.now else [])]

    def _svg(self) -> Iterator[str]:
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
            f'width="{_WIDTH}" height="{_HEIGHT}" role="img" fill="none" stroke="currentColor" '
            'font-family="system-ui,sans-serif" font-size="11" style="max-width:100%">'
            f"<title>{escape(str(self))}</title>"
        )
        known = self._all()
        if not known:
            yield _text(_WIDTH / 2, _HEIGHT / 2, "no energy to draw", "middle") + "</svg>"
            return
        scale = _Scale.around(known)
        for joules in scale.ticks():
            y = scale.y(joules)
            yield f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" opacity=".18"/>'
            yield _text(_LEFT - 6, y + 4, format_joules(joules), "end", ".8")
        yield from self._ends(scale)
        if len(self.points) > 1:
            upper = [(scale.x(p.size), scale.y(p.energy.high)) for p in self.points]
            lower = [(scale.x(p.size), scale.y(p.energy.low)) for p in reversed(self.points)]
            band = "L".join(f"{x:.1f} {y:.1f}" for x, y in [*upper, *lower])
            yield f'<path d="M{band}Z" fill="{MORE}" fill-opacity=".18" stroke="none"/>'
        for first, second in pairwise(self.points):
            worst = max((first.kind, second.kind), key=lambda k: [*_DASHES, k].index(k))
            dashes = _DASHES.get(worst)
            yield (
                f'<path d="M{scale.x(first.size):.1f} {scale.y(first.energy.joules):.1f}'
                f'L{scale.x(second.size):.1f} {scale.y(second.energy.joules):.1f}" '
                f'stroke="{MORE}" stroke-width="2"'
                + (f' stroke-dasharray="{dashes}"' if dashes else "")
                + "/>"
            )
        if len(self.points) == 1:
            point = self.points[0]
            x, y = scale.x(point.size), scale.y(point.energy.joules)
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{MORE}" stroke="none"/>'
        yield from self._mark(scale)
        yield from self._legend()
        yield "</svg>"

    def _ends(self, scale: _Scale) -> Iterator[str]:
        y = _HEIGHT - _BOTTOM
        yield f'<path d="M{_LEFT} {y}H{_WIDTH - _RIGHT}" opacity=".5"/>'
        ends = [(scale.first, "start"), (scale.last, "end")]
        mark = None if self.now is None else scale.x(self.now.size)
        for size, anchor in ends[: 1 if scale.first == scale.last else 2]:
            x = scale.x(size)
            if mark is None or abs(x - mark) >= _LEAST_GAP:
                yield _text(x, y + 13, f"{size:,}", anchor, ".8")
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        yield _text(middle, _HEIGHT - 5, printable(self.label, 60), "middle", ".8")
        if self.of:
            yield _text(_WIDTH - _RIGHT, 14, f"J {printable(self.of, 30)}", "end", ".8")

    def _mark(self, scale: _Scale) -> Iterator[str]:
        """A vertical line, the interval on it, a dot, and the number in bold."""
        if self.now is None:
            return
        x, energy = scale.x(self.now.size), self.now.energy
        y = scale.y(energy.joules)
        foot = _HEIGHT - _BOTTOM
        yield f'<path d="M{x:.1f} {_TOP}V{foot}" opacity=".35" stroke-dasharray="2 2"/>'
        low, high = scale.y(energy.low), scale.y(energy.high)
        yield f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{MORE}" stroke-width="4"/>'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="currentColor" stroke="none"/>'
        anchor = "start" if x < _LEFT + 30 else "end" if x > _WIDTH - _RIGHT - 30 else "middle"
        yield _text(x, foot + 13, f"{self.now.size:,}", anchor, weight="bold")

    def _legend(self) -> Iterator[str]:
        """What each kind of line means, in words; and whose energy it is."""
        x = float(_LEFT)
        for kind in self.kinds:
            dashes = _DASHES.get(kind)
            yield (
                f'<path d="M{x:.0f} 10h22" stroke="{MORE}" stroke-width="2"'
                + (f' stroke-dasharray="{dashes}"' if dashes else "")
                + "/>"
            )
            if kind == "extrapolated" and "predicted" not in self.kinds:
                kind = "predicted, extrapolated"
            yield _text(x + 27, 14, kind, "start")
            x += 27 + 6.4 * len(kind) + 12
        yield (f'<path d="M{x:.0f} 10h22" stroke="{MORE}" stroke-opacity=".25" stroke-width="9"/>')
        yield _text(x + 27, 14, self.interval, "start")

    def __str__(self) -> str:
        if not self._all():
            return "no energy to draw"
        of = f" of {printable(self.of, 30)}" if self.of else ""
        parts = [f"Energy{of} against {printable(self.label, 60)}"]
        if self.points:
            first, last = self.points[0], self.points[-1]
            parts.append(
                f"{format_joules(first.energy.joules)} at {first.size:,} to "
                f"{format_joules(last.energy.joules)} at {last.size:,}"
            )
        if self.now is not None:
            energy = self.now.energy
            parts.append(
                f"now {format_joules(energy.joules)} "
                f"{format_interval(energy, self.now.is_untested)} at {self.now.size:,}"
            )
        parts.append(" and ".join(self.kinds))
        return "; ".join([*parts, *([printable(self.whose, 200)] if self.whose else [])])

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": str(self)}


@dataclass(frozen=True, slots=True)
class _Scale:
    first: int
    last: int
    top: float  # joules

    @classmethod
    def around(cls, points: Sequence[CurvePoint]) -> _Scale:
        sizes = [point.size for point in points]
        return cls(min(sizes), max(sizes), max(point.energy.high for point in points) or 1.0)

    def x(self, size: float) -> float:
        room = _WIDTH - _LEFT - _RIGHT
        if self.first == self.last:
            return _LEFT + room / 2
        return _LEFT + room * (size - self.first) / (self.last - self.first)

    def y(self, joules: float) -> float:
        room = _HEIGHT - _TOP - _BOTTOM
        return _TOP + room * (1 - min(1.0, joules / self.top))

    def ticks(self) -> list[float]:
        """Round numbers of joules from 0 on: steps of 1, 2 or 5 times a power of ten."""
        rough = self.top / _TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
        return [step * number for number in range(int(self.top / step) + 1)]


def _text(
    x: float, y: float, text: str, anchor: str, opacity: str = "1", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor" stroke="none" '
        f'opacity="{opacity}" font-weight="{weight}">{escape(text)}</text>'
    )
