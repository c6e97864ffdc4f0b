"""What the flags of a tree say: one sentence for each code, for a person, the gravest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from irene_jupyter.merging import ranged
from irene_jupyter.report.folding import flag_codes
from irene_jupyter.report.units import printable
from irene_jupyter.report.waiting import LAUNCH_BOUND
from irene_jupyter.report.words import MARK, MARKS, NOTE_LENGTH

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

_MOST = 3  # reasons of one code that are told

# What a flag's code says where its node brings no explanation, in the order of weight.
FLAGS: Mapping[str, str] = {
    "incomplete": "the run failed half-way; only what ran is counted",
    "not_run": "built but never run; predicted for one forward pass on inputs of our own",
    "does_not_fit": "the device has less memory than it needs",
    "estimated": "no regressor fits; a declared fallback with a wide interval",
    "extrapolated": "larger or smaller than anything that the profile was fitted on",
    LAUNCH_BOUND: "the board waited most of the time for its host",
    "untimed": "its time in place is not known",
    "recomputed": "its forward pass ran again within the backward pass (checkpointing)",
    "frozen": "its weights need no gradient, what goes into it does",
    "by_bytes": "an optimiser's step: its time is divided by the bytes of each module's parameters",
}
# How predictors word their reasons.
_OF_PARTS = re.compile(r"\d+ ?% of it ")  # of a module: its parts say why
_SIZE = re.compile(r"(?P<size>.+) \(trained on (?P<trained>.+)\)")
_NO_DATA = re.compile(r"no regressor for (?P<what>.+)")


@dataclass(frozen=True, slots=True)
class FlagLine:
    """A flag code, on how many of a report's nodes it is, and what it says there."""

    code: str
    nodes: int
    of: int
    reasons: tuple[str, ...]

    @property
    def sign(self) -> str:
        """What stands before the line."""
        return MARKS.get(self.code, MARK)

    @property
    def text(self) -> str:
        """The line without its sign."""
        count = f"{self.nodes:,} of {self.of:,} nodes"
        if self.nodes == self.of:
            count = "all nodes" if self.nodes > 1 else "1 node"
        told = "; ".join(self.reasons[:_MOST])
        more = "; and others" if len(self.reasons) > _MOST else ""
        return f"{self.code.replace('_', ' ')} ({count}): {told}{more}"

    def __str__(self) -> str:
        return f"{self.sign} {self.text}"


def flag_lines(report: EnergyReport) -> tuple[FlagLine, ...]:
    """All flags of all nodes, one line for each code, the gravest first."""
    nodes: dict[str, int] = {}
    explanations: dict[str, dict[str, None]] = {}  # a set that keeps its order
    every = 0
    for tree in (report.root, *report.not_run):
        for node in tree.walk() if tree is not None else ():
            every += 1
            for code in set(flag_codes(node)):
                nodes[code] = nodes.get(code, 0) + 1
            for flag in node.flags:
                code, _, text = flag.partition(":")
                text = text.strip() or FLAGS.get(code.strip(), "")
                explanations.setdefault(code.strip(), {})[printable(text, NOTE_LENGTH)] = None
    rank = {code: number for number, code in enumerate(FLAGS)}
    codes = sorted(nodes, key=lambda code: (rank.get(code, len(rank)), code))
    return tuple(
        FlagLine(printable(code, 40), nodes[code], every, tuple(_reasons(code, explanations[code])))
        for code in codes
    )


def _reasons(code: str, explanations: Iterable[str]) -> Sequence[str]:
    """The reasons of one code in the words of people: what is general first, each once."""
    if code == LAUNCH_BOUND:
        return ranged(explanations, few=1)
    sizes: dict[str, None] = {}
    names: dict[str, None] = {}
    parts: dict[str, None] = {}
    others: dict[str, None] = {}
    for text in explanations:
        reasons = text.split("; ")
        if found := _NO_DATA.fullmatch(reasons[0]):
            names[found["what"]] = None  # what follows is how its bytes stand for it
            continue
        for reason in reasons:
            if _SIZE.fullmatch(reason):
                sizes[reason] = None
            else:
                (parts if _OF_PARTS.match(reason) else others)[reason] = None
    told = [*others, *_sizes(list(sizes))]
    if names:
        told.append(
            f"the device has no data for {_listed(list(names))}, counted by the bytes moved"
        )
    return told or list(parts)


def _sizes(reasons: Sequence[str]) -> list[str]:
    """ "width 64–128 (the device's data: 768–3072)"; amounts of work only where nothing else is."""
    named = [reason for reason in reasons if not reason[0].isdigit()]
    if reasons and not named:
        return ["operations smaller or larger than any in the device's data"]
    return [
        _SIZE.sub(r"\g<size> (the device's data: \g<trained>)", reason)
        for reason in ranged(named, few=1)
    ]


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST:
        names = [*names[: _MOST - 1], "others"]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
