"""From runs to a report: every run predicted, brought to what was measured, and added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from irene_jupyter.merging import gathered, moved
from irene_jupyter.report.phases import PhaseSummaries
from irene_jupyter.report.report import DeviceLabel, EnergyReport, Mode
from irene_jupyter.report.waiting import said_where_waiting
from irene_jupyter.tree import Run
from irene_jupyter.versions import versions

if TYPE_CHECKING:
    from irene_jupyter.attribution.cell import Cell
    from irene_jupyter.capture.models.building import Origin
    from irene_jupyter.predictors.predict.launching import Launching
    from irene_jupyter.predictors.profiles.reading import Profile
    from irene_jupyter.room import Shortage


def make_report(
    runs: Sequence[Run],
    profile: Profile,
    mode: Mode,
    notes: Sequence[str] = (),
    resources: Mapping[str, Any] | None = None,
    cell: Cell | None = None,
    *,
    method: str = "additive",
    origin: Origin | None = None,
    launching: Launching | None = None,
    shortage: Shortage | None = None,
) -> EnergyReport:
    """Predicts every run and adds them up: one tree for each model, one root above them.

    Where the `cell` was measured, each model's tree is brought to the level that was measured.
    From its `origin` the one model can be built again. A `shortage` of memory is
    told, and makes every interval wider.
    """
    from irene_jupyter.attribution.model_energy import models_of, predicted_runs
    from irene_jupyter.predictors.predict.launching import USUAL
    from irene_jupyter.predictors.predict.prediction import doubted
    from irene_jupyter.predictors.remarks import remarks

    launching = launching or USUAL
    predicted, cell = predicted_runs(runs, profile, method, launching, cell)
    is_here = profile.kind == "calibrated" or (cell is not None and cell.is_by_board)
    if shortage:
        predicted = [replace(each, root=doubted(each.root, shortage.reason)) for each in predicted]
    every = models_of(predicted, cell)
    ran = [model for model in every if model.has_run]
    models = ran or every
    trees = [(model.name, said_where_waiting(model.root)) for model in models]
    phases = [
        replace(phase, root=said_where_waiting(phase.root))
        for model in models
        for phase in model.summaries(is_here)
    ]
    if len(models) > 1:
        phases = [replace(phase, root=moved(phase.root, phase.model)) for phase in phases]
    factors = {(m.name, phase): factor for m in ran for phase, factor in m.factors.items()}
    told = [*notes, *([shortage.note] if shortage else [])]
    roots = [each.root for each in predicted]
    told += remarks(roots, profile, method, launching, was_run=mode != "predict")
    told += [f"{run.model}: {note}" for run in runs for note in run.notes]
    parts = measured = None
    if cell is not None:
        told += cell.warnings
        parts = cell.parts(trees if ran else ())
        measured = cell.measured_in(parts)
    return EnergyReport(
        root=gathered(trees) if len(trees) > 1 else trees[0][1] if trees else None,
        device=DeviceLabel(profile.name, profile.label, profile.kind, profile.scope),
        mode=mode,
        phases=PhaseSummaries(phases),
        not_run=tuple(moved(each.root, each.name) for each in every if ran and not each.has_run),
        runs=tuple(each.summary(factors.get(each.part, 1.0)) for each in predicted),
        resources=resources,
        parts=parts,
        measured=measured,
        notes=tuple(dict.fromkeys(told)),
        configuration=None if origin is None else origin.configuration,
        origin=origin,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=dict(versions()),
    )
