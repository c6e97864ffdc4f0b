"""Backward passes on a board whose kernels are known: every node has the time of its kernels."""

from __future__ import annotations

import pytest
import torch
from board import Board, Host
from torch import nn

from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.in_place import boundaries
from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.record import recording
from irene_jupyter.capture.training import timed_pass
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.tree import Node

KERNEL = 1e-3  # seconds; a launch takes far less


class Launches(torch.autograd.Function):
    """One kernel of the board forwards, and `kernels` of them backwards."""

    @staticmethod
    def forward(ctx, x: torch.Tensor, board: Board, kernels: int) -> torch.Tensor:
        ctx.board, ctx.kernels = board, kernels
        board.launches(KERNEL)
        return x * 1

    @staticmethod
    def backward(ctx, gradient: torch.Tensor):
        for _ in range(ctx.kernels):
            ctx.board.host.works(1e-6)
            ctx.board.launches(KERNEL)
        return gradient, None, None


class Layer(nn.Module):
    def __init__(self, board: Board, kernels: int) -> None:
        super().__init__()
        self.board, self.kernels = board, kernels
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return Launches.apply(x * self.scale, self.board, self.kernels)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    """A board in place of torch's GPUs: every module and node counts as one that works on it."""
    board, left = Board(Host()), Course.left
    monkeypatch.setattr(boundaries.time, "perf_counter", board.host)
    monkeypatch.setattr(recording, "_gpu_of", lambda devices: 0)
    monkeypatch.setattr(Course, "left", lambda self, device: left(self, "cuda:0"))
    monkeypatch.setattr(timed_pass, "gpu_of", lambda gradients: 0)
    return board


def recorded(board: Board) -> Recorder:
    recorder = Recorder()
    recorder._events = recorder.passes._events = board
    return recorder


def seconds(node: Node) -> float | None:
    return node.features.latency_seconds


def test_each_module_has_the_time_of_its_kernels(board: Board) -> None:
    model = nn.Sequential(Layer(board, 3), Layer(board, 5), Layer(board, 0))
    with recorded(board) as recorder:
        for _ in range(4):
            model(torch.ones(2)).sum().backward()
    board.synchronises()
    (run,) = [run for run in gather(recorder).runs if run.phase == "backward"]
    found = [seconds(run.tree.root.find(str(index))) for index in range(3)]
    assert found == pytest.approx([3 * KERNEL, 5 * KERNEL, 0.0], abs=KERNEL / 20)
    assert seconds(run.tree.root) == pytest.approx(8 * KERNEL, abs=KERNEL / 20)


def test_nothing_waits_for_the_board(board: Board) -> None:
    model = nn.Sequential(Layer(board, 1000))
    with recorded(board):
        before = board.host.now
        model(torch.ones(2)).sum().backward()
        assert board.host.now - before < 0.01  # the board is at work for a second
    assert board.recorded > 0


def test_a_board_that_has_not_done_its_work_tells_no_times(board: Board) -> None:
    model = nn.Sequential(Layer(board, 1000))
    with recorded(board) as recorder:
        model(torch.ones(2)).sum().backward()
    captured = gather(recorder)
    assert all(run.phase != "backward" for run in captured.runs)
    assert any("not divided" in note for note in captured.notes)


def test_nothing_is_recorded_within_a_graph_capture(board: Board) -> None:
    model = nn.Sequential(Layer(board, 1))
    board.is_capturing = True
    with recorded(board) as recorder:
        model(torch.ones(2)).sum().backward()
    assert board.recorded == 0
    gather(recorder)
