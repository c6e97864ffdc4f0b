"""Two trees side by side: what changed, node by node, and whether the intervals say so."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from irene_jupyter.errors import ReportError
from irene_jupyter.merging import CELL
from irene_jupyter.report.aligning import paired
from irene_jupyter.report.difference import Difference
from irene_jupyter.report.phases import PhaseSummary
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.words import provenance, title
from irene_jupyter.report.work import work_of
from irene_jupyter.tree import Node

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
KIND = "irene.comparison"
# One row for each pair of nodes.
COLUMNS = (
    "path", "path_after", "depth", "type", "class_name", "class_name_after",
    "joules_before", "low_before", "high_before", "source_before",
    "joules_after", "low_after", "high_after", "source_after",
    "difference_joules", "difference_percent", "is_significant", "own_difference_joules",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class PhaseDifference:
    """A phase of generate() in both reports: its tokens, and the trees of it alone."""

    before: PhaseSummary
    after: PhaseSummary
    root: Difference

    @property
    def name(self) -> str:
        """ "prefill" or "decode"."""
        return self.before.phase

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values."""
        return {
            "phase": self.name,
            "tokens": {"before": self.before.tokens, "after": self.after.tokens},
            "joules_per_token": {
                "before": self.before.joules_per_token,
                "after": self.after.joules_per_token,
            },
            "root": self.root.to_dict(),
        }


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """What `report.compare(other)` finds: `before` is the report, `after` the other.

    A difference is after minus before. `comparison["encoder.layer.0"]` is one pair.
    """

    before: EnergyReport
    after: EnergyReport
    root: Difference
    phases: tuple[PhaseDifference, ...] = ()

    def __getitem__(self, path: str) -> Difference:
        """The pair at a path of either tree. Raises `KeyError` where neither has it."""
        for pair in self.root.walk():
            if path in (pair.path, pair.after.path if pair.after else pair.path):
                return pair
        raise KeyError(f"neither tree has a node {path!r}; see comparison.to_dataframe()")

    @property
    def joules_per(self) -> dict[str, tuple[float, float]]:
        """Before and after, for a "query" and a "token", where both reports know their number."""
        before, after = (
            work_of(report).per(report.total_joules) for report in (self.before, self.after)
        )
        return {unit: (before[unit], after[unit]) for unit in before if unit in after}

    @property
    def is_of_one_size(self) -> bool:
        """Whether both did the same number of queries and tokens."""
        return work_of(self.before) == work_of(self.after)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to bear in mind where the two are not of one kind."""
        found = []
        if self.before.device != self.after.device:
            found.append(
                f"Two devices: {self.before.device.label} before, {self.after.device.label} after."
            )
        names = [energy.source for energy in self.root.energies if energy is not None]
        if len(set(names)) > 1:
            found.append(f"Two kinds of numbers: {names[0]} before, {names[1]} after.")
        if not self.is_of_one_size:
            sizes = [str(work_of(report)) for report in (self.before, self.after)]
            found.append(f"Two sizes of work: {sizes[0]} before, {sizes[1]} after.")
        return tuple(found)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each pair, parents first, with `COLUMNS`; what is missing is 0 J."""
        import pandas as pd

        return pd.DataFrame(list(_records(self.root)), columns=list(COLUMNS))

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values: both sides in short, and the pairs as a tree under "root"."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "before": _summary(self.before),
            "after": _summary(self.after),
            "notes": list(self.notes),
            "joules_per": {
                unit: {"before": before, "after": after}
                for unit, (before, after) in self.joules_per.items()
            },
            "root": self.root.to_dict(),
            "phases": [phase.to_dict() for phase in self.phases],
        }

    def to_html(self, full_page: bool = False) -> str:
        """The pairs as html without scripts: a fragment, or a page of its own."""
        from irene_jupyter.report.compare_html import comparison_html

        return comparison_html(self, full_page=full_page)

    def __str__(self) -> str:
        from irene_jupyter.report.compare_text import comparison_text

        return comparison_text(self)

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self.to_html(), "text/plain": str(self)}


def compare(before: EnergyReport, after: EnergyReport) -> Comparison:
    """The two reports' trees, aligned.

    Children of a pair are paired by name and type; what is left over by class name and type, in
    order; modules that are still left with the next that does similar work. Raises `ReportError`
    where one of them is no report or has no tree.
    """
    for which, report in (("first", before), ("second", after)):
        if not isinstance(report, EnergyReport):
            raise ReportError(
                f"compare: the {which} is a {type(report).__name__}, not a report: pass what "
                "measure(), predict() or load_report() gave"
            )
        if report.root is None:
            raise ReportError(
                f"compare: the {which} report is empty, no model ran in its cell: there is "
                "nothing to compare with"
            )
    first, second = before.root, after.root
    assert first is not None
    assert second is not None
    if (first.class_name == CELL) != (second.class_name == CELL):
        first, second = _as_cell(first), _as_cell(second)
    return Comparison(before, after, paired(first, second), tuple(_phases(before, after)))


def _as_cell(root: Node) -> Node:
    """One model under a root like that of several."""
    if root.class_name == CELL:
        return root
    return Node("", "model", CELL, root.features, (root,), root.energy)


def _phases(before: EnergyReport, after: EnergyReport) -> Iterator[PhaseDifference]:
    """Phases of one name: of one model where the names agree, else in order."""
    left = list(after.phases)
    for phase in before.phases:
        same = [other for other in left if other.phase == phase.phase]
        other = next((each for each in same if each.model == phase.model), next(iter(same), None))
        if other is not None:
            left.remove(other)
            yield PhaseDifference(phase, other, paired(phase.root, other.root))


def _summary(report: EnergyReport) -> dict[str, Any]:
    return {
        "title": title(report),
        "provenance": provenance(report),
        "mode": report.mode,
        "total_joules": report.total_joules,
        "device": asdict(report.device),
        "created": report.created,
        "versions": dict(report.versions),
    }


def _records(root: Difference) -> Iterator[dict[str, Any]]:
    stack = [(root, 0)]
    while stack:
        pair, depth = stack.pop()
        stack.extend((child, depth + 1) for child in reversed(pair.children))
        record: dict[str, Any] = {
            "path": None if pair.before is None else pair.before.path,
            "path_after": None if pair.after is None else pair.after.path,
            "depth": depth,
            "type": pair.node.type,
            "class_name": None if pair.before is None else pair.before.class_name,
            "class_name_after": None if pair.after is None else pair.after.class_name,
            "difference_joules": _number(pair.joules),
            "difference_percent": _number(pair.percent),
            "is_significant": pair.is_significant,
            "own_difference_joules": _number(pair.own_joules),
        }
        for side, node, energy in zip(
            ("before", "after"), (pair.before, pair.after), pair.energies, strict=True
        ):
            for name in ("joules", "low", "high"):
                record[f"{name}_{side}"] = _number(
                    None if energy is None else getattr(energy, name)
                )
            is_known = node is not None and energy is not None
            record[f"source_{side}"] = energy.source if is_known and energy else None
        yield record


def _number(value: float | None) -> float:
    return math.nan if value is None else value
