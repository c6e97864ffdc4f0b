"""What the page on architecture names is there."""

from __future__ import annotations

import re
from pathlib import Path

ELSEWHERE = {"measure.py", "sweep.py"}  # named as what would be wrong


def test_every_file_that_the_page_names_exists(repository: Path) -> None:
    text = (repository / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`([\w/]+\.(?:py|ts|css|json))`", text)) - ELSEWHERE
    folders = ("irene_jupyter", "labextension/src", "tests")
    here = [
        f"/{path.relative_to(repository).as_posix()}"
        for folder in folders
        for path in (repository / folder).rglob("*")
    ]
    assert len(named) > 100
    assert sorted(n for n in named if not any(p.endswith(f"/{n}") for p in here)) == []
