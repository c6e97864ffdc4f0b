"""What each phase took of a node, beside the whole: for tables and for the rows of a tree."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from irene_jupyter.report.folding import Row
from irene_jupyter.tree import STEP_PHASES, Node

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport


@dataclass(frozen=True, slots=True)
class PhaseColumns:
    """Joules by phase and path, and what no child explains; `names` are the phases in order."""

    names: tuple[str, ...] = ()
    joules: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, report: EnergyReport) -> PhaseColumns:
        """Of all phases; those of several models are one where they have one name."""
        names = tuple(dict.fromkeys(phase.phase for phase in report.phases))
        joules: dict[str, dict[str, float]] = {name: {} for name in names}
        own: dict[str, dict[str, float]] = {name: {} for name in names}
        for phase in report.phases:
            for node in phase.root.walk():
                if node.energy is not None:
                    joules[phase.phase][node.path] = node.energy.joules
                    own[phase.phase][node.path] = node.own_joules or 0.0
            if report.root is not None and len(report.models) > 1:  # the cell above the models
                whole = joules[phase.phase]
                whole[""] = math.fsum((whole.get("", 0.0), phase.joules))
        return cls(names, joules, own)

    @classmethod
    def of_training(cls, report: EnergyReport) -> PhaseColumns:
        """The same where a training step was divided; none where not."""
        is_trained = any(phase.phase in STEP_PHASES for phase in report.phases)
        return cls.of(report) if is_trained else NO_PHASES

    def at(self, nodes: Iterable[Node]) -> dict[str, float | None]:
        """Joules of all the nodes by phase; None where they are in no phase at all."""
        paths = [node.path for node in nodes]
        if not any(path in self.joules[name] for name in self.names for path in paths):
            return dict.fromkeys(self.names)
        return {
            name: math.fsum(self.joules[name].get(path, 0.0) for path in paths)
            for name in self.names
        }

    def at_row(self, row: Row) -> dict[str, float | None]:
        """Those of a row of a view."""
        if row.kind == "own":
            return {name: self.own[name].get(row.node.path, 0.0) for name in self.names}
        return self.at(row.members or (row.node,))


NO_PHASES = PhaseColumns()
