"""`irene-jupyter history`: what cells took over the saves of their notebooks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result, say

if TYPE_CHECKING:
    from irene_jupyter.history import CellHistory
    from irene_jupyter.report.report import EnergyReport

_HEADS = ("saves", "model", "batch×seq", "of", "first", "before", "latest", "change")
_NAME = 40  # characters of a model's name


def add(commands: Commands) -> None:
    history = commands.add_parser(
        "history", help="joules of cells over the saves of their notebooks"
    )
    history.set_defaults(command=run)
    history.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path(),
        metavar="FOLDER",
        help="with notebooks and *.energy.json in it, or one of them; by default this folder",
    )
    add_json(history)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.history import histories

    found, unread = histories(arguments.folder)
    for each in unread:
        say(f"irene-jupyter: not read: {each}")
    document = {"cells": [_document(each, arguments.folder) for each in found]}
    if not found:
        text = (
            f"No energy report in {arguments.folder.resolve()}: run cells with %%energy and save "
            "the notebook, or save a report as NAME.energy.json"
        )
        return Result(text, document=document)
    lines: list[str] = []
    for file in dict.fromkeys(each.file for each in found if each.number is not None):
        rows = [_row(each) for each in found if each.file == file]
        lines += [_named(file, arguments.folder), *_table(rows), ""]
    if files := [each for each in found if each.number is None]:
        rows = [_row(each, _named(each.file, arguments.folder)) for each in files]
        lines += ["saved reports", *_table(rows), ""]
    lines.append(
        "change: the latest against the one before, a query where the sizes differ. ● the "
        "intervals do not overlap; ○ they do; ≈ one is estimated or extrapolated"
    )
    return Result("\n".join(lines), document=document)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    from irene_jupyter.columns import aligned

    return [f"  {line}" for line in aligned([("", *_HEADS), *rows], "<><<<>>>>").splitlines()]


def _row(history: CellHistory, name: str | None = None) -> tuple[str, ...]:
    from irene_jupyter.report.units import format_joules, printable

    reports = history.reports
    first, latest = reports[0], reports[-1]
    before = reports[-2] if len(reports) > 1 else None
    return (
        name or f"cell {history.number}",
        f"{len(reports):,}",
        printable(", ".join(model.class_name for model in latest.models), _NAME),
        _size(latest),
        printable(latest.device.label, _NAME),
        format_joules(first.total_joules) if len(reports) > 2 else "",
        "" if before is None else format_joules(before.total_joules),
        format_joules(latest.total_joules),
        "" if before is None else _change(before, latest),
    )


def _size(report: EnergyReport) -> str:
    """Batch size × length of the run that took most."""
    from irene_jupyter.report.runs import run_rows

    rows = [row for row in run_rows(report) if not row.level]
    return max(rows, key=lambda row: row.joules).size if rows else ""


def _change(before: EnergyReport, after: EnergyReport) -> str:
    from irene_jupyter.report.compare import compare
    from irene_jupyter.report.compare_words import format_change

    found = compare(before, after)
    if before.device != after.device:
        return "another device"
    sign = {None: "≈", True: "●", False: "○"}[found.root.is_significant]
    if found.is_of_one_size:
        percent = found.root.percent
        return "" if percent is None else f"{format_change(percent)} {sign}"
    if "query" not in found.joules_per or not found.joules_per["query"][0]:
        return "another size"
    first, last = found.joules_per["query"]
    return f"{format_change(100 * (last - first) / first)} a query"


def _named(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder)) if folder.is_dir() else file.name


def _document(history: CellHistory, folder: Path) -> dict[str, Any]:
    from irene_jupyter.report.work import work_of

    return {
        "file": _named(history.file, folder),
        "cell": history.number,
        "saves": [
            {
                "created": each.created,
                "models": [model.class_name for model in each.models],
                "size": _size(each),
                "device": each.device.name,
                "joules": each.total_joules,
                "joules_per": work_of(each).per(each.total_joules),
            }
            for each in history.reports
        ],
    }
