"""What was measured on a board (not part of the project)."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def h100_file(irene_data: Path) -> Path:
    """The measured nodes of an H100, beside the published ones."""
    path = irene_data.parent / "h100_nodes.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"no {path.name}: set IRENE_DATA to its folder")
    return path
