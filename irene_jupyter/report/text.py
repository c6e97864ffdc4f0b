"""The report as text: a tree with shares, joules and calls, drawn with rich."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from irene_jupyter.report.costliest import costliest_rows
from irene_jupyter.report.flag_words import flag_lines
from irene_jupyter.report.folding import AnyRow, Row, codes_everywhere, limited_rows
from irene_jupyter.report.phase_columns import NO_PHASES, PhaseColumns
from irene_jupyter.report.phase_table import phase_legend, phase_table
from irene_jupyter.report.runs import run_table, sizes_of
from irene_jupyter.report.said import (
    PART_COLUMNS,
    counter_line,
    observer_line,
    part_rows,
    process_line,
    resource_line,
    trend_line,
)
from irene_jupyter.report.training_words import training_line
from irene_jupyter.report.units import format_joules, format_share, printable, share
from irene_jupyter.report.words import (
    asides,
    codes_text,
    elsewhere_line,
    headline,
    not_run_title,
    notes,
)
from irene_jupyter.tree import Node

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

DISPLAY_ROWS = 400  # of a notebook's text/plain; more would only swell the file
_ALL_ROWS = 10**9
WIDTH = 80  # where nobody says
_MIN_WIDTH = 30
_NARROW = 60  # columns of width under which guides and gaps shrink to one column
_BAR_FROM = 72  # columns of width from which there is room for bars
_BAR = 10
_PHASES_FROM = 80  # for columns of a training step's phases, which take the place of bars
_PHASES_AND_BARS_FROM = 112
_FULL, _EIGHTHS = "█", " ▏▎▍▌▋▊▉"
_LABEL_ROOM = 10  # the tree's column keeps at least this much
_RUN_ROOM = 20  # and that of runs this much, or it is a list
# What a terminal without UTF-8 gets in place of our own signs; the rest becomes "?".
_ASCII = str.maketrans(
    {
        "├": "|", "└": "`", "│": "|", "─": "-", "█": "#", "–": "-", "×": "x", "µ": "u",
        "→": ">", "…": "~", "·": "-", "⚠": "!", "⊠": "!", "≈": "~", "↗": "^", "◔": "o", "❄": "*",
        "↻": "@", "÷": "/",
        **dict.fromkeys(_EIGHTHS[1:4], "."), **dict.fromkeys(_EIGHTHS[4:], "#"),
    }
)  # fmt: skip


def render_text(
    report: EnergyReport,
    depth: int | None = None,
    width: int | None = None,
    color: bool = False,
    max_rows: int | None = None,
    ascii_only: bool = False,
) -> str:
    """The report as text, at most `width` columns wide (80 unless told, 30 at least).

    `depth` counts levels below the root; `max_rows` lowers it until the tree fits.
    With `color` it holds ANSI codes, otherwise none.
    """
    buffer = StringIO()
    console = console_on(buffer, max(_MIN_WIDTH, width or WIDTH), color)
    _draw(console, report, depth, max_rows or _ALL_ROWS)
    text = trimmed(buffer)
    return text.translate(_ASCII).encode("ascii", "replace").decode() if ascii_only else text


def console_on(buffer: StringIO, width: int, color: bool = False) -> Console:
    """A console that writes to `buffer` and looks at no terminal and no environment."""
    return Console(
        file=buffer,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        force_jupyter=False,  # else rich displays by itself in a kernel, and the buffer stays empty
        legacy_windows=False,
        _environ={},
    )


def trimmed(buffer: StringIO) -> str:
    """What was written, without the blanks that rich pads table cells with."""
    return "\n".join(line.rstrip() for line in buffer.getvalue().rstrip().split("\n"))


def print_text(report: EnergyReport, file: TextIO | None = None, depth: int | None = None) -> None:
    """Write the report to `file` (stdout): as wide as the terminal, in colour if it is one.

    Where the file's encoding lacks our signs, ASCII stands in for them.
    """
    file = sys.stdout if file is None else file
    console = Console(file=file)
    color = console.is_terminal and not console.no_color and console.color_system is not None
    width = console.width if console.is_terminal else None
    text = render_text(report, depth, width, color)
    try:
        text.encode(getattr(file, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        text = render_text(report, depth, width, color, ascii_only=True)
    file.write(text + "\n")


@dataclass(frozen=True, slots=True)
class _Line:
    guide: str
    row: Row
    total: float | None  # joules of the root
    everywhere: Set[str]  # codes of flags that are told once, outside the tree


def _draw(console: Console, report: EnergyReport, depth: int | None, most: int) -> None:
    began = time.perf_counter()
    if report.root is None:
        console.print(Text(headline(report)))
    else:
        console.print(Text(headline(report), style="bold"))
        if other := elsewhere_line(report):
            console.print(Text(other, style="dim"))
        if training := training_line(report):
            console.print(Text(training))
        console.print()
        _draw_tree(console, (report.root,), depth, most, PhaseColumns.of_training(report))
    if report.not_run:
        console.print()
        console.print(Text(not_run_title(report), style="bold"))
        _draw_tree(console, report.not_run, depth, most)
    columns, runs = run_table(report)
    if runs:
        console.print()
        _draw_runs(console, columns, runs)
    if report.phases:
        console.print()
        _draw_phases(console, report)
    if rows := part_rows(report):
        console.print()
        if console.width >= _NARROW:
            _draw_table(console, PART_COLUMNS, rows)
        else:
            for name, seconds, joules in rows:
                console.print(Text(f"{name}: {seconds}, {joules}"))
    shown = time.perf_counter() - began
    flags = flag_lines(report)
    lines = [
        trend_line(report),
        counter_line(report),
        process_line(report),
        resource_line(report),
        *asides(report),
    ]
    lines.append(observer_line(report, shown))
    if any((*flags, *lines, *notes(report))):
        console.print()
    for flag in flags:
        console.print(Text(str(flag), style="yellow"))
    for note in notes(report):
        console.print(Text(f"Note: {note}", style="yellow"))
    for line in filter(None, lines):
        console.print(Text(line, style="dim"))


def _draw_tree(
    console: Console,
    roots: tuple[Node, ...],
    depth: int | None,
    most: int,
    phases: PhaseColumns = NO_PHASES,
) -> None:
    room = most // len(roots)
    trees = [costliest_rows(limited_rows(root, depth, room)[0], room) for root in roots]
    narrow = console.width < _NARROW
    lines = [
        _Line(guide, row, tree.joules, codes)
        for tree in trees
        for codes in [codes_everywhere(tree.node)]
        for guide, row in guided(tree, narrow)
    ]
    gap = 1 if narrow else 2
    names = phases.names if console.width >= _PHASES_FROM else ()
    bars = console.width >= (_PHASES_AND_BARS_FROM if names else _BAR_FROM)
    numbers = {line.row.node.features.calls for line in lines}
    # A training loop has as many calls of nearly everything: its table of phases tells them.
    calls = max(numbers) > 1 and not names
    cells = [
        (
            format_share(share(line.row.joules, line.total)),
            format_joules(line.row.joules),
            *([_calls(line.row)] if calls else []),
            *(_in_phases(phases, names, line.row)),
        )
        for line in lines
    ]
    heads = ("share", "energy", *(["calls"] if calls else []), *names)
    widths = [
        max(len(head), *(cell_len(row[column]) for row in cells))
        for column, head in enumerate(heads)
    ]
    room = console.width - sum(widths) - gap * len(widths) - (_BAR + gap if bars else 0)
    room = min(max(room, _LABEL_ROOM), max(cell_len(_label(line, 10**6).plain) for line in lines))
    table = Table.grid(padding=(0, gap, 0, 0))
    table.add_column(width=room, no_wrap=True)
    if bars:
        table.add_column(width=_BAR, no_wrap=True)
    for width in widths:
        table.add_column(width=width, justify="right", no_wrap=True)
    dim_heads = [Text(head, style="dim") for head in heads]
    table.add_row(Text(""), *([Text("")] if bars else []), *dim_heads)
    for line, row in zip(lines, cells, strict=True):
        fraction = share(line.row.joules, line.total)
        style = "" if line.row.is_node else "dim"
        table.add_row(
            _label(line, room),
            *([Text(_bar(fraction), style="cyan")] if bars else []),
            *(Text(cell, style=style) for cell in row),
        )
    console.print(table)
    hidden = sum(line.row.hidden for line in lines)
    if hidden:
        plural = "node" if hidden == 1 else "nodes"
        console.print(Text(f"{hidden:,} {plural} below the depth shown", style="dim"))


def _in_phases(phases: PhaseColumns, names: Sequence[str], row: Row) -> Iterator[str]:
    joules = phases.at_row(row) if names else {}
    for name in names:
        value = joules[name]
        yield format_joules(value) if value else "–"


def guided(tree: AnyRow, narrow: bool = False) -> Iterator[tuple[str, AnyRow]]:
    """All rows of a tree, each behind the lines that lead to it."""
    stack = [("", "", tree)]
    while stack:
        guide, below, row = stack.pop()
        yield guide, row
        last = len(row.children) - 1
        for number in range(last, -1, -1):
            turn, onward = ("└─ ", "   ") if number == last else ("├─ ", "│  ")
            if narrow:
                turn, onward = turn[0], onward[0]
            stack.append((below + turn, below + onward, row.children[number]))


def _label(line: _Line, room: int) -> Text:
    """Guide, name, class and flag codes within `room` cells: the class gives way first."""
    row = line.row
    guide = _cut(line.guide, max(0, room - _LABEL_ROOM + 4))
    if not row.is_node:
        return Text.assemble((guide, "dim"), (_cut(row.name, room - cell_len(guide)), "dim italic"))
    codes = codes_text(row.node, line.everywhere)
    codes = _cut(f" {codes}" if codes else "", max(0, room - cell_len(guide) - 2))
    free = room - cell_len(guide) - cell_len(codes)
    klass, name = printable(row.node.class_name), printable(row.name)
    if row.kind == "group":
        name, klass = f"{row.count} × {klass}", f"({name})"
    elif row.one_of > 1:
        klass += f", one of {row.one_of}"
    elif klass == name:
        klass = ""
    name = _cut(name, free)
    klass = _cut(f" {klass}", free - cell_len(name)) if klass else ""
    style = "bold" if row.kind == "group" or not guide else ""
    return Text.assemble(
        (guide, "dim"), (name, style), (codes, "yellow"), (klass if len(klass) > 2 else "", "dim")
    )


def _cut(text: str, room: int) -> str:
    if cell_len(text) <= room:
        return text
    return set_cell_size(text, room - 1).rstrip() + "…" if room > 1 else "…"[: max(0, room)]


def _calls(row: Row) -> str:
    calls = row.node.features.calls
    return f"×{calls:,}" if calls > 1 and row.is_node else ""


def _bar(fraction: float | None) -> str:
    eighths = round(8 * _BAR * min(1.0, fraction or 0.0))
    if fraction and not eighths:
        eighths = 1
    return (_FULL * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Of a table's columns, with the gaps between them and without an ellipsis."""
    return [2 + max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def _draw_table(console: Console, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    names, *others = _widths([heads, *rows])
    table = Table.grid(padding=(0, 2, 0, 0))
    room = max(_LABEL_ROOM, console.width - sum(others))  # the names give way, and no number
    table.add_column(width=min(names, room) - 2, overflow="ellipsis", no_wrap=True)
    for _ in heads[1:]:
        table.add_column(justify="right", no_wrap=True)
    table.add_row(*(Text(head, style="dim") for head in heads))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _draw_phases(console: Console, report: EnergyReport) -> None:
    is_one_model = len({phase.model for phase in report.phases}) == 1
    for with_model in (True, False) if is_one_model else (True,):  # a long name gives way
        heads, cells = phase_table(report.phases, sizes_of(report), with_model)
        if sum(_widths([heads, *cells])) <= console.width:
            _draw_table(console, heads, cells)
            break
    else:
        for phase in report.phases:
            console.print(Text(str(phase)))
    console.print(Text(phase_legend(report), style="dim"))


def _draw_runs(console: Console, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    if sum(_widths([columns, *rows])[1:]) + _RUN_ROOM <= console.width:
        _draw_table(console, columns, rows)
        return
    for label, calls, *rest in rows:
        console.print(Text(f"{label}: calls {calls}, {', '.join(rest)}"))
