"""Figures of a cross-validation, by matplotlib (the extra "plot")."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from irene_jupyter.errors import RenderError
from irene_jupyter.predictors.evaluate.crossvalidation import CrossValidation
from irene_jupyter.predictors.held_out.evaluation import LEVELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("svg", "png", "pdf")
# Okabe and Ito's palette: told apart by colour-blind people, and in grey.
COLOURS = {"ml": "#56B4E9", "module": "#E69F00", "model": "#000000"}


def require_matplotlib() -> None:
    """Raises `RenderError` with the remedy where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise RenderError(
            "a plot needs matplotlib: pip install 'irene-jupyter[plot]', or leave --plot out"
        ) from error


def draw(found: CrossValidation, file_format: str = "svg") -> bytes:
    """The CDF of the errors (paper, figure 3) beside predicted against measured joules.

    One of `FORMATS`; the same outcomes give the same bytes. Raises `RenderError`.
    """
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "irene", "svg.fonttype": "none"}):
        figure = Figure(figsize=(10, 4.5), layout="constrained")
        left, right = figure.subplots(1, 2)
        _errors(left, found)
        _joules(right, found)
        figure.suptitle(
            f"{found.method}, leave one {found.protocol} out, features {found.features}"
        )
        stream = io.BytesIO()
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(file_format)
        figure.savefig(stream, format=file_format, metadata=metadata)
    return stream.getvalue()


def _errors(axes: Axes, found: CrossValidation) -> None:
    for level in LEVELS:
        errors = [each.percent_error for each in found.outcomes if each.level == level]
        if errors:
            axes.step(*_distribution(errors), where="post", color=COLOURS[level], label=level)
    axes.set(
        xlabel="error, %",
        ylabel="share of nodes",
        xlim=(0, None),
        ylim=(0, 1),
        title="CDF of errors",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")


def _joules(axes: Axes, found: CrossValidation) -> None:
    for level in LEVELS:
        # Copies of a measurement would be drawn on top of one another.
        nodes = [each for each in found.outcomes if each.level == level and each.distinct]
        positive = [each for each in nodes if each.predicted > 0]
        axes.scatter(
            [each.measured for each in positive],
            [each.predicted for each in positive],
            s=6,
            color=COLOURS[level],
            label=level,
            linewidths=0,
        )
    axes.axline((1, 1), slope=1, color="grey", linewidth=0.8)
    axes.set(
        xscale="log", yscale="log", xlabel="measured, J", ylabel="predicted, J", title="each node"
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")


def _distribution(values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Each value once (copies of a measurement have the same error), and the share up to it."""
    counts = sorted(Counter(values).items())
    shares = accumulate((count / len(values) for _, count in counts), initial=0.0)
    return [0.0, *(value for value, _ in counts)], list(shares)
