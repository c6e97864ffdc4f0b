"""A comparison as text."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from irene_jupyter.report.compare_rows import PairRow, class_names, pair_rows
from irene_jupyter.report.compare_words import LEGEND, headline, phase_line, rates, whose
from irene_jupyter.report.text import WIDTH, console_on, guided, trimmed
from irene_jupyter.report.units import printable
from irene_jupyter.report.words import NOTE_LENGTH

if TYPE_CHECKING:
    from irene_jupyter.report.compare import Comparison

TEXT_ROWS = 400
_GAP = 2
_LABEL_ROOM = 20  # the column of the tree keeps at least this much


def comparison_text(comparison: Comparison) -> str:
    """The comparison as text, `TEXT_ROWS` rows at most, as wide as a report's (80)."""
    buffer = StringIO()
    console = console_on(buffer, WIDTH)
    lines = [*whose(comparison), ("change", headline(comparison.root)), *rates(comparison)]
    for word, told in lines:
        console.print(Text(f"{word:<7} {told}"))
    console.print()
    rows = [
        (guide + _label(row), *row.amounts, row.percent, row.mark)
        for guide, row in guided(pair_rows(comparison.root, TEXT_ROWS, whole=False))
    ]
    cells = [("", "before", "after", "change", "", ""), *rows]
    label, *others = (max(map(cell_len, column)) for column in zip(*cells, strict=True))
    room = max(_LABEL_ROOM, WIDTH - sum(others) - _GAP * len(others))
    table = Table.grid(padding=(0, _GAP, 0, 0))  # labels give way, and no number
    table.add_column(width=min(label, room), no_wrap=True, overflow="ellipsis")
    for width in others:
        table.add_column(width=width, justify="right", no_wrap=True)
    for texts in cells:
        table.add_row(*map(Text, texts))
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
