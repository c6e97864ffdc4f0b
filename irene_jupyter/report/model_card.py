"""A report for a model's card on the Hugging Face hub: the metadata that it knows, and a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

from irene_jupyter.errors import ReportError
from irene_jupyter.report.tables import bottlenecks
from irene_jupyter.report.units import format_joules, format_share, printable
from irene_jupyter.report.words import amount, provenance
from irene_jupyter.report.work import work_of

if TYPE_CHECKING:
    from irene_jupyter.report.cost_summary import CostSummary
    from irene_jupyter.report.report import EnergyReport

Training = Literal["pre-training", "fine-tuning"]

_TRAININGS = ("pre-training", "fine-tuning")
_CLASSES = 5  # of modules, in the table


def model_card(
    report: EnergyReport, cost: CostSummary | None = None, training_type: Training | None = None
) -> str:
    """A README.md: a YAML block between dashes, then a section in Markdown.

    The hub's `co2_eq_emissions` are of a training, in grams: they are there with a `training_type`
    and the `cost` of all of it, for a country. Raises `ReportError` for one without the other.
    """
    if report.root is None:
        raise ReportError("no model was built or run, so that there is nothing for a model card")
    return f"{_metadata(report, cost, training_type)}## Energy\n\n{_section(report, cost)}"


def _metadata(
    report: EnergyReport, cost: CostSummary | None, training_type: Training | None
) -> str:
    if training_type is None:
        return ""
    if training_type not in _TRAININGS:
        raise ReportError(
            f"training_type must be {' or '.join(map(repr, _TRAININGS))}, not {training_type!r}"
        )
    if cost is None or cost.g_co2e is None:
        raise ReportError(
            "the emissions of a training need the cost of all of it in a country: pass "
            'cost=report.cost(…, country="FRA"), or leave training_type out'
        )
    values: dict[str, Any] = {
        "emissions": float(f"{cost.g_co2e:.4g}"),
        "source": f"irene-jupyter {version('irene-jupyter')}: {printable(cost.basis, 400)}",
        "training_type": training_type,
        "geographical_location": cost.country,
        "hardware_used": report.device.label,
    }
    # A JSON value is a YAML value.
    lines = [f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(["---", "co2_eq_emissions:", *lines, "---", "", ""])


def _section(report: EnergyReport, cost: CostSummary | None) -> str:
    assert report.root is not None
    work = work_of(report)
    rows = [("all of it", amount(report.root), "")]
    rows += [
        (f"a {name}", format_joules(joules), "")
        for name, joules in work.per(report.total_joules).items()
    ]
    rows += [(f"phase: {phase.phase}", format_joules(phase.joules), "") for phase in report.phases]
    rows += [
        (f"{row.class_name} × {row.modules}", format_joules(row.joules), format_share(row.share))
        for row in bottlenecks(report).rows[:_CLASSES]
    ]
    names = ", ".join(model.class_name for model in report.models)
    text = [f"{_cell(names)}, {work}. {_cell(provenance(report))}.", ""]
    text += _table(("", "energy", "share"), rows)
    if cost is not None:
        text += ["", *_table(("cost", ""), cost.rows()), "", f"At {_cell(cost.basis)}."]
    return "\n".join([*text, "", f"By irene-jupyter {version('irene-jupyter')}.", ""])


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *([*map(_cell, row)] for row in rows)]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _cell(text: str) -> str:
    """Of one line, in which nothing is Markdown or html: names come from files, too."""
    plain = printable(text, 400)
    for letter in "\\|`*_[]<>":
        plain = plain.replace(letter, f"\\{letter}")
    return plain
