"""A comparison as text."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from irene_jupyter.report.compare_rows import PairRow, class_names, pair_rows
from irene_jupyter.report.compare_words import LEGEND, headline, phase_line, rates, whose
from irene_jupyter.report.text import console_on, guided, trimmed
from irene_jupyter.report.units import printable
from irene_jupyter.report.words import NOTE_LENGTH

if TYPE_CHECKING:
    from irene_jupyter.report.compare import Comparison

TEXT_ROWS = 400
_WIDTH = 110
_LABEL = 56  # columns of the tree


def comparison_text(comparison: Comparison) -> str:
    """The comparison as text, `TEXT_ROWS` rows at most, 110 columns wide."""
    buffer = StringIO()
    console = console_on(buffer, _WIDTH)
    lines = [*whose(comparison), ("change", headline(comparison.root)), *rates(comparison)]
    for word, told in lines:
        console.print(Text(f"{word:<7} {told}"))
    console.print()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(max_width=_LABEL, no_wrap=True, overflow="ellipsis")
    for _ in range(4):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_row("", "before", "after", "change", "", "")
    for guide, row in guided(pair_rows(comparison.root, TEXT_ROWS, whole=False)):
        table.add_row(Text(guide + _label(row)), *row.amounts, row.percent, row.mark)
    console.print(table)
    for phase in comparison.phases:
        console.print(Text(phase_line(phase)))
    for line in (*comparison.notes, LEGEND):
        console.print(Text(printable(line, NOTE_LENGTH)))
    return trimmed(buffer)


def _label(row: PairRow) -> str:
    if row.is_own:
        return "own"
    name, klass = printable(row.name, 60), class_names(row.pair)
    hidden = f" (+{row.hidden:,} below)" if row.hidden else ""
    if row.count > 1:
        return f"{row.count} × {klass} ({name}){hidden}"
    return (klass if name in klass.split(" → ") else f"{name} {klass}") + hidden
