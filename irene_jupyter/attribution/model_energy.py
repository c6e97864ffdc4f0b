"""The energy of each model: its runs with joules, and their sum at the level that was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from irene_jupyter.attribution.apportion import Share
from irene_jupyter.attribution.board_division import Division, divided, fits
from irene_jupyter.attribution.by_time import divided_by_time
from irene_jupyter.attribution.cell import Cell
from irene_jupyter.attribution.leveling import leveled_phases, scaled_to
from irene_jupyter.attribution.step_parts import StepShares
from irene_jupyter.attribution.whole_step import FOLLOWING, is_recomputed, summed, with_forward
from irene_jupyter.merging import merged, repeated
from irene_jupyter.predictors.methods import predict_with
from irene_jupyter.predictors.predict.launching import Launching
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.reading import Profile
from irene_jupyter.report.phase_table import EVALUATION
from irene_jupyter.report.phases import PhaseSummary
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.tree import STEP_PHASES, Node, Run


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

    @property
    def part(self) -> tuple[str, str | None]:
        """Its model and phase."""
        return self.run.model, self.run.phase

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
            padding_share=run.padding_share,
            input_shapes=features.input_shapes,
            signature=" ".join(part for part in told if part),
        )


@dataclass(frozen=True, slots=True)
class ModelEnergy:
    """A model that ran, or one that was only built: `predicted` is the sum of its runs.

    `phases` are its trees by phase, in order, of one that was trained forward, backward, optimiser.
    Both they and `root`, their sum, are at the level that was measured, where it was.
    """

    name: str
    runs: tuple[PredictedRun, ...]
    predicted: Node
    root: Node
    phases: Mapping[str | None, Node]
    factors: Mapping[str | None, float]  # from predicted joules to measured ones, by phase

    @classmethod
    def of(cls, name: str, runs: Sequence[PredictedRun], cell: Cell | None) -> ModelEnergy:
        """Of `runs`, which are of this model and not empty."""
        groups: dict[str | None, list[Node]] = {}
        for each in sorted(runs, key=_place):
            groups.setdefault(each.run.phase, []).append(each.root)
        trees = {phase: merged(roots) for phase, roots in groups.items()}
        predicted = summed(trees)
        phases, root = trees, predicted
        if cell is not None and (shares := cell.step_shares(name, trees)):
            phases = _by_part(trees, shares)
            root = cell.covering(name, summed(phases))
        elif cell is not None:
            root = cell.leveled(name, predicted)
            if len(trees) == 1:
                phases = dict.fromkeys(trees, root)
            elif root is not predicted:
                leveled = leveled_phases(list(trees.values()), root)
                phases = dict(zip(trees, leveled, strict=True))
        factors = {phase: _factor(tree, phases[phase]) for phase, tree in trees.items()}
        return cls(name, tuple(runs), predicted, root, phases, factors)

    @property
    def has_run(self) -> bool:
        """Whether it was called, if only until something failed."""
        return self.runs[0].run.status != "not_run"

    def summaries(self, is_here: bool) -> Iterator[PhaseSummary]:
        """Its phases, at the level of `root`; without a name only where it was trained, too.

        `is_here`: predicted joules are of this machine, too.
        """
        trained = any(phase in FOLLOWING for phase in self.phases)
        runs = [each.run for each in self.runs]
        steps = sum(run.calls for run in runs if run.phase == "optimiser")
        samples = sum(run.items for run in runs if run.phase == "forward")
        for phase, root in self.phases.items():
            if root.energy is None or (phase is None and not trained):
                continue
            own = [run for run in runs if run.phase == phase]
            seconds = [run.seconds for run in own if run.seconds is not None]
            of_step = phase in STEP_PHASES
            yield PhaseSummary(
                phase=phase or EVALUATION,
                model=self.name,
                root=root,
                calls=sum(run.calls for run in own if not is_recomputed(run)) or own[0].calls,
                tokens=sum(run.tokens for run in own),
                samples=samples if of_step else sum(run.items for run in own) if not phase else 0,
                steps=steps if of_step else 0,
                seconds=sum(seconds) if seconds else None,
                is_here=is_here or self.predicted is not self.root,
            )


def _place(each: PredictedRun) -> int:
    """A training step's phases come first, in their order."""
    phase = each.run.phase
    return STEP_PHASES.index(phase) if phase in STEP_PHASES else len(STEP_PHASES)


def _by_part(trees: Mapping[str | None, Node], shares: StepShares) -> dict[str | None, Node]:
    """The trees, each at the level of the part of the cell in which it was."""
    phases = dict(trees)
    calls = {phase: tree for phase, tree in trees.items() if phase not in FOLLOWING}
    if calls:
        level = scaled_to(merged(list(calls.values())), shares["forward"])
        phases |= zip(calls, leveled_phases(list(calls.values()), level), strict=True)
    for phase in FOLLOWING:
        if phase in trees:
            phases[phase] = scaled_to(trees[phase], shares[phase])
    return phases


def _factor(before: Node, after: Node) -> float:
    """From the joules that were predicted to those that were measured; 1 where none were."""
    if before.energy is None or after.energy is None or before.energy.joules <= 0:
        return 1.0
    return after.energy.joules / before.energy.joules


def predicted_runs(
    runs: Sequence[Run], profile: Profile, method: str, launching: Launching, cell: Cell | None
) -> tuple[list[PredictedRun], Cell | None]:
    """Each run with joules, and the cell, which a board's profile divides by its constants.

    That it does where the models ran on such a board, or on one that was counted.
    """
    runs = with_forward(runs)
    division: Division | None = None
    if cell is not None and isinstance(profile, BoardProfile) and fits(profile, cell):
        ran = [run for run in runs if run.status != "not_run"]
        division = divided(ran, profile, cell)
    roots = iter(division.roots if division else ())
    made = [
        PredictedRun(run, next(roots))
        if division and run.status != "not_run"
        else PredictedRun.of(
            run, predict_with(run.tree, profile, method, launching, run.phase).root
        )
        for run in runs
    ]
    return made, division.cell if division else cell


def estimated_runs(predicted: Sequence[PredictedRun], cell: Cell) -> list[PredictedRun]:
    """The runs with the joules that are estimated for this machine, divided by time in place.

    Those that only were built stay as they were predicted.
    """
    seconds: dict[tuple[str, str], float] = {}
    for each in predicted:
        key = _estimated_part(each.run, cell)
        seconds[key] = seconds.get(key, 0.0) + (each.run.seconds or 0.0)

    def estimated(each: PredictedRun) -> PredictedRun:
        key, own = _estimated_part(each.run, cell), each.run.seconds or 0.0
        share = _estimated_share(key, cell, seconds[key])
        bare = PredictedRun.of(each.run, each.run.tree.root)
        part = own / seconds[key] if seconds[key] > 0 else 0.0
        return replace(bare, root=divided_by_time(bare.root, each.root, share.scaled(part)))

    return [each if each.run.status == "not_run" else estimated(each) for each in predicted]


def _estimated_part(run: Run, cell: Cell) -> tuple[str, str]:
    """Its model, and what of a training step it is, or all of the model: "model"."""
    of_step = run.phase if run.phase in FOLLOWING else "forward"
    return run.model, of_step if of_step in cell.steps.get(run.model, {}) else "model"


def _estimated_share(key: tuple[str, str], cell: Cell, seconds: float) -> Share:
    assert cell.estimate is not None
    model, part = key
    if part != "model":
        return cell.estimate.surely(cell.steps[model][part])
    if (found := cell.shares.get(("model", model))) is not None:
        return found
    # Its calls were no part of the cell's time: another thread's.
    joules = cell.estimate.joules * min(1.0, seconds / cell.seconds) if cell.seconds > 0 else 0.0
    return cell.estimate.surely(Share(joules, joules, joules, 0.0))


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
