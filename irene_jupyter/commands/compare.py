"""`irene-jupyter compare`: two saved reports, for people and for the CI of their projects."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import irene_jupyter
from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result, say
from irene_jupyter.errors import IreneError


def add(commands: Commands) -> None:
    command = commands.add_parser("compare", help="two saved reports side by side")
    command.set_defaults(command=run)
    command.add_argument("before", type=Path, metavar="BEFORE")
    command.add_argument("after", type=Path, metavar="AFTER")
    command.add_argument(
        "--fail-above",
        type=_percent,
        metavar="PERCENT",
        help="exit code 1 where AFTER takes more than so much more energy, such as 5%%: of a query "
        "where the two did different amounts of work, else in all",
    )
    command.add_argument("--html", type=Path, metavar="PATH", help="save the comparison as a page")
    add_json(command)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.files import write_atomic
    from irene_jupyter.report.compare import compare

    before, after = map(irene_jupyter.load_report, (arguments.before, arguments.after))
    comparison = compare(before, after)
    if arguments.html is not None:
        page = comparison.to_html(full_page=True).encode()
        say(f"saved {write_atomic(arguments.html, page, IreneError)}")
    limit, after_printing = arguments.fail_above, None
    if limit is not None:
        what, sides = "in all", (before.total_joules, after.total_joules)
        if not comparison.is_of_one_size:
            if "query" not in comparison.joules_per:
                raise IreneError(
                    "--fail-above: the two did different amounts of work, and one of them does "
                    "not tell its number of queries: save reports of one model each"
                )
            what, sides = "a query", comparison.joules_per["query"]
        percent = 100 * (sides[1] / sides[0] - 1) if sides[0] > 0 else math.inf

        def after_printing() -> int:
            if percent <= limit:
                return 0
            say(f"irene-jupyter: {percent:+.3g} % {what}, more than the {limit:g} % allowed")
            return 1

    document = comparison.to_dict() if arguments.json else None
    return Result(text=str(comparison), document=document, after=after_printing)


def _percent(text: str) -> float:
    """ "5%" or "5". Raises argparse's error."""
    try:
        value = float(text.strip().removesuffix("%"))
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a percentage from 0 on, not {text!r}")
    return value
