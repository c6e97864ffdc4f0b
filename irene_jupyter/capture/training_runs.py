"""The runs of training: whose forward calls were trained, their backward passes, and the steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from torch import nn

from irene_jupyter.capture.record.gradients import Gradients
from irene_jupyter.capture.training.division import Backward, divided
from irene_jupyter.capture.training.passes import Passes
from irene_jupyter.capture.training.step_trees import AGAIN, LOSS, backward_tree, optimiser_tree
from irene_jupyter.capture.training.stepping import SameSteps, Steps
from irene_jupyter.capture.watch.homes import under
from irene_jupyter.capture.watch.signed import Signature
from irene_jupyter.tree import ModelTree, Node, Run


@dataclass(frozen=True, slots=True)
class Ran:
    """A signature's run, the tree of one call on its own, and the model that it is a part of."""

    run: Run
    signature: Signature
    node: Node
    gradients: Mapping[str, Gradients]
    home: tuple[nn.Module, str] | None

    @property
    def path(self) -> str:
        """Of the module that was called, in its model."""
        return self.home[1] if self.home else ""

    def another(self, root: Node, phase: str, calls: int, seconds: float) -> Run:
        """A run of the same model in another phase."""
        if self.path and self.home:
            root = under(root, *self.home)
        of = self.run.tree
        return Run(
            model=self.run.model,
            tree=ModelTree(of.name, root, of.batch_size, of.seq_len),
            calls=calls,
            seconds=seconds,
            training=True,
            phase=phase,
        )


def trained(
    ran: Sequence[Ran], passes: Passes, steps: Steps
) -> tuple[list[Run], list[Run], list[str]]:
    """(the runs of `ran` with their phase, those of backward passes and steps, notes)."""
    backward, undivided = divided(passes.kinds.values())
    runs = []
    more = []
    for each in ran:
        passed = backward.get(id(each.signature))
        run = each.run
        if each.signature.is_recomputed:
            run = replace(run, phase="backward", tree=_again(run.tree, each.path))
        elif passed is not None and run.phase is None:
            run = replace(run, phase="forward")
        runs.append(run)
        if passed is not None:
            seconds = _on_nodes(passed, each)
            root = backward_tree(each.node, each.gradients, seconds)
            more.append(each.another(root, "backward", passed.passes, passed.seconds))
    more += _steps(sorted(ran, key=lambda each: _rank(each, backward)), steps.all)
    notes = [
        f"{count} backward {'pass is' if count == 1 else 'passes are'} not divided by module: "
        f"{problem}"
        for problem, count in undivided.items()
    ]
    return runs, more, notes


def _again(tree: ModelTree, path: str) -> ModelTree:
    """With a flag where it was computed again."""
    root = tree.root.mapped(lambda node: node.flagged(AGAIN) if node.path == path else node)
    return replace(tree, root=root)


def _rank(ran: Ran, backward: Mapping[int, Backward]) -> tuple[bool, bool]:
    """Whole models come first, and those that were trained."""
    return bool(ran.path), id(ran.signature) not in backward


def _steps(ran: Sequence[Ran], steps: Sequence[SameSteps]) -> Iterator[Run]:
    models: dict[int, Ran] = {}
    for each in ran:
        models.setdefault(id(each.signature.reference), each)
    for stepped in steps:
        for model, updates in stepped.divided(list(models)).items():
            seconds = stepped.seconds * stepped.share(updates)
            root = optimiser_tree(models[model].node, updates, seconds / max(1, stepped.steps))
            yield models[model].another(root, "optimiser", stepped.steps, seconds)


def _on_nodes(passed: Backward, ran: Ran) -> dict[str, float]:
    """Seconds by path; those of what has no node in a backward tree at the nearest above."""
    paths = {node.path for node in ran.node.walk() if node.path in ran.gradients}
    found: dict[str, float] = {}
    for path, seconds in passed.by_path.items():
        at = path
        while at and at not in paths and path != LOSS:
            at = at.rpartition(".")[0]
        found[at] = found.get(at, 0.0) + seconds
    return found
