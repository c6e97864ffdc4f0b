"""The report as html that needs nothing: no script, no network, and little style.

Nested lists of `<details>` keep their sense where a site strips `style` (GitHub, e-mail):
every number is text, a bar only repeats it. Colours are the reader's own (`currentColor`),
so that light and dark both work. Every name is escaped.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from irene_jupyter.report.folding import Row, count_rows, limited_rows
from irene_jupyter.report.phases import PHASE_COLUMNS, phase_cells, phase_legend
from irene_jupyter.report.runs import run_table
from irene_jupyter.report.units import (
    format_interval,
    format_joules,
    format_share,
    printable,
    share,
)
from irene_jupyter.report.words import (
    LEGEND,
    NOT_RUN_TITLE,
    NOTE_LENGTH,
    PART_COLUMNS,
    badge,
    codes_text,
    counter_line,
    detail,
    flag_lines,
    headline,
    notes,
    observer_line,
    part_rows,
    provenance,
    resource_line,
    title,
)
from irene_jupyter.tree import Node

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

MAX_ROWS = 3500  # some 1 MB; a larger tree is cut at a depth, and says so
_BAR_PIXELS = 80
_OPEN_LEVELS = 4  # levels that are unfolded at first, where they hold
_OPEN_SHARE = 0.01  # at least this share of the root

# "!important" where JupyterLab's own rules for lists are more specific than ours can be.
_STYLE = """\
.irene-energy{font:13px/1.5 var(--jp-content-font-family,system-ui,sans-serif);\
max-width:60em;text-align:left}
.irene-energy p{margin:.3em 0}
.irene-energy .total{font-size:1.5em;font-weight:600}
.irene-energy .badge,.irene-energy .f{border:1px solid currentColor;border-radius:.6em;\
padding:0 .5em;font-style:normal;font-size:.85em;white-space:nowrap}
.irene-energy .dim,.irene-energy i,.irene-energy .own{opacity:.75}
.irene-energy ul{list-style:none!important;margin:0!important;\
padding:0 0 0 1.1em!important}
.irene-energy ul.root{padding:0!important;margin:.5em 0!important;\
border-bottom:1px solid rgba(128,128,128,.4)}
.irene-energy li{margin:0;padding:0}
.irene-energy li.leaf,.irene-energy summary{display:flex;gap:.8em;align-items:baseline;\
border-top:1px solid rgba(128,128,128,.18)}
.irene-energy summary{cursor:pointer}
.irene-energy summary:hover{background:rgba(128,128,128,.15)}
.irene-energy summary::-webkit-details-marker{display:none}
.irene-energy summary::before{content:"▸";width:.9em;margin-right:-.5em;flex:none}
.irene-energy details[open]>summary::before{content:"▾"}
.irene-energy li.leaf{padding-left:1.2em}
.irene-energy .n{flex:1;min-width:0;overflow-wrap:anywhere}
.irene-energy .b{flex:none;width:80px}
.irene-energy .s,.irene-energy .j,.irene-energy .c{flex:none;text-align:right;\
white-space:nowrap;font-variant-numeric:tabular-nums}
.irene-energy .s{width:4.2em}
.irene-energy .j{width:5em}
.irene-energy .c{width:3em}
.irene-energy table{border-collapse:collapse;margin:.5em 0;font-size:inherit}
.irene-energy th,.irene-energy td{padding:.1em .8em .1em 0;text-align:right;border:0;\
background:none}
.irene-energy th:first-child,.irene-energy td:first-child{text-align:left}
@media (max-width:30em){.irene-energy .b{display:none}}
"""
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'unsafe-inline'">
<title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{margin:2em auto;padding:0 1em;max-width:60em}}\
</style>
</head>
<body>
{body}
</body>
</html>
"""


def render_html(report: EnergyReport, *, depth: int | None = None, full_page: bool = False) -> str:
    """The report as an html fragment, or as a page of its own.

    `depth` counts levels below the root; trees of more than `MAX_ROWS` rows are cut anyway.
    """
    began = time.perf_counter()
    parts = [f'<div class="irene-energy" title="{_text(title(report))}">']
    parts.append(f"<style>\n{_STYLE}</style>")
    if report.root is None:
        parts.append(f"<p>{_text(headline(report))}</p>")
    elif report.root.energy is not None:
        parts.append(
            f'<p><span class="total">{_text(format_joules(report.root.energy.joules))}</span> '
            f"{_text(format_interval(report.root.energy))} "
            f'<span class="badge">{_text(badge(report))}</span></p>'
            f"<p>{_text(provenance(report))}</p>"
        )
        parts.extend(_tree(report.root, depth, MAX_ROWS))
        parts.append(f'<p class="dim">{_text(LEGEND)}</p>')
    if report.not_run:
        parts.append(f"<p><strong>{_text(NOT_RUN_TITLE)}</strong></p>")
        for node in report.not_run:
            parts.extend(_tree(node, depth, MAX_ROWS // len(report.not_run)))
    columns, runs = run_table(report)
    if runs:
        parts.append(_table(columns, runs))
    if report.phases:
        parts.append(_table(PHASE_COLUMNS, [phase_cells(phase) for phase in report.phases]))
        parts.append(f'<p class="dim">{_text(phase_legend(report))}</p>')
    if rows := part_rows(report):
        parts.append(_table(PART_COLUMNS, rows))
    parts.extend(f"<p>{_text(str(line), NOTE_LENGTH * 4)}</p>" for line in flag_lines(report))
    parts.extend(f"<p>⚠ {_text(note, NOTE_LENGTH)}</p>" for note in notes(report))
    shown = time.perf_counter() - began
    for line in (counter_line(report), resource_line(report), observer_line(report, shown)):
        if line:
            parts.append(f'<p class="dim">{_text(line, NOTE_LENGTH * 2)}</p>')
    parts.append("</div>")
    body = "\n".join(parts)
    return _PAGE.format(title=_text(headline(report)), body=body) if full_page else body


def _text(text: str, limit: int = 400) -> str:
    return escape(printable(text, limit), quote=True)


def _tree(root: Node, depth: int | None, most: int) -> list[str]:
    tree, cut = limited_rows(root, depth, most)
    calls = any(node.features.calls > 1 for node in root.walk())
    parts = ['<ul class="root">']
    # Closing tags wait on the stack below the rows that they close.
    stack: list[str | tuple[Row, int]] = [(tree, 0)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item)
            continue
        row, level = item
        cells = _cells(row, tree.joules, calls)
        hover = "" if row.kind == "own" else f' title="{_text(detail(row.node))}"'
        if not row.children:
            parts.append(f'<li class="leaf{" own" * (row.kind == "own")}"{hover}>{cells}</li>')
            continue
        fraction = share(row.joules, tree.joules) or 0.0
        is_open = level < _OPEN_LEVELS and fraction >= _OPEN_SHARE
        parts.append(f"<li><details{' open' * is_open}><summary{hover}>{cells}</summary><ul>")
        stack.append("</ul></details></li>")
        stack.extend((child, level + 1) for child in reversed(row.children))
    parts.append("</ul>")
    if cut != depth:
        shown = f"The tree is shown to depth {cut} ({count_rows(tree):,} rows)"
        parts.append(f'<p class="dim">{shown}; the whole is in the saved report.</p>')
    return parts


def _cells(row: Row, total: float | None, calls: bool) -> str:
    fraction = share(row.joules, total)
    bar = ""
    pixels = round(_BAR_PIXELS * min(1.0, fraction or 0.0))
    if pixels:
        bar = (
            f'<span style="display:inline-block;width:{pixels}px;height:.6em;'
            'background:#d9772b"></span>'
        )
    number = row.node.features.calls
    times = f"×{number:,}" if number > 1 and row.kind != "own" else ""
    return (
        f'<span class="n">{_label(row)}</span> <span class="b">{bar}</span> '
        f'<span class="s">{_text(format_share(fraction))}</span> '
        f'<span class="j">{_text(format_joules(row.joules))}</span>'
        + (f' <span class="c">{times}</span>' if calls else "")
    )


def _label(row: Row) -> str:
    if row.kind == "own":
        return "own"
    klass, name = _text(row.node.class_name, 120), _text(row.name, 120)
    codes = codes_text(row.node)
    flags = f' <em class="f">{_text(codes)}</em>' if codes else ""
    if row.kind == "group":
        label = f"<b>{row.count} × {klass}</b> <i>({name})</i>"
    elif row.one_of > 1:
        label = f"{name} <i>{klass}, one of {row.one_of}</i>"
    else:
        label = name if klass == name else f"{name} <i>{klass}</i>"
    hidden = f" <i>(+{row.hidden:,} below)</i>" if row.hidden else ""
    return label + flags + hidden


def _table(columns: Iterable[str], cells: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{_text(column)}</th>" for column in columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in cells
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
