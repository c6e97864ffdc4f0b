"""The energy of each model: its runs with joules, and their sum at the level that was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from irene_jupyter.attribution.board_division import Division, divided, fits
from irene_jupyter.attribution.cell import Cell
from irene_jupyter.attribution.leveling import leveled_phases
from irene_jupyter.merging import merged, repeated
from irene_jupyter.predictors.methods import predict_with
from irene_jupyter.predictors.predict.launching import Launching
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.reading import Profile
from irene_jupyter.report.phases import PhaseSummary
from irene_jupyter.report.report import RunSummary
from irene_jupyter.tree import Node, Run


@dataclass(frozen=True, slots=True)
class PredictedRun:
    """A run, and `root`, its tree with joules: of all calls, in the time that they took."""

    run: Run
    root: Node

    @classmethod
    def of(cls, run: Run, predicted: Node) -> PredictedRun:
        """From the `predicted` tree of one call of the run."""
        root = _in_time(repeated(predicted, run.calls), run.seconds)
        if run.status == "not_run":
            size = f"batch {run.tree.batch_size} × sequence {run.tree.seq_len}"
            flag = f"not_run: built and never called; this is one forward pass at {size}"
            root = replace(root, flags=(flag, *root.flags))
        return cls(run, root)

    def summary(self, factor: float) -> RunSummary:
        """The run in one line, with `factor` times the joules that were predicted."""
        run, features = self.run, self.run.tree.root.features
        told = (features.dtype, features.device, *map(str, features.input_shapes[:3]))
        return RunSummary(
            model=run.model,
            joules=self.root.energy.joules * factor if self.root.energy else 0.0,
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
            signature=" ".join(part for part in told if part),
        )


@dataclass(frozen=True, slots=True)
class ModelEnergy:
    """A model that ran, or one that was only built: `predicted` is the sum of its runs.

    `root` is that sum at the level that was measured, where it was.
    """

    name: str
    runs: tuple[PredictedRun, ...]
    predicted: Node
    root: Node

    @classmethod
    def of(cls, name: str, runs: Sequence[PredictedRun], cell: Cell | None) -> ModelEnergy:
        """Of `runs`, which are of this model and not empty."""
        predicted = merged([each.root for each in runs])
        root = predicted if cell is None else cell.leveled(name, predicted)
        return cls(name, tuple(runs), predicted, root)

    @property
    def has_run(self) -> bool:
        """Whether it was called, if only until something failed."""
        return self.runs[0].run.status != "not_run"

    @property
    def factor(self) -> float:
        """From the joules that were predicted to those that were measured; 1 where none were."""
        before, after = self.predicted.energy, self.root.energy
        if self.predicted is self.root or before is None or after is None:
            return 1.0
        return after.joules / before.joules if before.joules > 0 else 1.0

    def phases(self, is_here: bool) -> Iterator[PhaseSummary]:
        """The phases of its generations, at the level of `root`.

        `is_here`: predicted joules are of this machine, too.
        """
        phases: dict[str | None, list[PredictedRun]] = {}
        for each in self.runs:
            phases.setdefault(each.run.phase, []).append(each)
        trees = [merged([each.root for each in those]) for those in phases.values()]
        if self.predicted is not self.root:
            trees = leveled_phases(trees, self.root)
        for (phase, those), root in zip(phases.items(), trees, strict=True):
            if phase is None or root.energy is None:
                continue
            runs = [each.run for each in those]
            seconds = [run.seconds for run in runs if run.seconds is not None]
            yield PhaseSummary(
                phase=phase,
                model=self.name,
                root=root,
                calls=sum(run.calls for run in runs),
                tokens=sum(run.tokens for run in runs),
                seconds=sum(seconds) if seconds else None,
                is_here=is_here or self.predicted is not self.root,
            )


def predicted_runs(
    runs: Sequence[Run], profile: Profile, method: str, launching: Launching, cell: Cell | None
) -> tuple[list[PredictedRun], Cell | None]:
    """Each run with joules, and the cell, which a board's profile divides by its constants.

    That it does where the models ran on such a board, or on one that was counted.
    """
    division: Division | None = None
    if cell is not None and isinstance(profile, BoardProfile) and fits(profile, cell):
        ran = [run for run in runs if run.status != "not_run"]
        division = divided(ran, profile, cell)
    roots = iter(division.roots if division else ())
    made = [
        PredictedRun(run, next(roots))
        if division and run.status != "not_run"
        else PredictedRun.of(run, predict_with(run.tree, profile, method, launching).root)
        for run in runs
    ]
    return made, division.cell if division else cell


def models_of(runs: Sequence[PredictedRun], cell: Cell | None) -> list[ModelEnergy]:
    """The models of the runs, in order; each ran, or was only built."""
    groups: dict[tuple[str, bool], list[PredictedRun]] = {}
    for each in runs:
        groups.setdefault((each.run.model, each.run.status == "not_run"), []).append(each)
    return [ModelEnergy.of(name, those, cell) for (name, _), those in groups.items()]


def _in_time(root: Node, seconds: float | None) -> Node:
    """The tree with latencies that fit the time of all calls, of which one was looked at.

    A GPU's own times stay as they are: its host's, of launching, are no measure of them.
    """
    recorded = root.features.latency_seconds
    if seconds is None or not recorded or root.features.waiting_seconds is not None:
        return root
    factor = seconds / recorded

    def slowed(node: Node) -> Node:
        own = node.features.latency_seconds
        if own is None:
            return node
        return replace(node, features=replace(node.features, latency_seconds=own * factor))

    return root.mapped(slowed)
