"""The pages of docs/ as text: their fenced blocks, links and headings."""

from __future__ import annotations

import re
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!`)!?\[[^\]\n]*\]\(<?([^)\s>]+)>?\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    text = page.read_text(encoding="utf-8")
    return [found[2] for found in _FENCE.finditer(text) if found[1] == language]


def links(page: Path) -> list[str]:
    """The targets of links and images, without those in code."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return _LINK.findall(text)


def anchors(page: Path) -> set[str]:
    """The #names of a page's headings, as GitHub and MyST make them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return {slug(heading) for heading in _HEADING.findall(text)}


def slug(heading: str) -> str:
    """GitHub's name of a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r" ", "-", re.sub(r"[^\w\- ]", "", plain))
