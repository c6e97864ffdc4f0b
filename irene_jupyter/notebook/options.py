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

from irene_jupyter.errors import IreneError
from irene_jupyter.measurement import MAX_BUDGET_SECONDS
from irene_jupyter.resources.sampler import (
    DEFAULT_INTERVAL_SECONDS,
    LONGEST_INTERVAL_SECONDS,
    SHORTEST_INTERVAL_SECONDS,
)

View = Literal["auto", "widget", "report", "text", "none"]
VIEWS: tuple[View, ...] = ("auto", "widget", "report", "text", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOptions:
    """What the line `%%energy …` asks for, all values valid."""

    models: tuple[str, ...] = ()  # expressions, evaluated in the user's namespace at the end
    device: str = "auto"
    method: str = "additive"
    batch_size: int | None = None
    seq_len: int | None = None
    interval_seconds: float = DEFAULT_INTERVAL_SECONDS
    budget_seconds: float = 2.0  # from the cell's end to its report; 0: no replay
    depth: int | None = None  # levels of the tree shown
    view: View = "auto"
    save: Path | None = None
    output: str | None = None  # a variable for the report


def positive_int(text: str) -> int:
    """An argparse type: a whole number from 1 on."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, not {text!r}")
    return value


def budget(text: str) -> float:
    """An argparse type: seconds for the replay, 0 for none."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MAX_BUDGET_SECONDS:
        raise argparse.ArgumentTypeError(
            f"must be 0 (no replay) to {MAX_BUDGET_SECONDS:g} seconds, not {text!r}"
        )
    return value


def interval(text: str) -> float:
    """An argparse type: seconds between two readings of the machine."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not SHORTEST_INTERVAL_SECONDS <= value <= LONGEST_INTERVAL_SECONDS:
        raise argparse.ArgumentTypeError(
            f"must be {SHORTEST_INTERVAL_SECONDS} to {LONGEST_INTERVAL_SECONDS:g} seconds, "
            f"not {text!r}"
        )
    return value


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
    _check_device(arguments.device)
    _check_method(arguments.method)
    save = None if arguments.save is None else _writable(arguments.save)
    output = arguments.output
    if output is not None and (not output.isidentifier() or keyword.iskeyword(output)):
        raise UsageError(f"%%energy: --output takes the name of a variable, not {output!r}")
    return CellOptions(
        models=tuple(arguments.models),
        device=arguments.device,
        method=arguments.method,
        batch_size=arguments.batch_size,
        seq_len=arguments.seq_len,
        interval_seconds=arguments.interval,
        budget_seconds=arguments.budget,
        depth=arguments.depth,
        view=arguments.view,
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


def _check_device(name: str) -> None:
    from irene_jupyter.predictors.profiles.loading import load_device

    try:
        load_device(name)
    except IreneError as error:
        raise UsageError(f"%%energy: --device: {error}") from None


def _check_method(name: str) -> None:
    from irene_jupyter.predictors.methods import check_method

    try:
        check_method(name)
    except IreneError as error:
        raise UsageError(f"%%energy: --method: {error}") from None


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
