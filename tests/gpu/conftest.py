"""A CUDA device or a skip, and a place for the figures."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers


@pytest.fixture(scope="session")
def cuda() -> torch.device:
    """The current CUDA device, with its number, as nodes name it."""
    if not torch.cuda.is_available():
        pytest.skip(
            "no CUDA device: torch.cuda.is_available() is False "
            f"(torch {torch.__version__}, built for CUDA {torch.version.cuda})"
        )
    return torch.device("cuda", torch.cuda.current_device())


@pytest.fixture(scope="session")
def results_folder() -> Path | None:
    """IRENE_GPU_RESULTS, made where it is missing; None where nothing is to be written."""
    place = os.environ.get("IRENE_GPU_RESULTS")
    if not place:
        return None
    folder = Path(place).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def figures(cuda: torch.device, results_folder: Path | None) -> Iterator[dict[str, Any]]:
    """What the tests found, by name; written to `gpu.json` at the end."""
    found: dict[str, Any] = {}
    yield found
    if results_folder is None:
        return
    board = torch.cuda.get_device_properties(cuda)
    machine = {
        "gpu": board.name,
        "compute_capability": [board.major, board.minor],
        "memory_mebibytes": board.total_memory / 2**20,
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    text = json.dumps({"machine": machine, **found}, indent=2, allow_nan=False)
    (results_folder / "gpu.json").write_text(text + "\n")
