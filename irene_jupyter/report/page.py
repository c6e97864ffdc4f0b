"""What all html of ours is made of: text, trees that open, its style, and a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import NamedTuple

from irene_jupyter.report.folding import AnyRow, count_rows
from irene_jupyter.report.units import printable

# The style sheets say "!important" where JupyterLab's own rules for lists are more specific.
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'unsafe-inline'">
<title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{margin:2em auto;padding:0 1em;max-width:{width}}}\
h1{{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%)}}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""

# Of an output's trees; what is larger shows fewer rows, and says so.
MAX_CHARACTERS = 250_000
FEWEST_ROWS = 20


def safe(text: str, limit: int = 400) -> str:
    """A text of at most `limit` characters, on one line, that is no markup."""
    return escape(printable(text, limit), quote=True)


class Drawn(NamedTuple):
    """A row as html: its cells, what hovering tells, and a class where it is a leaf."""

    cells: str
    hover: str = ""
    kind: str = ""


def nested(
    tree: AnyRow, drawn: Callable[[AnyRow], Drawn], is_open: Callable[[AnyRow, int], bool]
) -> Iterator[str]:
    """The rows of a tree as items of lists that open without a script."""
    # Closing tags wait on the stack below the rows that they close.
    stack: list[str | tuple[AnyRow, int]] = [(tree, 0)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
            continue
        row, level = item
        cells, hover, kind = drawn(row)
        title = f' title="{hover}"' if hover else ""
        if not row.children:
            yield f'<li class="leaf{kind}"{title}>{cells}</li>'
            continue
        opened = " open" * is_open(row, level)
        yield f"<li><details{opened}><summary{title}>{cells}</summary><ul>"
        stack.append("</ul></details></li>")
        stack.extend((child, level + 1) for child in reversed(row.children))


def fitted(
    rows: Callable[[int], AnyRow], drawn: Callable[[AnyRow], list[str]], most: int, room: float
) -> tuple[AnyRow, list[str]]:
    """A tree of at most some rows, fewer until its html is within `room` × `MAX_CHARACTERS`."""
    while True:
        tree = rows(most)
        parts = drawn(tree)
        size = sum(map(len, parts)) / (MAX_CHARACTERS * room)
        if size <= 1.0 or most <= FEWEST_ROWS:
            return tree, parts
        most = max(FEWEST_ROWS, int(0.95 * min(most, count_rows(tree)) / size))


def page(title: str, body: str, width: str) -> str:
    """`body` as a page that loads and runs nothing; `title` is escaped, `width` is its most."""
    return _PAGE.format(title=title, body=body, width=width)


def plain_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are html already, all to the left, for a page of any style."""
    look = 'style="padding:2px 1.2em 2px 0;text-align:left;vertical-align:top"'

    def row(tag: str, cells: Iterable[str]) -> str:
        return "<tr>" + "".join(f"<{tag} {look}>{cell}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(row("td", cells) for cells in rows)
    return f"<table><thead>{row('th', heads)}</thead><tbody>{body}</tbody></table>"


@cache
def style(name: str) -> str:
    """The style sheet of that name beside this file, as an element."""
    text = Path(__file__).with_name(f"{name}.css").read_text(encoding="utf-8")
    return f"<style>\n{text}</style>"
