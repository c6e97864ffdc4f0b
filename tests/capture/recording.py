"""One call of a function as a module, recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from irene_jupyter.capture.record.recording import Recording
from irene_jupyter.tree import Node


class Calls(nn.Module):
    """A module whose forward pass is one function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any) -> Any:
        return self.function(*args)


def recorded(function: Callable[..., Any], *args: Any) -> tuple[Node, float]:
    """The tree of one call, and the operations of its products. A module is called itself."""
    module = function if isinstance(function, nn.Module) else Calls(function)
    with Recording(module, 1) as recording:
        module(*args)
    products = recording.product_flops
    node = recording.finish()
    assert node is not None
    return node, products


def flags_of(node: Node) -> list[str]:
    """All flags in a tree."""
    return [flag for each in node.walk() for flag in each.flags]
