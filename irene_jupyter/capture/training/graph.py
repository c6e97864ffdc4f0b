"""The nodes of an autograd graph, and the numbers by which they tell when they were made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.graph import GradientEdge

# Beyond them (a network unrolled over thousands of steps) a pass is not timed.
MAX_NODES = 2**15
_NUMBERLESS = 2**64 - 1  # of nodes that only put a gradient into its parameter
_COMPILED = "CompiledFunctionBackward"


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes that a backward pass may reach, each with its number.

    What adds to a parameter's gradient has the number of the node that used the parameter.
    """

    nodes: Sequence[Any]
    numbers: Sequence[int]
    is_compiled: bool  # whether some of it is compiled code, of which one node is the whole
    is_whole: bool  # else there were more than `MAX_NODES`


def roots_of(outputs: Any) -> list[Any]:
    """The nodes of what `torch.autograd.backward` and `.grad` are given first."""
    each: Any
    found = []
    single = isinstance(outputs, torch.Tensor | GradientEdge)
    for each in (outputs,) if single else tuple(outputs):
        node = each.node if isinstance(each, GradientEdge) else each.grad_fn
        if node is not None:
            found.append(node)
    return found


def graph_of(roots: Sequence[Any], is_owned: Callable[[int], bool]) -> Graph:
    """What can be reached from `roots`.

    A parameter may be used by several nodes: the first whose number `is_owned` counts.
    """
    nodes: list[Any] = []
    numbers: list[int] = []
    places: dict[Any, int] = {}
    is_compiled = False
    pending = [(root, _NUMBERLESS) for root in reversed(roots)]
    while pending:
        node, user = pending.pop()
        place = places.get(node)
        if place is not None:
            if nodes[place].__class__.__name__ == "AccumulateGrad" and not is_owned(numbers[place]):
                numbers[place] = user
            continue
        if len(nodes) >= MAX_NODES:
            return Graph(nodes, numbers, is_compiled, is_whole=False)
        number = node._sequence_nr()
        if number >= _NUMBERLESS:
            number = user
        is_compiled |= type(node).__name__ == _COMPILED
        places[node] = len(nodes)
        nodes.append(node)
        numbers.append(number)
        pending += [(each, number) for each, _ in node.next_functions if each is not None]
    return Graph(nodes, numbers, is_compiled, is_whole=True)
