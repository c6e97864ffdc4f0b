"""From the tree of a forward pass to those of its backward pass and of the optimiser's step."""

from __future__ import annotations

from collections.abc import Mapping

from irene_jupyter.capture.record.gradients import Gradients
from irene_jupyter.capture.training.update import Update
from irene_jupyter.tree import Node

LOSS = "loss"  # path and class of what no module owns


def backward_tree(
    forward: Node, gradients: Mapping[str, Gradients], seconds: Mapping[str, float] | None = None
) -> Node:
    """The backward pass of one call of `forward`, at the same paths, without what gets no gradient.

    `gradients` are by path (`Recording.gradients` has them); a node that is not in it has none.
    `seconds` are in place, of one pass, by the path of the node to which each autograd node
    belongs, without those of its children; `LOSS` is what none owns, a leaf below the root. A
    function's leaf without a time of its own shares that of its module, by its bytes. Without
    `seconds` nothing has times.
    """
    raise NotImplementedError


def optimiser_tree(
    forward: Node, updates: Mapping[str, Update], seconds: float | None = None
) -> Node:
    """One step of an optimiser, each update at the node of the module that holds the parameters.

    `updates` are by path of that module; one whose module has no node is at the nearest node above.
    `seconds` of the step are divided by bytes, and each node is flagged as an estimate.
    """
    raise NotImplementedError
