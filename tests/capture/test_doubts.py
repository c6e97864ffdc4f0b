"""Work that capture cannot know is said to be unknown, and estimated with a wide interval."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from recording import flags_of, recorded
from torch import nn

import irene_jupyter as irene
from irene_jupyter.capture.count.cost import Cost
from irene_jupyter.capture.record.doubts import UNEXPLAINED_SECONDS, unexplained, unknown

x = torch.randn(8, 8)
QUICK = irene.Options(device="gtx1080ti", budget_seconds=0)


@torch.library.custom_op("irene_tests::squared_in_c", mutates_args=())
def squared(t: torch.Tensor) -> torch.Tensor:
    return t @ t


@squared.register_fake
def _(t: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(t)


@pytest.mark.parametrize(
    "call",
    [
        squared,
        lambda t: torch.ops.irene_tests.squared_in_c(t),
        lambda t: torch.ops.irene_tests.squared_in_c.default(t),
    ],
)
def test_an_operation_of_the_users_is_a_leaf_that_says_so(call):
    node, _ = recorded(call, x)
    (leaf,) = node.children
    assert leaf.primitive == "irene_tests::squared_in_c"
    assert leaf.flags == (unknown("irene_tests::squared_in_c"),)
    assert leaf.features.bytes == 2 * 64 * 4


def test_it_is_estimated_within_a_factor_of_ten_and_never_zero():
    class Users(nn.Module):
        def forward(self, t: torch.Tensor) -> torch.Tensor:
            return squared(t)

    report = irene.measure(Users(), x, options=QUICK)
    for node in (report.root, report["irene_tests_squared_in_c"]):
        assert node.energy.source == "estimated"
        assert node.energy.joules > 0
        assert node.energy.high >= 9.9 * node.energy.joules
        assert node.energy.low <= node.energy.joules / 9.9


def test_an_operation_without_floats_is_not_free():
    @torch.library.custom_op("irene_tests::flags", mutates_args=())
    def flags(t: torch.Tensor) -> torch.Tensor:
        return torch.zeros(0, dtype=torch.int64)

    class Users(nn.Module):
        def forward(self, t: torch.Tensor) -> torch.Tensor:
            return flags(t)

    assert irene.measure(Users(), torch.zeros(0), options=QUICK).root.energy.joules > 0


def test_it_is_never_called_once_more_by_us():
    calls = []

    @torch.library.custom_op("irene_tests::counted", mutates_args=())
    def counted(t: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return t.clone()

    class Users(nn.Module):
        def forward(self, t: torch.Tensor) -> torch.Tensor:
            return counted(t)

    irene.measure(Users(), x, options=irene.Options(budget_seconds=0.2))
    assert len(calls) == 1


def test_autograd_functions_are_looked_into():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t: torch.Tensor) -> torch.Tensor:
            return t @ t

        @staticmethod
        def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
            return gradient

    node, products = recorded(Square.apply, x)
    assert (products, flags_of(node)) == (2 * 8**3, [])


def test_an_autograd_function_that_hides_its_work_is_unknown():
    class Hidden(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t: torch.Tensor) -> torch.Tensor:
            return torch.from_numpy(t.numpy() @ t.numpy())

        @staticmethod
        def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
            return gradient

    class Users(nn.Module):
        def forward(self, t: torch.Tensor) -> torch.Tensor:
            return Hidden.apply(t)

    node, _ = recorded(Users(), x)
    assert flags_of(node) == [unknown("Users")]


@torch.jit.script
def scripted(t):
    return t @ t


def _helper(t: torch.Tensor) -> torch.Tensor:
    return scripted(t) + 1


class ByGlobal(nn.Module):
    def forward(self, t: torch.Tensor) -> torch.Tensor:
        return torch.tensordot(_helper(t), t, 1)


class ByAttribute(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.function = torch.jit.trace(lambda t: t @ t, x)

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        return self.function(t) @ t


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("module", [ByGlobal(), ByAttribute()])
def test_scripted_functions_are_counted_once_beside_torchs(module: nn.Module):
    node, products = recorded(module, x)
    assert products == 2 * (2 * 8**3)
    assert flags_of(node) == []


def test_a_scripted_part_is_counted():
    part = torch.jit.script(nn.Sequential(nn.Linear(8, 8), nn.ReLU()))
    node, products = recorded(nn.Sequential(part, nn.Linear(8, 8)), x)
    assert products == 2 * (2 * 8**3)
    assert node.find("0").features.flops >= 2 * 8**3


class External(nn.Module):
    """A layer that calls no function of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(8, 8), requires_grad=False)

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(np.asarray(t) @ np.asarray(self.weight))


def test_a_module_that_shows_no_operation_is_unknown_and_estimated():
    model = nn.Sequential(External(), nn.Linear(8, 8))
    report = irene.measure(model, x, options=QUICK)
    assert report["0"].flags[0] == unknown("External")
    assert report["0"].energy.source == "estimated"
    assert report["0"].energy.joules > 0
    assert report["1"].energy.source == "predicted"


def test_modules_that_do_nothing_are_not_doubted():
    class Returns(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(8))

        def forward(self, t: torch.Tensor):
            return t, self.weight, None

    class Caches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cache = [torch.ones(8)]

        def forward(self, t: torch.Tensor) -> torch.Tensor:
            return self.cache[0]

    for module in (Returns(), Caches(), nn.Sequential(), nn.Flatten(), nn.ReLU()):
        for inputs in (x, torch.zeros(0, 8)):
            assert flags_of(recorded(module, inputs)[0]) == []
    assert flags_of(recorded(nn.Embedding(8, 8), torch.arange(4))[0]) == []


def test_functions_of_torch_that_call_the_users_are_looked_into():
    def distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a @ b.T).sum(1)

    node, products = recorded(
        lambda: F.triplet_margin_with_distance_loss(x, x, x, distance_function=distance)
    )
    assert products == 2 * (2 * 8**3)
    assert flags_of(node) == []


def test_a_time_that_counted_work_does_not_explain_is_told():
    class Slow(nn.Module):
        def forward(self, t: torch.Tensor) -> torch.Tensor:
            ends = time.thread_time() + 3 * UNEXPLAINED_SECONDS
            while time.thread_time() < ends:
                np.linalg.inv(np.random.rand(100, 100))
            return F.relu(t)

    report = irene.measure(nn.Sequential(nn.Linear(8, 8), Slow()), x, options=QUICK)
    assert "processor time" in report["1"].flags[0]
    assert report["1"].energy.source == "estimated"
    assert report["1"].energy.high > 1  # it took .3 s of some watts
    assert not any("processor time" in flag for flag in report["0"].flags + report.root.flags)


def test_python_between_small_calls_and_waiting_are_no_such_time():
    class Busy(nn.Module):
        def forward(self, t: torch.Tensor) -> torch.Tensor:
            total = 0.0
            for step in range(3000):
                total += float(t[0, 0] * step)
            return t * total

    class Waits(nn.Module):
        def forward(self, t: torch.Tensor) -> torch.Tensor:
            time.sleep(2 * UNEXPLAINED_SECONDS)
            return t * 2

    for module in (Busy(), Waits()):
        assert flags_of(recorded(module, x)[0]) == []


@pytest.mark.parametrize(
    ("seconds", "cost", "functions", "is_doubtful"),
    [
        (0.05, Cost(), 0, False),  # a first call
        (1.0, Cost(), 1, True),
        (1.0, Cost(), 1000, False),  # small calls
        (10.0, Cost(flops=1e9), 1, False),  # a slow processor
        (100.0, Cost(flops=1e9), 1, True),
        (40.0, Cost(bytes=1e9), 1, False),
    ],
)
def test_only_what_no_machine_would_need_is_doubtful(seconds, cost, functions, is_doubtful):
    assert (unexplained(seconds, cost, functions) is not None) == is_doubtful
