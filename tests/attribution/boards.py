"""Trees as if a board had run them, whose energy is known to the last joule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from irene_jupyter.attribution.cell import Cell
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.loading import load_board
from irene_jupyter.report.parts import MeasuredEnergy
from irene_jupyter.tree import Features, ModelTree, Node, Run

SURE = 0.05  # of a counter


def h100() -> BoardProfile:
    profile = load_board("h100")
    assert profile is not None
    return profile


def linear(path: str, rows: int, seconds: float | None, waited: float | None = None) -> Node:
    """A product in bf16, of a layer as wide as 2048."""
    width = 2048
    features = Features(
        num_parameters=width * width,
        flops=2.0 * rows * width * width,
        bytes=2.0 * (2 * rows * width + width * width),
        input_shapes=((rows, width),),
        output_shapes=((rows, width),),
        dtype="bfloat16",
        device="cuda:0",
        latency_seconds=seconds,
        waiting_seconds=waited,
    )
    return Node(path, "ml", "Linear", features, primitive="Linear")


def model(*children: Node, seconds: float | None = None, waited: float | None = None) -> Node:
    """All that the children are, in so much time."""
    own = [child.features for child in children]
    features = Features(
        num_parameters=sum(each.num_parameters for each in own),
        flops=sum(each.flops for each in own),
        bytes=sum(each.bytes for each in own),
        input_shapes=own[0].input_shapes,
        output_shapes=own[-1].output_shapes,
        dtype="bfloat16",
        device="cuda:0",
        latency_seconds=seconds,
        waiting_seconds=waited,
    )
    return Node("", "model", "Net", features, children)


def run(root: Node, name: str = "net", calls: int = 1, seconds: float = 0.0, **what) -> Run:
    return Run(model=name, tree=ModelTree(name, root, 1, 1), calls=calls, seconds=seconds, **what)


def cell(
    seconds: float,
    joules: float | None,
    runs: Sequence[Run],
    others: dict[str, float] | None = None,
    board_joules: float | None = None,
    **what,
) -> Cell:
    """On an H100; `others` are seconds of backward passes and optimiser steps."""
    spent: dict = {}
    for each in runs:
        key = ("model", each.model)
        spent[key] = spent.get(key, 0.0) + (each.seconds or 0.0)
    measured = MeasuredEnergy(reason="no counter")
    if joules is not None:
        low, high = joules * (1 - SURE), joules * (1 + SURE)
        measured = MeasuredEnergy(joules, low, high, seconds, "GPU board")
    return replace(
        Cell(
            seconds,
            {**spent, **(others or {})},
            measured,
            board_names=frozenset({h100().board}),
            board_joules=joules or 0.0 if board_joules is None else board_joules,
            boards=0 if joules is None else 1,
        ),
        **what,
    )
