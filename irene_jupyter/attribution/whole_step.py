"""A model's whole training steps: what its forward and backward passes and its optimiser need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from irene_jupyter.merging import UNCERTAIN_SHARE, merged
from irene_jupyter.report.folding import UNTESTED
from irene_jupyter.tree import Node, Run

# What follows a forward pass: called as often as that, and counted with it once.
FOLLOWING = ("backward", "optimiser")
# Codes of flags that are told of the phase alone where it has little of a node's joules.
_OF_PHASE = UNTESTED | {"by_bytes"}


def summed(phases: Mapping[str | None, Node]) -> Node:
    """The sum of a model's phases, node by node; `phases` is not empty, and has the forward first.

    How often a node was called is how often its forward was. That a small part of its joules is
    estimated, or divided by bytes as an optimiser's step is, is said in that phase alone.
    """
    first = [tree for phase, tree in phases.items() if phase not in FOLLOWING]
    called = {node.path for tree in first for node in tree.walk()}
    joules: defaultdict[str, float] = defaultdict(float)
    for tree in phases.values():
        for node in tree.walk():
            joules[node.path] += node.energy.joules if node.energy else 0.0

    def following(node: Node) -> Node:
        features, flags = node.features, node.flags
        if node.path in called:
            features = replace(features, calls=0)
        if node.energy and node.energy.joules <= UNCERTAIN_SHARE * joules[node.path]:
            flags = tuple(flag for flag in flags if flag.partition(":")[0] not in _OF_PHASE)
        return replace(node, features=features, flags=flags)

    return merged(
        [tree.mapped(following) if phase in FOLLOWING else tree for phase, tree in phases.items()]
    )


def is_recomputed(run: Run) -> bool:
    """Whether it is a forward pass within a backward pass (checkpointing)."""
    return run.phase == "backward" and any(
        flag.startswith("recomputed") for node in run.tree.root.walk() for flag in node.flags
    )


def with_forward(runs: Sequence[Run]) -> list[Run]:
    """The runs; where a model's steps have no backward pass that was divided, nobody knows which of
    its calls were trained: all of them are forward."""
    phases: defaultdict[str, set[str | None]] = defaultdict(set)
    for run in runs:
        phases[run.model].add(run.phase)
    unknown = {m for m, had in phases.items() if had & set(FOLLOWING) and "forward" not in had}
    return [
        replace(run, phase="forward") if run.phase is None and run.model in unknown else run
        for run in runs
    ]
