"""`irene-jupyter crossvalidate`: its arguments, its table and its document."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any, get_args

from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result, say
from irene_jupyter.errors import IreneError
from irene_jupyter.limits import Limits

SEEDS = Limits("a whole number from 1 to 1000", 1, 1000)
# Wider than any model's name makes the table; a file or pipe has no width of its own.
WIDTH = 100


def add(commands: Commands) -> None:
    from irene_jupyter.predictors.baselines.names import ABLATED
    from irene_jupyter.predictors.held_out.protocols import PROTOCOLS
    from irene_jupyter.predictors.methods import METHODS, FeatureSet

    command = commands.add_parser(
        "crossvalidate", help="how well a method predicts models that it has not seen"
    )
    command.add_argument("data", type=Path, metavar="DATA", help="measured trees, .jsonl[.gz]")
    command.add_argument(
        "--method", required=True, choices=METHODS, metavar="METHOD", help=", ".join(METHODS)
    )
    command.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="model",
        help="what is unseen in training; size: a model and a quarter of the sizes",
    )
    command.add_argument(
        "--features",
        choices=get_args(FeatureSet),
        default="all",
        help="ablations of the paper's methods",
    )
    command.add_argument(
        "--seeds", type=SEEDS, default=1, metavar="N", help="average over the seeds 0 … N-1"
    )
    command.add_argument(
        "--plot", type=_plot_path, metavar="FILE.svg", help="draw the errors, and each node"
    )

    def check(arguments: argparse.Namespace) -> None:
        if arguments.features != "all" and arguments.method not in ABLATED:
            command.error(
                f"{arguments.method} has no choice of features: leave --features out, or take "
                f"one of the methods {', '.join(sorted(ABLATED))}"
            )

    command.set_defaults(command=run, check=check)
    add_json(command)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.predictors.evaluate.crossvalidation import crossvalidate
    from irene_jupyter.predictors.fit.dataset import load_trees

    plot: Path | None = arguments.plot
    if plot is not None:
        from irene_jupyter.predictors.evaluate.plots import require_matplotlib

        require_matplotlib()  # before minutes of work, not after
    trees = load_trees(arguments.data)
    found = crossvalidate(
        trees,
        arguments.method,
        arguments.protocol,
        features=arguments.features,
        seeds=arguments.seeds,
    )
    document = found.to_dict()
    if plot is not None:
        from irene_jupyter.files import write_atomic
        from irene_jupyter.predictors.evaluate.plots import draw

        say(f"saved {write_atomic(plot, draw(found, plot.suffix[1:].lower()), IreneError)}")
    return Result(table(document, len(trees)), document=document)


def table(document: dict[str, Any], trees: int) -> str:
    """The document as a table for people."""
    from rich.console import Console
    from rich.table import Table

    levels = document["levels"]
    title = (
        f"{document['method']}, leave one {document['protocol']} out, features "
        f"{document['features']}: {trees} trees, {document['seconds']:.1f} s"
    )
    grid = Table(caption="error in % of the measured energy", caption_justify="left")
    grid.add_column("")
    for level in levels:
        grid.add_column(level, justify="right")
    rows = {
        "mean of the models": "mean",
        "mean of all nodes": "pooled",
        "99 % of nodes below": "p99",
        "largest": "max",
        "in 90 % interval": "coverage90",
    }
    for label, key in rows.items():
        if any(errors[key] is not None for errors in levels.values()):
            grid.add_row(label, *(_percent(errors[key]) for errors in levels.values()))
    grid.add_section()
    models = dict.fromkeys(model for errors in levels.values() for model in errors["by_model"])
    for model in models:
        cells = [_percent(errors["by_model"].get(model)) for errors in levels.values()]
        grid.add_row(model, *cells)
    stream = io.StringIO()
    Console(file=stream, width=WIDTH, color_system=None, markup=False).print(grid)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    return "\n".join([title, *lines])


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _plot_path(text: str) -> Path:
    from irene_jupyter.predictors.evaluate.plots import FORMATS

    path = Path(text)
    if path.suffix[1:].lower() not in FORMATS:
        raise argparse.ArgumentTypeError(f"must end in .{', .'.join(FORMATS)}, not {text!r}")
    return path
