"""The report as html that needs nothing: no script, no network, and little style.

Nested lists of `<details>` keep their sense where a site strips `style` (GitHub, e-mail):
every number is text, a bar only repeats it. Colours are the reader's own (`currentColor`),
so that light and dark both work. Every name is escaped.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Set
from typing import TYPE_CHECKING

from irene_jupyter.report.colours import MORE
from irene_jupyter.report.costliest import costliest_rows
from irene_jupyter.report.flag_words import flag_lines
from irene_jupyter.report.folding import (
    Row,
    codes_everywhere,
    count_rows,
    display_rows,
    is_untested,
    walk_rows,
)
from irene_jupyter.report.page import FEWEST_ROWS, Drawn, fitted, nested, page, safe, style
from irene_jupyter.report.phase_columns import NO_PHASES, PhaseColumns
from irene_jupyter.report.phase_table import phase_legend, phase_table
from irene_jupyter.report.runs import run_table, sizes_of
from irene_jupyter.report.said import (
    PART_COLUMNS,
    counter_line,
    is_watching_dear,
    observer_fold,
    part_rows,
    process_line,
    resource_line,
    trend_line,
)
from irene_jupyter.report.training_words import training_line
from irene_jupyter.report.units import format_interval, format_joules, format_share, share
from irene_jupyter.report.words import (
    LEGEND,
    NOTE_LENGTH,
    asides,
    badge,
    codes_text,
    detail,
    doubts,
    elsewhere_line,
    headline,
    not_run_title,
    notes,
    provenance,
    title,
)
from irene_jupyter.tree import Node

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

# Of a tree; a larger one shows the rows that cost most, and says so.
MAX_ROWS = 1000
_BAR_PIXELS = 80
_OPEN_LEVELS = 4  # levels that are unfolded at first, where they hold
_OPEN_SHARE = 0.01  # at least this share of the root


def render_html(report: EnergyReport, *, depth: int | None = None, full_page: bool = False) -> str:
    """The report as an html fragment, or as a page of its own.

    `depth` counts levels below the root. Of trees with more than `MAX_ROWS` rows or
    `MAX_CHARACTERS` those that cost most are shown.
    """
    began = time.perf_counter()
    parts = [f'<div class="irene-energy" title="{safe(title(report))}">']
    parts.append(style("html"))
    if report.root is None:
        parts.append(f"<p>{safe(headline(report))}</p>")
    elif report.root.energy is not None:
        energy = report.root.energy
        badges = (
            f' <span class="badge">{safe(b)}</span>' for b in (badge(report), *doubts(report))
        )
        parts.append(
            f'<p><span class="total">{safe(format_joules(energy.joules))}</span> '
            f"{safe(format_interval(energy, is_untested(report.root)))}{''.join(badges)}</p>"
            f"<p>{safe(provenance(report))}</p>"
        )
        if other := elsewhere_line(report):
            parts.append(f'<p class="dim">{safe(other)}</p>')
        if training := training_line(report):
            parts.append(f"<p>{safe(training, NOTE_LENGTH)}</p>")
        parts.extend(_tree(report.root, depth, 1.0, PhaseColumns.of_training(report)))
        parts.append(f'<p class="dim">{safe(LEGEND)}</p>')
    if report.not_run:
        parts.append(f"<p><strong>{safe(not_run_title(report))}</strong></p>")
        for node in report.not_run:
            parts.extend(_tree(node, depth, 0.2 / len(report.not_run)))
    columns, runs = run_table(report)
    if runs:
        parts.append(_table(columns, runs))
    if report.phases:
        parts.append(_table(*phase_table(report.phases, sizes_of(report))))
        parts.append(f'<p class="dim">{safe(phase_legend(report))}</p>')
    if rows := part_rows(report):
        parts.append(_table(PART_COLUMNS, rows))
    parts.extend(f"<p>{safe(str(line), NOTE_LENGTH * 4)}</p>" for line in flag_lines(report))
    parts.extend(f"<p>⚠ {safe(note, NOTE_LENGTH)}</p>" for note in notes(report))
    shown = time.perf_counter() - began
    lines = [
        trend_line(report),
        counter_line(report),
        process_line(report),
        resource_line(report),
        *asides(report),
    ]
    fold = observer_fold(report, shown)
    if is_watching_dear(report):
        lines.append("; ".join(fold))
    parts.extend(f'<p class="dim">{safe(line, NOTE_LENGTH * 2)}</p>' for line in lines if line)
    if fold and not is_watching_dear(report):
        summary, rest = (safe(each, NOTE_LENGTH) for each in fold)
        parts.append(f"<details><summary>{summary}</summary><p>{rest}</p></details>")
    parts.append("</div>")
    body = "\n".join(parts)
    return page(safe(headline(report)), body, "60em") if full_page else body


def _tree(
    root: Node, depth: int | None, room: float, phases: PhaseColumns = NO_PHASES
) -> list[str]:
    """The tree within a share of `MAX_ROWS` and `MAX_CHARACTERS`."""
    whole = display_rows(root, depth)
    tree, parts = fitted(
        lambda most: costliest_rows(whole, most),
        lambda tree: _drawn(tree, phases),
        max(FEWEST_ROWS, round(MAX_ROWS * room)),
        room,
    )
    if tree is not whole:
        shown = f"The {count_rows(tree):,} costliest of {count_rows(whole):,} rows are shown"
        parts.append(f'<p class="dim">{shown}; the whole is in the saved report.</p>')
    return parts


def _drawn(tree: Row, phases: PhaseColumns) -> list[str]:
    calls = any(row.node.features.calls > 1 for row in walk_rows(tree)) and not phases.names
    everywhere = codes_everywhere(tree.node)

    def drawn(row: Row) -> Drawn:
        cells = _cells(row, tree.joules, calls, everywhere) + _in_phases(phases, row)
        return Drawn(cells, safe(detail(row.node))) if row.is_node else Drawn(cells, kind=" own")

    def is_open(row: Row, level: int) -> bool:
        return level < _OPEN_LEVELS and (share(row.joules, tree.joules) or 0.0) >= _OPEN_SHARE

    heads = _heads(phases, calls)
    return [heads, '<ul class="root">', *nested(tree, drawn, is_open), "</ul>"]


def _cells(row: Row, total: float | None, calls: bool, everywhere: Set[str]) -> str:
    fraction = share(row.joules, total)
    bar = ""
    pixels = round(_BAR_PIXELS * min(1.0, fraction or 0.0))
    if pixels:
        bar = (
            f'<span style="display:inline-block;width:{pixels}px;height:.6em;'
            f'background:{MORE}"></span>'
        )
    number = row.node.features.calls
    times = f"×{number:,}" if number > 1 and row.is_node else ""
    return (
        f'<span class="n">{_label(row, everywhere)}</span> <span class="b">{bar}</span> '
        f'<span class="s">{safe(format_share(fraction))}</span> '
        f'<span class="j">{safe(format_joules(row.joules))}</span>'
        + (f' <span class="c">{times}</span>' if calls else "")
    )


def _in_phases(phases: PhaseColumns, row: Row) -> str:
    joules = phases.at_row(row)
    return "".join(
        f' <span class="p">{safe(format_joules(value) if (value := joules[name]) else "–")}</span>'
        for name in phases.names
    )


def _heads(phases: PhaseColumns, calls: bool) -> str:
    """A row over the columns, which stays in sight where the tree is long."""
    names = "".join(f' <span class="p">{safe(name, 20)}</span>' for name in phases.names)
    return (
        '<div class="heads"><span class="n"></span> <span class="b"></span> '
        f'<span class="s">share</span> <span class="j">energy</span>{names}'
        + (' <span class="c">calls</span></div>' if calls else "</div>")
    )


def _label(row: Row, everywhere: Set[str]) -> str:
    if not row.is_node:
        return safe(row.name)
    klass, name = safe(row.node.class_name, 120), safe(row.name, 120)
    codes = codes_text(row.node, everywhere)
    flags = f' <em class="f">{safe(codes)}</em>' if codes else ""
    if row.kind == "group":
        label = f"<b>{row.count} × {klass}</b> <i>({name})</i>"
    elif row.one_of > 1:
        label = f"{name} <i>{klass}, one of {row.one_of}</i>"
    else:
        label = name if klass == name else f"{name} <i>{klass}</i>"
    hidden = f" <i>(+{row.hidden:,} below)</i>" if row.hidden else ""
    return label + flags + hidden


def _table(columns: Iterable[str], cells: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{safe(column)}</th>" for column in columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{safe(cell)}</td>" for cell in row) + "</tr>" for row in cells
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
