"""Padding is read from masks that tell it, and nothing is kept or asked for it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from irene_jupyter.capture.watch.padding import Padding


@pytest.mark.parametrize("dtype", [torch.long, torch.int32, torch.uint8, torch.bool])
def test_the_share_of_zeros(dtype: torch.dtype) -> None:
    mask = torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0]]).to(dtype)
    assert Padding({"attention_mask": mask}).share() == 0.5


class Mask(torch.Tensor):
    """A user's own."""


@pytest.mark.parametrize(
    "mask",
    [
        None,
        "mask",
        torch.zeros(2, 1, 4, 4),
        torch.zeros(2, 4),  # of numbers to add
        torch.zeros(0, 4, dtype=torch.long),
        torch.ones(2, 4, dtype=torch.long, device="meta"),
        torch.ones(2, 4, dtype=torch.long).as_subclass(Mask),
        torch.ones(4, dtype=torch.long).expand(2, 4),
        torch.ones(2, 4, dtype=torch.complex128),
        torch.ones(2, 4, dtype=torch.long).to_sparse(),
    ],
    ids=[
        "none",
        "text",
        "four",
        "float",
        "empty",
        "meta",
        "subclass",
        "expanded",
        "complex",
        "sparse",
    ],
)
def test_what_is_no_such_mask_tells_nothing(mask: Any) -> None:
    assert Padding({"attention_mask": mask}).share() is None


def test_modes_of_the_user_see_no_question_and_no_mask_is_kept() -> None:
    class Seen(TorchDispatchMode):
        calls = 0

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            self.calls += 1
            return func(*args, **(kwargs or {}))

    mask = torch.ones(2, 4, dtype=torch.long)
    with Seen() as seen:
        padding = Padding({"attention_mask": mask})
    assert seen.calls == 0
    gone = weakref.ref(mask)
    del mask
    gc.collect()
    assert gone() is None
    assert padding.share() == 0.0


def test_a_mask_within_vmap_tells_nothing() -> None:
    found: list[float | None] = []

    def inner(mask: torch.Tensor) -> torch.Tensor:
        found.append(Padding({"attention_mask": mask}).share())
        return mask

    torch.func.vmap(inner)(torch.ones(3, 2, 4, dtype=torch.long))
    assert found == [None]


def test_a_mask_of_inference_mode() -> None:
    with torch.inference_mode():
        mask = torch.tensor([[1, 0]])
    assert Padding({"attention_mask": mask}).share() == 0.5
