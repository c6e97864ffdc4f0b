"""The sentences that every view says: provenance, flags, runs, resources. Plain strings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irene_jupyter.report.folding import flag_codes
from irene_jupyter.report.units import (
    format_interval,
    format_joules,
    format_seconds,
    format_shapes,
    format_share,
    printable,
)
from irene_jupyter.tree import Node

if TYPE_CHECKING:
    from irene_jupyter.report.parts import Part, Parts
    from irene_jupyter.report.report import EnergyReport

EMPTY = "No PyTorch model was built or run in this cell."
ALL_IDLE = "No PyTorch model was run in this cell."
NOT_RUN_TITLE = "Built but not run (one forward pass each, not in the total)"
LEGEND = "Shares are of the total; “own” is what a module uses beyond its parts."
NOTE_LENGTH = 600  # characters of a note or an explanation; a hostile file may have more
_GPUS = 8  # named in the resource line
_LARGEST_SHOWN = 1e15  # a summary's number beyond this is no reading
_EXPLANATIONS = 3  # of one flag code; further ones are counted

# What a flag's code says where its node brings no explanation, in the order of weight.
FLAGS: Mapping[str, str] = {
    "incomplete": "the run failed half-way; only what ran is counted",
    "not_run": "built but never run; predicted for one forward pass on inputs of our own",
    "estimated": "no regressor fits; a declared fallback with a wide interval",
    "extrapolated": "larger or smaller than anything that the profile was fitted on",
    "fused": "several primitives ran as one operation",
    "merged": "several runs with different shapes are added up here",
    "shared": "the same module runs at several places",
}


# Signs for the codes that may stand on most rows of a tree; the legend says what they mean.
MARKS: Mapping[str, str] = {"estimated": "≈", "extrapolated": "↗"}
_MARK = "⚠"


@dataclass(frozen=True, slots=True)
class FlagLine:
    """A flag code, on how many nodes it is, and what it says there."""

    code: str
    nodes: int
    explanations: tuple[str, ...]

    def __str__(self) -> str:
        plural = "node" if self.nodes == 1 else "nodes"
        shown = "; ".join(self.explanations[:_EXPLANATIONS])
        more = len(self.explanations) - _EXPLANATIONS
        mark = MARKS.get(self.code, _MARK)
        return f"{mark} {self.code} ({self.nodes} {plural}): {shown}" + (
            f"; and {more} more" if more > 0 else ""
        )


def provenance(report: EnergyReport) -> str:
    """Whose energy it is and how it is known: "Predicted for GTX 1080 Ti PC (…)"."""
    label = printable(report.device.label)
    if (energy := report.measured) is not None and energy.joules is not None and report.root:
        whole = report.root.energy is not None and report.root.energy.source == "measured"
        verb = "Measured on this machine" if whole else "Part of what was measured on this machine"
        return f"{verb} ({printable(energy.scope)}), divided as predicted for {label}"
    source = report.root.energy.source if report.root and report.root.energy else "predicted"
    if source == "measured":
        return f"Measured on {label}"
    if source == "replayed":
        return f"Measured on repeated runs on {label}"
    if source == "simulated":
        return f"Simulated for {label}: a meter that is not hardware had a part in it"
    verb = "Predicted" if source == "predicted" else "Estimated"
    if report.device.kind == "calibrated":
        return f"{verb} for {label} (calibrated device)"
    return f"{verb} for {label} (reference device), not this machine"


def badge(report: EnergyReport) -> str:
    """The provenance in a few words: "predicted, reference device"."""
    source = report.root.energy.source if report.root and report.root.energy else "predicted"
    if report.measured is not None and report.measured.joules is not None:
        return "measured" if source == "measured" else "measured, divided by time"
    return (
        source if source in ("measured", "replayed") else f"{source}, {report.device.kind} device"
    )


def amount(node: Node) -> str:
    """A node's joules with their interval: "14.2 J [12.9–15.6, 90 %]"."""
    if node.energy is None:
        return format_joules(None)
    return f"{format_joules(node.energy.joules)} {format_interval(node.energy)}"


def headline(report: EnergyReport) -> str:
    """The first line of every view."""
    if report.root is None:
        return ALL_IDLE if report.not_run else EMPTY
    return f"{provenance(report)}: {amount(report.root)}"


def title(report: EnergyReport) -> str:
    """A short title: "BertModel: 14.2 J [12.9–15.6, 90 %]"."""
    if report.root is None:
        return headline(report)
    names = [printable(model.class_name, 40) for model in report.models]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown}: {amount(report.root)}"


def flag_lines(report: EnergyReport) -> tuple[FlagLine, ...]:
    """All flags of all nodes, one line for each code, the gravest first."""
    nodes: dict[str, int] = {}
    explanations: dict[str, dict[str, None]] = {}  # a set that keeps its order
    for tree in (report.root, *report.not_run):
        for node in tree.walk() if tree is not None else ():
            for code in set(flag_codes(node)):
                nodes[code] = nodes.get(code, 0) + 1
            for flag in node.flags:
                code, _, text = flag.partition(":")
                text = text.strip() or FLAGS.get(code.strip(), "")
                reasons = explanations.setdefault(code.strip(), {})
                for reason in printable(text, NOTE_LENGTH).split("; "):
                    reasons[reason] = None
    rank = {code: number for number, code in enumerate(FLAGS)}
    codes = sorted(nodes, key=lambda code: (rank.get(code, len(rank)), code))
    return tuple(FlagLine(printable(c, 40), nodes[c], tuple(explanations[c])) for c in codes)


def codes_text(node: Node) -> str:
    """A node's flags for its row: a sign for the common ones, "⚠ incomplete" for others."""
    codes = dict.fromkeys(flag_codes(node))
    return " ".join(MARKS.get(code) or f"{_MARK} {printable(code, 24)}" for code in codes)


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
        parts.append(f"sampling took {format_seconds(overhead)}")
    unknown = found.get("notes")  # why something could not be read
    if isinstance(unknown, list | tuple):
        parts += [printable(str(reason), NOTE_LENGTH) for reason in unknown]
    return f"This machine meanwhile: {', '.join(parts)}" if parts else ""


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
    rows = [
        (
            printable(part.name, 40) + (" (forward)" if part.kind == "model" else ""),
            format_seconds(part.seconds),
            _part_joules(part),
        )
        for part in parts
    ]
    total = format_joules(parts.total_joules) if is_measured else "–"
    return (*rows, ("the whole cell", format_seconds(parts.total_seconds), total))


def _is_rest_worth_telling(parts: Parts) -> bool:
    rest = math.fsum(part.seconds or 0.0 for part in parts if part.kind == "rest")
    if any(part.kind not in ("model", "rest") for part in parts):
        return True
    return bool(parts.models) and rest >= max(_REST_SECONDS, _REST_SHARE * parts.total_seconds)


def _part_joules(part: Part) -> str:
    if part.joules is None:
        return "not measured"
    # Beside this machine's seconds it must be said whose joules these are.
    return format_joules(part.joules) + (" predicted" if part.basis == "predicted" else "")


def counter_line(report: EnergyReport) -> str:
    """What the energy counters of this machine said, in one line; empty where nothing ran."""
    found = report.measured
    if found is None or report.root is None:
        return ""
    if found.joules is None:
        # What would help stands behind the semicolon, and in doctor.
        reasons = [each.reason.partition(";")[0] for each in found.counters if each.reason]
        reason = printable("; ".join(reasons) or found.reason or "", NOTE_LENGTH)
        return f"No energy was measured here ({reason}); `irene-jupyter doctor` tells more"
    told = [
        f"{printable(each.name, 80)} {format_joules(each.joules)}"
        if each.used
        else f"{printable(each.name, 80)} not counted: {printable(each.reason or '', NOTE_LENGTH)}"
        for each in found.counters
    ]
    return f"Energy counters here: {'; '.join(told)}"


def observer_line(report: EnergyReport, display_seconds: float | None = None) -> str:
    """What watching the cell cost, in one line; `display_seconds` where it is being shown."""
    found = report.observer
    if not found or report.root is None:
        return ""
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
    return f"Watching added {during}{share} to the cell; in all: {told}"


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


def notes(report: EnergyReport) -> tuple[str, ...]:
    """The report's notes, each on one line."""
    return tuple(dict.fromkeys(printable(note, NOTE_LENGTH) for note in report.notes))


def detail(node: Node) -> str:
    """What hovering over a node tells: path, interval, source, shapes."""
    parts = [printable(node.path)] if node.path else []
    if node.energy is not None:
        parts.append(f"{amount(node)} {node.energy.source}")
    shapes = format_shapes(node.features.input_shapes, node.features.output_shapes)
    return " · ".join([*parts, printable(shapes)] if shapes else parts)
