"""`irene-jupyter evaluate`: a profile against nodes that were measured on a board."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result

WIDTH = 100  # a file or pipe has no width of its own


def add(commands: Commands) -> None:
    from irene_jupyter.predictors.forms.board_constants import BOARD_KNOWN

    command = commands.add_parser(
        "evaluate", help="how well a profile predicts nodes that were measured on a board"
    )
    command.set_defaults(command=run)
    command.add_argument("data", type=Path, metavar="FILE", help="measured runs, .jsonl[.gz]")
    command.add_argument(
        "--device",
        required=True,
        metavar="NAME",
        help="a board's profile such as h100, another device's such as gtx1080ti, or a file",
    )
    command.add_argument(
        "--known",
        choices=BOARD_KNOWN,
        required=True,
        help="what of a run may be used: each node's seconds, the root's seconds and joules, "
        "or nothing",
    )
    add_json(command)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.predictors.evaluate.board_evaluation import evaluate_board
    from irene_jupyter.predictors.fit.board_runs import load_board_runs
    from irene_jupyter.predictors.profiles.board_profile import BoardProfile
    from irene_jupyter.predictors.profiles.loading import load_device

    profile = load_device(arguments.device)
    data = load_board_runs(arguments.data)
    document = evaluate_board(data, profile, arguments.known).to_dict()
    title = f"{profile.label}, {_KNOWN[arguments.known]}: {len(data.runs)} runs on {data.board}"
    text = f"{title}\n{table(document)}"
    fitted = profile.training.get("runs", ()) if isinstance(profile, BoardProfile) else ()
    seen = sum(run.description in fitted for run in data.runs)
    if seen:
        text += (
            f"\n{seen} of these runs are among those that the profile was fitted to.\n"
            "On others it errs more: its scorecard and docs/boards.md leave a family out"
        )
    return Result(text, document=document)


_KNOWN = {
    "seconds": "each node's time known",
    "total": "joules and time of the whole run known",
    "nothing": "nothing known",
}


def table(document: dict[str, Any]) -> str:
    """The document as a table for people."""
    from rich.console import Console
    from rich.table import Table

    levels = document["levels"]
    grid = Table(caption="error in % of the measured energy", caption_justify="left")
    grid.add_column("")
    for level in levels:
        grid.add_column(level, justify="right")
    inside = document["in_interval_percent"]
    rows = {"mean": "mean", "median": "median", "90 % of nodes below": "p90"}
    for label, key in rows.items():
        grid.add_row(label, *(_percent(figures[key]) for figures in levels.values()))
    grid.add_row("in 90 % interval", *(_percent(inside[level]) for level in levels))
    grid.add_row("nodes", *(str(figures["nodes"]) for figures in levels.values()))
    grid.add_section()
    for each in document["by_run"]:
        name = (
            f"{each['name']} {each['dtype']} {each['mode']} {each['batch_size']}×{each['tokens']}"
        )
        grid.add_row(name, *(_percent(figures["mean"]) for figures in each["levels"].values()))
    stream = io.StringIO()
    Console(file=stream, width=WIDTH, color_system=None, markup=False).print(grid)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
