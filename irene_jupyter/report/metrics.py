"""A report as flat numbers, which experiment trackers log: MLflow, Weights & Biases and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irene_jupyter.report.work import work_of

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport


def metrics_of(report: EnergyReport) -> dict[str, float]:
    """Names of letters, `_` and `/` with the unit in them; what is not known is left out.

    The total, its interval, a query's and a token's joules, each phase's, each model's where there
    are several, and what the machine's counters said, with its seconds.
    """
    found: dict[str, float | None] = {"energy/joules": report.total_joules}
    if report.root is not None and report.root.energy is not None:
        found["energy/low_joules"] = report.root.energy.low
        found["energy/high_joules"] = report.root.energy.high
    for name, joules in work_of(report).per(report.total_joules).items():
        found[f"energy/joules_per_{name}"] = joules
    several = len(report.models) > 1
    for model in report.models if several else ():
        if model.energy is not None:
            found[f"energy/{_plain(model.path or model.class_name)}/joules"] = model.energy.joules
    for phase in report.phases:
        model_name = f"{_plain(phase.model)}/" if several else ""
        found[f"energy/{model_name}{phase.phase}/joules"] = phase.joules
        found[f"energy/{model_name}{phase.phase}/seconds"] = phase.seconds
    if report.measured is not None:
        found["energy/measured_joules"] = report.measured.joules
        found["energy/cell_seconds"] = report.measured.seconds
    return {name: value for name, value in found.items() if value is not None}


def _plain(name: str) -> str:
    """Of letters that every tracker takes in a name."""
    return "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in name)
