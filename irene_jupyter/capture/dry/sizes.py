"""One model's runs at any size, from a few sizes that were traced.

The work and the shapes of a forward pass grow with the batch linearly and with the sequence (or
the cache) at most quadratically, node by node. So six traces tell those of every size between
them, by Lagrange's interpolation, and two more check that it is so. A model that grows otherwise
(windows, chunks, routing by size) is traced at each size, once.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from irene_jupyter.capture.copies.bare import KINDS, Kind
from irene_jupyter.capture.dry.generation import generation_of, generation_runs
from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.errors import IreneError
from irene_jupyter.tree import WORK, Features, ModelTree, Node, Run, Shape

_KEPT = 64  # traced sizes that are remembered
_LEAST_TOKENS = 4  # a sequence of one token may take branches of its own
_PROBED_TOKENS = 24  # new ones of the check: two parts of decoding steps
_TOLERANCE = 1e-9  # relative, of interpolated work
_WITHOUT_DATA: tuple[Kind, ...] = ("meta", "fake")


def positions_of(model: nn.Module) -> int | None:
    """The longest sequence that a transformers model was made for; None where none is told."""
    config = getattr(model, "config", None)
    found = [
        most
        for name in ("max_position_embeddings", "n_positions")
        if isinstance(most := getattr(config, name, None), int) and most > 0
    ]
    return min(found, default=None)


class SizedRuns:
    """The runs of one model by size; nothing is run.

    `learn` traces eight sizes up to `max_batch_size` and `max_tokens`; afterwards `runs` takes
    milliseconds for the sizes below them. `is_learned` tells whether that was possible.
    """

    def __init__(
        self, model: nn.Module, max_batch_size: int, max_tokens: int, *, generates: bool = False
    ) -> None:
        self.model = model
        self.max_batch_size = max(3, max_batch_size)
        self.max_tokens = max(4 * _LEAST_TOKENS, max_tokens)
        self.generates = generates
        self.is_learned = False
        self._has_tried = False
        self._growth: tuple[_Growth, ...] = ()
        self._traced: OrderedDict[tuple[int, int, int], tuple[Run, ...]] = OrderedDict()

    def runs(self, batch_size: int, seq_len: int, new_tokens: int = 0) -> tuple[Run, ...]:
        """The forward pass of that size, or the phases of a generation of `new_tokens`.

        Raises `CaptureError` and `OptionError` as `structure_of` and `generation_of` do.
        """
        size = (batch_size, seq_len, new_tokens)
        if size not in self._traced and self.is_quick(*size):
            return self._interpolated(*size)
        return self._trace(size, KINDS)

    def outline(self, batch_size: int, seq_len: int, new_tokens: int = 0) -> tuple[Run, ...]:
        """As `runs`, for what does not ask for paths, and faster.

        Where it can, nodes that are alike are one object, with the path of the first.
        """
        size = (batch_size, seq_len, new_tokens)
        if new_tokens or size in self._traced or not self.is_quick(*size):
            return self.runs(*size)
        tree = self._growth[0].at(batch_size, seq_len, alike_once=True)
        return (Run(model=tree.name, tree=tree, items=batch_size, notes=tree.notes),)

    def is_quick(self, batch_size: int, seq_len: int, new_tokens: int = 0) -> bool:
        """Whether `runs` has that size without tracing it."""
        return (batch_size, seq_len, new_tokens) in self._traced or (
            self.is_learned
            and 1 <= batch_size <= self.max_batch_size
            and seq_len >= _LEAST_TOKENS
            and seq_len + new_tokens <= self.max_tokens
        )

    @property
    def visited(self) -> tuple[tuple[int, int, int], ...]:
        """The sizes that were traced: batch size, sequence length, new tokens."""
        return tuple(self._traced)

    def learn(self) -> bool:
        """Trace what interpolation needs; whether it succeeded. Only the first call does it."""
        if self._has_tried:
            return self.is_learned
        self._has_tried = True
        new_tokens = 2 if self.generates else 0
        longest = self.max_tokens - new_tokens
        batches = (2, self.max_batch_size)
        lengths = (_LEAST_TOKENS, (_LEAST_TOKENS + longest) // 2, longest)
        try:
            samples = [
                self._trace((batch, length, new_tokens), _WITHOUT_DATA)
                for batch in batches
                for length in lengths
            ]
            if self.generates and any(
                run.cache_length != run_length
                for runs, run_length in zip(samples, lengths * 2, strict=True)
                for run in runs[1:]
            ):
                return False  # an encoder-decoder, or a prompt with tokens of its own
            self._growth = tuple(
                _Growth([runs[place].tree for runs in samples], batches, lengths)
                for place in range(len(samples[0]))
            )
            middle = lengths[1] | 1
            for check in (
                (1, _LEAST_TOKENS + 1, _PROBED_TOKENS if self.generates else 0),
                (max(2, self.max_batch_size // 2) | 1, middle, new_tokens),
            ):
                if sum(check[1:]) <= self.max_tokens and not _agree(
                    self._interpolated(*check), self._trace(check, _WITHOUT_DATA)
                ):
                    return False
        except (IreneError, _OtherStructureError):
            return False
        self.is_learned = True
        return True

    def _interpolated(self, batch_size: int, seq_len: int, new_tokens: int) -> tuple[Run, ...]:
        tree = self._growth[0].at(batch_size, seq_len)
        if not new_tokens:
            return (Run(model=tree.name, tree=tree, items=batch_size, notes=tree.notes),)
        tokens = batch_size * seq_len
        return generation_runs(
            tree,
            tokens,
            seq_len,
            new_tokens - 1,
            lambda before: self._growth[1].at(batch_size, seq_len + before).root,
        )

    def _trace(self, size: tuple[int, int, int], kinds: Sequence[Kind]) -> tuple[Run, ...]:
        if size in self._traced:
            self._traced.move_to_end(size)
            return self._traced[size]
        batch_size, seq_len, new_tokens = size
        if new_tokens:
            runs = generation_of(self.model, batch_size, seq_len, new_tokens)
        else:
            tree = structure_of(self.model, batch_size, seq_len, kinds=kinds)
            runs = (Run(model=tree.name, tree=tree, items=batch_size, notes=tree.notes),)
        self._traced[size] = runs
        while len(self._traced) > _KEPT:
            self._traced.popitem(last=False)
        return runs


class _OtherStructureError(Exception):
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


class _Growth:
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
            raise _OtherStructureError(first.path)
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


def _agree(guessed: Sequence[Run], traced: Sequence[Run]) -> bool:
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
