"""generate() in its two phases, prefill and decode: tokens, and the joules of every module."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irene_jupyter.columns import aligned
from irene_jupyter.errors import ReportError
from irene_jupyter.report.units import format_joules, format_seconds, format_share, printable
from irene_jupyter.report.words import elsewhere
from irene_jupyter.tree import Node
from irene_jupyter.tree_json import node_to_dict

if TYPE_CHECKING:
    import pandas as pd

    from irene_jupyter.report.report import EnergyReport

PHASE_COLUMNS = (
    "phase", "calls", "tokens", "time here", "replayed", "energy", "per token", "time/token",
)  # fmt: skip
UNKNOWN = format_seconds(None)  # in a cell


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSummary:
    """One phase of a model's generation, all calls: reading the prompt, or writing tokens.

    `tokens` went in: in the prefill the prompt's (of an encoder-decoder what its encoder reads,
    and a start token), in decode one for each sequence and step. The copies of beam search
    count once. `root` has the phase's own energy and calls at every node. `is_here`: the joules
    are of the machine that took the seconds, so that joules a second mean something.
    """

    phase: str
    model: str
    root: Node
    calls: int
    tokens: int
    seconds: float | None = None  # of all calls in place; None where nothing ran
    is_here: bool = False

    @property
    def joules(self) -> float:
        """Of all calls."""
        return self.root.energy.joules if self.root.energy else 0.0

    @property
    def replayed_seconds(self) -> float | None:
        """Of all leaves that were repeated on their own, all calls; None where none was."""
        found = [leaf.features.replayed_seconds for leaf in self.root.leaves()]
        known = [seconds for seconds in found if seconds is not None]
        return math.fsum(known) if known else None

    @property
    def replayed_share(self) -> float | None:
        """Of the phase's joules, 0 to 1, what the leaves need that were repeated; None if none."""
        found = [leaf for leaf in self.root.leaves() if leaf.features.replayed_seconds is not None]
        joules = math.fsum(leaf.energy.joules for leaf in found if leaf.energy)
        return min(1.0, joules / self.joules) if found and self.joules > 0 else None

    @property
    def joules_per_token(self) -> float | None:
        """None without tokens."""
        return self.joules / self.tokens if self.tokens else None

    @property
    def joules_per_second(self) -> float | None:
        """Mean power in watts; None where nothing ran, or for a reference device's joules."""
        return self.joules / self.seconds if self.seconds and self.is_here else None

    @property
    def predicted_seconds(self) -> float | None:
        """Of all calls in place, by the profile of a board; None where it ran, or none tells."""
        return self.root.features.predicted_seconds

    @property
    def seconds_per_token(self) -> float | None:
        """None without tokens, and where nothing ran and no profile tells."""
        seconds = self.predicted_seconds if self.seconds is None else self.seconds
        return None if seconds is None or not self.tokens else seconds / self.tokens

    def __getitem__(self, path: str) -> Node:
        """The node at a path of the report. Raises `KeyError` with the nearest that exists."""
        return self.root.find(path)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each node: the report's columns, tokens, and amounts for each of them."""
        from irene_jupyter.report.tables import node_dataframe

        table = node_dataframe(self.root)
        tokens = self.tokens or float("nan")
        seconds = self.seconds if self.seconds and self.is_here else float("nan")
        return table.assign(
            phase=self.phase,
            model=self.model,
            tokens=self.tokens,
            joules_per_token=table["joules"] / tokens,
            joules_per_second=table["joules"] / seconds,
            seconds_per_token=table["latency_seconds"].fillna(table["predicted_seconds"]) / tokens,
            replayed_seconds_per_token=table["replayed_seconds"] / tokens,
        )

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values."""
        names = (
            "phase", "model", "calls", "tokens", "seconds", "is_here", "joules",
            "joules_per_token", "joules_per_second", "replayed_seconds", "replayed_share",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names} | {"root": node_to_dict(self.root)}

    def __str__(self) -> str:
        cells = zip(PHASE_COLUMNS, phase_cells(self), strict=True)
        return ", ".join(f"{name} {value}" for name, value in cells if value != UNKNOWN)

    __repr__ = __str__


class PhaseSummaries(tuple[PhaseSummary, ...]):
    """The phases of a report's generations; shown as a table of what is known of them."""

    __slots__ = ()

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each phase: joules and seconds of all its calls, and for each token."""
        import pandas as pd

        columns = (
            "model", "phase", "calls", "tokens", "joules", "joules_per_token", "seconds",
            "seconds_per_token", "replayed_seconds",
        )  # fmt: skip
        return pd.DataFrame([[getattr(each, c) for c in columns] for each in self], columns=columns)

    def __str__(self) -> str:
        if not self:
            return "no phases: nothing was generated"
        rows = [PHASE_COLUMNS, *map(phase_cells, self)]
        known = [c for c in zip(*rows, strict=True) if set(c[1:]) != {UNKNOWN}]
        return aligned(zip(*known, strict=True), "<" + ">" * (len(known) - 1))

    __repr__ = __str__  # what a notebook shows


def phase_of(report: EnergyReport, phase: str, model: str | None = None) -> PhaseSummary:
    """The phase of that name. Raises `ReportError`, with what there is, if it is not one."""
    found = [each for each in report.phases if each.phase == phase and model in (None, each.model)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{each.phase} of {each.model}" for each in report.phases)
    if found:
        raise ReportError(f"several models have a phase {phase!r}: add model=… ({known})")
    raise ReportError(
        f"no phase {phase!r} here; there is {known}"
        if known
        else f"no phase {phase!r}: nothing was generated here (by a model's generate(), by calls "
        "with a cache, or by predict(…, new_tokens=128))"
    )


def phase_cells(phase: PhaseSummary, with_model: bool = True) -> tuple[str, ...]:
    """A phase as cells under `PHASE_COLUMNS`."""
    return (
        (f"{printable(phase.model, 40)} " if with_model else "") + printable(phase.phase, 20),
        f"{phase.calls:,}",
        f"{phase.tokens:,}",
        format_seconds(phase.seconds),
        format_seconds(phase.replayed_seconds),
        format_joules(phase.joules),
        format_joules(phase.joules_per_token),
        format_seconds(phase.seconds_per_token)
        + (" predicted" if phase.seconds is None and phase.predicted_seconds else ""),
    )


def phase_legend(report: EnergyReport) -> str:
    """What the columns of phases mean and where their numbers come from; empty without phases."""
    if not report.phases:
        return ""
    told = []
    if any(phase.seconds is not None for phase in report.phases):
        told.append("time here: measured in place, the whole model")
    shares = [phase.replayed_share for phase in report.phases]
    if any(share is not None for share in shares):
        # What a phase's own work and its leaves without a replay need is not in its seconds.
        parts = dict.fromkeys(format_share(share) for share in shares if share is not None)
        told.append(
            "replayed: its operations, each on its own, repeated here "
            f"({' and '.join(parts)} of its joules)"
        )
    if report.measured is not None and report.measured.joules is not None:
        told.append("energy: part of what was measured on this machine")
        return "; ".join(told)
    sources = dict.fromkeys(p.root.energy.source for p in report.phases if p.root.energy)
    told.append(f"energy: {' and '.join(sources)}")
    if "predicted" in sources or "estimated" in sources:
        told[-1] += f" for {printable(report.device.label, 80)}"
        if report.device.kind == "reference":
            told[-1] += f" {elsewhere(report)}"
    return "; ".join(told)
