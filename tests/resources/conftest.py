"""A driver's library that is none, shared with the tests of meters."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "meters"))
from machine import Driver


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    """Two boards, without field values unless they are offered."""
    return Driver(monkeypatch, boards=2)
