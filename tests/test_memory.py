"""Measured blocks leave nothing of ours in memory, whatever was done in them."""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

import irene_jupyter as irene

# Python keeps freed dates, tuples and the like for later use, and counts them still: up to some
# kilobytes, at one time or another. What is kept of each block grows in every round: a dict, for
# one, by 4,416 bytes.
ROUNDS, BLOCKS = 3, 24
MOST_BYTES = 3_000
OURS = tracemalloc.Filter(True, str(Path(irene.__file__).parent / "*"))


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))


def work(number: int, model: nn.Module, x: torch.Tensor) -> None:
    """Another kind of cell for each number."""
    match number % 6:
        case 0:
            model(x)
        case 1:
            optimiser = torch.optim.SGD(model.parameters(), lr=1e-3)
            model(x).sum().backward()
            optimiser.step()
        case 2:
            model(x)
            model(x[:, :3])  # raises
        case 3:
            network()(x)
        case 4:
            network()
        case 5:
            for length in range(1, 9):
                model(x.repeat(length, 1))


def block(number: int, model: nn.Module, x: torch.Tensor) -> None:
    options = irene.Options(budget_seconds=0.02 * (number % 2))
    with suppress(RuntimeError), irene.EnergyMonitor(options) as monitor:
        work(number, model, x)
    monitor.report.to_dict()


def alive() -> Counter[str]:
    """Our objects by class."""
    gc.collect()
    kinds = [type(each) for each in gc.get_objects()]
    return Counter(k.__qualname__ for k in kinds if str(k.__module__).startswith("irene_jupyter"))


def allocated() -> int:
    """Bytes by lines of ours."""
    taken = tracemalloc.take_snapshot().filter_traces([OURS])
    return sum(each.size for each in taken.statistics("filename"))


def test_blocks_leave_nothing_of_ours() -> None:
    model, x = network(), torch.ones(2, 8)
    tracemalloc.start()
    try:
        for number in range(12):  # caches fill
            block(number, model, x)
        objects, sizes = alive(), [allocated()]
        for _ in range(ROUNDS):
            for number in range(BLOCKS):
                block(number, model, x)
            more = alive() - objects
            sizes.append(allocated())
    finally:
        tracemalloc.stop()
    assert more == Counter()
    assert min(after - before for before, after in pairwise(sizes)) < MOST_BYTES
