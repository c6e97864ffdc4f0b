"""Whose energy it is, and how it is known: the words of every view. Plain strings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from irene_jupyter.report.folding import flag_codes, is_untested
from irene_jupyter.report.training_words import training_short
from irene_jupyter.report.units import (
    INTERVAL,
    RANGE,
    format_interval,
    format_joules,
    format_shapes,
    printable,
)
from irene_jupyter.report.waiting import LAUNCH_BOUND
from irene_jupyter.tree import Node

if TYPE_CHECKING:
    from irene_jupyter.report.device_label import DeviceLabel
    from irene_jupyter.report.report import EnergyReport

EMPTY = "No PyTorch model was built or run in this cell."
ALL_IDLE = "No PyTorch model was run in this cell."
NOT_RUN_TITLE = "Built but not run (one forward pass each, not in the total)"
LEGEND = "Shares are of the total; “own” is what a module uses beyond its parts."
NOTE_LENGTH = 600  # characters of a note or an explanation; a hostile file may have more

# Signs for the codes that may stand on most rows of a tree; the legend says what they mean.
MARKS: Mapping[str, str] = {
    "does_not_fit": "⊠",
    "estimated": "≈",
    "extrapolated": "↗",
    LAUNCH_BOUND: "◔",
    "frozen": "❄",
    "recomputed": "↻",
    "by_bytes": "÷",
}
MARK = "⚠"
# Codes of flags that stand beside the total, and what is said there.
DOUBTS: Mapping[str, str] = {
    "does_not_fit": "does not fit this device",
    "extrapolated": "extrapolated",
}
_OF_REPLAY = "replay: "  # begins notes on seconds alone


def provenance(report: EnergyReport) -> str:
    """Whose energy it is and how it is known: "Predicted for GTX 1080 Ti PC (…)"."""
    label = printable(report.device.label)
    if (energy := report.measured) is not None and energy.joules is not None and report.root:
        whole = report.root.energy is not None and report.root.energy.source == "measured"
        verb = "Measured on this machine" if whole else "Part of what was measured on this machine"
        how = (
            "as predicted for"
            if energy.beyond_idle is None
            else "by its times and the constants of"
        )
        return f"{verb} ({printable(energy.scope)}), divided {how} {label}"
    if report.device.kind == "estimated":
        return f"Estimated for {label}, by its load and the times measured here"
    source = report.root.energy.source if report.root and report.root.energy else "predicted"
    if source == "measured":
        return f"Measured on {label}"
    if source == "replayed":
        return f"Measured on repeated runs on {label}"
    if source == "simulated":
        return f"Simulated for {label}: a meter that is not hardware had a part in it"
    verb = "Predicted" if source == "predicted" else "Estimated"
    if report.device.kind == "calibrated":
        why = ": no profile fits, the interval is wide" if verb == "Estimated" else ""
        return f"{verb} for {label} ({kind_of_device(report.device)}){why}"
    return f"{verb} for {label} {elsewhere(report)}"


def elsewhere_line(report: EnergyReport) -> str:
    """What another device would need, beside an estimate for this machine; empty without one."""
    found = report.elsewhere
    if found is None:
        return ""
    return (
        f"On a {printable(found.device.label)}: {format_joules(found.energy.joules)} "
        f"{format_interval(found.energy, found.is_untested)}, {found.energy.source}"
    )


def not_run_title(report: EnergyReport) -> str:
    """What stands above models that were built and not run."""
    if report.elsewhere is None:
        return NOT_RUN_TITLE
    label = printable(report.elsewhere.device.label)
    return f"Built but not run (one forward pass each on a {label}, not in the total)"


def kind_of_device(device: DeviceLabel) -> str:
    """What its profile is: "reference device", "calibrated board"."""
    return f"{device.kind} {'board' if device.scope == 'board' else 'device'}"


def elsewhere(report: EnergyReport) -> str:
    """What stands behind the label of a profile that is not this machine's own.

    A shipped profile of a board may well be of one like this machine's.
    """
    if is_timed(report):
        return "(this board), by the times measured here"
    kind = kind_of_device(report.device)
    if report.device.scope == "board" and report.mode == "predict":
        return f"({kind}), nothing run"
    return f"({kind}), not this machine"


def is_timed(report: EnergyReport) -> bool:
    """Whether its joules follow from the board's profile and the times that were taken on it."""
    return report.parts is not None and any(part.basis == "timed" for part in report.parts)


def badge(report: EnergyReport) -> str:
    """The provenance in a few words: "predicted, reference device"."""
    source = report.root.energy.source if report.root and report.root.energy else "predicted"
    if report.measured is not None and report.measured.joules is not None:
        how = "divided by time" if report.measured.beyond_idle is None else "divided"
        return "measured" if source == "measured" else f"measured, {how}"
    if source in ("measured", "replayed"):
        return source
    if report.device.kind == "estimated":
        return "estimated, this machine"
    return f"{source}, {'this board' if is_timed(report) else kind_of_device(report.device)}"


def amount(node: Node) -> str:
    """A node's joules with their interval: "14.2 J [12.9–15.6, 90 %]"."""
    if node.energy is None:
        return format_joules(None)
    return f"{format_joules(node.energy.joules)} {format_interval(node.energy, is_untested(node))}"


def interval_name(node: Node | None) -> str:
    """What a node's interval is called: "90 % interval", or "range" where that was not tested."""
    return RANGE if node is not None and is_untested(node) else INTERVAL


def doubts(report: EnergyReport) -> tuple[str, ...]:
    """What stands as badges beside the total: why it promises less than others do.

    That it is estimated, the provenance says.
    """
    models = () if report.root is None else (report.root, *report.models)
    codes = {code for model in models if is_untested(model) for code in flag_codes(model)}
    return tuple(said for code, said in DOUBTS.items() if code in codes)


def headline(report: EnergyReport) -> str:
    """The first line of every view."""
    if report.root is None:
        return ALL_IDLE if report.not_run else EMPTY
    return ", ".join((f"{provenance(report)}: {amount(report.root)}", *doubts(report)))


def title(report: EnergyReport) -> str:
    """A short title: "BertModel: 14.2 J [12.9–15.6, 90 %]", with the joules a training step."""
    if report.root is None:
        return headline(report)
    names = [printable(model.class_name, 40) for model in report.models]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    training = training_short(report)
    return f"{shown}: {amount(report.root)}" + (f", {training}" if training else "")


def codes_text(node: Node) -> str:
    """A node's flags for its row: a sign for the common ones, "⚠ incomplete" for others."""
    codes = dict.fromkeys(flag_codes(node))
    return " ".join(MARKS.get(code) or f"{MARK} {printable(code, 24)}" for code in codes)


def notes(report: EnergyReport) -> tuple[str, ...]:
    """What the reader must know before believing the numbers, each on one line."""
    told = (note for note in report.notes if not note.startswith(_OF_REPLAY))
    return tuple(dict.fromkeys(printable(note, NOTE_LENGTH) for note in told))


def asides(report: EnergyReport) -> tuple[str, ...]:
    """Notes that no total depends on, for the foot of a view."""
    told = (note for note in report.notes if note.startswith(_OF_REPLAY))
    return tuple(dict.fromkeys(printable(note, NOTE_LENGTH) for note in told))


def detail(node: Node) -> str:
    """What hovering over a node tells: path, interval, source, shapes."""
    parts = [printable(node.path)] if node.path else []
    if node.energy is not None:
        parts.append(f"{amount(node)} {node.energy.source}")
    shapes = format_shapes(node.features.input_shapes, node.features.output_shapes)
    return " · ".join([*parts, printable(shapes)] if shapes else parts)
