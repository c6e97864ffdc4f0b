"""The rows of a comparison: pairs that are alike folded, one folding for text and html."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from irene_jupyter.report.compare_words import format_change, signed
from irene_jupyter.report.folding import (
    OWN_SHARE_SHOWN,
    count_rows,
    follows,
    group_name,
    grouped,
    identical,
    relative_name,
    total,
)
from irene_jupyter.report.units import format_joules, printable
from irene_jupyter.report.words import MARKS
from irene_jupyter.tree import Energy, Node

if TYPE_CHECKING:
    from irene_jupyter.report.difference import Difference

_ROUNDING = 1e-9  # a smaller part of the energy is no difference


@dataclass(frozen=True, slots=True)
class PairRow:
    """A pair, or `count` pairs in a row that are alike, with their sums."""

    pair: Difference
    name: str
    before: Energy | None
    after: Energy | None
    count: int = 1
    children: tuple[PairRow, ...] = ()
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
    def sides(self) -> tuple[tuple[Node | None, Energy | None], ...]:
        """Before and after: the node, and the row's energy there."""
        return ((self.pair.before, self.before), (self.pair.after, self.after))

    @property
    def amounts(self) -> tuple[str, str, str]:
        """Joules before and after, and the change."""
        before, after = (
            "–" if node is None else format_joules(None if energy is None else energy.joules)
            for node, energy in self.sides
        )
        return before, after, signed(self.change) if self.change else "±0 J"

    @property
    def percent(self) -> str:
        """The change, or which side alone has the pair."""
        if not self.is_both:
            return "new" if self.pair.before is None else "gone"
        if self.change is None or self.before is None or self.before.joules <= 0:
            return "–"
        return format_change(100 * self.change / self.before.joules)

    @property
    def mark(self) -> str:
        """Of the pair: repetitions are alike in it."""
        if self.is_own or not self.is_both or not self.change:
            return ""
        if self.pair.is_untested:
            return MARKS["estimated"]
        known = self.pair.is_significant
        return "" if known is None else "●" if known else "○"


def pair_rows(root: Difference, most: int, *, whole: bool) -> PairRow:
    """The rows of a tree, down to the level at which they are no more than `most`.

    Unless `whole`, what only one side has is one row.
    """
    row = _row(root, None, None, whole)
    depth = _levels(row)
    while count_rows(row) > most and depth > 1:
        depth -= 1
        row = _row(root, None, depth, whole)
    return row


def _row(pair: Difference, above: Difference | None, depth: int | None, whole: bool) -> PairRow:
    is_cut = not whole and (pair.before is None or pair.after is None)
    name = _name(pair, above)
    if is_cut or (depth is not None and depth <= 0):
        return PairRow(pair, name, *pair.energies, hidden=sum(1 for _ in pair.walk()) - 1)
    below = None if depth is None else depth - 1
    rows = []
    for group in grouped(pair.children, partial(_repeats, pair)):
        first = _row(group[0], pair, below, whole)
        if len(group) > 1:
            sides = zip(*(each.energies for each in group), strict=True)
            before, after = map(total, sides)
            children = (replace(first, name=f"one of {len(group)}"),) if first.children else ()
            label = group_name([_names(each, pair)[0] for each in group])
            first = PairRow(
                group[0], label, before, after, len(group), children, first.hidden * len(group)
            )
        rows.append(first)
    if pair.before and pair.after and (own := _own(pair)) is not None:
        rows.append(own)
    return PairRow(pair, name, *pair.energies, children=tuple(rows))


def _own(pair: Difference) -> PairRow | None:
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
    return PairRow(pair, "own", before, after, is_own=True)


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


def class_names(pair: Difference) -> str:
    """Of both sides: "BertModel → DistilBertModel"."""
    names = [node.class_name for node in (pair.before, pair.after) if node is not None]
    return " → ".join(dict.fromkeys(printable(name, 60) for name in names))


def _repeats(above: Difference, first: Difference, last: Difference, pair: Difference) -> bool:
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


def _levels(row: PairRow) -> int:
    return 1 + max((_levels(child) for child in row.children), default=0)
