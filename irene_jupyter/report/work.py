"""How much a report's joules were spent on: queries and tokens, so that sizes can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport
    from irene_jupyter.report.run_summary import RunSummary


@dataclass(frozen=True, slots=True)
class Work:
    """What the models were given; None where that is not one number.

    `queries` are calls × batch size, of a generation its prompts. `tokens` are those that went
    in: within generate() as its phases count them, elsewhere queries × length.
    """

    queries: int | None
    tokens: int | None

    def __str__(self) -> str:
        if self.queries is None:
            return "an unknown number of queries"
        queries = f"{self.queries:,} {'query' if self.queries == 1 else 'queries'}"
        return queries if self.tokens is None else f"{queries} ({self.tokens:,} tokens)"

    def per(self, joules: float) -> dict[str, float]:
        """Joules a "query" and a "token", where they are known."""
        amounts = {"query": self.queries, "token": self.tokens}
        return {name: joules / amount for name, amount in amounts.items() if amount}


def queries_by_model(report: EnergyReport) -> Mapping[str, int]:
    """What each model of the total was given, by its name."""
    given: dict[str, int] = {}
    for run in counted(report):
        given[run.model] = given.get(run.model, 0) + run.items
    return given


def work_of(report: EnergyReport) -> Work:
    """The work behind `report.total_joules`."""
    queries = {count for count in queries_by_model(report).values() if count}
    runs = counted(report)
    tokens = sum(run.tokens for run in runs)
    if not tokens and any(run.seq_len > 1 for run in runs):
        tokens = sum(run.items * run.seq_len for run in runs)
    is_one = len(queries) == 1
    return Work(queries.pop() if is_one else None, tokens if is_one and tokens else None)


def counted(report: EnergyReport) -> list[RunSummary]:
    """The runs that are in the total: what was only built is, where nothing else ran."""
    return [run for run in report.runs if run.status != "not_run" or not report.not_run]
