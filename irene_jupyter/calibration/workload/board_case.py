"""One run on a board whose nodes are to be measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["forward", "decode"]


@dataclass(frozen=True, slots=True)
class BoardCase:
    """One run whose distinct nodes are measured; `tokens` of a decoding step are in its cache.

    `dtype` is torch's name of one, or "tf32": float32, which the tensor cores may round. `make`
    gives a transformers configuration, or a module that needs no arguments. `nodes` is how many
    there are to be measured: a plan builds no model.
    """

    name: str  # family, "-", size
    make: Callable[[], Any]
    dtype: str
    mode: Mode
    batch_size: int
    tokens: int
    nodes: int

    @property
    def key(self) -> str:
        """One name for one case."""
        return f"{self.name} {self.dtype} {self.mode} {self.batch_size}×{self.tokens}"
