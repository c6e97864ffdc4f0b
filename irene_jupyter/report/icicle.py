"""The tree as an icicle: levels side by side, each node as high as its share. Pure Python.

SVG of our own, for where Graphviz is missing: nothing to install, and complete in itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irene_jupyter.errors import RenderError
from irene_jupyter.files import write_atomic
from irene_jupyter.report.colours import EDGE, shade
from irene_jupyter.report.folding import Row, limited_rows
from irene_jupyter.report.units import format_joules, format_share, printable, share
from irene_jupyter.report.words import detail, provenance, title

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

_COLUMN, _HEIGHT, _TOP = 190, 560, 44  # pixels
_LEAST = 0.8  # pixels of a cell's height; what is lower is left out, and counted
_LINE = 13.0  # pixels of a line of text
_CHARACTERS = 30  # that fit in a column
_MAX_ROWS = 3000
_PAPER, _INK = "#ffffff", "#1a1a1a"  # an image does not know whether the page around it is dark


@dataclass(frozen=True, slots=True)
class _Cell:
    row: Row
    level: int
    y: float
    height: float
    times: float  # repetitions that it stands for


@dataclass(frozen=True, slots=True, repr=False)
class Icicle:
    """What `report.to_icicle()` shows; `svg` is complete in itself, without scripts."""

    svg: str
    summary: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the SVG, atomically; returns the absolute path.

        Raises `RenderError` for an ending that is not .svg, or a folder that is missing.
        """
        if Path(path).suffix.lower() != ".svg":
            raise RenderError(f"{path}: an icicle is an SVG, name it .svg")
        return write_atomic(path, self.svg.encode(), RenderError)

    def __str__(self) -> str:
        return self.summary

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": self.summary}


def icicle_of(report: EnergyReport, depth: int | None = None, fold: bool = True) -> Icicle:
    """The report's tree, down to `depth` levels below the root.

    With `fold`, identical siblings are one cell, and below it the parts of all of them.
    """
    summary = title(report)
    if report.root is None or not report.total_joules:
        return Icicle(_page(320, 40, _text(10, 25, summary, _INK), summary), summary)
    tree, _ = limited_rows(report.root, depth, _MAX_ROWS, fold)
    cells = list(_cells(tree))
    levels = 1 + max(cell.level for cell in cells)
    parts = [
        _text(4, 16, summary, _INK, 'font-weight="bold" font-size="13"'),
        _text(4, 33, provenance(report), _INK),
        *(_drawn(cell, report.total_joules) for cell in cells),
    ]
    width = max(levels * _COLUMN, 8 * max(map(len, (summary, provenance(report)))))
    about = f"{summary}. {provenance(report)}."
    return Icicle(_page(width, _TOP + _HEIGHT + 4, "".join(parts), about), about)


def repetitions(row: Row) -> float:
    """How often what hangs below a row counts: the energy of a group over that of its first."""
    if row.kind != "group":
        return 1.0
    first = row.node.energy.joules if row.node.energy else 0.0
    return row.joules / first if row.joules and first > 0 else float(row.count)


def _cells(tree: Row) -> Iterator[_Cell]:
    stack = [_Cell(tree, 0, float(_TOP), float(_HEIGHT), 1.0)]
    while stack:
        cell = stack.pop()
        yield cell
        if not cell.row.joules:
            continue
        scale = cell.height / (cell.row.joules * cell.times)
        y, times = cell.y, cell.times
        row = cell.row
        if row.kind == "group":  # its one child is the first of them: go on with that one's parts
            times *= repetitions(row)
            row = row.children[0] if row.children else row
        for child in row.children:
            height = (child.joules or 0.0) * times * scale
            if height >= _LEAST and child.kind != "own":
                stack.append(_Cell(child, cell.level + 1, y, height, times))
            y += height


def _drawn(cell: _Cell, total: float) -> str:
    row = cell.row
    fraction = share(None if row.joules is None else row.joules * cell.times, total)
    fill, ink = shade(fraction)
    x = cell.level * _COLUMN
    klass = printable(row.node.class_name, 80)
    name = f"{row.count} × {klass}" if row.kind == "group" else printable(row.name, 80)
    if cell.level == 0:
        name = klass
    hover = f"{name} {klass}: {format_share(fraction)} · {detail(row.node)}"
    shape = (
        f'<rect x="{x}" y="{cell.y:.1f}" width="{_COLUMN - 1}" '
        f'height="{max(_LEAST, cell.height - 0.6):.1f}" fill="{fill}" stroke="{EDGE}" '
        f'stroke-width=".4"><title>{escape(hover)}</title></rect>'
    )
    if cell.height < _LINE:
        return shape
    middle = cell.y + cell.height / 2 + 4
    told = format_share(fraction)
    if cell.height < 2 * _LINE:
        short = _short(name, _CHARACTERS - len(told) - 2)
        return shape + _text(x + 6, middle, f"{short}  {told}", ink)
    joules = None if row.joules is None else row.joules * cell.times
    return (
        shape
        + _text(x + 6, middle - 7, _short(name, _CHARACTERS), ink, 'font-weight="bold"')
        + _text(x + 6, middle + 7, f"{told} · {format_joules(joules)}", ink)
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(1, most - 1)]}…"


def _text(x: float, y: float, text: str, fill: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" {more}>{escape(text)}</text>'


def _page(width: int, height: int, body: str, about: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" font-family="system-ui,sans-serif" '
        f'font-size="11"><title>{escape(about)}</title>'
        f'<rect width="100%" height="100%" fill="{_PAPER}"/>{body}</svg>'
    )
