"""Backward passes and optimiser steps are timed, computed bit for bit, and torch is put back."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.optim import optimizer as torch_optimizer
from torch.utils.checkpoint import checkpoint

from irene_jupyter.capture.watch.activity import BACKWARD, OPTIMISER
from irene_jupyter.capture.watch.recorder import Recorder

ORIGINALS = (torch.autograd.backward, torch.autograd.grad)
X = torch.ones(4, 8)


@pytest.fixture(autouse=True)
def torch_is_left_as_it_was():
    yield
    assert (torch.autograd.backward, torch.autograd.grad) == ORIGINALS
    assert not torch_optimizer._global_optimizer_pre_hooks
    assert not torch_optimizer._global_optimizer_post_hooks


def keys(recorder: Recorder) -> set[object]:
    bins = recorder.activity.bins(float("inf"))
    return {key for each in bins for key, s in each.spent.items() if s > 0}


def train(optimiser_class, steps: int = 3, **options) -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5)).train()
    optimiser = optimiser_class(model.parameters(), lr=0.1, **options)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = model(X).pow(2).sum()
        loss.backward()
        return loss

    for _ in range(steps):
        if optimiser_class is torch.optim.LBFGS:
            optimiser.step(closure)
        else:
            closure()
            optimiser.step()
    return {**model.state_dict(), "rng": torch.get_rng_state()}


@pytest.mark.parametrize(
    ("optimiser", "options"),
    [
        (torch.optim.SGD, {}),
        (torch.optim.Adam, {}),
        (torch.optim.AdamW, {"foreach": True}),
        (torch.optim.LBFGS, {"max_iter": 2}),
    ],
)
def test_training_is_bit_identical_and_told_apart(optimiser, options) -> None:
    plain = train(optimiser, **options)
    with Recorder() as recorder:
        seen = train(optimiser, **options)
    assert plain.keys() == seen.keys()
    assert all(torch.equal(plain[key], seen[key]) for key in plain)
    assert {BACKWARD, OPTIMISER} < keys(recorder)


def test_gradients_by_grad_are_backward_passes() -> None:
    model = nn.Linear(8, 1)
    with Recorder() as recorder:
        torch.autograd.grad(model(X).sum(), model.parameters())
    assert BACKWARD in keys(recorder)
    assert OPTIMISER not in keys(recorder)


def test_checkpointed_forwards_within_the_backward_pass() -> None:
    model = nn.Linear(8, 8)

    def gradient() -> torch.Tensor:
        x = X.clone().requires_grad_()
        checkpoint(model, x, use_reentrant=False).sum().backward()
        return x.grad

    plain = gradient()
    with Recorder() as recorder:
        assert torch.equal(gradient(), plain)
    assert BACKWARD in keys(recorder)
    assert {s.module for s in recorder.signatures} == {model}
    assert {s.is_recomputed for s in recorder.signatures} == {False, True}


def test_an_error_in_a_backward_pass_goes_through_and_is_timed() -> None:
    with Recorder() as recorder, pytest.raises(RuntimeError, match="does not require grad"):
        X.sum().backward()
    assert BACKWARD in keys(recorder)


def test_a_step_that_fails_does_not_spoil_the_next() -> None:
    class Fails(torch.optim.SGD):
        broken = True

        def step(self, closure=None):
            if self.broken:
                raise ValueError("no step")
            return super().step(closure)

    model = nn.Linear(8, 1)
    optimiser = Fails(model.parameters(), lr=0.1)
    with Recorder() as recorder:
        model(X).sum().backward()
        with pytest.raises(ValueError, match="no step"):
            optimiser.step()
        optimiser.broken = False
        optimiser.step()
    assert OPTIMISER in keys(recorder)


def test_a_compiled_step_computes_the_same() -> None:
    torch._dynamo.reset()

    def weights(observed: bool) -> torch.Tensor:
        torch.manual_seed(0)
        model = nn.Linear(8, 1)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)

        @torch.compile(backend="eager")
        def step() -> None:
            optimiser.step()

        def run() -> None:
            model(X).sum().backward()
            step()

        if observed:
            with Recorder():
                run()
        else:
            run()
        run()
        return model.weight.detach()

    assert torch.equal(weights(False), weights(True))
