"""Machines to measure, where this one has no counters."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine import Clock, Driver, Powercap


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def powercap(tmp_path: Path) -> Powercap:
    return Powercap(tmp_path / "powercap")


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    return Driver(monkeypatch)
