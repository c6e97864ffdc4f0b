"""From the tree of a forward pass to those of its backward pass and of the optimiser's step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from irene_jupyter.capture.record.gradients import Gradients
from irene_jupyter.capture.training.update import Update
from irene_jupyter.capture.training.work import Work, backward_work
from irene_jupyter.tree import WORK, Features, Node

LOSS = "loss"  # path and class of what no module owns
_UNOWNED = "estimated: by its time alone, which belongs to no module: the loss and what it needs"
_BY_BYTES = "by_bytes: its time is the step's, divided by what it reads and writes"
_STEP = "optimizer_step"  # the operation of all its nodes: a board is given them all at once
_FROZEN = "frozen: its weights need no gradient, what goes into it does"
AGAIN = "recomputed: its forward pass ran again for the backward pass (checkpointing)"
# Operations that a processor does in the time of a byte, where leaves share their module's time.
_FLOPS_A_BYTE = 10.0


def backward_tree(
    forward: Node, gradients: Mapping[str, Gradients], seconds: Mapping[str, float] | None = None
) -> Node:
    """The backward pass of one call of `forward`, at the same paths, without what gets no gradient.

    `gradients` are by path (`Recording.gradients` has them); a node that is not in it has none.
    `seconds` are in place, of one pass, by the path of the node to which each autograd node
    belongs, without those of its children; `LOSS` is what none owns, a leaf below the root. A
    function's leaf without a time of its own shares that of its module, by its work. Without
    `seconds` nothing has times.
    """
    root = _backward(forward, gradients, seconds)
    if root is None:
        return _made(forward, Work(), (), None if seconds is None else 0.0, ())
    loss = (seconds or {}).get(LOSS, 0.0)
    if loss and not any(child.path == LOSS for child in forward.children):
        device = forward.features.device
        leaf = Node(
            LOSS,
            "module",
            LOSS,
            Features(latency_seconds=loss, device=device),
            flags=(_UNOWNED,),
        )
        whole = (root.features.latency_seconds or 0.0) + loss
        features = replace(root.features, latency_seconds=whole)
        root = replace(root, features=features, children=(*root.children, leaf))
    return root


def with_hidden(
    gradients: Mapping[str, Gradients], forward: Node, hidden: Iterable[str]
) -> dict[str, Gradients]:
    """`gradients`, and those of what lies below `hidden` modules, which were traced afterwards.

    A recording could not look into them (`Recording.hidden` has their paths): each part is taken
    to need what its module does.
    """
    found = dict(gradients)
    for path in hidden:
        if path in gradients:
            below = (node for node in forward.find(path).walk() if node.path not in gradients)
            found.update((node.path, gradients[path]) for node in below)
    return found


def _backward(
    node: Node,
    gradients: Mapping[str, Gradients],
    seconds: Mapping[str, float] | None,
    following: Node | None = None,
) -> Node | None:
    its = gradients.get(node.path)
    if its is None or not its.flows:
        return None
    children = tuple(
        made
        for child, after in zip(node.children, (*node.children[1:], None), strict=False)
        if (made := _backward(child, gradients, seconds, after)) is not None
    )
    work = backward_work(node, its, following)
    is_frozen = bool(node.features.num_parameters) and not its.weights
    flags = (*node.flags, _FROZEN) if is_frozen else node.flags
    if seconds is None:
        return _made(node, work, children, None, flags)
    own = seconds.get(node.path, 0.0)
    own, children = _shared(own, work, children, seconds)
    return _made(node, work, children, own, flags)


def _shared(
    own: float, work: Work, children: Sequence[Node], seconds: Mapping[str, float]
) -> tuple[float, tuple[Node, ...]]:
    """A module's own seconds, after those of its functions that have none of their own."""
    untimed = {
        child.path: _weight(Work.of(child.features))
        for child in children
        if child.features.operation is not None and child.path not in seconds
    }
    total = math.fsum(untimed.values()) + _weight(work)
    if not untimed or not total:
        return own, tuple(children)
    timed = tuple(
        replace(
            child,
            features=replace(child.features, latency_seconds=own * untimed[child.path] / total),
        )
        if child.path in untimed
        else child
        for child in children
    )
    return own * _weight(work) / total, timed


def _weight(work: Work) -> float:
    return work.bytes + work.flops / _FLOPS_A_BYTE


def recomputed_tree(forward: Node, checkpointed: Iterable[str]) -> Node:
    """What a backward pass computes again of `forward`: the modules at these paths, all below."""
    return _again(forward, frozenset(checkpointed)) or _made(forward, Work(), (), None, ())


def _again(node: Node, checkpointed: frozenset[str]) -> Node | None:
    if node.path in checkpointed:
        return node.flagged(AGAIN)
    children = tuple(
        made for child in node.children if (made := _again(child, checkpointed)) is not None
    )
    return _made(node, Work(), children, None, ()) if children else None


def optimiser_tree(
    forward: Node, updates: Mapping[str, Update], seconds: float | None = None
) -> Node:
    """One step of an optimiser, each update at the node of the module that holds the parameters.

    `updates` are by path of that module; one whose module has no node is at the nearest node above.
    `seconds` of the step are divided by bytes, and each node is flagged so.
    """
    paths = {node.path for node in forward.walk()}
    at: dict[str, Update] = {}
    for path, update in updates.items():
        while path not in paths:
            path = path.rpartition(".")[0]
        at[path] = at[path] + update if path in at else update
    whole = math.fsum(update.bytes for update in updates.values())
    pace = None if seconds is None else seconds / whole if whole else 0.0
    root = _updated(forward, at, pace)
    own = None if pace is None else 0.0
    return root or _made(forward, Work(), (), own, ())


def _updated(node: Node, updates: Mapping[str, Update], pace: float | None) -> Node | None:
    children = tuple(
        made for child in node.children if (made := _updated(child, updates, pace)) is not None
    )
    update = updates.get(node.path)
    if update is None and not children:
        return None
    update = update or Update(0, 0.0, 0.0)
    work = Work.plain(update.operations, update.bytes)
    own = None if pace is None else pace * update.bytes
    made = _made(node, work, children, own, () if pace is None else (_BY_BYTES,))
    shapes = ((update.elements,),) if update.elements else ()
    features = replace(
        made.features, calls=1, input_shapes=(), output_shapes=shapes, operation=_STEP
    )
    # It is no product or norm any more: no regressor of its primitive fits.
    return replace(made, features=features, primitive=None)


def _made(
    node: Node,
    own: Work,
    children: tuple[Node, ...],
    own_seconds: float | None,
    flags: tuple[str, ...],
) -> Node:
    """`node` in another pass: its `own` work and time, and its children's."""
    total = Work.total([own, *(Work.of(child.features) for child in children)])
    below = math.fsum(child.features.latency_seconds or 0.0 for child in children)
    counted: dict[str, Any] = dict(zip(WORK, total.values, strict=True))
    features = Features(
        num_parameters=node.features.num_parameters,
        calls=node.features.calls,
        input_shapes=node.features.input_shapes,
        output_shapes=node.features.output_shapes,
        dtype=node.features.dtype,
        device=node.features.device,
        latency_seconds=None if own_seconds is None else own_seconds + below,
        operation=node.features.operation,
        **counted,
    )
    return replace(node, features=features, children=children, energy=None, flags=flags)
