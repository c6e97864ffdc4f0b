"""The arguments of `%%energy`: parsed and checked before the cell runs."""

from __future__ import annotations

import argparse
import keyword
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from IPython.core.error import UsageError
from IPython.utils.process import arg_split  # type: ignore[attr-defined]

from irene_jupyter.commands.arguments import DEFAULTS, PROFILE, Arguments
from irene_jupyter.errors import IreneError
from irene_jupyter.limits import POSITIVE
from irene_jupyter.options import BUDGET, INTERVAL, Options

View = Literal["auto", "widget", "report", "text", "none"]
VIEWS: tuple[View, ...] = ("auto", "widget", "report", "text", "none")


ARGUMENTS: Arguments = {
    "models": {
        "metavar": "MODEL",
        "nargs": "*",
        "help": "variables or expressions: report these models only (default: all of the cell)",
    },
    **PROFILE,
    "--batch-size": {
        "metavar": "N",
        "type": POSITIVE,
        "help": "batch size for models that the cell builds but never calls",
    },
    "--seq-len": {
        "metavar": "N",
        "type": POSITIVE,
        "help": "sequence length for models that the cell builds but never calls",
    },
    "--interval": {
        "metavar": "SECONDS",
        "type": INTERVAL,
        "default": DEFAULTS.interval_seconds,
        "help": "seconds between two readings of the machine, from 0.02 (default: %(default)s)",
    },
    "--budget": {
        "metavar": "SECONDS",
        "type": BUDGET,
        "default": DEFAULTS.budget_seconds,
        "help": "seconds from the cell's end to its report, in which operations are repeated to "
        "time them on their own; 0 repeats none (default: %(default)s)",
    },
    "--depth": {"metavar": "N", "type": POSITIVE, "help": "levels of the tree to show"},
    "--view": {
        "choices": VIEWS,
        "default": "auto",
        "help": "auto: the live tree in a notebook, text in a terminal",
    },
    "--no-live": {
        "action": "store_true",
        "help": "no line with the joules so far while a cell runs for more than five seconds",
    },
    "--save": {"metavar": "PATH", "help": "write the report to a file, as JSON"},
    "--output": {"metavar": "NAME", "help": "assign the report to a variable"},
    "-h --help": {"action": "store_true", "help": "show this text; the cell is not run"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOptions:
    """What the line `%%energy …` asks for, all values valid."""

    measure: Options = DEFAULTS
    models: tuple[str, ...] = ()  # expressions, evaluated in the user's namespace at the end
    depth: int | None = None  # levels of the tree shown
    view: View = "auto"
    is_live: bool = True  # a line tells what a long cell has used so far
    save: Path | None = None
    output: str | None = None  # a variable for the report


def parse(parser: Any, line: str, magic: str = "%%energy") -> argparse.Namespace:
    """`line` by the magic's argument parser. Raises `UsageError`.

    Quotes around a whole argument are removed, those inside (`models['a']`) stay.
    """
    try:
        words = [_unquoted(word) for word in arg_split(line)]
    except ValueError as error:  # an open quotation mark
        raise UsageError(f"{magic}: {error}") from None
    arguments: argparse.Namespace = parser.parse_intermixed_args(words)
    return arguments


def checked(arguments: argparse.Namespace) -> CellOptions:
    """The parsed arguments as `CellOptions`. Raises `UsageError` that names the remedy."""
    for model in arguments.models:
        _check_expression(model)
    try:
        measure = Options(
            device=arguments.device,
            batch_size=arguments.batch_size,
            seq_len=arguments.seq_len,
            method=arguments.method,
            interval_seconds=arguments.interval,
            budget_seconds=arguments.budget,
        )
    except IreneError as error:
        raise UsageError(f"%%energy: {error}") from None
    save = None if arguments.save is None else _writable(arguments.save)
    output = arguments.output
    if output is not None and (not output.isidentifier() or keyword.iskeyword(output)):
        raise UsageError(f"%%energy: --output takes the name of a variable, not {output!r}")
    return CellOptions(
        measure=measure,
        models=tuple(arguments.models),
        depth=arguments.depth,
        view=arguments.view,
        is_live=not arguments.no_live,
        save=save,
        output=output,
    )


def _unquoted(word: str) -> str:
    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    return option + equals + value


def _check_expression(text: str) -> None:
    try:
        compile(text, "<%%energy>", "eval")
    except (SyntaxError, ValueError):
        raise UsageError(
            f"%%energy: MODEL must be a variable or an expression such as model.encoder, "
            f"not {text!r}; see %%energy?"
        ) from None


def _writable(text: str) -> Path:
    path = Path(text).expanduser()
    folder = path.parent
    if path.is_dir():
        raise UsageError(f"%%energy: --save: {text!r} is a folder; add the name of a file")
    if not folder.is_dir():
        raise UsageError(f"%%energy: --save: there is no folder {str(folder)!r}; create it first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"%%energy: --save: {text!r} may not be written; choose another place")
    return path.absolute()  # the cell may change the current folder
