"""The tree as a graph (paper, figure 5): the root in joules, the rest in percent of it.

Darker is more. What hangs below identical siblings that are drawn as one counts for all of them.
Building the graph needs only the Python package; drawing it needs the `dot` program. Where it is
missing, a notebook gets the icicle in its place, and the hint.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from html import escape
from pathlib import Path
from subprocess import CalledProcessError
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import graphviz

from irene_jupyter.errors import RenderError
from irene_jupyter.files import write_atomic
from irene_jupyter.report.colours import EDGE, shade
from irene_jupyter.report.flag_words import flag_lines
from irene_jupyter.report.folding import Row, limited_rows
from irene_jupyter.report.icicle import Icicle, icicle_of, repetitions
from irene_jupyter.report.units import format_joules, format_share, printable, share
from irene_jupyter.report.words import (
    NOTE_LENGTH,
    amount,
    codes_text,
    detail,
    elsewhere_line,
    not_run_title,
    notes,
    provenance,
    title,
)

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

NO_DOT = (
    "drawing the graph needs the `dot` program of Graphviz: install it with "
    "`apt-get install graphviz`, `brew install graphviz` or `conda install graphviz`"
)
NO_DOT_FOR_FILES = f"{NO_DOT}; report.to_icicle().save(path) writes a picture without it"
# Graphviz's layouts that suit a tree; the first is figure 5's.
ENGINES = ("dot", "twopi", "circo", "neato", "fdp", "sfdp", "osage")
MAX_NODES = 1500  # dot takes minutes and more beyond; the depth is cut until it fits
_FONT = "Helvetica,Arial,sans-serif"
_LABEL_LINE = 30  # characters of a name and its class beside each other
_CAPTION_LINE = 110  # characters; Graphviz does not wrap


class EnergyGraph(graphviz.Digraph):  # type: ignore[misc]  # the package has no types
    """A `graphviz.Digraph` that a notebook can show without `dot`: it then says what to do."""

    summary: str = ""  # one line for where no image shows
    icicle: Icicle | None = None  # what a notebook gets where `dot` is missing

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> Any:
        """SVG, and html around the same SVG, which notebooks show where they trust no SVG."""
        try:
            svg = _piped(self, "svg")
        except RenderError as error:
            hint = f"No graph: {error}."
            if self.icicle is None:
                return {
                    "text/plain": f"{self.summary}\n{hint}",
                    "text/html": f"<p>{escape(self.summary)}</p><p>{escape(hint)}</p>",
                }
            drawn = self.icicle.svg
            return {
                "image/svg+xml": drawn,
                "text/html": f"<p>{escape(hint)} The same as an icicle:</p>{_image(drawn, self)}",
                "text/plain": f"{self.summary}\n{hint}",
            }
        return {
            "image/svg+xml": svg.decode("utf-8"),
            "text/html": _image(svg.decode("utf-8"), self),
            "text/plain": self.summary,
        }


def _image(svg: str, graph: EnergyGraph) -> str:
    data = base64.b64encode(svg.encode()).decode("ascii")
    return (
        f'<img alt="{escape(graph.summary)}" style="max-width:100%" '
        f'src="data:image/svg+xml;base64,{data}">'
    )


def to_graphviz(
    report: EnergyReport, depth: int | None = None, fold: bool = True, engine: str = "dot"
) -> EnergyGraph:
    """The report's tree as a graph, down to `depth` levels below the root.

    With `fold`, identical siblings are one node, "12 × BertLayer", with their sum; below it
    hang the parts of one of them, with the sums of all. Trees of more than `MAX_NODES` nodes are
    cut at a depth. `engine` is one of `ENGINES`; raises `RenderError` for another one.
    """
    if engine not in ENGINES:
        raise RenderError(f"unknown engine {engine!r}: take one of {', '.join(ENGINES)}")
    is_layered = engine == "dot"
    graph = EnergyGraph(
        name="energy",
        engine=engine,
        graph_attr={
            "rankdir": "LR",
            "splines": "line",
            "overlap": "false",  # of the engines that would allow it
            "bgcolor": "transparent" if report.root is None else "white",
            "fontname": _FONT,
            "nodesep": "0.12",
            "ranksep": "0.7",
            "labelloc": "t",
            "labeljust": "l",
            "pad": "0.2",
            "label": _caption(report),
        },
        node_attr={
            "fontname": _FONT,
            "fontsize": "11",
            "style": "filled",
            "color": EDGE,
            "penwidth": "0.8",
            "height": "0.3",
        },
        edge_attr={
            "color": "#999999",
            "arrowhead": "none",
            **({"tailport": "e", "headport": "w"} if is_layered else {}),
        },
    )
    graph.summary = title(report)
    if report.root is not None:
        graph.summary += f". {provenance(report)}."
    if report.root is None:
        return graph
    graph.icicle = icicle_of(report, depth, fold)
    tree, cut = limited_rows(report.root, depth, MAX_NODES, fold)
    if cut != depth:
        graph.summary += f" Shown to depth {cut}."
    # With how often each row stands for itself: the parts of one of 12 layers count for 12.
    stack: list[tuple[Row, str | None, float]] = [(tree, None, 1.0)]
    number = 0
    while stack:
        row, above, times = stack.pop()
        name = f"n{number}"
        number += 1
        _draw(graph, name, row, tree.joules, times, is_root=above is None)
        if above is not None:
            graph.edge(above, name, **({"penwidth": "3"} if row.kind == "group" else {}))
        below = times * repetitions(row)
        stack.extend((child, name, below) for child in reversed(list(_below(row))))
    return graph


def render_graph(
    report: EnergyReport,
    path: str | os.PathLike[str],
    format: str | None = None,
    *,
    depth: int | None = None,
    fold: bool = True,
    engine: str = "dot",
) -> Path:
    """Draw the graph into a file; the format is the file's ending unless told.

    Raises `RenderError` where `dot` is missing, does not know the format, or the folder
    cannot be written.
    """
    format = format or Path(path).suffix.lstrip(".")
    if not format:
        raise RenderError(f"{path} has no ending that tells the format: name it .svg or .png")
    image = _piped(to_graphviz(report, depth, fold, engine), format)
    return write_atomic(path, image, RenderError)


def _piped(graph: graphviz.Digraph, format: str) -> bytes:
    try:
        image: bytes = graph.pipe(format=format)
    except graphviz.ExecutableNotFound:
        raise RenderError(NO_DOT_FOR_FILES) from None
    except ValueError:
        raise RenderError(f"Graphviz cannot write {format!r}: use svg, png or pdf") from None
    except (CalledProcessError, OSError) as error:
        told = getattr(error, "stderr", None) or str(error)
        told = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        raise RenderError(
            f"`dot` failed ({printable(told.strip(), NOTE_LENGTH)}): lower the depth, "
            "or use svg, png or pdf"
        ) from None
    return image


def _below(row: Row) -> Iterator[Row]:
    """The rows to draw under `row`: no own energy, and no extra node for a group's first."""
    for child in row.children:
        if row.kind == "group":
            yield from _below(child)
        elif child.kind != "own":
            yield child


def _draw(
    graph: EnergyGraph, name: str, row: Row, total: float | None, times: float, *, is_root: bool
) -> None:
    one = share(row.joules, total)
    fraction = None if one is None else one * times
    fill, ink = shade(fraction)
    klass, path = _text(row.node.class_name, 60), _text(row.name, 60)
    codes = _text(codes_text(row.node), 60)
    bold = f"<b>{_text(format_share(fraction), 20)}</b>" + (f" {_small(codes)}" if codes else "")
    lines = []
    if row.kind == "group":
        lines.append(f"<b>{row.count} × {klass}</b>")
        lines.append(_small(path))
    elif is_root:
        lines.append(f"<b>{klass}</b>")
    else:
        lines += [path] if path == klass else _one_line(path, klass)
    if is_root:
        lines.append(f"<b>{_text(amount(row.node), 80)}</b>" + (f" {codes}" if codes else ""))
    else:
        lines.append(bold)
    if row.kind == "group" or times > 1:
        count = row.count * times
        each = share(None if row.joules is None else row.joules / row.count, total)
        drawn = ", one drawn" if row.kind == "group" and row.children else ""
        of = f"{round(count):,} × " if times > 1 else ""
        word = "" if times > 1 else " each"
        lines.append(_small(_text(f"{of}{format_share(each)}{word}{drawn}", 40)))
    if row.hidden:
        lines.append(_small(f"+{row.hidden:,} below"))
    is_leaf = row.node.type == "ml"
    style = "filled" if is_leaf else "filled,rounded"
    graph.node(
        name,
        label=_table(lines),
        shape="box",
        margin="0.06,0.02" if is_leaf else "0.1,0.04",
        fillcolor=fill,
        fontcolor=ink,
        style=f"{style},dashed" if codes else style,
        tooltip=graphviz.escape(f"{detail(row.node)} {format_joules(row.joules)}"),
    )


def _one_line(path: str, klass: str) -> list[str]:
    """Name and class in one line, or in two where it would be a long one."""
    if len(path) + len(klass) <= _LABEL_LINE:
        return [f"{path} {_small(klass)}"]
    return [path, _small(klass)]


def _small(markup: str) -> str:
    return f'<font point-size="9">{markup}</font>'


def _text(text: str, limit: int) -> str:
    """`text` as label markup; Graphviz reads backslashes (`\\N`) even there."""
    return escape(printable(text, limit), quote=True).replace("\\", "\\\\")


def _table(lines: list[str], align: str = "center") -> str:
    """Lines of markup as a label; `<br/>` alone sets them too tight."""
    rows = "".join(f'<tr><td align="{align}">{line}</td></tr>' for line in lines)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{rows}</table>>'


def _caption(report: EnergyReport) -> str:
    lines = [f"<b>{_text(title(report), 120)}</b>"]
    small = []
    if report.root is not None:
        small.append(provenance(report))
        small += filter(None, [elsewhere_line(report)])
    small.extend(str(line) for line in flag_lines(report))
    small.extend(f"⚠ {note}" for note in notes(report))
    if report.not_run:
        idle = ", ".join(
            f"{node.path or node.class_name} {amount(node)}" for node in report.not_run
        )
        small.append(f"{not_run_title(report)}: {idle}")
    for text in small:
        wrapped = wrap(printable(text, NOTE_LENGTH), _CAPTION_LINE)
        lines.extend(_small(_text(line, _CAPTION_LINE)) for line in wrapped)
    return _table(lines, "left")
