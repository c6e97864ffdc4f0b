"""Times in place: exact against a board of our own, whose kernels and launches are known."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import torch
import transformers as hf
from board import Board, Host
from torch import nn

import irene_jupyter as irene
from irene_jupyter.assembly import make_report
from irene_jupyter.capture.count.primitives import register_primitive, unregister_primitive
from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.in_place import boundaries
from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.in_place.cuda_events import CudaEvents
from irene_jupyter.capture.record import recording
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.predictors.profiles.loading import load_device
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


class On(nn.Module):
    """Calls its module within a context: on another stream, or in a graph that is captured."""

    def __init__(self, inner: nn.Module, within: Callable[[], AbstractContextManager[Any]]) -> None:
        super().__init__()
        self.inner = inner
        self.within = within

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with self.within():
            return self.inner(x)


def measured(model: nn.Module, board: Board, calls: int = 6, *, waits: bool = True) -> Node:
    """The tree of one call, of a cell with so many; each `waits` for the board, or none does."""
    with Recorder() as recorder:
        recorder._events = board
        for _ in range(calls):
            model(X)
            if waits:
                board.synchronises()
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


@pytest.mark.parametrize("event_seconds", [0.0, 3e-6])
def test_a_board_whose_queue_is_always_full_waits_for_nobody(host: Host, event_seconds: float):
    """Its lateness is the same all the time, as that of a board which is always prompt."""
    board = Board(host, event_seconds, queue_seconds=250 * MICROSECOND)
    model = nn.Sequential(*[Layer(board, 10, 100) for _ in range(8)])
    root = measured(model, board, waits=False)
    for child in root.children:
        check(child, 100, 0)
    check(root, 800, 0)


def test_of_several_calls_the_median_of_each_part_counts_and_they_add_up(host: Host):
    board = Board(host)
    first, second = Layer(board, 10, 100), Layer(board, 10, 100)
    # By call: of the recorded one, which does not count, and of those that are timed.
    kernels = iter([(900, 900), (100, 200), (70, 80), (130, 60), (120, 100), (90, 95)])

    class Both(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for layer, kernel in zip((first, second), next(kernels), strict=True):
                layer.act = board, 10, kernel, 0
            return super().forward(x)

    root = measured(Both(first, second), board)
    check(root.children[0], 110, 10)
    check(root.children[1], 95, 0)
    check(root, 205, 10)


def test_the_only_call_has_its_own_times(host: Host):
    board = Board(host, 3e-6)
    root = measured(nn.Sequential(Layer(board, 30, 5, 20), Layer(board, 10, 100)), board, calls=1)
    check(root.children[0], 50, 50)
    check(root.children[1], 110, 10)


def attend(x: torch.Tensor) -> torch.Tensor:
    """A function as torch's are: a mode sees it."""
    if torch.overrides.has_torch_function_unary(x):
        return torch.overrides.handle_torch_function(attend, (x,), x)
    x.launch()
    return x.neg()


@pytest.fixture
def attending() -> Iterator[None]:
    register_primitive("Attend", functions=["attend"])
    yield
    unregister_primitive("Attend")


@pytest.mark.usefixtures("attending")
@pytest.mark.parametrize(
    ("before", "kernel", "after", "took"),
    # Behind what is in the queue; launched when the board has long been through.
    [(10, 300, 0, 300), (40, 5, 20, 5), (200, 5, 20, 107)],
)
def test_a_function_has_its_time_within_that_of_its_module(
    host: Host, before: float, kernel: float, after: float, took: float
):
    board = Board(host, 2e-6)

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.query = Layer(board, 10, 100)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.query(x)
            board.host.works(7 * MICROSECOND)
            board.launches(20 * MICROSECOND)  # an operation that is no leaf
            x.launch = lambda: Layer.forward(attention, x)
            return attend(x)

    attention = Layer(board, before, kernel, after)
    root = measured(Attention(), board)
    query, function = root.children
    assert function.path == "attend"
    own = root.features.latency_seconds - query.features.latency_seconds
    check(query, 110, 10)
    # What is before it in the module takes its own part, in the proportions of a followed call.
    assert 0 < function.features.latency_seconds < own
    assert microseconds(function) == pytest.approx(took, rel=0.05)
    assert 0 <= waiting(function) <= waiting(root)


def test_what_runs_beside_its_module_on_another_stream_has_no_time(host: Host):
    board = Board(host)
    side = Layer(board, 10, 500)
    root = measured(nn.Sequential(On(side, lambda: board.stream(7)), Layer(board, 10, 40)), board)
    on, layer = root.children
    (inner,) = on.children
    # The main stream is through long before the other is.
    check(root, 60, 20)
    check(on, 10, 10)
    check(layer, 50, 10)
    assert inner.features.latency_seconds is None
    assert inner.flags[-1].startswith("untimed: it ran on another stream")


def test_a_stream_that_is_waited_for_has_its_time(host: Host):
    board = Board(host)

    class Joins(On):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = super().forward(x)
            board.waits_for(7)
            return x

    root = measured(Joins(Layer(board, 10, 500), lambda: board.stream(7)), board)
    check(root, 510, 10)
    check(root.children[0], 510, 10)


def test_what_begins_on_one_stream_and_ends_on_another_has_no_time(host: Host):
    board = Board(host)

    class Moves(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            board._stream = 1
            return x.neg()

    class Back(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            board._stream = 0
            board.waits_for(1)
            return x.neg()

    root = measured(nn.Sequential(Moves(), Layer(board, 10, 100), Back()), board)
    moves, layer, back = root.children
    check(layer, 110, 10)
    for node in (moves, back):
        assert node.features.latency_seconds is None
        assert node.flags[-1] == "untimed: it began on one stream of a GPU and ended on another"
    assert root.features.latency_seconds is not None


def test_nothing_is_recorded_into_a_graph_that_is_captured(host: Host):
    board = Board(host)
    layer = Layer(board, 10, 100)
    model = nn.Sequential(layer)
    with Recorder() as recorder:
        recorder._events = board
        model(X)
        before, board.is_capturing = board.recorded, True
        for _ in range(5):
            model(X)
        assert board.recorded == before
        board.is_capturing = False
        board.synchronises()
    (run,) = gather(recorder).runs
    assert run.calls == 6
    check(run.tree.root, 110, 10)  # of the one call that was not captured


def test_what_captures_a_graph_within_a_call_has_no_time_in_it(host: Host):
    board = Board(host)

    class Captures:
        def __enter__(self) -> None:
            board.is_capturing = True

        def __exit__(self, *_: object) -> None:
            board.is_capturing = False

    root = measured(nn.Sequential(On(Layer(board, 10, 0), Captures), Layer(board, 10, 90)), board)
    on, layer = root.children
    assert on.children[0].features.latency_seconds is None
    check(layer, 100, 10)
    check(root, 110, 20)


def test_a_call_that_goes_another_way_is_not_taken_for_this_one(host: Host):
    board = Board(host)
    layers = nn.ModuleList([Layer(board, 10, 100), Layer(board, 10, 900)])
    ways = iter([[0, 1], [1, 0]] * 3)

    class Turns(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for index in next(ways):
                x = self.layers[index](x)
            return x

    root = measured(Turns(), board)  # the same modules, in another order
    assert board.given_back > 0
    check(root, 1010, 10)
    check(root.children[0], 110, 10)


def test_events_that_have_not_passed_give_no_times(host: Host):
    board = Board(host)
    model = nn.Sequential(Layer(board, 10, 10_000))
    with Recorder() as recorder:  # as where somebody interrupts the wait for the board
        recorder._events = board
        model(X)
    (run,) = gather(recorder).runs
    assert all(node.features.latency_seconds is None for node in run.tree.root.walk())


def test_where_events_run_out_the_times_of_another_size_are_lent(host: Host):
    board = Board(host)
    model = nn.Sequential(Layer(board, 10, 100))
    with Recorder() as recorder:
        recorder._events = board
        for _ in range(5):
            model(X)
            board.synchronises()
        board.is_capturing = True  # as an empty pool: nothing is to be had
        model(torch.ones(3, 4))
        board.synchronises()
    runs = gather(recorder).runs
    assert [run.tree.root.features.latency_seconds for run in runs] == [pytest.approx(1.1e-4)] * 2
    assert [run.tree.root.flags for run in runs] == [
        (),
        ("untimed: no call of this size was timed, and it has the times of another size",),
    ]


class FakeEvent:
    made = 0

    def __init__(self, enable_timing: bool) -> None:
        assert enable_timing
        FakeEvent.made += 1
        self.streams: list[Any] = []

    def record(self, stream: Any) -> None:
        if stream.fails:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        self.streams.append(stream)

    def elapsed_time(self, later: FakeEvent) -> float:
        return 2.0  # milliseconds


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """torch.cuda as far as events ask it."""
    known = types.SimpleNamespace(capturing=False, fails=False)
    stream = types.SimpleNamespace
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: known.capturing)
    monkeypatch.setattr(torch.cuda, "Event", FakeEvent)
    monkeypatch.setattr(
        torch.cuda, "current_stream", lambda gpu: stream(cuda_stream=77 + gpu, fails=known.fails)
    )
    return known


def test_cuda_events_are_used_again_and_never_in_a_capture(cuda: types.SimpleNamespace):
    events, before = CudaEvents(), FakeEvent.made
    moments = [events.record(gpu) for gpu in (0, 1)]
    assert [moment.line for moment in moments] == [(0, 77), (1, 78)]
    assert events.seconds_between(*moments) == 2e-3
    events.give_back([*moments, None])
    assert {id(events.record(0).event) for _ in range(2)} == {id(each.event) for each in moments}
    assert FakeEvent.made == before + 2
    cuda.capturing = True
    assert events.record(0) is None


def test_cuda_events_are_bounded_and_their_failure_is_not_the_users(
    cuda: types.SimpleNamespace, monkeypatch: pytest.MonkeyPatch
):
    from irene_jupyter.capture.in_place import cuda_events

    monkeypatch.setattr(cuda_events, "MAX_EVENTS", 3)
    events = CudaEvents()
    assert [events.record(0) is None for _ in range(5)] == [False] * 3 + [True] * 2
    cuda.fails = True
    assert CudaEvents().record(0) is None


# --- on the processor -------------------------------------------------------------------------


def test_the_times_of_a_real_model_add_up():
    config = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = hf.BertModel(hf.BertConfig(**config, intermediate_size=128)).eval()
    with torch.no_grad(), irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        for _ in range(6):
            model(torch.ones(2, 32, dtype=torch.long))
    report = monitor.report
    assert report.root.features.latency_seconds == pytest.approx(report.runs[0].seconds)
    for node in report.root.walk():
        features = node.features
        assert features.latency_seconds > 0
        assert features.waiting_seconds is None  # no board, no waiting
        below = sum(child.features.latency_seconds for child in node.children)
        assert below <= features.latency_seconds * (1 + 1e-9)


def test_the_parts_of_a_fused_attention_share_one_time_by_their_operations():
    config = {"hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = hf.BertModel(hf.BertConfig(**config, intermediate_size=128)).eval()
    with torch.no_grad(), Recorder() as recorder:
        for _ in range(5):
            model(torch.ones(2, 32, dtype=torch.long))
    (run,) = gather(recorder).runs
    core = run.tree.root.find("encoder.layer.0.attention.self")
    parts = [child for child in core.children if child.features.operation]
    assert [part.name for part in parts] == ["matmul_0", "softmax", "matmul_1"]
    pace = {part.features.latency_seconds / part.features.flops for part in parts}
    assert max(pace) == pytest.approx(min(pace))


def test_a_report_has_the_boards_times_and_not_those_of_launching(host: Host):
    board = Board(host)
    model = nn.Sequential(*[Layer(board, 30, 5, 20) for _ in range(4)])
    with Recorder() as recorder:
        recorder._events = board
        for _ in range(10):
            model(X)
            board.synchronises()
    report = make_report(gather(recorder).runs, load_device("gtx1080ti"), "measure")
    check(report.root, 10 * 200, 10 * 200)
    for node in report.root.walk():
        assert node.flags[-1].startswith("launch-bound: the board waited about 100 % of the time")


def test_only_a_few_calls_are_timed(monkeypatch: pytest.MonkeyPatch):
    from irene_jupyter.capture.watch import recorder as watch

    followed: list[bool] = []
    original = watch.TimedCall

    def timed_call(*args: Any, follows_functions: bool) -> Any:
        followed.append(follows_functions)
        return original(*args, follows_functions=follows_functions)

    monkeypatch.setattr(watch, "TimedCall", timed_call)
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    with Recorder() as recorder:
        for _ in range(20):
            model(X)
        for _ in range(20):
            model(torch.ones(3, 4))
    assert followed[:5] == [False, True, False, True, False]
    assert followed[5:] in ([], [False])  # another size, where it costs little
    assert len(recorder.signatures[0].timed) == 5
