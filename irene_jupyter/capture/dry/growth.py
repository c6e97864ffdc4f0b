"""Trees of a few sizes, and by them the tree of any size, by Lagrange's interpolation. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from irene_jupyter.tree import WORK, Features, ModelTree, Node, Run, Shape

_TOLERANCE = 1e-9  # relative, of interpolated work


class OtherStructureError(Exception):
    """The trees of two sizes differ in more than their sizes."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """A node without its sizes: `place` is where they stand among the distinct ones.

    Frames that are alike but for their paths have the same `kind`.
    """

    node: Node
    place: int
    kind: int
    children: tuple[_Frame, ...]


class Growth:
    """Trees of 2 × 3 sizes, and by them the tree of any size. Layers that are alike count once."""

    def __init__(
        self, trees: Sequence[ModelTree], batches: Sequence[int], lengths: Sequence[int]
    ) -> None:
        self._batches = batches
        self._lengths = lengths
        self._name, self._notes = trees[0].name, trees[0].notes
        self._sizes = [(tree.batch_size, tree.seq_len) for tree in trees]
        self._places: dict[tuple[object, ...], int] = {}
        self._distinct: list[tuple[Features, list[tuple[float, ...]]]] = []
        self._frames: dict[tuple[object, ...], int] = {}
        self._root = self._frame([tree.root for tree in trees])

    def at(self, batch_size: float, seq_len: float, *, alike_once: bool = False) -> ModelTree:
        """The tree at a size; a sequence length between two whole numbers is a mean.

        With `alike_once`, nodes that are alike are one object.
        """
        weights = [
            for_batch * for_length
            for for_batch in _lagrange(self._batches, batch_size)
            for for_length in _lagrange(self._lengths, seq_len)
        ]
        features = [_combined(known, rows, weights) for known, rows in self._distinct]
        batch, length = (
            round(math.fsum(w * size[part] for w, size in zip(weights, self._sizes, strict=True)))
            for part in (0, 1)
        )
        once: dict[int, Node] | None = {} if alike_once else None
        root = _built(self._root, features, once)
        return ModelTree(self._name, root, batch, length, self._notes)

    def _frame(self, nodes: Sequence[Node]) -> _Frame:
        first = nodes[0]
        rows = [_numbers(node.features) for node in nodes]
        fixed = _fixed(first)
        if any(_fixed(node) != fixed for node in nodes):
            raise OtherStructureError(first.path)
        key = (*_kinds(first.features), *rows)
        place = self._places.setdefault(key, len(self._distinct))
        if place == len(self._distinct):
            self._distinct.append((first.features, rows))
        children = tuple(
            self._frame(group) for group in zip(*(node.children for node in nodes), strict=True)
        )
        alike = (*fixed[1:], place, *(child.kind for child in children))
        kind = self._frames.setdefault(alike, len(self._frames))
        return _Frame(first, place, kind, children)


def _lagrange(points: Sequence[int], x: float) -> list[float]:
    """Weights of the values at `points` for the polynomial through them, at `x`."""
    return [math.prod((x - other) / (p - other) for other in points if other != p) for p in points]


def _shapes(features: Features) -> tuple[Shape, ...]:
    return (*features.input_shapes, *features.output_shapes)


def _kinds(features: Features) -> tuple[object, ...]:
    """What no size changes."""
    return (
        features.num_parameters,
        features.calls,
        features.dtype,
        features.device,
        features.operation,
        len(features.input_shapes),
        *(len(shape) for shape in _shapes(features)),
    )


def _fixed(node: Node) -> tuple[object, ...]:
    return (
        node.path,
        node.type,
        node.class_name,
        node.primitive,
        node.flags,
        len(node.children),
        _kinds(node.features),
    )


def _numbers(features: Features) -> tuple[float, ...]:
    return (
        *(float(getattr(features, name)) for name in WORK),
        *(float(size) for shape in _shapes(features) for size in shape),
    )


def _combined(
    known: Features, rows: Sequence[tuple[float, ...]], weights: Sequence[float]
) -> Features:
    values = iter(
        max(0.0, math.fsum(w * value for w, value in zip(weights, column, strict=True)))
        for column in zip(*rows, strict=True)
    )
    work: dict[str, Any] = {name: next(values) for name in WORK}
    return replace(
        known,
        **work,
        input_shapes=tuple(_shape(shape, values) for shape in known.input_shapes),
        output_shapes=tuple(_shape(shape, values) for shape in known.output_shapes),
    )


def _shape(like: Shape, values: Iterator[float]) -> Shape:
    return tuple(round(round(next(values), 6)) for _ in like)  # 128.5 to even, despite rounding


def _built(
    frame: _Frame, features: Sequence[Features], once: dict[int, Node] | None = None
) -> Node:
    """The node of a frame; that of an alike one where `once` has it."""
    if once is not None and frame.kind in once:
        return once[frame.kind]
    node = frame.node
    built = Node(
        node.path,
        node.type,
        node.class_name,
        features[frame.place],
        tuple([_built(child, features, once) for child in frame.children]),
        None,
        node.primitive,
        node.flags,
    )
    if once is not None:
        once[frame.kind] = built
    return built


def agree(guessed: Sequence[Run], traced: Sequence[Run]) -> bool:
    """Whether interpolated runs are those that were traced."""
    return len(guessed) == len(traced) and all(
        _alike(a.tree, b.tree)
        and (a.model, a.calls, a.phase, a.tokens, a.items, a.cache_length)
        == (b.model, b.calls, b.phase, b.tokens, b.items, b.cache_length)
        for a, b in zip(guessed, traced, strict=True)
    )


def _alike(a: ModelTree, b: ModelTree) -> bool:
    if (a.batch_size, a.seq_len) != (b.batch_size, b.seq_len):
        return False
    first, second = list(a.root.walk()), list(b.root.walk())
    return len(first) == len(second) and all(
        _fixed(x) == _fixed(y)
        and all(
            math.isclose(p, q, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
            for p, q in zip(_numbers(x.features), _numbers(y.features), strict=True)
        )
        for x, y in zip(first, second, strict=True)
    )
