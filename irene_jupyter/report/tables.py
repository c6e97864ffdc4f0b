"""The report as tables: a data frame of all nodes, and the bottlenecks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from irene_jupyter.columns import aligned
from irene_jupyter.merging import energies_of
from irene_jupyter.report.phase_columns import PhaseColumns
from irene_jupyter.report.units import format_joules, format_shapes, format_share, printable, share
from irene_jupyter.tree import Node

if TYPE_CHECKING:
    import pandas as pd

    from irene_jupyter.report.report import EnergyReport

# A rest below this share of the total is what rounding left of nothing.
_ROUNDING = 1e-12

_FEATURES = (
    "flops", "bytes", "canonical_megaflops", "canonical_mebibytes", "num_parameters",
    "latency_seconds", "predicted_seconds", "waiting_seconds", "replayed_seconds",
    "replayed_spread_seconds",
)  # fmt: skip
# One row a node; documented in docs/report-format.md.
COLUMNS = (
    "path", "depth", "type", "class_name", "primitive", "calls",
    "joules", "low", "high", "source", "share_of_root", "share_of_parent", "own_joules",
    *_FEATURES, "shapes", "flags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """All modules of one class: their joules, and their share of the report's total.

    `by_phase` are their joules in each phase of the report, by its name.
    """

    class_name: str
    modules: int
    joules: float
    share: float
    by_phase: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Bottlenecks:
    """Energy by class, the greatest first. The rows and `rest_joules` make up the total.

    `rest_joules` is what the containers above the rows use themselves.
    """

    rows: tuple[Bottleneck, ...]
    rest_joules: float
    total_joules: float

    def to_dataframe(self) -> pd.DataFrame:
        """The rows as a data frame: the fields of `Bottleneck`, each phase as "joules_NAME"."""
        import pandas as pd

        columns = ["class_name", "modules", "joules", "share"]
        table = pd.DataFrame(
            [[getattr(row, column) for column in columns] for row in self.rows], columns=columns
        )
        phases = self.rows[0].by_phase if self.rows else ()
        return table.assign(
            **{_column(name): [row.by_phase[name] for row in self.rows] for name in phases}
        )

    def __str__(self) -> str:
        phases = tuple(self.rows[0].by_phase) if self.rows else ()
        rest = Bottleneck("(rest)", 0, self.rest_joules, self._share(self.rest_joules))
        cells = [
            (
                printable(row.class_name),
                f"{format_share(row.share):>7}",
                f"{format_joules(row.joules):>8}",
                *(format_joules(row.by_phase[name]) if row.by_phase else "" for name in phases),
            )
            for row in (*self.rows, rest)
        ]
        if phases:
            cells.insert(0, ("", "share", "energy", *map(printable, phases)))
        return aligned(cells, "<>>" + ">" * len(phases))

    __repr__ = __str__  # what a notebook shows

    def _share(self, joules: float) -> float:
        return share(joules, self.total_joules) or 0.0


def bottlenecks(report: EnergyReport) -> Bottlenecks:
    """Share of energy by class (paper, tables 10 and 12).

    The rows are modules whose children are all ml primitives, with their own energy. An ml
    primitive beside modules, such as the LayerNorm of a GPT-2 block, is a row under its own
    class. So nothing counts twice. Nodes without energy are left out.
    """
    found: dict[str, list[Node]] = {}
    stack = [report.root] if report.root is not None else []
    while stack:
        node = stack.pop()
        if node.type == "ml" or (
            node.children and all(child.type == "ml" for child in node.children)
        ):
            if node.energy is not None:
                found.setdefault(node.class_name, []).append(node)
        else:
            stack.extend(node.children)
    total = report.total_joules
    columns = PhaseColumns.of(report)
    rows = []
    for name, nodes in found.items():
        joules = math.fsum(energy.joules for energy in energies_of(nodes))
        by_phase = {phase: value or 0.0 for phase, value in columns.at(nodes).items()}
        rows.append(Bottleneck(name, len(nodes), joules, share(joules, total) or 0.0, by_phase))
    rows.sort(key=lambda row: (-row.joules, row.class_name))
    rest = total - math.fsum(row.joules for row in rows)
    if rest < _ROUNDING * total:
        rest = 0.0
    return Bottlenecks(tuple(rows), rest, total)


def to_dataframe(report: EnergyReport) -> pd.DataFrame:
    """One row for each node in the total, parents first, with `COLUMNS`.

    Each phase has a column of its joules besides, such as "joules_backward": together they are the
    column "joules". Models that were not run are not in it. Unknown numbers are NaN.
    """
    table = node_dataframe(report.root)
    phases = PhaseColumns.of(report)
    joules = [phases.at((node,)) for node in report.walk()]
    return table.assign(
        **{
            _column(name): [float("nan") if (j := row[name]) is None else j for row in joules]
            for name in phases.names
        }
    )


def node_dataframe(root: Node | None) -> pd.DataFrame:
    """One row for each node of a tree, parents first, with `COLUMNS`."""
    import pandas as pd

    return pd.DataFrame(list(_records(root)), columns=list(COLUMNS))


def _column(phase: str) -> str:
    return f"joules_{phase}"


def timeline(report: EnergyReport) -> pd.DataFrame:
    """The samples as rows; a GPU's columns are prefixed "gpu0_" and so on. Unknown is NaN."""
    import pandas as pd

    found = (report.resources or {}).get("timeline")
    columns = dict(found) if isinstance(found, Mapping) else {}
    gpus = columns.pop("gpus", None)
    for index, gpu in enumerate(gpus if isinstance(gpus, list) else ()):
        for key, values in gpu.items() if isinstance(gpu, Mapping) else ():
            if key != "name":
                columns[f"gpu{index}_{key}"] = values
    length = len(columns["seconds"]) if isinstance(columns.get("seconds"), list) else 0
    whole = {k: v for k, v in columns.items() if isinstance(v, list) and len(v) == length}
    numbers = {
        key: pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").astype(float)
        for key, values in whole.items()
    }
    return pd.DataFrame(numbers)


def _records(root: Node | None) -> Iterator[dict[str, Any]]:
    stack: list[tuple[Node, Node | None, int]] = [] if root is None else [(root, None, 0)]
    total = None if root is None or root.energy is None else root.energy.joules
    while stack:
        node, parent, depth = stack.pop()
        stack.extend((child, node, depth + 1) for child in reversed(node.children))
        features, energy = node.features, node.energy
        joules = None if energy is None else energy.joules
        above = parent.energy if parent is not None else energy
        unknown = float("nan")
        of_root, of_parent = (
            share(joules, total),
            share(joules, None if above is None else above.joules),
        )
        own = node.own_joules
        yield {
            "path": node.path,
            "depth": depth,
            "type": node.type,
            "class_name": node.class_name,
            "primitive": node.primitive,
            "calls": features.calls,
            "joules": unknown if joules is None else joules,
            "low": unknown if energy is None else energy.low,
            "high": unknown if energy is None else energy.high,
            "source": None if energy is None else energy.source,
            "share_of_root": unknown if of_root is None else of_root,
            "share_of_parent": unknown if of_parent is None else of_parent,
            "own_joules": unknown if own is None else own,
            **{
                name: unknown if getattr(features, name) is None else getattr(features, name)
                for name in _FEATURES
            },
            "shapes": format_shapes(features.input_shapes, features.output_shapes),
            "flags": "; ".join(node.flags),
        }
