"""Where a board waits for its host: the remedy there is another one than fewer operations."""

from __future__ import annotations

from irene_jupyter.tree import Node

LAUNCH_BOUND = "launch-bound"  # the flag's code
LAUNCH_BOUND_SHARE = 0.5  # of a node's time, from which it is flagged
_STEP = 5  # percent: finer than this the host's pace is not the same from call to call


def said_where_waiting(root: Node) -> Node:
    """The tree with a flag at each node of whose time in place the board waited most."""
    return root.mapped(_said)


def _said(node: Node) -> Node:
    seconds, waiting = node.features.latency_seconds, node.features.waiting_seconds
    if not seconds or waiting is None or waiting <= LAUNCH_BOUND_SHARE * seconds:
        return node
    percent = _STEP * round(100 * waiting / seconds / _STEP)
    return node.flagged(
        f"{LAUNCH_BOUND}: the board waited about {percent} % of the time for its host; a larger "
        "batch, CUDA graphs or torch.compile keep it busy"
    )
