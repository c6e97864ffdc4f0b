"""`irene-jupyter demo`: the first example notebook, run in a real kernel."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from irene_jupyter.commands.arguments import Commands
from irene_jupyter.commands.result import Result, say
from irene_jupyter.errors import IreneError


def add(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="run the first example notebook and show its tree")
    demo.set_defaults(command=run)
    demo.add_argument("--lab", action="store_true", help="open the result in JupyterLab")
    demo.add_argument(
        "--output", type=Path, default=Path("demo"), metavar="DIR", help="default: ./demo"
    )


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter import demo
    from irene_jupyter.report.report import EnergyReport

    source = demo.find_notebook()
    folder = _folder(arguments.output)
    say(f"running {source.name} in a kernel of {sys.executable}")
    try:
        notebook = demo.execute(source, folder, progress=say)
    except demo.NotebookError as error:
        if error.notebook is None:
            raise
        written, _ = demo.write(error.notebook, folder)
        raise IreneError(f"{error}\nThe notebook as far as it came: {written}") from error
    written, page = demo.write(notebook, folder)
    first = next(demo.reports(notebook), None)
    if first is None:
        raise IreneError(f"{source.name} ran, but shows no energy report; see {written}")
    text = f"\nthe notebook   {written}\nas a page      {page}"
    report = EnergyReport.from_dict(first)
    if arguments.lab:
        return Result(text, report, after=lambda: demo.open_lab(written))
    text += f'\nin JupyterLab  {sys.executable} -m jupyterlab "{written}"'
    return Result(text, report)


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IreneError(
            f"cannot make the folder {folder} ({error.strerror}): give another by --output"
        ) from error
    return folder.resolve()
