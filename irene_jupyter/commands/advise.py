"""`irene-jupyter advise`: what would save energy in a saved report."""

from __future__ import annotations

import argparse
from pathlib import Path

import irene_jupyter
from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result


def add(commands: Commands) -> None:
    command = commands.add_parser("advise", help="what would save energy in a saved report")
    command.set_defaults(command=run)
    command.add_argument("file", type=Path, metavar="FILE")
    add_json(command)


def run(arguments: argparse.Namespace) -> Result:
    advice = irene_jupyter.load_report(arguments.file).advice()
    return Result(text=str(advice), document=advice.to_dict() if arguments.json else None)
