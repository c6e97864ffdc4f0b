"""The table of runs: each of a few, alike ones of many in one row. Every view draws these rows.

A cell that calls a model with hundreds of lengths has hundreds of runs. The report's JSON keeps
each of them; people see what they add up to, and the sizes that cost most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from irene_jupyter.report.phase_table import EVALUATION
from irene_jupyter.report.units import format_joules, format_seconds, format_shapes, printable
from irene_jupyter.tree import Shape

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport
    from irene_jupyter.report.run_summary import RunSummary

Part = tuple[str, str]  # a model and its phase
HANDFUL = 6  # alike runs up to here have a row each
MOST_ROWS = 16
_COSTLIEST = ("costliest", "2nd costliest", "3rd costliest")  # sizes of a group, by joules


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """The runs that one row tells of: sums over all their calls, in seconds, joules and tokens.

    `batch_size` and `seq_len` are the least and the greatest; `sizes` counts different inputs.
    `shape` is the first input's, where batch size and length do not tell one size from others.
    `level` is 1 for a part of the row above. `seconds` is None where nothing ran.
    """

    label: str
    level: int = 0
    calls: int
    batch_size: tuple[int, int]
    seq_len: tuple[int, int]
    sizes: int = 1
    shape: Shape | None = None
    tokens: int  # that went in within generate()
    seconds: float | None
    joules: float

    @property
    def size(self) -> str:
        """Batch size × length, "8×128" or "1–8 × 12–512, 340 sizes"; or else the shape."""
        if self.shape is not None:
            return format_shapes((self.shape,), ()).partition(" ")[0]
        ranges = [
            str(least) if least == most else f"{least}–{most}"
            for least, most in (self.batch_size, self.seq_len)
        ]
        if self.sizes == 1:
            return "×".join(ranges)
        return f"{' × '.join(ranges)}, {self.sizes:,} sizes"

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values."""
        shape = None if self.shape is None else list(self.shape)
        ranges = {"batch_size": list(self.batch_size), "seq_len": list(self.seq_len)}
        return {**asdict(self), **ranges, "shape": shape}


def run_rows(report: EnergyReport) -> tuple[RunRow, ...]:
    """What views list of the runs: at most `MOST_ROWS` rows, however many runs there are.

    More than `HANDFUL` runs of one model, phase, mode and status are one row, with their costliest
    sizes and the others below it. Where that is too long, each kind is one row, and the kinds
    that cost least are one together.
    """
    shown = _shown(report)
    label = _labels(report, shown)
    kinds = _grouped(shown, _kind)
    rows = [row for runs in kinds for row in _rows(runs, label(runs[0]))]
    if len(rows) <= MOST_ROWS:
        return tuple(rows)
    costly = set(map(id, sorted(kinds, key=_joules, reverse=True)[: MOST_ROWS - 1]))
    rows = [_row(runs, label(runs[0])) for runs in kinds if id(runs) in costly]
    left = [runs for runs in kinds if id(runs) not in costly]
    return (*rows, *([_rest(left)] if left else []))


def run_table(report: EnergyReport) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """(column heads, rows of cells) of `run_rows`; tokens have a column where there are some."""
    rows = run_rows(report)
    tokens = any(row.tokens for row in rows)
    columns = ("run", "calls", *(["tokens"] if tokens else []), "batch×seq", "time here", "energy")
    levels = [row.level for row in rows]
    cells = [
        (
            ("" if not row.level else "├ " if below else "└ ") + row.label,
            f"{row.calls:,}",
            *([f"{row.tokens:,}"] if tokens else []),
            row.size,
            format_seconds(row.seconds),
            format_joules(row.joules),
        )
        for row, below in zip(rows, [*levels[1:], 0], strict=False)
    ]
    return columns, cells


def sizes_of(report: EnergyReport) -> dict[Part, str]:
    """Batch size × length of each model's training and evaluation, as `RunRow.size` has it."""
    told = ("forward", EVALUATION)
    parts = [(phase.model, phase.phase) for phase in report.phases if phase.phase in told]
    return {
        part: _row(runs, "").size
        for part in parts
        if (runs := [run for run in report.runs if _part(run) == part and run.status == "run"])
    }


def _shown(report: EnergyReport) -> list[RunSummary]:
    """Those of a phase are in its row of another table, unless they failed."""
    phases = {(phase.model, phase.phase) for phase in report.phases}
    trained = {model for model, phase in phases if phase == EVALUATION}
    return [
        run
        for run in report.runs
        if run.status != "run"
        or (_part(run) if run.model in trained else (run.model, run.phase)) not in phases
    ]


def _part(run: RunSummary) -> Part:
    """The phase in which a run of a trained model is."""
    return run.model, run.phase or EVALUATION


def _kind(run: RunSummary) -> Hashable:
    return run.model, run.phase, run.training, run.status


def _size(run: RunSummary) -> Hashable:
    return run.batch_size, run.seq_len, run.input_shapes


def _joules(runs: Iterable[RunSummary]) -> float:
    return math.fsum(run.joules for run in runs)


def _grouped(
    runs: Iterable[RunSummary], key: Callable[[RunSummary], Hashable]
) -> list[list[RunSummary]]:
    groups: dict[Hashable, list[RunSummary]] = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    return list(groups.values())


def _labels(report: EnergyReport, runs: Sequence[RunSummary]) -> Callable[[RunSummary], str]:
    """What a run is called. torch's modules are in training mode unless told otherwise: that is
    said only where backward passes ran, or where the model ran in both modes."""
    trained = any(part.kind == "backward" for part in report.parts or ())
    modes = {mode: {run.model for run in runs if run.training is mode} for mode in (True, False)}
    both = modes[True] & modes[False]

    def label(run: RunSummary) -> str:
        said = [printable(run.model, 40) + (f" ({printable(run.phase, 20)})" if run.phase else "")]
        if run.model in both or (trained and run.training):
            said.append("training" if run.training else "evaluation")
        if run.status != "run":
            said.append(run.status.replace("_", " "))
        return ", ".join(said)

    return label


def _rows(runs: Sequence[RunSummary], label: str) -> list[RunRow]:
    if len(runs) <= HANDFUL:
        return [_row([run], label) for run in runs]
    sizes = sorted(_grouped(runs, _size), key=_joules, reverse=True)
    if len(sizes) == 1:
        return [_row(runs, label)]
    is_told = len({(run.batch_size, run.seq_len) for run, *_ in sizes}) == len(sizes)
    rows = [_row(runs, label)]
    for same, name in zip(sizes, _COSTLIEST, strict=False):
        shapes = same[0].input_shapes
        rows.append(_row(same, name, shape=None if is_told or not shapes else shapes[0], level=1))
    left = sizes[len(_COSTLIEST) :]
    return [*rows, *([_rest(left, level=1)] if left else [])]


def _rest(left: Sequence[Sequence[RunSummary]], level: int = 0) -> RunRow:
    return _row([run for runs in left for run in runs], f"and {len(left):,} more", level=level)


def _row(
    runs: Sequence[RunSummary], label: str, shape: Shape | None = None, level: int = 0
) -> RunRow:
    seconds = [run.seconds for run in runs if run.seconds is not None]
    batches, lengths = [run.batch_size for run in runs], [run.seq_len for run in runs]
    return RunRow(
        label=label,
        calls=sum(run.calls for run in runs),
        joules=_joules(runs),
        seconds=math.fsum(seconds) if seconds else None,
        tokens=sum(run.tokens for run in runs),
        batch_size=(min(batches), max(batches)),
        seq_len=(min(lengths), max(lengths)),
        sizes=len(set(map(_size, runs))),
        shape=shape,
        level=level,
    )
