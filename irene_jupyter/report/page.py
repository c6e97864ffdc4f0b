"""What stands around html of ours: its style, and a page of its own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

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
</style>
</head>
<body>
{body}
</body>
</html>
"""


def page(title: str, body: str, width: str) -> str:
    """`body` as a page that loads and runs nothing; `title` is escaped, `width` is its most."""
    return _PAGE.format(title=title, body=body, width=width)


@cache
def style(name: str) -> str:
    """The style sheet of that name beside this file, as an element."""
    text = Path(__file__).with_name(f"{name}.css").read_text(encoding="utf-8")
    return f"<style>\n{text}</style>"
