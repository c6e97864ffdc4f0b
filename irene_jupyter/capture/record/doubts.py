"""What is not known of a node's work, in the words that people read.

A node with such a flag is estimated with a wide interval, whatever else was counted of it.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import chain
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.count.cost import Cost
from irene_jupyter.capture.count.tensors import place_of, stored, tensors_in

# What no machine that runs torch is slower than: one core without vector units, memory on a bus
# of the nineties, and what Python and torch need for a call before any work (usually 5 µs).
SLOWEST_FLOPS = 1e9  # a second
SLOWEST_BYTES = 1e9  # a second
SLOWEST_CALL = 1e-4  # seconds
# Above so many times of that, and above so much of it, work was done that nobody counted. Imports
# and first allocations within a first call take tens of milliseconds.
UNEXPLAINED_TIMES = 50.0
UNEXPLAINED_SECONDS = 0.1

# The flag of a tree that could not be traced without values, and was not given the user's.
INVENTED = "estimated: its code looks at values, and it was traced on values of our own"


def unknown(what: str) -> str:
    """The flag of a node of whose operations some, `what`, could not be counted."""
    return f"estimated: operations of {what} are not known; counted by its bytes"


def uncounted(why: str) -> str:
    """The flag of a node whose work was counted on another call than its own."""
    return f"estimated: {why}"


def unexplained(processor_seconds: float, cost: Cost, functions: int) -> str | None:
    """The flag of a module that kept its processor far longer than what was counted explains.

    `processor_seconds` are of its own thread, without its child modules; `cost` is of its own
    work, in so many calls of torch's `functions`.
    """
    explained = cost.flops / SLOWEST_FLOPS + cost.bytes / SLOWEST_BYTES + functions * SLOWEST_CALL
    if processor_seconds < max(UNEXPLAINED_SECONDS, UNEXPLAINED_TIMES * explained):
        return None
    return (
        f"estimated: it took {processor_seconds:.2g} s of processor time, which the operations "
        "that were counted do not explain"
    )


def is_made(
    returned: Sequence[torch.Tensor], inputs: Any, module: nn.Module, free: Set[int]
) -> bool:
    """Whether a module that ran no known operation returned a tensor that it made.

    That is one that is neither given to it nor held by it, nor at a place in `free`: there
    functions that compute nothing put theirs.
    """
    made = [tensor for tensor in returned if tensor.numel() and not _places(tensor) <= free]
    if not made:
        return False
    attributes = tensors_in(list(vars(module).values()))
    held = chain(tensors_in(inputs), module.parameters(), module.buffers(), attributes)
    known = set(free).union(*map(_places, held))
    return any(not _places(tensor) <= known for tensor in made)


def _places(tensor: torch.Tensor) -> set[int]:
    return {place_of(part) for part in stored(tensor)}
