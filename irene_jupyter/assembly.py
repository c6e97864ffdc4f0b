"""From runs to a report: every run predicted, brought to what was measured, and added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from irene_jupyter.merging import energies_of, gathered, moved, total
from irene_jupyter.report.device_label import HERE, DeviceLabel, Elsewhere
from irene_jupyter.report.folding import is_untested
from irene_jupyter.report.phases import PhaseSummaries
from irene_jupyter.report.report import EnergyReport, Mode
from irene_jupyter.report.waiting import said_where_waiting
from irene_jupyter.tree import Run
from irene_jupyter.versions import versions

if TYPE_CHECKING:
    from irene_jupyter.attribution.cell import Cell
    from irene_jupyter.attribution.model_energy import ModelEnergy
    from irene_jupyter.capture.models.building import Origin
    from irene_jupyter.predictors.predict.launching import Launching
    from irene_jupyter.predictors.profiles.reading import Profile
    from irene_jupyter.report.trend import Trend
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
    Where it has an estimate for this machine, the report is that, and the profile's prediction
    stands beside it.
    From its `origin` the one model can be built again. A `shortage` of memory is
    told, and makes every interval wider: down to what physics allows.
    """
    from irene_jupyter.attribution.model_energy import estimated_runs, models_of, predicted_runs
    from irene_jupyter.predictors.predict.launching import USUAL
    from irene_jupyter.predictors.predict.prediction import doubted, within_physics
    from irene_jupyter.predictors.remarks import remarks

    launching = launching or USUAL
    predicted, cell = predicted_runs(runs, profile, method, launching, cell)
    device = _device(profile, cell)
    elsewhere = None
    if cell is not None and cell.estimate is not None:
        elsewhere = _elsewhere(_device(profile, None), models_of(predicted, None))
        predicted = estimated_runs(predicted, cell)
    is_here = device.kind != "reference" or (cell is not None and cell.is_by_board)
    if shortage:
        flag = f"does_not_fit: {shortage.reason}"
        predicted = [replace(each, root=doubted(each.root, flag)) for each in predicted]
    if mode == "predict" and (least := profile.least_joules_per_byte) is not None:
        predicted = [replace(each, root=within_physics(each.root, least)) for each in predicted]
    every = models_of(predicted, None if elsewhere else cell)
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
    if elsewhere is None:
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
        device=device,
        mode=mode,
        elsewhere=elsewhere,
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


def _device(profile: Profile, cell: Cell | None) -> DeviceLabel:
    """Whose energy the report of a cell is, or of a prediction for a profile's device."""
    if cell is not None and cell.estimate is not None:
        return DeviceLabel(HERE, cell.estimate.label, "estimated", how=cell.estimate.how)
    return DeviceLabel(profile.name, profile.label, profile.kind, profile.scope)


def _elsewhere(device: DeviceLabel, models: Sequence[ModelEnergy]) -> Elsewhere | None:
    """What the models that ran need on a profile's device, in all."""
    roots = [model.root for model in models if model.has_run]
    found = total(energies_of(roots))
    return None if found is None else Elsewhere(device, found, any(map(is_untested, roots)))


@dataclass(frozen=True, slots=True)
class Switched:
    """What a cell's report was made of, to make it again for another device."""

    runs: Sequence[Run]
    profile: Profile  # that it was made with
    notes: Sequence[str]
    resources: Mapping[str, Any]
    cell: Cell
    method: str
    origin: Origin | None
    observer: Mapping[str, Any] | None = None
    trend: Trend | None = None

    @property
    def own(self) -> DeviceLabel:
        """Of the report as the cell made it."""
        return _device(self.profile, self.cell)

    def report(self) -> EnergyReport:
        """As the cell itself has it: of this machine, where that can be estimated."""
        return self._made(self.profile, self.cell)

    def on(self, device: str) -> EnergyReport:
        """For a profile by its name or path, or "here"."""
        from irene_jupyter.predictors.profiles.loading import load_device

        if device == self.own.name:
            return self.report()
        cell = self.cell if self.cell.estimate is None else self.cell.without_estimate()
        return self._made(load_device(device), cell)

    def _made(self, profile: Profile, cell: Cell) -> EnergyReport:
        report = make_report(
            self.runs,
            profile,
            "measure",
            self.notes,
            self.resources,
            cell,
            method=self.method,
            origin=self.origin,
        )
        trend = self.trend if cell is self.cell else None  # its joules are those of the cell
        return replace(report, switch=self, observer=self.observer, trend=trend)
