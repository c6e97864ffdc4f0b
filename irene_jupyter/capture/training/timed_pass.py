"""One backward pass whose autograd nodes are timed, each where it runs.

A hook before each node passes a boundary, in the thread that the node runs in (on a GPU, an event
in its stream); a node lasts until the next. The hooks change no gradient, and go with the pass.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from typing import Any

import torch

from irene_jupyter.capture.in_place.boundaries import Boundaries, Events
from irene_jupyter.capture.in_place.intervals import seconds_between_boundaries
from irene_jupyter.capture.training.forwards import Forward
from irene_jupyter.capture.training.graph import Graph

NOBODY = -1  # the forward call of a node that none made
_ASIDE = -1  # key of a boundary: what begins is no node of the pass
_END = -2


class TimedPass:
    """Hooks of one pass over a graph, from `__init__` until `ended`.

    `made_by` says for each node by which of the `forwards` it was made, or `NOBODY`.
    """

    def __init__(
        self, graph: Graph, forwards: Sequence[Forward], made_by: Sequence[int], events: Events
    ) -> None:
        self.forwards = forwards
        self.made_by = made_by
        self.numbers = graph.numbers
        self._events = events
        self._threads: dict[int, Boundaries] = {}
        self._on_gpu = any(
            each.passed is not None and each.passed.course.is_on_gpu for each in forwards
        )
        self._handles = [
            node.register_prehook(functools.partial(self._passes, index))
            for index, node in enumerate(graph.nodes)
        ]

    def ended(self) -> None:
        """The pass is over, or was given up: the graph is as it was."""
        for marks in list(self._threads.values()):
            marks.mark(_END, _last_gpu(marks))
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def stands_aside(self) -> None:
        """In this thread something else begins within a node: a forward call, another pass."""
        marks = self._threads.get(threading.get_ident())
        if marks is not None and marks.keys:
            marks.mark(_ASIDE, _last_gpu(marks))

    def goes_on(self) -> None:
        """See `stands_aside`."""
        marks = self._threads.get(threading.get_ident())
        node = next((key for key in reversed(marks.keys) if key >= 0), None) if marks else None
        if marks is not None and node is not None:
            marks.mark(node, _last_gpu(marks))

    @property
    def own_seconds(self) -> float:
        """What our boundaries took of it."""
        return sum(marks.own_seconds for marks in self._threads.values())

    def seconds(self) -> dict[int, float]:
        """Of each node that ran, by its index; of a GPU once it has done its work."""
        found: dict[int, float] = {}
        for marks in self._threads.values():
            for key, seconds in seconds_between_boundaries(marks).items():
                if key >= 0:
                    found[key] = found.get(key, 0.0) + seconds
        return found

    def _passes(self, node: int, gradients: Any) -> None:
        marks = self._threads.get(threading.get_ident())
        if marks is None:
            marks = Boundaries(self._events if self._on_gpu else None)
            self._threads[threading.get_ident()] = marks
        marks.mark(node, gpu_of(gradients) if self._on_gpu else None)


def gpu_of(gradients: Sequence[Any]) -> int | None:
    """The GPU that a node works on, by the gradients that it gets; None where it is on none."""
    with torch._C.DisableTorchFunction():
        for gradient in gradients:
            if gradient is not None:
                return gradient.get_device() if gradient.is_cuda else None
    return None


def _last_gpu(marks: Boundaries) -> int | None:
    return next((each.line[0] for each in reversed(marks.moments) if each is not None), None)
