"""A report as a command shows it: in the terminal, as a file, as JSON."""

from __future__ import annotations

import argparse
from pathlib import Path

from irene_jupyter.commands.arguments import add_json
from irene_jupyter.commands.result import Result, say
from irene_jupyter.errors import IreneError
from irene_jupyter.limits import POSITIVE
from irene_jupyter.report.report import EnergyReport


def add_views(command: argparse.ArgumentParser) -> None:
    command.add_argument("--depth", type=POSITIVE, metavar="N", help="levels of the tree shown")
    command.add_argument("--save", type=Path, metavar="PATH", help="save the report as JSON")
    command.add_argument("--html", type=Path, metavar="PATH", help="save the tree as a page")
    add_json(command)


def shown(report: EnergyReport, arguments: argparse.Namespace) -> Result:
    """What `add_views` added, done."""
    from irene_jupyter.files import write_atomic

    if arguments.save is not None:
        say(f"saved {report.save(arguments.save)}")
    if arguments.html is not None:
        page = report.to_html(full_page=True).encode()
        say(f"saved {write_atomic(arguments.html, page, IreneError)}")
    document = report.to_dict() if arguments.json else None
    return Result(report=report, depth=arguments.depth, document=document)
