"""From runs to a report: every run predicted, brought to what was measured, and added up."""

from __future__ import annotations

import functools
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from irene_jupyter.merging import gathered, merged, repeated
from irene_jupyter.report.phases import PhaseSummaries, PhaseSummary, leveled_phases
from irene_jupyter.report.report import DeviceLabel, EnergyReport, Mode, RunSummary
from irene_jupyter.tree import Node, Run

if TYPE_CHECKING:
    from irene_jupyter.cell import Cell
    from irene_jupyter.predictors.profiles.loading import DeviceProfile

# A model's runs by phase, None for those of no generation, each with its predicted tree.
Phases = dict[str | None, list[tuple[Run, Node]]]


def make_report(
    runs: Sequence[Run],
    profile: DeviceProfile,
    mode: Mode,
    notes: Sequence[str] = (),
    resources: Mapping[str, Any] | None = None,
    cell: Cell | None = None,
    *,
    method: str = "additive",
) -> EnergyReport:
    """Predicts every run and adds them up: one tree for each model, one root above them.

    Where the `cell` was measured, each model's tree is brought to the level that was measured.
    """
    from irene_jupyter.predictors.methods import DEFAULT, NOTE, predict_with

    ran: dict[str, list[Node]] = {}
    idle: dict[str, list[Node]] = {}
    phases: dict[str, Phases] = {}
    summaries: list[RunSummary] = []
    told = list(notes)
    if method != DEFAULT:
        told.append(NOTE.format(method=method, label=profile.label))
    for run in runs:
        tree = predict_with(run.tree, profile, method)
        node = _flagged(_in_time(repeated(tree.root, run.calls), run), run)
        (idle if run.status == "not_run" else ran).setdefault(run.model, []).append(node)
        phases.setdefault(run.model, {}).setdefault(run.phase, []).append((run, node))
        summaries.append(_summary(run, node))
        told += [f"{run.model}: {note}" for note in run.notes]
    models = [(name, merged(nodes)) for name, nodes in (ran or idle).items()]
    factors: dict[str, float] = {}  # from the prediction to what was measured
    if cell is not None:
        told += cell.warnings
        predicted = models
        models = [(name, cell.leveled(name, node)) for name, node in predicted]
        factors = {
            name: _factor(before, after)
            for (name, before), (_, after) in zip(predicted, models, strict=True)
        }
    not_run = [(name, merged(nodes)) for name, nodes in idle.items()] if ran else []
    root = None
    if models:
        root = models[0][1] if len(models) == 1 else gathered(models)
    parts = None if cell is None else cell.parts(models if ran else ())
    measured = None if cell is None else cell.measured
    if measured is not None and measured.joules is not None and parts is not None:
        measured = replace(measured, joules=parts.total_joules)  # to the last bit
    return EnergyReport(
        root=root,
        device=DeviceLabel(profile.name, profile.label, profile.kind),
        mode=mode,
        phases=PhaseSummaries(
            replace(phase, root=gathered([(name, phase.root)]).children[0])
            if len(models) > 1
            else phase
            for name, whole in models
            for phase in _phases(
                name, phases[name], whole, factors.get(name, 1.0), profile.kind == "calibrated"
            )
        ),
        not_run=tuple(gathered([pair]).children[0] for pair in not_run),
        runs=tuple(
            run
            if run.status == "not_run"
            else replace(run, joules=run.joules * factors.get(run.model, 1.0))
            for run in summaries
        ),
        resources=resources,
        parts=parts,
        measured=measured,
        notes=tuple(dict.fromkeys(told)),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=dict(_versions()),
    )


def _phases(
    model: str, phases: Phases, whole: Node, factor: float, is_calibrated: bool
) -> Iterator[PhaseSummary]:
    """The phases of a model that generated, brought to the level of its tree."""
    trees = [merged([node for _, node in runs]) for runs in phases.values()]
    if factor != 1.0:
        trees = leveled_phases(trees, whole)
    for (phase, runs), root in zip(phases.items(), trees, strict=True):
        if phase is None or root.energy is None:
            continue
        seconds = [run.seconds for run, _ in runs if run.seconds is not None]
        yield PhaseSummary(
            phase=phase,
            model=model,
            root=root,
            calls=sum(run.calls for run, _ in runs),
            tokens=sum(run.tokens for run, _ in runs),
            seconds=sum(seconds) if seconds else None,
            is_here=factor != 1.0 or is_calibrated,
        )


def _in_time(node: Node, run: Run) -> Node:
    """The tree with latencies that fit the time of all calls; the recorded one was slowed."""
    recorded = node.features.latency_seconds
    if run.seconds is None or not recorded:
        return node
    return _slowed(node, run.seconds / recorded)


def _slowed(node: Node, factor: float) -> Node:
    seconds = node.features.latency_seconds
    children = tuple(_slowed(child, factor) for child in node.children)
    if seconds is None:
        return replace(node, children=children)
    features = replace(node.features, latency_seconds=seconds * factor)
    return replace(node, features=features, children=children)


def _factor(before: Node, after: Node) -> float:
    if before is after or before.energy is None or after.energy is None:
        return 1.0
    return after.energy.joules / before.energy.joules if before.energy.joules > 0 else 1.0


def _flagged(node: Node, run: Run) -> Node:
    if run.status != "not_run":
        return node
    size = f"batch {run.tree.batch_size} × sequence {run.tree.seq_len}"
    flag = f"not_run: built and never called; this is one forward pass at {size}"
    return replace(node, flags=(flag, *node.flags))


def _summary(run: Run, node: Node) -> RunSummary:
    features = run.tree.root.features
    return RunSummary(
        model=run.model,
        joules=node.energy.joules if node.energy else 0.0,
        phase=run.phase,
        status=run.status,
        training=run.training,
        calls=run.calls,
        seconds=run.seconds,
        batch_size=run.tree.batch_size,
        seq_len=run.tree.seq_len,
        tokens=run.tokens,
        items=run.items,
        cache_length=run.cache_length,
        input_shapes=features.input_shapes,
        signature=" ".join(
            part
            for part in (features.dtype, features.device, *map(str, features.input_shapes[:3]))
            if part
        ),
    )


@functools.cache  # a search through the packages' files, and they stay as they were imported
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("irene-jupyter", "torch", "transformers"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
