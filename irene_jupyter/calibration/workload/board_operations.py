"""Single operations on data of their own: what models of a usual size show too little of."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Attention(nn.Module):
    """A fused attention on queries, keys and values of its own."""

    def __init__(self, batch_size: int, heads: int, tokens: int, width: int) -> None:
        super().__init__()
        for name in ("queries", "keys", "values"):
            data = torch.randn(batch_size, heads, tokens, width)
            self.register_buffer(name, data, persistent=False)

    def forward(self) -> Any:
        return nn.functional.scaled_dot_product_attention(
            self.get_buffer("queries"), self.get_buffer("keys"), self.get_buffer("values")
        )


class Operations(nn.Module):
    """Each child runs once, on a buffer of its own: `add` names both. Called without arguments."""

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        # Products: bound by operations, by weights that no cache keeps, by odd widths, off the
        # tensor cores.
        self.add("product", nn.Linear(4096, 4096, bias=False), torch.randn(8192, 4096))
        self.add("thin", nn.Linear(8192, 28672, bias=False), torch.randn(8, 8192))
        self.add("unaligned", nn.Linear(2048, 50257, bias=False), torch.randn(1024, 2048))
        self.add("patches", nn.Conv2d(3, 768, 16, 16), torch.randn(32, 3, 224, 224))
        # Pointwise: beyond the cache, within it, and so small that its launch is all.
        self.add("streamed", nn.SiLU(), torch.randn(8192, 16384))
        self.add("cached", nn.SiLU(), torch.randn(2048, 4096))
        self.add("curved", nn.GELU(), torch.randn(8192, 8192))
        self.add("small", nn.GELU(), torch.randn(256, 1024))
        self.add("norm", nn.LayerNorm(4096), torch.randn(16384, 4096))
        self.add("softmax", nn.Softmax(-1), torch.randn(4096, 16384))
        ids = torch.arange(16384) * 7919 % 32000  # spread over the table: 7919 is a prime
        self.add("embedding", nn.Embedding(32000, 4096), ids)
        self.attention = Attention(4, 32, 1024, 128)

    def add(self, name: str, module: nn.Module, data: torch.Tensor) -> None:
        self.add_module(name, module)
        self.register_buffer(f"{name}_data", data, persistent=False)
        self._names.append(name)

    def forward(self) -> list[Any]:
        found = [self.get_submodule(each)(self.get_buffer(f"{each}_data")) for each in self._names]
        return [*found, self.attention()]
