"""`irene-jupyter show`: a saved report."""

from __future__ import annotations

import argparse
from pathlib import Path

import irene_jupyter
from irene_jupyter.commands.arguments import Commands
from irene_jupyter.commands.result import Result
from irene_jupyter.commands.views import add_views, shown


def add(commands: Commands) -> None:
    show = commands.add_parser("show", help="a saved report as a tree")
    show.set_defaults(command=run)
    show.add_argument("file", type=Path, metavar="FILE")
    add_views(show)


def run(arguments: argparse.Namespace) -> Result:
    return shown(irene_jupyter.load_report(arguments.file), arguments)
