"""What a whole training costs, from the energy of a step and the number of steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from irene_jupyter.errors import ReportError
from irene_jupyter.report.cost_summary import JOULES_PER_KWH, CostSummary, amount_of, checked
from irene_jupyter.report.folding import is_untested
from irene_jupyter.report.units import CONFIDENCE, RANGE, format_joules, printable
from irene_jupyter.tree import STEP_PHASES

if TYPE_CHECKING:
    from irene_jupyter.report.phases import PhaseSummary
    from irene_jupyter.report.report import EnergyReport

_NOT_IN_IT = "data loading, evaluation, saving and whatever else happens between steps"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrainingCost(CostSummary):
    """The cost of `steps` steps of an optimiser, each with all passes that led to it.

    `queries` are the examples that all these steps see. `low_kwh` and `high_kwh` bound `kwh`;
    `left_out` is what is not in it, in words.
    """

    steps: float
    joules_per_step: float  # without the PUE
    low_kwh: float
    high_kwh: float
    left_out: str

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Names and values as people read them."""
        promise = RANGE if self.is_untested else CONFIDENCE
        ends = f"{amount_of(self.low_kwh)}–{amount_of(self.high_kwh)}"
        electricity = f"{amount_of(self.kwh)} kWh [{ends}, {promise}]"
        rows = dict(CostSummary.rows(self))
        del rows["queries"], rows["energy per query"]
        return (
            ("steps", f"{self.steps:,.10g}"),
            ("examples", f"{self.queries:,.10g}"),
            ("energy per step", format_joules(self.joules_per_step)),
            *(rows | {"electricity": electricity}).items(),
        )

    @property
    def basis(self) -> str:
        """What the figures rest on, and what is not in them."""
        return f"{self.prices()}; not in it: {self.left_out}"


def training_cost(report: EnergyReport, steps: float, summary: CostSummary) -> TrainingCost:
    """Of `steps` steps such as those in the report, priced as `summary` is.

    Raises `ReportError` where no step of an optimiser is in the report, or where its models did
    different numbers of them.
    """
    checked("steps", steps, 0)
    phases = [each for each in report.phases if each.phase in STEP_PHASES and each.steps]
    done = {each.model: each.steps for each in phases}
    if not done:
        raise ReportError(
            "no step of an optimiser is in this report, so that none can be multiplied: measure a "
            "cell that trains, with its backward passes and optimiser.step(), or predict(…, "
            "training=True)"
        )
    if len(set(done.values())) > 1:
        seen = ", ".join(f"{printable(name, 40)} {count}" for name, count in done.items())
        raise ReportError(
            f"what is a step here? The models did different numbers of them ({seen}): measure a "
            "loop that trains one of them"
        )
    number = next(iter(done.values()))
    energies = [phase.root.energy for phase in phases if phase.root.energy]
    joules, low, high = (
        math.fsum(getattr(energy, name) for energy in energies) / number
        for name in ("joules", "low", "high")
    )
    samples = sum(each.samples for each in phases if each.phase == "forward") / number
    scale = steps * summary.pue / JOULES_PER_KWH
    kwh = joules * scale
    carbon = summary.g_co2e_per_kwh
    priced = {each.name: getattr(summary, each.name) for each in fields(summary)}
    priced |= {
        "queries": steps * samples,
        "joules_per_query": joules / (samples or 1),
        "low_joules_per_query": low / (samples or 1),
        "high_joules_per_query": high / (samples or 1),
        "is_untested": any(is_untested(phase.root) for phase in phases),
        "kwh": kwh,
        "usd": kwh * summary.usd_per_kwh,
        "g_co2e": None if carbon is None else kwh * carbon,
    }
    return TrainingCost(
        **priced,
        steps=steps,
        joules_per_step=joules,
        low_kwh=low * scale,
        high_kwh=high * scale,
        left_out=_left_out(report, phases),
    )


def _left_out(report: EnergyReport, phases: Sequence[PhaseSummary]) -> str:
    told = [_NOT_IN_IT]
    is_measured = report.measured is not None and report.measured.joules is not None
    if report.device.scope == "board" and not is_measured:
        told.append("the host of the board")
    if any(part.kind in STEP_PHASES for part in report.parts or ()):
        told.append("passes and steps that were not divided by module")
    if not any(phase.phase == "optimiser" for phase in phases):
        told.append("the optimiser")
    return ", ".join(told)
