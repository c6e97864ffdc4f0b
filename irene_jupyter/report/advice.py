"""What would help: each lever with joules before and after, as text, html and a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from irene_jupyter.columns import aligned
from irene_jupyter.report.page import plain_table
from irene_jupyter.report.units import CONFIDENCE, format_joules, printable

if TYPE_CHECKING:
    import pandas as pd

NOTHING = "Nothing that can be priced here saves energy for sure."


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """One lever: joules of one query, token or example `before` and `after`, and how sure that is.

    `low` and `high` bound the share that is saved, 0 to 1, in nine of ten cases where `is_tested`;
    else they are a range that nobody tested. `changes_work`: the model then does less, or not the
    same, so that only its user knows whether that will do.
    """

    lever: str  # "batch_size", "launch", …
    change: str  # "batch 8 → 32"
    before_joules: float
    after_joules: float
    low: float
    high: float
    is_tested: bool
    how: str  # what to do
    rests_on: str
    changes_work: bool = False

    @property
    def share(self) -> float:
        """What is saved of `before_joules`, 0 to 1."""
        return 1.0 - self.after_joules / self.before_joules

    @property
    def saved(self) -> str:
        """For people: "−62 % [−70 to −52, 90 %]"."""
        bounds = f"−{100 * self.high:.0f} to −{100 * self.low:.0f}"
        return f"−{100 * self.share:.0f} % [{bounds}, {CONFIDENCE if self.is_tested else 'range'}]"

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values, and what is shown."""
        return {**asdict(self), "share": self.share, "saved": self.saved}


@dataclass(frozen=True, slots=True, repr=False)
class Advice:
    """What would help, best first; `per`: "query", "token", or of training "example".

    `title` says what was asked, `notes` what else is to be known, such as levers that were tried
    and do not save for sure.
    """

    title: str
    per: str
    savings: tuple[Saving, ...]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Saving]:
        return iter(self.savings)

    def __len__(self) -> int:
        return len(self.savings)

    def __getitem__(self, lever: str) -> Saving:
        """The saving of a lever. Raises `KeyError` with those that there are."""
        for each in self.savings:
            if each.lever == lever:
                return each
        known = ", ".join(each.lever for each in self.savings) or "none"
        raise KeyError(f"no lever {lever!r} saves energy here; those that do: {known}")

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values, with the words that are shown."""
        return {
            "title": self.title,
            "per": self.per,
            "heads": list(self._heads()),
            "savings": [
                {**each.to_dict(), "cells": list(self._cells(each))} for each in self.savings
            ],
            "notes": list(self._told()),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each lever, in joules of one `per`."""
        import pandas as pd

        names = [*Saving.__dataclass_fields__, "share"]
        return pd.DataFrame([each.to_dict() for each in self.savings], columns=names).assign(
            per=self.per
        )

    def _heads(self) -> tuple[str, ...]:
        each = "an" if self.per == "example" else "a"
        return ("what", f"{each} {self.per} now", "then", "saves")

    def _cells(self, saving: Saving) -> tuple[str, ...]:
        before, after = map(format_joules, (saving.before_joules, saving.after_joules))
        return (printable(saving.change, 60), before, after, saving.saved)

    def _told(self) -> tuple[str, ...]:
        return self.notes if self.savings else (NOTHING, *self.notes)

    def __str__(self) -> str:
        lines = [printable(self.title, 400), ""]
        if self.savings:
            table = aligned([self._heads(), *map(self._cells, self.savings)], "<>><").split("\n")
            lines.append(table[0])
            for row, saving in zip(table[1:], self.savings, strict=True):
                lines += [row, f"    {saving.how}", f"    {saving.rests_on}"]
            lines.append("")
        return "\n".join([*lines, *self._told()]).rstrip()

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._html(), "text/plain": str(self)}

    def _html(self) -> str:
        rows = []
        for each in self.savings:
            what, *numbers = map(escape, self._cells(each))
            told = f"{escape(each.how)}<br><small>{escape(each.rests_on)}</small>"
            rows.append([f"<b>{what}</b><br>{told}", *numbers])
        table = plain_table(map(escape, self._heads()), rows) if rows else ""
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._told())
        return f"<p><b>{escape(self.title)}</b></p>{table}{notes}"
