"""What `irene-jupyter evaluate` shows of kernels."""

from __future__ import annotations

import io
from typing import Any

WIDTH = 110  # a file or pipe has no width of its own
_WORDS = {
    "gemm": "matrix products",
    "attention_context": "attention, context",
    "attention_generation": "attention, generation",
    "attention_encoder": "attention, encoder",
    "moe": "experts",
    "quantize_fp8": "quantizing to fp8",
}
_COLUMNS = {
    "seconds": "time",
    "joules": "energy",
    "joules_of_known_seconds": "energy, time known",
}


def kernel_table(document: dict[str, Any]) -> str:
    """The document of a kernels' evaluation as a table for people."""
    from rich.console import Console
    from rich.table import Table

    grid = Table(
        caption="error in %, mean / median, of kernels whose power is the mean of four readings "
        "or more",
        caption_justify="left",
    )
    grid.add_column("", no_wrap=True)
    for label in ("kernels", *_COLUMNS.values(), "in 90 % interval"):
        grid.add_column(label, justify="right")
    inside = document["in_interval_percent"]["nothing"]
    for operation, figures in document["operations"].items():
        share = inside.get(operation)
        shown = "–" if share is None else f"{share:.1f}"
        grid.add_row(_WORDS.get(operation, operation), *_cells(figures), shown)
        for label, its in figures["by_kind"].items():
            grid.add_row(f"  {label}", *_cells(its), "")
        grid.add_section()
    stream = io.StringIO()
    Console(file=stream, width=WIDTH, color_system=None, markup=False).print(grid)
    text = "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
    text += (
        "\nIf the profile was fitted to these very kernels, it errs more on others: docs/boards.md "
        "has\nits errors on shapes that were left out"
    )
    if document["without_form"]:
        text += "\nNot judged, as the profile has no form for them: "
        text += ", ".join(document["without_form"])
    return text


def _cells(figures: dict[str, Any]) -> list[str]:
    found = [str(figures["kernels"])]
    for name in _COLUMNS:
        its = figures[name]
        found.append("–" if its["mean"] is None else f"{its['mean']:.1f} / {its['median']:.1f}")
    return found
