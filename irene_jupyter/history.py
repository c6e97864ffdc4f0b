"""What cells took over the saves of their notebooks: did a change help?

A notebook's saves are the file itself, Jupyter's checkpoint beside it, and its versions in git.
Reports in files of their own (`*.energy.json`) are saves of one another where their names differ
by the time alone, as the tree's button names them.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from irene_jupyter.errors import ReportError
from irene_jupyter.files import read_text
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.saved import CellReport, load_report, reports_in_notebook

MOST_VERSIONS = 20  # of a notebook in git, the newest
_GIT_SECONDS = 30.0
_CHECKPOINTS = ".ipynb_checkpoints"
_LEFT_OUT = {_CHECKPOINTS, ".git", "node_modules", ".venv", "__pycache__", "site-packages"}
_REPORT = ".energy.json"
_TIME = re.compile(r"[_-]\d{4}-\d\d-\d\dT[\d_.-]+$")


@dataclass(frozen=True, slots=True)
class CellHistory:
    """A cell's reports, the oldest first, each once; or those of files that belong together."""

    file: Path  # the notebook, or the latest file
    number: int | None  # of the cell in the notebook as it is, from 1 on; None of a file
    reports: tuple[EnergyReport, ...]


def histories(folder: Path) -> tuple[tuple[CellHistory, ...], tuple[str, ...]]:
    """Of all cells and files below `folder` (or of one file), and what could not be read.

    Raises `ReportError` where there is no such folder or file.
    """
    if not folder.exists():
        raise ReportError(f"there is no folder {folder}: check the path")
    found: list[CellHistory] = []
    unread: list[str] = []
    alone: dict[tuple[Path, str], list[tuple[Path, EnergyReport]]] = {}
    for path in _files(folder):
        try:
            if path.suffix == ".ipynb":
                found += _of_notebook(path)
            else:
                name = _TIME.sub("", path.name.removesuffix(_REPORT))
                alone.setdefault((path.parent, name), []).append((path, load_report(path)))
        except ReportError as error:
            told = str(error)
            unread.append(told if told.startswith(str(path)) else f"{path}: {told}")
    for saves in alone.values():
        saves.sort(key=lambda save: save[1].created)
        reports = tuple(report for _, report in saves if report.root is not None)
        if reports:
            found.append(CellHistory(saves[-1][0], None, reports))
    return tuple(found), tuple(unread)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts[:-1]
        is_ours = path.suffix == ".ipynb" or path.name.endswith(_REPORT)
        if is_ours and path.is_file() and not _LEFT_OUT.intersection(inside):
            yield path


def _of_notebook(path: Path) -> Iterator[CellHistory]:
    now = reports_in_notebook(read_text(path, ReportError))
    seen: dict[str, dict[tuple[str, float], EnergyReport]] = {}
    for version in (now, *(_parsed(text) for text in _earlier(path))):
        for each in version:
            key = (each.report.created, each.report.total_joules)
            seen.setdefault(each.cell, {}).setdefault(key, each.report)
    numbers = {each.cell: each.number for each in now}  # the last one's, where it has several
    for cell, reports in seen.items():
        if cell in numbers:  # what is no longer in the notebook is no change of it
            ordered = sorted(reports.values(), key=lambda report: report.created)
            yield CellHistory(path, numbers[cell], tuple(ordered))


def _parsed(text: str) -> tuple[CellReport, ...]:
    try:
        return reports_in_notebook(text)
    except ReportError:  # an old save that was no notebook yet
        return ()


def _earlier(path: Path) -> Iterator[str]:
    checkpoint = path.parent / _CHECKPOINTS / f"{path.stem}-checkpoint.ipynb"
    if checkpoint.is_file():
        yield read_text(checkpoint, ReportError)
    listed = _git(path, "log", f"--max-count={MOST_VERSIONS}", "--format=%H", "--", path.name)
    for commit in (listed or "").split():
        text = _git(path, "show", f"{commit}:./{path.name}")
        if text is not None:
            yield text


def _git(path: Path, *arguments: str) -> str | None:
    """What git says in the file's folder; None where it fails or there is none."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=path.parent,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
