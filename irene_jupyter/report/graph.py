"""The tree as a graph (paper, figure 5): the root in joules, the rest in percent of it.

Darker is more. Building the graph needs only the Python package; drawing it needs the
`dot` program, and says so where it is missing.
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
from irene_jupyter.report.files import write_atomic
from irene_jupyter.report.folding import Row, limited_rows
from irene_jupyter.report.units import format_joules, format_share, printable, share
from irene_jupyter.report.words import (
    NOT_RUN_TITLE,
    NOTE_LENGTH,
    amount,
    codes_text,
    detail,
    flag_lines,
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
MAX_NODES = 1500  # dot takes minutes and more beyond; the depth is cut until it fits
_FONT = "Helvetica,Arial,sans-serif"
# Sequential orange to brown (ColorBrewer "Oranges", 9 classes), evenly light to dark.
_PALETTE = (
    "#fff5eb", "#fee6ce", "#fdd0a2", "#fdae6b", "#fd8d3c", "#f16913", "#d94801", "#a63603",
    "#7f2704",
)  # fmt: skip
_LIGHT, _DARK = "#ffffff", "#000000"
_CAPTION_LINE = 110  # characters; Graphviz does not wrap


class EnergyGraph(graphviz.Digraph):  # type: ignore[misc]  # the package has no types
    """A `graphviz.Digraph` that a notebook can show without `dot`: it then says what to do."""

    summary: str = ""  # one line for where no image shows

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> Any:
        """SVG, and html around the same SVG, which notebooks show where they trust no SVG."""
        try:
            svg = _piped(self, "svg")
        except RenderError as error:
            hint = f"No picture: {error}."
            return {
                "text/plain": f"{self.summary}\n{hint}",
                "text/html": f"<p>{escape(self.summary)}</p><p>{escape(hint)}</p>",
            }
        image = base64.b64encode(svg).decode("ascii")
        return {
            "image/svg+xml": svg.decode("utf-8"),
            "text/html": f'<img alt="{escape(self.summary)}" style="max-width:100%" '
            f'src="data:image/svg+xml;base64,{image}">',
            "text/plain": self.summary,
        }


def to_graphviz(report: EnergyReport, depth: int | None = None, fold: bool = True) -> EnergyGraph:
    """The report's tree as a graph, down to `depth` levels below the root.

    With `fold`, identical siblings are one node, "12 × BertLayer", with their sum; below it
    hang the parts of one of them. Trees of more than `MAX_NODES` nodes are cut at a depth.
    """
    graph = EnergyGraph(
        name="energy",
        graph_attr={
            "rankdir": "LR",
            "splines": "line",
            "bgcolor": "transparent" if report.root is None else "white",
            "fontname": _FONT,
            "nodesep": "0.12",
            "ranksep": "0.4",
            "labelloc": "t",
            "labeljust": "l",
            "pad": "0.2",
            "label": _caption(report),
        },
        node_attr={
            "fontname": _FONT,
            "fontsize": "11",
            "style": "filled",
            "color": "#8c510a",
            "penwidth": "0.8",
            "height": "0.3",
        },
        edge_attr={"color": "#999999", "arrowhead": "none", "tailport": "e", "headport": "w"},
    )
    graph.summary = title(report)
    if report.root is not None:
        graph.summary += f". {provenance(report)}."
    if report.root is None:
        return graph
    tree, cut = limited_rows(report.root, depth, MAX_NODES, fold)
    if cut != depth:
        graph.summary += f" Shown to depth {cut}."
    stack: list[tuple[Row, str | None]] = [(tree, None)]
    number = 0
    while stack:
        row, above = stack.pop()
        name = f"n{number}"
        number += 1
        _draw(graph, name, row, tree.joules, is_root=above is None)
        if above is not None:
            graph.edge(above, name, **({"penwidth": "3"} if row.kind == "group" else {}))
        stack.extend((child, name) for child in reversed(list(_below(row))))
    return graph


def render_graph(
    report: EnergyReport,
    path: str | os.PathLike[str],
    format: str | None = None,
    *,
    depth: int | None = None,
    fold: bool = True,
) -> Path:
    """Draw the graph into a file; the format is the file's ending unless told.

    Raises `RenderError` where `dot` is missing, does not know the format, or the folder
    cannot be written.
    """
    format = format or Path(path).suffix.lstrip(".")
    if not format:
        raise RenderError(f"{path} has no ending that tells the format: name it .svg or .png")
    image = _piped(to_graphviz(report, depth, fold), format)
    return write_atomic(path, image, RenderError)


def _piped(graph: graphviz.Digraph, format: str) -> bytes:
    try:
        image: bytes = graph.pipe(format=format)
    except graphviz.ExecutableNotFound:
        raise RenderError(NO_DOT) from None
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


def _draw(graph: EnergyGraph, name: str, row: Row, total: float | None, *, is_root: bool) -> None:
    fraction = share(row.joules, total)
    fill, ink = shade(fraction)
    klass, path = _text(row.node.class_name, 60), _text(row.name, 60)
    lines = []
    if row.kind == "group":
        lines.append(f"<b>{row.count} × {klass}</b>")
        lines.append(_small(path))
    elif is_root:
        lines.append(f"<b>{klass}</b>")
    else:
        lines.append(path if path == klass else f"{path} {_small(klass)}")
    if is_root:
        lines.append(f"<b>{_text(amount(row.node), 80)}</b>")
    elif row.kind == "group":
        drawn = ", one drawn" if row.children else ""
        each = share(None if row.joules is None else row.joules / row.count, total)
        lines.append(f"<b>{_text(format_share(fraction), 20)}</b>")
        lines.append(_small(_text(f"{format_share(each)} each{drawn}", 40)))
    else:
        lines.append(f"<b>{_text(format_share(fraction), 20)}</b>")
    codes = codes_text(row.node)
    if codes:
        lines.append(_small(_text(codes, 60)))
    if row.hidden:
        lines.append(_small(f"+{row.hidden:,} below"))
    is_leaf = row.node.type == "ml"
    style = "filled" if is_leaf else "filled,rounded"
    graph.node(
        name,
        label=_table(lines),
        shape="ellipse" if is_leaf else "box",
        margin="0,0" if is_leaf else "0.1,0.04",
        fillcolor=fill,
        fontcolor=ink,
        style=f"{style},dashed" if codes else style,
        tooltip=graphviz.escape(f"{detail(row.node)} {format_joules(row.joules)}"),
    )


def shade(fraction: float | None) -> tuple[str, str]:
    """Fill and text colour for a share of the root: darker is more, and always readable.

    By the square root of the share, or all but a few nodes would look alike.
    """
    place = min(1.0, max(0.0, fraction or 0.0)) ** 0.5 * (len(_PALETTE) - 1)
    lower = min(int(place), len(_PALETTE) - 2)
    mixed = [
        round(a + (b - a) * (place - lower))
        for a, b in zip(_channels(_PALETTE[lower]), _channels(_PALETTE[lower + 1]), strict=True)
    ]
    fill = "#" + "".join(f"{channel:02x}" for channel in mixed)
    return fill, max((_DARK, _LIGHT), key=lambda ink: contrast(fill, ink))


def contrast(first: str, second: str) -> float:
    """Contrast of two "#rrggbb" colours, 1 to 21 (WCAG 2.1, relative luminance)."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [channel / 255 for channel in _channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


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
    small.extend(str(line) for line in flag_lines(report))
    small.extend(f"⚠ {note}" for note in notes(report))
    if report.not_run:
        idle = ", ".join(
            f"{node.path or node.class_name} {amount(node)}" for node in report.not_run
        )
        small.append(f"{NOT_RUN_TITLE}: {idle}")
    for text in small:
        wrapped = wrap(printable(text, NOTE_LENGTH), _CAPTION_LINE)
        lines.extend(_small(_text(line, _CAPTION_LINE)) for line in wrapped)
    return _table(lines, "left")
