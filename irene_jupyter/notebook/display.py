"""How a report is shown in a shell: one display, or text where there is no front end."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.display import display, update_display

from irene_jupyter.errors import IreneError
from irene_jupyter.notebook.cell_options import CellOptions
from irene_jupyter.notebook.front_end import draws_widgets
from irene_jupyter.report.words import EMPTY

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from irene_jupyter.notebook.live_trees import LiveTrees
    from irene_jupyter.report.report import EnergyReport

_log = logging.getLogger(__name__)


def show(
    shell: InteractiveShell,
    report: EnergyReport,
    options: CellOptions,
    trees: LiveTrees,
    place: str | None = None,
) -> None:
    """Show `report` as `options.view` says; one line where there is nothing to show.

    `place` is the id of a display that it replaces.
    """
    view = options.view
    if view == "auto":
        view = "widget" if has_kernel(shell) else "text"
    if view == "none":
        return
    if report.root is None and not report.not_run:
        _print("\n".join([EMPTY, *report.notes]), place)
    elif view == "text" and place is None:
        from irene_jupyter.report.text import print_text

        print_text(report, depth=options.depth)
    elif view == "text":
        from irene_jupyter.report.text import render_text

        _print(render_text(report, depth=options.depth), place)
    else:
        from irene_jupyter.report.report import MIME_TYPE

        bundle, hints = (
            live_bundle(report, options.depth, trees=trees)
            if view == "widget"
            else (report_bundle(report, options.depth)[0], {})
        )
        # The MIME renderer opens as many levels as the widget.
        if options.depth is not None:
            hints = {**hints, MIME_TYPE: {"expanded_depth": options.depth}}
        _display(bundle, hints, place)


def _print(text: str, place: str | None) -> None:
    if place is None:
        print(text)
    else:
        _display({"text/plain": text}, {}, place)


def _display(bundle: dict[str, Any], metadata: dict[str, Any], place: str | None) -> None:
    if place is None:
        display(bundle, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
    else:
        update_display(bundle, display_id=place, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]


def has_kernel(shell: InteractiveShell) -> bool:
    """Whether a Jupyter kernel runs `shell`, so that widgets have somebody to talk to."""
    return getattr(shell, "kernel", None) is not None


def report_bundle(
    report: EnergyReport, depth: int | None = None
) -> tuple[dict[str, Any], EnergyReport]:
    """The MIME bundle that lasts without a kernel (JSON, html and text), and what it shows:
    the report with the seconds that this took."""
    from irene_jupyter.report.brief import notebook_json
    from irene_jupyter.report.html import render_html
    from irene_jupyter.report.observer import with_display
    from irene_jupyter.report.report import MIME_TYPE
    from irene_jupyter.report.text import DISPLAY_ROWS, render_text

    began = time.perf_counter()
    views = {
        "text/html": render_html(report, depth=depth),
        "text/plain": render_text(report, depth=depth, max_rows=DISPLAY_ROWS),
    }
    shown = with_display(report, time.perf_counter() - began)
    return {MIME_TYPE: notebook_json(shown), **views}, shown


def live_bundle(
    report: EnergyReport, depth: int | None = None, *, trees: LiveTrees
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same with a live `EnergyTree` where somebody can draw it, and its metadata.

    `trees` ends the tree's life. It is IPython's formatter for a report that a cell ends with,
    too, while a kernel lives.
    """
    from irene_jupyter.report.report import MIME_TYPE

    bundle, shown = report_bundle(report, depth)
    if not draws_widgets():
        return bundle, {}
    try:
        from irene_jupyter.notebook.widget import EnergyTree

        tree = EnergyTree(shown, data=bundle[MIME_TYPE])
        if depth is not None:
            tree.expanded_depth = depth
        trees.keep(tree)
        view, metadata = tree.live_view()
        return {**view, **bundle}, metadata
    except Exception as error:  # the html in the same display says as much
        complain("no live tree", error)
        return bundle, {}


def attempt(what: str, step: Callable[[], object]) -> None:
    """Run a `step` of our own after the cell, whose result its failure must not touch."""
    try:
        step()
    except Exception as error:
        complain(what, error)


def complain(what: str, error: Exception) -> None:
    """One line on stderr; the traceback goes to the log."""
    _log.debug("%%energy: %s", what, exc_info=error)
    reason = str(error) if isinstance(error, IreneError) else f"{type(error).__name__}: {error}"
    say(f"{what}: {reason}")


def say(message: str) -> None:
    """One line on stderr."""
    print(f"%%energy: {' '.join(message.split())}", file=sys.stderr)
