"""A comparison as html without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irene_jupyter.report.colours import LESS, MORE
from irene_jupyter.report.compare_rows import PairRow, class_names, pair_rows
from irene_jupyter.report.compare_words import LEGEND, headline, phase_line, rates, whose
from irene_jupyter.report.folding import is_untested, walk_rows
from irene_jupyter.report.page import Drawn, fitted, nested, page, safe, style
from irene_jupyter.report.units import format_interval, format_joules, printable
from irene_jupyter.report.words import NOTE_LENGTH

if TYPE_CHECKING:
    from irene_jupyter.report.compare import Comparison
    from irene_jupyter.report.difference import Difference

HTML_ROWS = 2000
_BAR_PIXELS = 45  # of each half
_OPEN_LEVELS = 4
_OPEN_SHARE = 0.02  # of the greatest change


def comparison_html(comparison: Comparison, *, full_page: bool = False) -> str:
    """The comparison as an html fragment, or as a page.

    Of trees above `HTML_ROWS` rows or `MAX_CHARACTERS` the lowest levels are left out. Phases share
    a second time as much.
    """
    root = comparison.root
    shared = 1.0 / max(2, len(comparison.phases))
    parts = [
        f'<div class="irene-compare">\n{style("compare")}',
        f'<p><span class="total">{_html(headline(root))}</span></p>',
        *(
            f"<p><b>{word}</b> {_html(told)}</p>"
            for word, told in (*whose(comparison), *rates(comparison))
        ),
        *_tree(root, 1.0, _OPEN_LEVELS),
    ]
    for phase in comparison.phases:
        parts.append(f"<p><b>{_html(phase_line(phase))}</b></p>")
        parts += _tree(phase.root, shared, _OPEN_LEVELS - 3)
    parts += [f"<p>⚠ {_html(note)}</p>" for note in comparison.notes]
    parts += [f'<p class="dim">{_html(LEGEND)}</p>', "</div>"]
    body = "\n".join(parts)
    return page(_html(headline(root)), body, "66em") if full_page else body


def _html(text: str) -> str:
    return safe(text, NOTE_LENGTH)


def _tree(root: Difference, room: float, levels: int) -> list[str]:
    """The tree within a share of `HTML_ROWS` and `MAX_CHARACTERS`, open down to some `levels`."""
    _, parts = fitted(
        lambda most: pair_rows(root, most, whole=True),
        lambda tree: _drawn(tree, levels),
        round(HTML_ROWS * room),
        room,
    )
    return parts


def _drawn(tree: PairRow, levels: int) -> list[str]:
    most = max((abs(row.change or 0.0) for row in walk_rows(tree)), default=0.0)

    def is_open(row: PairRow, level: int) -> bool:
        return level < levels and row.is_both and abs(row.change or 0.0) >= _OPEN_SHARE * most

    return [
        '<div class="head dim"><span class="n"></span> <span class="v">before</span> '
        '<span class="v">after</span> <span class="v">change</span> '
        '<span class="v p"></span> <span class="m"></span> <span style="width:90px"></span></div>',
        '<ul class="root">',
        *nested(tree, lambda row: Drawn(_cells(row, most), _html(_hover(row))), is_open),
        "</ul>",
    ]


def _cells(row: PairRow, most: float) -> str:
    changed = row.change or 0.0
    faint = "" if row.pair.is_significant or row.pair.is_significant is None else " faint"
    *values, change = map(_html, row.amounts)
    cells = "".join(f' <span class="v">{value}</span>' for value in values)
    return (
        f'<span class="n">{_label(row)}</span>{cells} '
        f'<span class="v{faint}">{change}</span> '
        f'<span class="v p{faint}">{_html(row.percent)}</span> '
        f'<span class="m">{row.mark}</span> '
        f'<span class="b">{_bar(changed, most, hollow=bool(faint))}</span>'
    )


def _bar(change: float, most: float, *, hollow: bool) -> str:
    """To the left what is saved, to the right what is added; hollow where it may be nothing."""
    pixels = round(_BAR_PIXELS * abs(change) / most) if most else 0
    if not pixels:
        return ""
    colour = LESS if change < 0 else MORE
    left = _BAR_PIXELS - pixels if change < 0 else _BAR_PIXELS + 1
    fill = f"box-shadow:inset 0 0 0 1px {colour}" if hollow else f"background:{colour}"
    return f'<span style="left:{left}px;width:{pixels}px;{fill}"></span>'


def _label(row: PairRow) -> str:
    if row.is_own:
        return "<i>own</i>"
    name, klass = _html(printable(row.name, 120)), _html(class_names(row.pair))
    hidden = f" <i>(+{row.hidden:,} below)</i>" if row.hidden else ""
    if row.count > 1:
        return f"<b>{row.count} × {klass}</b> <i>({name})</i>{hidden}"
    return (klass if name in klass.split(" → ") else f"{name} <i>{klass}</i>") + hidden


def _hover(row: PairRow) -> str:
    """Paths, intervals and sources of both sides."""
    if row.is_own:
        return "what no child explains"
    told = []
    for word, (node, energy) in zip(("before", "after"), row.sides, strict=True):
        if node is None:
            told.append(f"not {word}")
        elif energy is not None:
            path = printable(node.path, 80) or printable(node.class_name, 80)
            told.append(
                f"{word}: {path} {format_joules(energy.joules)} "
                f"{format_interval(energy, is_untested(node))} {energy.source}"
            )
    return " · ".join(told)
