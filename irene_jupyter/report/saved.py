"""Reports in files: those that were saved, and those in a notebook's outputs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from irene_jupyter.checker import strict_json
from irene_jupyter.errors import ReportError
from irene_jupyter.files import read_text
from irene_jupyter.report.reader import report_from_dict, report_from_text
from irene_jupyter.report.report import MIME_TYPE, EnergyReport


@dataclass(frozen=True, slots=True)
class CellReport:
    """A report among the outputs of a notebook's cell."""

    cell: str  # its id, or its place where it has none
    number: int  # of the cell in the notebook, from 1 on
    report: EnergyReport


def load_report(path: str | os.PathLike[str]) -> EnergyReport:
    """The report that `EnergyReport.save` wrote.

    Raises `ReportError`, with the remedy, where the file is missing, damaged, of another
    schema version, or not strict JSON (NaN, infinity, a key twice, too deep, too large).

    >>> import tempfile, torch
    >>> import irene_jupyter as irene
    >>> report = irene.predict(torch.nn.Linear(8, 4))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = report.save(f"{folder}/run.energy.json")
    ...     again = irene.load_report(path)
    >>> again.total_joules == report.total_joules  # joules
    True
    """
    text = read_text(path, ReportError)
    try:
        return report_from_text(text)
    except ReportError as error:
        raise ReportError(f"{path}: {error}") from error


def reports_in_notebook(text: str) -> tuple[CellReport, ...]:
    """The reports with a tree in a notebook's text, in order; what is no report is passed over.

    Raises `ReportError` where the text is no notebook.
    """
    try:
        document = strict_json(text)
    except ValueError as error:
        raise ReportError(f"no notebook: not valid JSON ({error})") from error
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        raise ReportError("no notebook: it has no list of cells")
    return tuple(_reports(document["cells"]))


def _reports(cells: list[Any]) -> Iterator[CellReport]:
    for number, cell in enumerate(cells, start=1):
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else ():
            data = output.get("data") if isinstance(output, dict) else None
            if not isinstance(data, Mapping) or MIME_TYPE not in data:
                continue
            try:
                report = report_from_dict(data[MIME_TYPE])
            except ReportError:  # a newer version's, say: the others are still there
                continue
            if report.root is not None:
                yield CellReport(str(cell.get("id") or f"cell {number}"), number, report)
