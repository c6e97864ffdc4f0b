"""A machine of known energies, and no profiles of this machine's owner."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "meters"))  # a driver that is none
sys.path.insert(0, str(Path(__file__).parent))

from known_machine import Machine, add_architectures
from simulated_time import SimulatedMachine, make_simulated


@pytest.fixture(scope="session", autouse=True)
def _architectures() -> None:
    add_architectures()


@pytest.fixture(autouse=True)
def _folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.bench.close()


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SimulatedMachine]:
    """A known machine in a time of its own."""
    made = make_simulated(monkeypatch, tmp_path)
    yield made
    made.bench.close()
