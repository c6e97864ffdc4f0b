"""What a board's constants say nothing of: why, and how far off it may be."""

from __future__ import annotations

from dataclasses import dataclass

from irene_jupyter.predictors.forms.interval import ESTIMATED, Interval
from irene_jupyter.predictors.predict.bounds import NOT_FLOATING, UNKNOWN_FACTOR
from irene_jupyter.predictors.predict.subtrees import is_doubted
from irene_jupyter.tree import Node

# The units that multiply them have constants of their own.
KNOWN_DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a node's own joules are estimated ("" where its flags say so already), and the range."""

    reason: str
    interval: Interval


def doubt_of(node: Node) -> Doubt | None:
    """Of what a node does beyond its children; None where the constants cover it."""
    if is_doubted(node):
        return Doubt("", Interval.factor(UNKNOWN_FACTOR))
    dtype = node.features.dtype
    if dtype is None or dtype in KNOWN_DTYPES or dtype.startswith(NOT_FLOATING):
        return None
    return Doubt(f"no constants for {dtype} on this board", ESTIMATED)
