"""Fixtures for all tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]

# One thread each, before torch is imported: the tests share two cores, also in their kernels.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
# On a loaded machine a slow example says nothing.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")
# Nothing is ever fetched from a hub.
os.environ["HF_HUB_OFFLINE"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The file that takes longest begins: else one process waits for the other at the end."""
    items.sort(key=lambda item: item.path.name != "test_notebooks.py")


@pytest.fixture(scope="session", autouse=True)
def _no_profile_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whoever calibrated this machine has a profile that "auto" would take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="module", autouse=True)
def _main_module() -> Iterator[None]:
    """A shell puts its own module there, which processes that are started later stumble over."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def irene_data() -> Path:
    """The published measurements of PC1: `IRENE_DATA` (file or folder), or ../shared/data."""
    place = Path(os.environ.get("IRENE_DATA") or REPOSITORY.parent / "shared" / "data")
    path = place / "irene_device_1.jsonl.gz" if place.is_dir() else place
    if not path.is_file():
        pytest.skip(f"the published IrEne measurements are not at {path}; set IRENE_DATA")
    return path
