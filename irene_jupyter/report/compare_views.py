"""A comparison as text and as html without scripts: one folding for both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from irene_jupyter.report.folding import (
    OWN_SHARE_SHOWN,
    follows,
    group_name,
    identical,
    relative_name,
)
from irene_jupyter.report.units import format_interval, format_joules, printable
from irene_jupyter.report.words import NOTE_LENGTH, provenance, title
from irene_jupyter.tree import Energy, Node

if TYPE_CHECKING:
    from irene_jupyter.report.compare import Comparison, Difference, PhaseDifference

TEXT_ROWS = 400
HTML_ROWS = 2000
LEGEND = (
    "● significant: the 90 % intervals do not overlap; ○ not significant. "
    "Change is after minus before; “own” is what a module uses beyond its parts."
)
_WIDTH = 110
_LABEL = 56  # columns of the text's tree
_ROUNDING = 1e-9  # a smaller part of the energy is no difference
_BAR_PIXELS = 45  # of each half
_OPEN_LEVELS = 4
_OPEN_SHARE = 0.02  # of the greatest change
_LESS, _MORE = "#2a8c82", "#d9772b"  # apart in lightness, too, and said in numbers beside


@dataclass(frozen=True, slots=True)
class _Row:
    """A pair, or `count` pairs in a row that are alike, with their sums."""

    pair: Difference
    name: str
    before: Energy | None
    after: Energy | None
    count: int = 1
    children: tuple[_Row, ...] = ()
    hidden: int = 0
    is_own: bool = False

    @property
    def change(self) -> float | None:
        if self.before is None or self.after is None:
            return None
        return self.after.joules - self.before.joules

    @property
    def is_both(self) -> bool:
        return self.pair.before is not None and self.pair.after is not None

    @property
    def percent(self) -> str:
        if not self.is_both:
            return "new" if self.pair.before is None else "gone"
        if self.change is None or self.before is None or self.before.joules <= 0:
            return "–"
        return format_change(100 * self.change / self.before.joules)

    @property
    def mark(self) -> str:
        """Of the pair: repetitions are alike in it."""
        known = self.pair.is_significant
        if known is None or self.is_own or not self.is_both or not self.change:
            return ""
        return "●" if known else "○"


def format_change(percent: float) -> str:
    """A signed percentage: "+12 %", "-0.4 %", "±0 %"; beyond 1,000 % as a factor: "×32"."""
    if abs(percent) < 0.05:
        return "±0 %"
    if percent >= 1000:
        return f"×{1 + percent / 100:,.0f}"
    digits = 0 if abs(percent) >= 9.95 else 1
    return f"{percent:+.{digits}f} %".replace("-", "−")


def _signed(joules: float | None) -> str:
    if joules is None:
        return "unknown"
    sign = "−" if joules < 0 else "+" if joules > 0 else "±"
    return f"{sign}{format_joules(abs(joules))}"


# --- rows ---------------------------------------------------------------------------------------


def _rows(root: Difference, most: int, *, whole: bool) -> _Row:
    """The rows of a tree, down to the level at which they are no more than `most`.

    Unless `whole`, what only one side has is one row.
    """
    row = _row(root, None, None, whole)
    depth = _levels(row)
    while _count(row) > most and depth > 1:
        depth -= 1
        row = _row(root, None, depth, whole)
    return row


def _row(pair: Difference, above: Difference | None, depth: int | None, whole: bool) -> _Row:
    is_cut = not whole and (pair.before is None or pair.after is None)
    name = _name(pair, above)
    if is_cut or (depth is not None and depth <= 0):
        return _Row(pair, name, *pair.energies, hidden=sum(1 for _ in pair.walk()) - 1)
    below = None if depth is None else depth - 1
    rows = []
    for group in _groups(pair):
        first = _row(group[0], pair, below, whole)
        if len(group) > 1:
            sides = zip(*(each.energies for each in group), strict=True)
            before, after = (_sum(side) for side in sides)
            children = (replace(first, name=f"one of {len(group)}"),) if first.children else ()
            label = group_name([_names(each, pair)[0] for each in group])
            first = _Row(
                group[0], label, before, after, len(group), children, first.hidden * len(group)
            )
        rows.append(first)
    if pair.before and pair.after and (own := _own(pair)) is not None:
        rows.append(own)
    return _Row(pair, name, *pair.energies, children=tuple(rows))


def _own(pair: Difference) -> _Row | None:
    """What no child explains, where it is worth a line."""
    sides = [node.own_joules for node in (pair.before, pair.after) if node is not None]
    parts = [side for side in sides if side is not None]
    energies = [energy for energy in pair.energies if energy is not None]
    if not pair.children or len(parts) < 2 or len(energies) < 2:
        return None
    if max(parts) < OWN_SHARE_SHOWN * max(energy.joules for energy in energies):
        return None
    before, after = (
        Energy(part, part, part, energy.source)
        for part, energy in zip(parts, energies, strict=True)
    )
    return _Row(pair, "own", before, after, is_own=True)


def _names(pair: Difference, above: Difference | None) -> list[str]:
    """The names on either side, as seen from the parent there."""
    return [
        relative_name(node, parent.path if parent is not None else "")
        for node, parent in (
            (pair.before, above.before if above else None),
            (pair.after, above.after if above else None),
        )
        if node is not None
    ]


def _name(pair: Difference, above: Difference | None) -> str:
    names = _names(pair, above)
    if len(names) > 1 and above is not None and names[0] != names[1]:
        return f"{printable(names[0], 60)} → {printable(names[1], 60)}"
    return names[0]


def _class(pair: Difference) -> str:
    names = [node.class_name for node in (pair.before, pair.after) if node is not None]
    return " → ".join(dict.fromkeys(printable(name, 60) for name in names))


def _groups(pair: Difference) -> Iterator[list[Difference]]:
    group: list[Difference] = []
    for child in pair.children:
        if group and _repeats(group[0], group[-1], child, pair):
            group.append(child)
        else:
            if group:
                yield group
            group = [child]
    if group:
        yield group


def _repeats(first: Difference, last: Difference, pair: Difference, above: Difference) -> bool:
    """Whether they fold in either tree, and all that is said of their differences is the same."""
    for one, before, next_one, parent in (
        (first.before, last.before, pair.before, above.before),
        (first.after, last.after, pair.after, above.after),
    ):
        if one is None or before is None or next_one is None:
            if one is not next_one:
                return False
            continue
        path = "" if parent is None else parent.path
        if not (follows(before, next_one, path) and identical(one, next_one)):
            return False
    return _agree(first, pair)


def _agree(a: Difference, b: Difference) -> bool:
    """Whether two pairs of the same structure have the same verdicts, down to the leaves."""
    pairs = zip(a.walk(), b.walk(), strict=True)
    return all(_verdict(one) == _verdict(other) for one, other in pairs)


def _verdict(pair: Difference) -> tuple[bool | None, bool, bool]:
    """Significant or not, any change at all, and which way a significant one goes."""
    change = pair.joules or 0.0
    size = max((energy.joules for energy in pair.energies if energy is not None), default=0.0)
    is_any = abs(change) > _ROUNDING * size
    return pair.is_significant, is_any, bool(pair.is_significant) and change > 0


def _sum(energies: Sequence[Energy | None]) -> Energy | None:
    known = [energy for energy in energies if energy is not None]
    if len(known) < len(energies):
        return None
    joules, low, high = (
        math.fsum(getattr(energy, name) for energy in known) for name in ("joules", "low", "high")
    )
    return Energy(joules, min(low, joules), max(high, joules), known[0].source)


def _walk(row: _Row) -> Iterator[_Row]:
    stack = [row]
    while stack:
        row = stack.pop()
        yield row
        stack.extend(reversed(row.children))


def _count(row: _Row) -> int:
    return sum(1 for _ in _walk(row))


def _levels(row: _Row) -> int:
    return 1 + max((_levels(child) for child in row.children), default=0)


# --- words --------------------------------------------------------------------------------------


def _sides(comparison: Comparison) -> list[tuple[str, str]]:
    """Whose numbers they are: each side's total and provenance, once where it is the same."""
    reports = (("before", comparison.before), ("after", comparison.after))
    whose = [provenance(report) for _, report in reports]
    if whose[0] == whose[1]:
        return [*((word, title(report)) for word, report in reports), ("both", whose[0])]
    return [
        (word, f"{title(report)}. {told}")
        for (word, report), told in zip(reports, whose, strict=True)
    ]


def _headline(root: Difference) -> str:
    """The change of the total, in a sentence."""
    before, after = root.energies
    if before is None or after is None:
        return "The totals cannot be compared: one is unknown."
    change = after.joules - before.joules
    percent = "" if root.percent is None else f" ({format_change(root.percent)})"
    verdict = (
        "significant: the 90 % intervals do not overlap"
        if root.is_significant
        else "not significant: the 90 % intervals overlap"
    )
    if not change:
        return f"No difference: {format_joules(before.joules)} each"
    return f"{_signed(change)}{percent}; {verdict}"


def _phase_line(phase: PhaseDifference) -> str:
    sides = [
        f"{format_joules(side.joules)} for {side.tokens:,} tokens, "
        f"{format_joules(side.joules_per_token)} each"
        for side in (phase.before, phase.after)
    ]
    return f"{printable(phase.name, 20)}: {sides[0]} → {sides[1]}; {_headline(phase.root)}"


# --- text ---------------------------------------------------------------------------------------


def comparison_text(comparison: Comparison) -> str:
    """The comparison as text, `TEXT_ROWS` rows at most, 110 columns wide."""
    buffer = StringIO()
    console = Console(
        file=buffer, width=_WIDTH, no_color=True, force_jupyter=False, force_terminal=False,
        _environ={},
    )  # fmt: skip
    for word, told in _sides(comparison):
        console.print(Text(f"{word:<6}  {told}"))
    console.print(Text(f"change  {_headline(comparison.root)}"))
    console.print()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(max_width=_LABEL, no_wrap=True, overflow="ellipsis")
    for _ in range(4):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_row("", "before", "after", "change", "", "")
    for guide, row in _lines(_rows(comparison.root, TEXT_ROWS, whole=False)):
        table.add_row(
            Text(guide + _text_label(row)),
            *(_amount(node, energy) for node, energy in _pairs(row)),
            _signed(row.change) if row.change else "±0 J",
            row.percent,
            row.mark,
        )
    console.print(table)
    for phase in comparison.phases:
        console.print(Text(_phase_line(phase)))
    for line in (*comparison.notes, LEGEND):
        console.print(Text(printable(line, NOTE_LENGTH)))
    return "\n".join(line.rstrip() for line in buffer.getvalue().rstrip().split("\n"))


def _pairs(row: _Row) -> tuple[tuple[Node | None, Energy | None], ...]:
    return ((row.pair.before, row.before), (row.pair.after, row.after))


def _amount(node: Node | None, energy: Energy | None) -> str:
    return "–" if node is None else format_joules(None if energy is None else energy.joules)


def _text_label(row: _Row) -> str:
    if row.is_own:
        return "own"
    name, klass = printable(row.name, 60), _class(row.pair)
    hidden = f" (+{row.hidden:,} below)" if row.hidden else ""
    if row.count > 1:
        return f"{row.count} × {klass} ({name}){hidden}"
    return (klass if name in klass.split(" → ") else f"{name} {klass}") + hidden


def _lines(tree: _Row) -> Iterator[tuple[str, _Row]]:
    stack = [("", "", tree)]
    while stack:
        guide, below, row = stack.pop()
        yield guide, row
        last = len(row.children) - 1
        for number in range(last, -1, -1):
            turn, onward = ("└─ ", "   ") if number == last else ("├─ ", "│  ")
            stack.append((below + turn, below + onward, row.children[number]))


# --- html ---------------------------------------------------------------------------------------

_STYLE = """\
.irene-compare{font:13px/1.5 var(--jp-content-font-family,system-ui,sans-serif);\
max-width:66em;text-align:left}
.irene-compare p{margin:.3em 0}
.irene-compare .total{font-size:1.5em;font-weight:600}
.irene-compare .dim,.irene-compare i{opacity:.75}
.irene-compare .faint{opacity:.6}
.irene-compare ul{list-style:none!important;margin:0!important;padding:0 0 0 1.1em!important}
.irene-compare ul.root{padding:0!important;margin:.5em 0!important;\
border-bottom:1px solid rgba(128,128,128,.4)}
.irene-compare li{margin:0;padding:0}
.irene-compare li.leaf,.irene-compare summary,.irene-compare .head{display:flex;gap:.8em;\
align-items:baseline;border-top:1px solid rgba(128,128,128,.18)}
.irene-compare summary{cursor:pointer}
.irene-compare summary:hover{background:rgba(128,128,128,.15)}
.irene-compare summary::-webkit-details-marker{display:none}
.irene-compare summary::before{content:"▸";width:.9em;margin-right:-.5em;flex:none}
.irene-compare details[open]>summary::before{content:"▾"}
.irene-compare li.leaf{padding-left:1.2em}
.irene-compare .n{flex:1;min-width:0;overflow-wrap:anywhere}
.irene-compare .v{flex:none;width:5em;text-align:right;white-space:nowrap;\
font-variant-numeric:tabular-nums}
.irene-compare .p{width:4.2em}
.irene-compare .m{flex:none;width:1em;text-align:center}
.irene-compare .b{flex:none;width:90px;height:.7em;position:relative;\
border-left:0;background:linear-gradient(currentColor,currentColor) 45px 0/1px 100% no-repeat}
.irene-compare .b span{position:absolute;top:0;height:100%}
@media (max-width:34em){.irene-compare .b{display:none}}
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
<style>:root{{color-scheme:light dark}}body{{margin:2em auto;padding:0 1em;max-width:66em}}\
</style>
</head>
<body>
{body}
</body>
</html>
"""


def comparison_html(comparison: Comparison, *, full_page: bool = False) -> str:
    """The comparison as an html fragment, or as a page; trees above `HTML_ROWS` rows are cut."""
    root = comparison.root
    parts = [
        f'<div class="irene-compare">\n<style>\n{_STYLE}</style>',
        f'<p><span class="total">{_html(_headline(root))}</span></p>',
        *(f"<p><b>{word}</b> {_html(told)}</p>" for word, told in _sides(comparison)),
        *_tree_html(_rows(root, HTML_ROWS, whole=True)),
    ]
    for phase in comparison.phases:
        parts.append(f"<p><b>{_html(_phase_line(phase))}</b></p>")
        parts += _tree_html(_rows(phase.root, HTML_ROWS // 2, whole=True), _OPEN_LEVELS - 3)
    parts += [f"<p>⚠ {_html(note)}</p>" for note in comparison.notes]
    parts += [f'<p class="dim">{_html(LEGEND)}</p>', "</div>"]
    body = "\n".join(parts)
    return _PAGE.format(title=_html(_headline(root)), body=body) if full_page else body


def _html(text: str) -> str:
    return escape(printable(text, NOTE_LENGTH), quote=True)


def _tree_html(tree: _Row, levels: int = _OPEN_LEVELS) -> list[str]:
    most = max((abs(row.change or 0.0) for row in _walk(tree)), default=0.0)
    parts = [
        '<div class="head dim"><span class="n"></span> <span class="v">before</span> '
        '<span class="v">after</span> <span class="v">change</span> '
        '<span class="v p"></span> <span class="m"></span> <span style="width:90px"></span></div>',
        '<ul class="root">',
    ]
    stack: list[str | tuple[_Row, int]] = [(tree, 0)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item)
            continue
        row, level = item
        hover = f' title="{_html(_hover(row))}"'
        if not row.children:
            parts.append(f'<li class="leaf"{hover}>{_cells(row, most)}</li>')
            continue
        is_open = level < levels and row.is_both and abs(row.change or 0.0) >= _OPEN_SHARE * most
        parts.append(f"<li><details{' open' * is_open}><summary{hover}>{_cells(row, most)}")
        parts.append("</summary><ul>")
        stack.append("</ul></details></li>")
        stack.extend((child, level + 1) for child in reversed(row.children))
    return [*parts, "</ul>"]


def _cells(row: _Row, most: float) -> str:
    changed = row.change or 0.0
    faint = "" if row.pair.is_significant or row.pair.is_significant is None else " faint"
    values = [_amount(node, energy) for node, energy in _pairs(row)]
    values.append(_signed(row.change) if row.change else "±0 J")
    cells = "".join(f' <span class="v">{_html(value)}</span>' for value in values[:2])
    return (
        f'<span class="n">{_html_label(row)}</span>{cells} '
        f'<span class="v{faint}">{_html(values[2])}</span> '
        f'<span class="v p{faint}">{_html(row.percent)}</span> '
        f'<span class="m">{row.mark}</span> '
        f'<span class="b">{_bar(changed, most, hollow=bool(faint))}</span>'
    )


def _bar(change: float, most: float, *, hollow: bool) -> str:
    """To the left what is saved, to the right what is added; hollow where it may be nothing."""
    pixels = round(_BAR_PIXELS * abs(change) / most) if most else 0
    if not pixels:
        return ""
    colour = _LESS if change < 0 else _MORE
    left = _BAR_PIXELS - pixels if change < 0 else _BAR_PIXELS + 1
    fill = f"box-shadow:inset 0 0 0 1px {colour}" if hollow else f"background:{colour}"
    return f'<span style="left:{left}px;width:{pixels}px;{fill}"></span>'


def _html_label(row: _Row) -> str:
    if row.is_own:
        return "<i>own</i>"
    name, klass = _html(printable(row.name, 120)), _html(_class(row.pair))
    hidden = f" <i>(+{row.hidden:,} below)</i>" if row.hidden else ""
    if row.count > 1:
        return f"<b>{row.count} × {klass}</b> <i>({name})</i>{hidden}"
    return (klass if name in klass.split(" → ") else f"{name} <i>{klass}</i>") + hidden


def _hover(row: _Row) -> str:
    """Paths, intervals and sources of both sides."""
    if row.is_own:
        return "what no child explains"
    told = []
    for word, (node, energy) in zip(("before", "after"), _pairs(row), strict=True):
        if node is None:
            told.append(f"not {word}")
        elif energy is not None:
            path = printable(node.path, 80) or printable(node.class_name, 80)
            told.append(
                f"{word}: {path} {format_joules(energy.joules)} {format_interval(energy)} "
                f"{energy.source}"
            )
    return " · ".join(told)
