"""What a model did in phases, each with the joules of every module.

A generation has prefill and decode, a training step forward, backward and optimiser; calls of a
model that is trained in the same cell and that no backward pass followed are its evaluation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irene_jupyter.columns import aligned
from irene_jupyter.errors import ReportError
from irene_jupyter.report.phase_table import COLUMNS, UNKNOWN, phase_cells, phase_table
from irene_jupyter.tree import Node
from irene_jupyter.tree_json import node_to_dict

if TYPE_CHECKING:
    import pandas as pd

    from irene_jupyter.report.report import EnergyReport


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSummary:
    """One phase of a model, all calls: "prefill", "decode"; "forward", "backward", "optimiser",
    "evaluation".

    `tokens` went in: in the prefill the prompt's (of an encoder-decoder what its encoder reads,
    and a start token), in decode one for each sequence and step. The copies of beam search
    count once. In training, `samples` went in by batches, and the optimiser did `steps`: forward,
    backward and optimiser have the same. `calls` are forward calls, backward passes, steps.
    `root` has the phase's own energy and calls at every node. `is_here`: the joules
    are of the machine that took the seconds, so that joules a second mean something.
    """

    phase: str
    model: str
    root: Node
    calls: int
    tokens: int
    samples: int = 0
    steps: int = 0
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
    def joules_per_step(self) -> float | None:
        """None without steps of an optimiser."""
        return self.joules / self.steps if self.steps else None

    @property
    def joules_per_sample(self) -> float | None:
        """None without samples."""
        return self.joules / self.samples if self.samples else None

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
            joules_per_step=table["joules"] / (self.steps or float("nan")),
            joules_per_sample=table["joules"] / (self.samples or float("nan")),
            joules_per_second=table["joules"] / seconds,
            seconds_per_token=table["latency_seconds"].fillna(table["predicted_seconds"]) / tokens,
            replayed_seconds_per_token=table["replayed_seconds"] / tokens,
        )

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values."""
        names = (
            "phase", "model", "calls", "tokens", "samples", "steps", "seconds", "is_here", "joules",
            "joules_per_token", "joules_per_step", "joules_per_sample", "joules_per_second",
            "replayed_seconds", "replayed_share",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names} | {"root": node_to_dict(self.root)}

    def __str__(self) -> str:
        cells = zip(COLUMNS, phase_cells(self), strict=True)
        return ", ".join(f"{name} {value}" for name, value in cells if value != UNKNOWN)

    __repr__ = __str__


class PhaseSummaries(tuple[PhaseSummary, ...]):
    """The phases of a report's generations; shown as a table of what is known of them."""

    __slots__ = ()

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each phase: joules and seconds of all its calls, and for each unit."""
        import pandas as pd

        columns = (
            "model", "phase", "calls", "tokens", "samples", "steps", "joules", "joules_per_token",
            "joules_per_step", "joules_per_sample", "seconds", "seconds_per_token",
            "replayed_seconds",
        )  # fmt: skip
        return pd.DataFrame([[getattr(each, c) for c in columns] for each in self], columns=columns)

    def __str__(self) -> str:
        if not self:
            return "no phases: nothing was generated or trained"
        heads, rows = phase_table(self)
        return aligned([heads, *rows], "<" + ">" * (len(heads) - 1))

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
        "with a cache, or by predict(…, new_tokens=128)), and no backward pass was divided"
    )
