"""A training step that is not run: its forward pass, backward pass and update, and its memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from torch import nn
from torch.nn.parameter import is_lazy

from irene_jupyter.capture.copies.copies import uncompiled
from irene_jupyter.capture.dry.backward_trace import BackwardTrace
from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.capture.training.memory import TrainingMemory
from irene_jupyter.capture.training.optimisers import Stepped, check_optimiser, stepped
from irene_jupyter.capture.training.step_trees import (
    backward_tree,
    optimiser_tree,
    recomputed_tree,
)
from irene_jupyter.errors import CaptureError
from irene_jupyter.tree import ModelTree, Node, Run


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """The runs of one step, by phase, and what it keeps in memory."""

    runs: tuple[Run, ...]
    memory: TrainingMemory


def training_step_of(
    model: nn.Module, batch_size: int, seq_len: int, optimiser: str, images: int | None = None
) -> TrainingStep:
    """One step of `model`, in training mode, with what is frozen and checkpointed as it stands.

    `optimiser` is one of torch's by name. Raises as `structure_of`, `OptionError` for another
    optimiser, and `CaptureError` where nothing is to be trained.
    """
    name = check_optimiser(optimiser)
    model = uncompiled(model)
    trace = BackwardTrace()
    tree = structure_of(model, batch_size, seq_len, images=images, training=trace)
    update = stepped(model, name)
    if not update.updates or not trace.gradients:
        raise CaptureError(
            f"no parameter of {type(model).__name__} needs a gradient, so that there is nothing "
            "to train: set requires_grad, or predict the forward pass without training=True"
        )
    forward = Run(
        model=tree.name,
        tree=tree,
        training=True,
        phase="forward",
        items=batch_size,
        notes=tree.notes,
    )
    backward = [backward_tree(tree.root, trace.gradients)]
    if trace.checkpointed:
        backward.append(recomputed_tree(tree.root, trace.checkpointed))
    runs = [
        forward,
        *(_other(forward, root, "backward") for root in backward),
        _other(forward, optimiser_tree(tree.root, update.updates), "optimiser"),
    ]
    return TrainingStep(tuple(runs), _memory(model, tree, trace, update, name))


def _other(forward: Run, root: Node, phase: str) -> Run:
    tree = replace(forward.tree, root=root)
    return replace(forward, tree=tree, phase=phase, items=0, notes=())


def _memory(
    model: nn.Module, tree: ModelTree, trace: BackwardTrace, update: Stepped, optimiser: str
) -> TrainingMemory:
    every = {id(each): each for each in (*model.parameters(), *model.buffers())}
    weights = sum(
        each.numel() * each.element_size() for each in every.values() if not is_lazy(each)
    )
    kept = math.fsum(trace.saved_bytes.values())
    layers = [_saved_below(trace, path) for path in trace.checkpointed]
    if layers:
        entering = math.fsum(_entering_bytes(tree.root, path) for path in trace.checkpointed)
        kept += entering + max(layers) - math.fsum(layers)
    return TrainingMemory(
        weights, update.gradient_bytes, update.state_bytes, kept, optimiser, len(layers)
    )


def _saved_below(trace: BackwardTrace, path: str) -> float:
    return math.fsum(
        size
        for where, size in trace.saved_bytes.items()
        if where == path or where.startswith(f"{path}.")
    )


def _entering_bytes(root: Node, path: str) -> float:
    """Of the hidden states that go into a module: what it is computed from again."""
    its = root.find(path).features
    if not its.input_shapes:
        return 0.0
    width = {"float64": 8, "float32": 4}.get(its.dtype or "float32", 2)
    return float(math.prod(its.input_shapes[0]) * width)
