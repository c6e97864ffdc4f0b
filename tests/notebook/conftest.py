"""A real kernel for the tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from real_kernels import Kernel, kernels

# A model that runs in a cell, small enough to say nothing about time.
SETUP = """
import torch
torch.set_num_threads(1)
from torch import nn
%load_ext irene_jupyter
model = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
x = torch.ones(2, 8)
"""


@pytest.fixture(scope="module")
def kernel_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Kernel]]:
    """Starts kernels of this interpreter, with all their folders temporary."""
    with kernels(tmp_path_factory.mktemp("jupyter")) as start:
        yield start


@pytest.fixture(scope="module")
def kernel(kernel_factory: Callable[[], Kernel]) -> Kernel:
    """One kernel for a module's tests, with the extension, a `model` and an input `x`."""
    kernel = kernel_factory()
    cell = kernel.run(SETUP)
    assert cell.ok, cell.traceback
    return kernel
