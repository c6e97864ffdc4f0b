"""Fused layers, scripted parts and checkpoints: run as without us, and counted."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

import irene_jupyter as irene
from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.tree import Node, Run

QUICK = irene.Options(budget_seconds=0)
X = torch.linspace(-1, 1, 4 * 16 * 64).reshape(4, 16, 64)


def measured(model: Callable[..., torch.Tensor], *args: torch.Tensor) -> tuple[Run, torch.Tensor]:
    with torch.no_grad():
        plain = model(*args)
        with Recorder() as recorder:
            output = model(*args)
    assert torch.equal(output, plain)
    (run,) = gather(recorder).runs
    return run, output


def products(node: Node) -> float:
    kinds = ("Linear", "MatMul", "Conv1D")  # an addmm is the last, whoever calls it
    return sum(n.features.flops for n in node.leaves() if n.primitive in kinds)


class CutsShort(nn.Module):
    """Its code looks at values, so that nothing but the real ones tell what it does."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return self.part(x[:, : int(lengths.max())])


def encoder(**options: bool) -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True, **options)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


@pytest.mark.parametrize("make", [encoder, lambda: encoder(norm_first=True)], ids=["post", "pre"])
def test_a_fused_encoder_within_code_that_looks_at_values(make: Callable[[], nn.Module]) -> None:
    lengths = torch.tensor([3, 5, 8, 12])
    run, _ = measured(CutsShort(make()).eval(), X, lengths)
    part = run.tree.root.find("part")
    assert part.features.input_shapes == ((4, 12, 64),)
    rows = 4 * 12
    linear = 2 * (4 * 64 * 64 + 2 * 64 * 128) + (4 * 64 + 128 + 64)  # and their biases
    expected = 2 * (rows * linear + 2 * 4 * 4 * 12 * 12 * 16 * 2)
    assert products(part) == expected
    assert part.find("part.layers.1.linear1").primitive == "Linear"
    assert not any("estimated" in flag for node in run.tree.root.walk() for flag in node.flags)


def test_one_attention_hides_no_more_than_itself() -> None:
    class Pools(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before, self.after = nn.Linear(64, 64), nn.Linear(64, 64)
            self.attention = nn.MultiheadAttention(64, 4, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.before(x)
            if x.sum() > 1e9:  # values that shapes do not tell
                return x
            pooled, _ = self.attention(x[:, :1], x, x)
            return self.after(pooled)

    run, _ = measured(Pools().eval(), X)
    paths = [child.path for child in run.tree.root.children]
    assert paths == ["before", "attention", "after"]
    assert products(run.tree.root.find("attention")) > 0


def test_padded_batches_that_become_nested() -> None:
    layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
    model = nn.TransformerEncoder(layer, 2).eval()
    mask = torch.arange(16) >= torch.tensor([[16], [12], [8], [4]])
    with torch.no_grad():
        plain = model(X, src_key_padding_mask=mask)
        with Recorder() as recorder:
            assert torch.equal(model(X, src_key_padding_mask=mask), plain)
    (run,) = gather(recorder).runs
    assert products(run.tree.root) > 0 or run.tree.root.flags


class Scripted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.part = torch.jit.script(nn.Sequential(nn.Linear(64, 64), nn.ReLU()))
        self.out = nn.Linear(64, 64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.out(self.part(x))
        return y if y.sum() > 1e9 else y * 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_part_is_counted_by_its_operations() -> None:
    run, _ = measured(Scripted(), X)
    root = run.tree.root
    assert root.find("part").features.flops == pytest.approx(
        root.find("out").features.flops, rel=0.02
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_traced_model_is_counted_by_its_operations() -> None:
    eager = nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 64))
    traced = torch.jit.trace(eager, X)
    with FlopCounterMode(display=False) as counter:
        eager(X)
    run, _ = measured(traced, X)
    assert run.model == "Sequential"
    assert products(run.tree.root) == counter.get_total_flops()


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_a_checkpoint_is_no_failure(use_reentrant: bool) -> None:
    class Saves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 64))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return checkpoint(self.block, x, use_reentrant=use_reentrant)

    model, x = Saves(), X.clone().requires_grad_()
    model(x).sum().backward()
    plain = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    with irene.EnergyMonitor(QUICK) as monitor:
        model(x).sum().backward()
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), plain, strict=True))
    report = monitor.report
    assert not [f for node in report.walk() for f in node.flags if f.startswith("incomplete")]
    assert {run.status for run in report.runs} == {"run"}
    assert any("block was recomputed for the backward pass" in note for note in report.notes)
    assert report.cost(queries=1).queries == 1  # a recomputation begins no query


# --- nothing is kept alive -----------------------------------------------------------------------


def alive(make: Callable[[], nn.Module], calls: int = 4) -> int:
    found = []
    for _ in range(calls):
        model = make()
        model(X)
        found.append(weakref.ref(model))
        del model
        gc.collect()
    return sum(reference() is not None for reference in found)


MADE: dict[str, Callable[[], nn.Module]] = {
    "plain": lambda: nn.Sequential(nn.Linear(64, 64), nn.ReLU()),
    "fused": lambda: encoder().eval(),
    "compiled": lambda: torch.compile(nn.Linear(64, 64), backend="eager"),
    "fails": lambda: nn.Sequential(nn.Linear(64, 64), nn.Identity()),
}


@pytest.mark.parametrize("kind", MADE)
def test_models_that_the_cell_drops_are_gone_within_it(kind: str) -> None:
    make = MADE[kind]
    without = alive(make)
    with irene.EnergyMonitor(QUICK) as monitor:
        within = alive(make)
    assert within == without
    if not without:
        assert len(monitor.report.runs) == 4 or monitor.report.notes


def test_an_error_keeps_no_model_alive() -> None:
    def failing() -> weakref.ref[nn.Module]:
        model = nn.Sequential(nn.Linear(64, 64), nn.Linear(3, 3))
        with pytest.raises(RuntimeError):
            model(X)
        return weakref.ref(model)

    with irene.EnergyMonitor(QUICK) as monitor:
        reference = failing()
        gc.collect()
        assert reference() is None
    assert monitor.report.runs[0].status == "incomplete"


def test_models_that_are_gone_have_their_names_and_work() -> None:
    with irene.EnergyMonitor(QUICK) as monitor:
        for width in (8, 64):
            nn.Linear(64, width)(X)
            gc.collect()
    assert [run.model for run in monitor.report.runs] == ["Linear", "Linear_2"]
    assert [child.features.flops for child in monitor.report.root.children] == [
        2 * 64 * 64 * 8 + 64 * 8, 2 * 64 * 64 * 64 + 64 * 64,
    ]  # fmt: skip
