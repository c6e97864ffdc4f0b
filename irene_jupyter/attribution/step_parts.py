"""What of a cell's backward passes and optimiser steps is the models', whose runs tell it.

What no run tells of stays with the cell: passes that could not be divided by module.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from irene_jupyter.attribution.apportion import Share
from irene_jupyter.attribution.whole_step import FOLLOWING, is_recomputed
from irene_jupyter.tree import Run

# Of a part's seconds: what lies between the clocks of a pass and of its hooks is the models', too.
_BETWEEN = 0.01

# A model's shares by phase: "forward" (all its calls), "backward", "optimiser".
StepShares = Mapping[str, Share]


@dataclass(frozen=True, slots=True)
class StepParts:
    """Seconds and shares by the cell's keys, with the whole steps in the models' own.

    `steps` are the shares that these consist of, by model.
    """

    spent: dict[Hashable, float]
    waited: dict[Hashable, float]
    shares: dict[Hashable, Share]
    steps: Mapping[str, StepShares] = field(default_factory=dict)


def with_steps(
    spent: Mapping[Hashable, float],
    waited: Mapping[Hashable, float],
    shares: Mapping[Hashable, Share],
    runs: Sequence[Run],
) -> StepParts:
    """The parts, where those "backward" and "optimiser" keep only what is in no run."""
    seconds: dict[str, dict[str, float]] = {kind: {} for kind in FOLLOWING}
    for run in runs:
        # What a backward pass computes again is a call of the model already.
        if run.phase in seconds and run.seconds and not is_recomputed(run):
            of_kind = seconds[run.phase]
            of_kind[run.model] = of_kind.get(run.model, 0.0) + run.seconds
    found = StepParts(dict(spent), dict(waited), dict(shares))
    trained = [model for of_kind in seconds.values() for model in of_kind]
    of_steps: dict[str, dict[str, Share]] = {
        model: {"forward": share}
        for model in trained
        if (share := shares.get(("model", model))) is not None
    }
    for kind, of_kind in seconds.items():
        whole = math.fsum(of_kind.values())
        if whole < (1.0 - _BETWEEN) * spent.get(kind, 0.0):
            whole = spent[kind]
        parts = {model: its / whole for model, its in of_kind.items()} if whole > 0 else {}
        for values in (found.spent, found.waited):
            _move(values, kind, parts)
        share = shares.get(kind)
        if share is None:
            continue
        for model, part in parts.items():
            of_steps.setdefault(model, {})[kind] = share.scaled(part)
        left = max(0.0, 1.0 - math.fsum(parts.values()))
        if kind in found.spent:
            found.shares[kind] = share.scaled(left)
        else:
            del found.shares[kind]
    for model, each in of_steps.items():
        found.shares["model", model] = _together(list(each.values()))
    return replace(found, steps=of_steps)


def _move(values: dict[Hashable, float], kind: str, parts: Mapping[str, float]) -> None:
    """Of `values[kind]`, so much to each model."""
    whole = values.get(kind)
    if whole is None or not parts:
        return
    for model, part in parts.items():
        key = ("model", model)
        values[key] = values.get(key, 0.0) + whole * part
    left = 1.0 - math.fsum(parts.values())
    if left > _BETWEEN / 2:  # and not by rounding
        values[kind] = whole * left
    else:
        del values[kind]


def _together(shares: Sequence[Share]) -> Share:
    return Share(
        math.fsum(share.joules for share in shares),
        math.fsum(share.low for share in shares),
        math.fsum(share.high for share in shares),
        min(1.0, math.fsum(share.time for share in shares)),
    )
