"""What is said of training: joules a step, and what of the steps is not in the tree."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from irene_jupyter.report.units import format_joules, format_share, printable, share
from irene_jupyter.tree import STEP_PHASES

if TYPE_CHECKING:
    from irene_jupyter.report.phases import PhaseSummary
    from irene_jupyter.report.report import EnergyReport

FORWARD_ONLY = "forward passes only"


def training_line(report: EnergyReport) -> str:
    """How much a step takes and where it goes, in a sentence; empty where nothing was trained."""
    steps = list(_steps(report))
    if not steps:
        if not _short_of_backward(report):
            return ""
        return (
            f"{_short(report).capitalize()}: the backward passes of this cell are not divided by "
            "module, they stand among its parts"
        )
    told = []
    for model, phases in steps:
        joules = math.fsum(phase.joules for phase in phases)
        parts = ", ".join(
            f"{phase.phase} {format_share(share(phase.joules, joules))}" for phase in phases
        )
        name = f"{printable(model, 40)}: " if len(steps) > 1 else ""
        told.append(f"{name}{_count(phases)}: {parts}")
    if _short_of_backward(report):
        told.append("without the backward passes that are not divided by module, which come on top")
    return "; ".join(told)


def training_short(report: EnergyReport) -> str:
    """The same for a title: "1.78 J a step", or that there are only forward passes."""
    steps = list(_steps(report))
    if not steps:
        return _short(report) if _short_of_backward(report) else ""
    if _short_of_backward(report):
        return "training, not all of it divided"
    if len(steps) > 1 or not steps[0][1][0].steps:
        return "whole training steps"
    phases = steps[0][1]
    return f"{_each(phases)} a step"


def is_trained(report: EnergyReport, model: str) -> bool:
    """Whether the model's joules are those of whole training steps."""
    return any(model == name for name, _ in _steps(report))


def _steps(report: EnergyReport) -> Iterator[tuple[str, list[PhaseSummary]]]:
    """The models whose backward passes were divided, each with the phases of its steps."""
    for model in dict.fromkeys(phase.model for phase in report.phases):
        own = [each for each in report.phases if each.model == model and each.phase in STEP_PHASES]
        if any(phase.phase == "backward" for phase in own):
            yield model, own


def _short_of_backward(report: EnergyReport) -> bool:
    return any(part.kind == "backward" for part in report.parts or ())


def _short(report: EnergyReport) -> str:
    """What there is without backward passes: their optimiser's steps may be divided."""
    has_steps = any(phase.phase == "optimiser" for phase in report.phases)
    return "without backward passes" if has_steps else FORWARD_ONLY


def _count(phases: list[PhaseSummary]) -> str:
    """ "8 training steps, 1.78 J each", or passes where no optimiser made a step of them."""
    steps = phases[0].steps
    if steps:
        return f"{steps:,} training step{'s' * (steps > 1)}, {_each(phases)}{' each' * (steps > 1)}"
    passes = next(phase.calls for phase in phases if phase.phase == "backward")
    return f"{passes:,} backward pass{'es' * (passes != 1)}, no step of an optimiser"


def _each(phases: list[PhaseSummary]) -> str:
    return format_joules(math.fsum(phase.joules for phase in phases) / phases[0].steps)
