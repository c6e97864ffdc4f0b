"""What a board's constants say nothing of: why, and how far off it may be."""

from __future__ import annotations

from dataclasses import dataclass

from irene_jupyter.predictors.forms.board_constants import BoardConstants
from irene_jupyter.predictors.forms.board_work import WorkUnit
from irene_jupyter.predictors.forms.dtypes import SUBSTITUTES, UNIT_WORDS, has_unit
from irene_jupyter.predictors.forms.interval import ESTIMATED, Interval
from irene_jupyter.predictors.predict.bounds import NOT_FLOATING, UNKNOWN_FACTOR
from irene_jupyter.predictors.predict.subtrees import is_doubted

# What becomes of such weights follows from how a library multiplies them, and was not measured.
UNMEASURED = ("int8", "nf4")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a node's own joules are estimated ("" where its flags say so already), and the range."""

    reason: str
    interval: Interval


def doubt_of(unit: WorkUnit, constants: BoardConstants) -> Doubt | None:
    """Of what a node does beyond its children; None where the constants cover it."""
    node = unit.nodes[0]
    if is_doubted(node):
        return Doubt("", Interval.factor(UNKNOWN_FACTOR))
    dtype = node.features.dtype
    if dtype in UNMEASURED and node.primitive is not None:
        return Doubt(f"{dtype} weights, by their bytes and the work of unpacking them", ESTIMATED)
    if dtype is not None and not has_unit(dtype) and not dtype.startswith(NOT_FLOATING):
        return Doubt(f"no constants for {dtype} on this board", ESTIMATED)
    unknown = constants.unknown_units(unit.own)
    if not unknown:
        return None
    missing = ", ".join(
        f"{UNIT_WORDS[each]} (taken from {UNIT_WORDS[SUBSTITUTES[each].unit]})" for each in unknown
    )
    return Doubt(f"no constant of this board for {missing}", ESTIMATED)
