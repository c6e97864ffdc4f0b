"""What counts as the same work, and what does not."""

from __future__ import annotations

import types
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from zoo import build, inputs

import irene_jupyter as irene
from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.record.signatures import describe, state_of
from irene_jupyter.capture.watch.groups import RECORDED_SIZES
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.tree import Run

QUICK = irene.Options(budget_seconds=0)
LINEAR = 2 * 64 * 64  # operations of a row


@dataclass
class Batch:
    x: torch.Tensor


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x: torch.Tensor) -> None:
        self.x = x


class Nested:
    def __init__(self, x: torch.Tensor) -> None:
        self.store = {"inner": [Slotted(x)]}

    @property
    def x(self) -> torch.Tensor:
        return self.store["inner"][0].x


Pair = namedtuple("Pair", ["x", "y"])


class Image:
    """As PIL's: its size and mode are all that tells its work."""

    def __init__(self, width: int) -> None:
        self.size, self.mode, self._x = (width, 2), "RGB", None

    @property
    def x(self) -> torch.Tensor:
        return torch.ones(self.size[0], 64)


class Takes(nn.Module):
    """Takes its tensor out of whatever it is given."""

    def __init__(self, take: Callable[[Any], torch.Tensor]) -> None:
        super().__init__()
        self.take, self.layer = take, nn.Linear(64, 64)

    def forward(self, given: Any) -> torch.Tensor:
        return self.layer(self.take(given))


def runs_of(model: nn.Module, calls: list[Any]) -> list[Run]:
    with Recorder() as recorder:
        for each in calls:
            model(each)
    return list(gather(recorder).runs)


def flops(runs: list[Run]) -> float:
    return sum(run.tree.root.features.flops * run.calls for run in runs)


def rows(n: int) -> torch.Tensor:
    return torch.ones(n, 64)


GIVEN: dict[str, tuple[Callable[[int], Any], Callable[[Any], torch.Tensor]]] = {
    "dataclass": (lambda n: Batch(rows(n)), lambda b: b.x),
    "namedtuple": (lambda n: Pair(rows(n), 1), lambda b: b.x),
    "namespace": (lambda n: types.SimpleNamespace(x=rows(n)), lambda b: b.x),
    "slots": (lambda n: Slotted(rows(n)), lambda b: b.x),
    "nested objects": (lambda n: Nested(rows(n)), lambda b: b.x),
    "mapping in a list": (lambda n: [{"x": rows(n)}], lambda b: b[0]["x"]),
    "numpy": (lambda n: np.ones((n, 64), np.float32), torch.as_tensor),
    "images": (lambda n: [Image(n), Image(n)], lambda b: torch.cat([i.x[::2] for i in b])),
    "texts": (lambda n: ["word " * n] * n, lambda b: rows(len(b))),
    "rows of numbers": (lambda n: [[1.0] * 64] * n, torch.tensor),
}  # fmt: skip


@pytest.mark.parametrize("kind", GIVEN)
def test_sizes_inside_of_objects_are_seen(kind: str) -> None:
    make, take = GIVEN[kind]
    found = runs_of(Takes(take), [make(n) for n in (2, 100, 100)])
    assert sorted(run.calls for run in found) == [1, 2]
    assert flops(found) == pytest.approx(202 * LINEAR, rel=0.02)


@pytest.mark.parametrize("number", [3, 2.5, 10**6, 1 + 2j, np.float64(1.5)])
def test_a_number_makes_no_new_signature(number: Any) -> None:
    class Steps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(64, 64)

        def forward(self, x: torch.Tensor, step: Any, *, guidance: Any) -> torch.Tensor:
            return self.layer(x)

    model = Steps()
    with Recorder() as recorder:
        for step in (0, 1, number):
            model(rows(2), step, guidance=number)
    (run,) = gather(recorder).runs
    assert run.calls == 3


def test_a_thousand_steps_are_one_row() -> None:
    model = Takes(lambda given: given[0] * given[1])
    with Recorder() as recorder:
        for step in range(1000):
            model((rows(2), step))
    (run,) = gather(recorder).runs
    assert run.calls == 1000
    assert recorder.own_seconds < 1.0


def test_switches_and_short_texts_do() -> None:
    assert describe(True) != describe(False)
    assert describe("mean") != describe("max")
    assert describe(None) != describe(1)
    assert describe("a long text that is an input" * 3) == describe(
        "A LONG TEXT that is an input" * 3
    )


def test_what_refers_to_itself_is_described() -> None:
    circle: dict[str, Any] = {"x": rows(2)}
    circle["self"] = circle
    hash(describe(circle))
    thing = types.SimpleNamespace(x=rows(2))
    thing.thing = thing
    hash(describe(thing))


# --- the model changes between calls -------------------------------------------------------------


def layers(n: int = 4) -> nn.Sequential:
    return nn.Sequential(*[nn.Linear(64, 64) for _ in range(n)])


def test_layers_that_are_taken_out() -> None:
    model = layers(6)
    with irene.EnergyMonitor(QUICK) as monitor:
        while len(model):
            model(rows(8))
            del model[-1]
    assert monitor.report.root.features.flops == 21 * 8 * LINEAR
    assert monitor.report.not_run == ()


def test_layers_that_are_taken_out_of_a_part() -> None:
    model = nn.Sequential(nn.Linear(64, 64), layers(4))
    with Recorder() as recorder:
        model(rows(8))
        del model[1][-1], model[1][-1]
        model(rows(8))
        model[1][0] = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64))
        model(rows(8))
    assert flops(list(gather(recorder).runs)) == (5 + 3 + 4) * 8 * LINEAR


def test_another_dtype_of_the_parameters() -> None:
    class Casts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(64, 64)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x.to(self.layer.weight.dtype)).float()

    model = Casts()
    with Recorder() as recorder:
        model(rows(8))
        model.to(torch.bfloat16)
        model(rows(8))
    found = gather(recorder).runs
    dtypes = [run.tree.root.find("layer").features.dtype for run in found]
    assert dtypes == ["float32", "bfloat16"]


class Adapted(nn.Module):
    """As an adapter of LoRA's kind: a switch, and layers beside the one that it adapts."""

    def __init__(self, by_modules: bool) -> None:
        super().__init__()
        self.base, self.down, self.up = (
            nn.Linear(64, 64), nn.Linear(64, 8, bias=False), nn.Linear(8, 64, bias=False),
        )  # fmt: skip
        self.by_modules, self.disabled, self.active = by_modules, False, ["default"]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.base(x)
        if self.disabled or not self.active:
            return out
        if self.by_modules:
            return out + self.up(self.down(x))
        return out + x @ self.down.weight.T @ self.up.weight.T


@pytest.mark.parametrize("by_modules", [True, False])
def test_an_adapter_that_is_switched_off(by_modules: bool) -> None:
    model = nn.Sequential(Adapted(by_modules), Adapted(by_modules))
    with Recorder() as recorder:
        model(rows(8))
        for part in model:
            part.disabled = True
        model(rows(8))
        model(rows(8))
    found = list(gather(recorder).runs)
    assert sorted(run.calls for run in found) == [1, 2]
    products = 2 * 8 * 64 * 8 * 2 * 2
    assert flops(found) == pytest.approx(3 * 2 * 8 * LINEAR + products, rel=0.02)


def test_state_that_no_switch_tells_shows_in_the_modules_that_run() -> None:
    model = Adapted(by_modules=True)
    with Recorder() as recorder:
        for call in range(6):
            if call == 2:
                model.active.clear()  # a list: no description of the model holds it
            model(rows(8))
    found = list(gather(recorder).runs)
    assert sorted(run.calls for run in found) == [2, 4]
    products = 2 * 8 * 64 * 8 * 2
    assert flops(found) == pytest.approx(6 * 8 * LINEAR + 2 * products, rel=0.02)
    assert not any(flag.startswith("estimated") for run in found for flag in run.tree.root.flags)


class ExitsEarly(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers, self.depths = layers(6), iter(())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers[: next(self.depths)]:
            x = layer(x)
        return x


def test_an_early_exit_is_counted_where_it_comes_again_and_else_said() -> None:
    model = ExitsEarly()
    model.depths = iter([6, 2, 2, 6, 2, 4])
    with Recorder() as recorder:
        for _ in range(6):
            model(rows(8))
    found = list(gather(recorder).runs)
    assert sum(run.calls for run in found) == 6
    known = [run for run in found if not any("estimated" in f for f in run.tree.root.flags)]
    assert flops(known) == (6 + 2 + 2 + 6 + 2) * 8 * LINEAR
    (doubtful,) = [run for run in found if run not in known]  # it came once, unannounced
    assert doubtful.calls == 1
    assert "other modules" in doubtful.tree.root.flags[-1]


def test_another_size_of_output_is_other_work() -> None:
    class Keeps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(64, 64)

        def forward(self, x: torch.Tensor, keep: int) -> torch.Tensor:
            return self.head(x[-keep:])

    model = Keeps()
    with Recorder() as recorder:
        for keep in (8, 1, 1, 8):
            model(rows(8), keep)
    assert flops(list(gather(recorder).runs)) == (8 + 1 + 1 + 8) * LINEAR


def test_the_state_of_a_model_tells_its_changes_and_nothing_else() -> None:
    model = build("bert")
    before = state_of(model, {})
    model(**inputs("bert", model))
    assert state_of(model, {}) == before
    model.encoder.layer[0].train()
    assert state_of(model, {}) != before
    model.encoder.layer[0].eval()
    assert state_of(model, {}) == before
    kept = model.encoder.layer[1]
    del model.encoder.layer[1]
    assert state_of(model, {}) != before
    model.encoder.layer.append(kept)
    assert state_of(model, {}) == before
    model.half()
    assert state_of(model, {}) != before


def test_modules_that_contain_each_other() -> None:
    one, two = nn.Linear(4, 4), nn.Linear(4, 4)
    one.other, two.other = two, one
    assert isinstance(state_of(one, {}), int)


# --- many sizes ----------------------------------------------------------------------------------


def test_hundreds_of_lengths_are_counted_from_a_few_that_are_recorded() -> None:
    model = build("bert")
    lengths = [*range(4, 120, 2), *range(5, 120, 2)]
    with Recorder() as recorder, torch.no_grad():
        for length in lengths:
            model(torch.ones(2, length, dtype=torch.long))
        own = recorder.own_seconds
    recorded = sum(signature.record is not None for signature in recorder.signatures)
    assert recorded >= RECORDED_SIZES
    assert own > 0
    found = list(gather(recorder).runs)
    assert sorted(run.tree.seq_len for run in found) == sorted(lengths)
    assert not any("estimated" in flag for run in found for flag in run.tree.root.flags)
    for length in (7, 64, 119):
        (run,) = [run for run in found if run.tree.seq_len == length]
        with Recorder() as alone, torch.no_grad():
            model(torch.ones(2, length, dtype=torch.long))
        (exact,) = gather(alone).runs
        for node, true in zip(run.tree.root.walk(), exact.tree.root.walk(), strict=True):
            assert node.path == true.path
            assert node.features.flops == pytest.approx(true.features.flops, rel=1e-6)
            assert node.features.bytes == pytest.approx(true.features.bytes, rel=1e-6)
