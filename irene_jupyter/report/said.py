"""What every view says around the tree: flags, parts, phases, counters, the machine, our cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from irene_jupyter.report.flag_words import flag_lines
from irene_jupyter.report.phase_table import phase_legend, phase_table
from irene_jupyter.report.runs import sizes_of
from irene_jupyter.report.training_words import is_trained, training_line, training_short
from irene_jupyter.report.units import format_joules, format_seconds, format_share, printable
from irene_jupyter.report.words import (
    NOTE_LENGTH,
    asides,
    doubts,
    elsewhere_line,
    interval_name,
    notes,
    provenance,
    title,
)
from irene_jupyter.report.work import work_of
from irene_jupyter.tree import STEP_PHASES

if TYPE_CHECKING:
    from irene_jupyter.report.parts import Part, Parts
    from irene_jupyter.report.report import EnergyReport

_ALONE_SHARE = 0.98  # of the CPU time: the share of a process that has the machine for itself
_GPUS = 8  # named in the resource line
_MUCH_RARER = 1.5  # times the interval that was asked for
_DEAR_PERCENT = 10.0  # of the cell, from which on watching is not folded away
_LARGEST_SHOWN = 1e15  # a summary's number beyond this is no reading


def resource_line(report: EnergyReport) -> str:
    """What the sampler saw of this machine, in one line; empty where no model ran.

    Unknown values are left out. The keys are those of `ResourceSummary.to_dict`.
    """
    found = report.resources
    if not found or report.root is None:
        return ""
    parts = []
    if (seconds := _number(found, "duration_seconds")) is not None:
        parts.append(format_seconds(seconds))
    if (cpu := _number(found, "cpu_percent")) is not None:
        parts.append(f"CPU {cpu:.0f} %")
    if (memory := _number(found, "memory_percent_mean")) is not None:
        most = _number(found, "memory_percent_max")
        parts.append(f"memory {memory:.0f} %" + ("" if most is None else f" (most {most:.0f} %)"))
    gpus = found.get("gpus")
    for gpu in gpus[:_GPUS] if isinstance(gpus, list) else ():
        if isinstance(gpu, Mapping):
            parts.append(_gpu(gpu))
    if (overhead := _number(found, "overhead_seconds")) is not None:
        parts.append(f"sampling took {format_seconds(overhead)}{_lengthened(found)}")
    unknown = found.get("notes")  # why something could not be read
    if isinstance(unknown, list | tuple):
        parts += [printable(str(reason), NOTE_LENGTH) for reason in unknown]
    return f"This machine meanwhile: {', '.join(parts)}" if parts else ""


def _lengthened(resources: Mapping[str, Any]) -> str:
    """How often there was a sample, where a GPU's slow driver made it rarer than was asked for."""
    if not resources.get("gpus"):
        return ""
    asked = _number(resources, "interval_seconds")
    used = _number(resources, "used_interval_seconds")
    if asked is None or used is None or used < _MUCH_RARER * asked:
        return ""
    return f" (every {format_seconds(used)}, not every {format_seconds(asked)})"


PART_COLUMNS = ("part of the cell", "time here", "energy")
# Below one of them the rest of a cell is not worth a line.
_REST_SHARE = 0.05
_REST_SECONDS = 0.1


def part_rows(report: EnergyReport) -> tuple[tuple[str, ...], ...]:
    """The cell's parts and their sum, as cells under `PART_COLUMNS`.

    Empty where the tree holds nearly all that there is to tell: nothing was measured, no
    training, and the cell spent its time in the models.
    """
    parts = report.parts
    if parts is None or report.root is None:
        return ()
    is_measured = report.measured is not None and report.measured.joules is not None
    if not is_measured and not _is_rest_worth_telling(parts):
        return ()
    is_known = is_measured or report.device.kind == "estimated"
    rows = [
        (
            printable(part.name, 40) + _what(report, part),
            format_seconds(part.seconds),
            _part_joules(part),
        )
        for part in parts
    ]
    total = format_joules(parts.total_joules) if is_known else "–"
    return (*rows, ("the whole cell", format_seconds(parts.total_seconds), total))


def _what(report: EnergyReport, part: Part) -> str:
    """What of a model, or of the passes, is in the part."""
    if part.kind == "model":
        return " (whole steps)" if is_trained(report, part.name) else " (forward)"
    is_left = part.kind in STEP_PHASES and any(each.phase == part.kind for each in report.phases)
    return ", not divided" if is_left else ""


def _is_rest_worth_telling(parts: Parts) -> bool:
    rest = math.fsum(part.seconds or 0.0 for part in parts if part.kind == "rest")
    if any(part.kind not in ("model", "rest") for part in parts):
        return True
    return bool(parts.models) and rest >= max(_REST_SECONDS, _REST_SHARE * parts.total_seconds)


def _part_joules(part: Part) -> str:
    if part.joules is None:
        return "not measured"
    # Beside this machine's seconds it must be said whose joules these are.
    return format_joules(part.joules) + (
        " predicted" if part.basis in ("predicted", "timed") else ""
    )


def counter_line(report: EnergyReport) -> str:
    """What the energy counters of this machine said, in one line; empty where nothing ran."""
    found = report.measured
    if found is None or report.root is None:
        return ""
    if found.joules is None:
        # What would help stands behind the semicolon, and in doctor.
        reasons = dict.fromkeys(
            each.reason.partition(";")[0]
            for each in found.counters
            if each.reason and (each.scope != "gpu" or not report.device.how)
        )
        reason = printable("; ".join(reasons) or found.reason or "", NOTE_LENGTH)
        if report.device.how:
            how = printable(report.device.how, NOTE_LENGTH)
            return f"Estimated: {how}. Not counted ({reason}); `irene-jupyter doctor` tells more"
        return f"No energy was measured here ({reason}); `irene-jupyter doctor` tells more"
    told = [
        f"{printable(each.name, 80)} {format_joules(each.joules)}"
        if each.used
        else f"{printable(each.name, 80)} not counted: {printable(each.reason or '', NOTE_LENGTH)}"
        for each in found.counters
        # Memory and platform beside the packages are more than most machines have.
        if each.used or each.scope not in ("dram", "board")
    ]
    if found.beyond_idle is not None:
        label = printable(report.device.label, 80)
        told.append(f"beyond idle power {found.beyond_idle:.3g} times what {label} expects")
    return f"Energy counters here: {'; '.join(told)}"


def process_line(report: EnergyReport) -> str:
    """This process's share of the packages' joules, in one line; empty where it was alone."""
    share = None if report.measured is None else report.measured.process
    if share is None or report.root is None or share.cpu_share >= _ALONE_SHARE:
        return ""
    return (
        f"This process: {format_share(share.cpu_share)} of the CPU time used meanwhile, so about "
        f"{format_joules(share.joules)} ({format_joules(share.low)} to "
        f"{format_joules(share.high)}) of the CPU packages' {format_joules(share.packages_joules)}"
    )


def trend_line(report: EnergyReport) -> str:
    """How a long loop went, in one line; empty where there was none."""
    return "" if report.trend is None or report.root is None else f"Trend: {report.trend}"


def observer_line(report: EnergyReport, display_seconds: float | None = None) -> str:
    """What watching the cell cost, in one line; `display_seconds` where it is being shown."""
    return "; ".join(observer_fold(report, display_seconds))


def is_watching_dear(report: EnergyReport) -> bool:
    """Whether watching lengthened the cell so much that no view may fold it away."""
    return ((report.observer or {}).get("percent") or 0.0) >= _DEAR_PERCENT


def observer_fold(
    report: EnergyReport, display_seconds: float | None = None
) -> tuple[str, str] | tuple[()]:
    """What watching added to the cell, and all that it took by stages; () if nothing was."""
    found = report.observer
    if not found or report.root is None:
        return ()
    stages = dict(found["stages"])
    if stages.get("display") is None:
        stages["display"] = display_seconds
    told = ", ".join(
        f"{printable(str(name), 20)} {format_seconds(seconds)}"
        for name, seconds in stages.items()
        if seconds
    )
    percent = found.get("percent")
    share = "" if percent is None else f" ({format_share(percent / 100)})"
    during = format_seconds(found["during_seconds"])
    return f"Watching added {during}{share} to the cell", f"in all: {told}"


def _gpu(gpu: Mapping[str, Any]) -> str:
    parts = [printable(str(gpu.get("name", "GPU")), 40)]
    for key, text in (("utilisation_percent", "{:.0f} %"), ("watts", "{:.0f} W")):
        if (value := _number(gpu, key)) is not None:
            parts.append(text.format(value))
    return " ".join(parts)


def _number(values: Mapping[str, Any], key: str) -> float | None:
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < _LARGEST_SHOWN else None


# --- in the report's JSON ----------------------------------------------------------------------


def said(report: EnergyReport) -> dict[str, Any]:
    """What views say around the tree, as strict JSON values: the front end draws these words.

    `joules` and `source` are the root's: what is said of another tree is not believed.
    """
    energy = None if report.root is None else report.root.energy
    heads, phases = phase_table(report.phases, sizes_of(report))
    fold, is_dear = observer_fold(report), is_watching_dear(report)
    lines = (
        trend_line(report),
        counter_line(report),
        process_line(report),
        resource_line(report),
        *asides(report),
    )
    return {
        "joules": None if energy is None else energy.joules,
        "source": None if energy is None else energy.source,
        "title": title(report),
        "provenance": provenance(report),
        **({"elsewhere": elsewhere_line(report)} if report.elsewhere else {}),
        "training": training_line(report),
        "training_short": training_short(report),
        "interval": interval_name(report.root),
        "doubts": list(doubts(report)),
        "flags": [[line.sign, line.text] for line in flag_lines(report)],
        "notes": list(notes(report)),
        "phases": _table(heads, phases, phase_legend(report)),
        "parts": _table(PART_COLUMNS, part_rows(report)),
        "lines": [line for line in (*lines, "; ".join(fold) if is_dear else "") if line],
        "folds": [list(fold)] if fold and not is_dear else [],
        "work": asdict(work_of(report)),
    }


def _table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], legend: str = ""
) -> dict[str, Any] | None:
    if not rows:
        return None
    return {"columns": list(columns), "rows": [list(row) for row in rows], "legend": legend}
