"""Times in place: exact against a board of our own, whose kernels and launches are known."""

from __future__ import annotations

import pytest
import torch
from board import Board, Host
from torch import nn

from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.in_place import boundaries
from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.record import recording
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.tree import Node

MICROSECOND = 1e-6
X = torch.ones(2, 4)


class Layer(nn.Module):
    """The host works, launches a kernel, and works on: all in microseconds."""

    def __init__(self, board: Board, before: float, kernel: float, after: float = 0.0) -> None:
        super().__init__()
        self.act = board, before, kernel, after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        board, before, kernel, after = self.act
        board.host.works(before * MICROSECOND)
        board.launches(kernel * MICROSECOND)
        board.host.works(after * MICROSECOND)
        return x.neg()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    """Capture looks at this clock, and takes every module for one on a GPU."""
    clock, left = Host(), Course.left
    monkeypatch.setattr(boundaries.time, "perf_counter", clock)
    monkeypatch.setattr(recording, "_gpu_of", lambda devices: 0)
    monkeypatch.setattr(Course, "left", lambda self, device: left(self, "cuda:0"))
    return clock


def measured(model: nn.Module, board: Board, calls: int = 5) -> Node:
    """The tree of one call, of a cell with so many."""
    with Recorder() as recorder:
        recorder._events = board
        for _ in range(calls):
            model(X)
            board.synchronises()
    (run,) = gather(recorder).runs
    return run.tree.root


def microseconds(node: Node) -> float | None:
    seconds = node.features.latency_seconds
    return None if seconds is None else seconds / MICROSECOND


def waiting(node: Node) -> float | None:
    seconds = node.features.waiting_seconds
    return None if seconds is None else seconds / MICROSECOND


def check(node: Node, took: float, waited: float) -> None:
    assert microseconds(node) == pytest.approx(took, abs=1e-3)
    assert waiting(node) == pytest.approx(waited, abs=1e-3)


@pytest.mark.parametrize("event_seconds", [0.0, 3e-6])
def test_a_board_that_is_behind_takes_the_time_of_its_kernels(host: Host, event_seconds: float):
    board = Board(host, event_seconds)
    root = measured(nn.Sequential(*[Layer(board, 10, 100) for _ in range(4)]), board)
    check(root.children[0], 110, 10)  # the first kernel has to be launched
    for child in root.children[1:]:
        check(child, 100, 0)
    check(root, 410, 10)


@pytest.mark.parametrize("event_seconds", [0.0, 3e-6])
def test_a_board_that_waits_takes_the_time_of_its_host(host: Host, event_seconds: float):
    board = Board(host, event_seconds)
    root = measured(nn.Sequential(*[Layer(board, 30, 5, 20) for _ in range(4)]), board)
    for child in root.children:
        check(child, 50, 50)
    check(root, 200, 200)


def test_a_large_kernel_among_small_ones_is_waited_for_by_nobody(host: Host):
    board = Board(host)
    kernels = [5, 500, 5, 5, 5]
    root = measured(nn.Sequential(*[Layer(board, 30, each, 20) for each in kernels]), board)
    took = [microseconds(child) for child in root.children]
    # Behind the large one the small ones take what their kernels do.
    assert took == pytest.approx([50, 530, 5, 5, 5], abs=1e-3)
    assert [waiting(child) for child in root.children] == pytest.approx([50, 50, 0, 0, 0], abs=1e-3)
