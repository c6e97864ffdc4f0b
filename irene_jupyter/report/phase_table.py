"""The table of phases that every view draws, and what its columns mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from irene_jupyter.report.units import format_joules, format_seconds, format_share, printable
from irene_jupyter.report.words import elsewhere
from irene_jupyter.tree import STEP_PHASES

if TYPE_CHECKING:
    from irene_jupyter.report.phases import PhaseSummary
    from irene_jupyter.report.report import EnergyReport

COLUMNS = (
    "phase", "calls", "tokens", "samples", "batch×seq", "time here", "replayed", "energy",
    "per token", "per step", "per sample", "time/token",
)  # fmt: skip
EVALUATION = "evaluation"  # calls without a phase of a model that was trained in the same cell
UNKNOWN = format_seconds(None)  # in a cell
WHOLE_STEP = "whole step"

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def phase_table(
    phases: Sequence[PhaseSummary],
    sizes: Mapping[tuple[str, str], str] = MappingProxyType({}),
    with_model: bool = True,
) -> Table:
    """(column heads, rows of cells); columns of which nothing is known are left out.

    `sizes` are texts by model and phase. Below the phases of a model's training stands their sum.
    """
    if not phases:
        return (), []
    rows: list[tuple[str, ...]] = []
    for model in dict.fromkeys(phase.model for phase in phases):
        own = [phase for phase in phases if phase.model == model]
        step = [phase for phase in own if phase.phase in STEP_PHASES]
        for phase in own:
            rows.append(phase_cells(phase, sizes.get((model, phase.phase), UNKNOWN), with_model))
            if len(step) > 1 and phase is step[-1]:
                rows.append(_whole_step(step, with_model))
    known = [cells for cells in zip(COLUMNS, *rows, strict=True) if set(cells[1:]) != {UNKNOWN}]
    heads, *shown = zip(*known, strict=True)
    return heads, shown


def phase_cells(
    phase: PhaseSummary, size: str = UNKNOWN, with_model: bool = True
) -> tuple[str, ...]:
    """A phase as cells under `COLUMNS`."""
    return (
        _name(phase.model, phase.phase, with_model),
        f"{phase.calls:,}",
        f"{phase.tokens:,}" if phase.tokens else UNKNOWN,
        f"{phase.samples:,}" if phase.samples else UNKNOWN,
        size,
        format_seconds(phase.seconds),
        format_seconds(phase.replayed_seconds),
        format_joules(phase.joules),
        _amount(phase.joules_per_token),
        _amount(phase.joules_per_step),
        _amount(phase.joules_per_sample),
        format_seconds(phase.seconds_per_token)
        + (" predicted" if phase.seconds is None and phase.predicted_seconds else ""),
    )


def _whole_step(step: Sequence[PhaseSummary], with_model: bool) -> tuple[str, ...]:
    first = step[0]
    joules = math.fsum(phase.joules for phase in step)
    seconds = [phase.seconds for phase in step if phase.seconds is not None]
    known = {
        "phase": _name(first.model, WHOLE_STEP, with_model),
        "samples": f"{first.samples:,}" if first.samples else UNKNOWN,
        "time here": format_seconds(math.fsum(seconds) if seconds else None),
        "energy": format_joules(joules),
        "per step": _amount(joules / first.steps if first.steps else None),
        "per sample": _amount(joules / first.samples if first.samples else None),
    }
    return tuple(known.get(column, UNKNOWN) for column in COLUMNS)


def _amount(joules: float | None) -> str:
    return UNKNOWN if joules is None else format_joules(joules)


def _name(model: str, phase: str, with_model: bool) -> str:
    return (f"{printable(model, 40)} " if with_model else "") + printable(phase, 20)


def phase_legend(report: EnergyReport) -> str:
    """What the columns of phases mean and where their numbers come from; empty without phases."""
    if not report.phases:
        return ""
    told = []
    if any(phase.seconds is not None for phase in report.phases):
        told.append("time here: measured in place, the whole model")
    shares = [phase.replayed_share for phase in report.phases]
    if any(share is not None for share in shares):
        # What a phase's own work and its leaves without a replay need is not in its seconds.
        parts = dict.fromkeys(format_share(share) for share in shares if share is not None)
        told.append(
            "replayed: its operations, each on its own, repeated here "
            f"({' and '.join(parts)} of its joules)"
        )
    if any(phase.phase == "optimiser" for phase in report.phases):
        told.append("optimiser: its steps, divided by the bytes of each module's parameters")
    if report.measured is not None and report.measured.joules is not None:
        told.append("energy: part of what was measured on this machine")
        return "; ".join(told)
    sources = dict.fromkeys(p.root.energy.source for p in report.phases if p.root.energy)
    told.append(f"energy: {' and '.join(sources)}")
    if "predicted" in sources or "estimated" in sources:
        told[-1] += f" for {printable(report.device.label, 80)}"
        if report.device.kind == "reference":
            told[-1] += f" {elsewhere(report)}"
    return "; ".join(told)
