"""One model's runs at any size, from a few sizes that were traced.

The work and the shapes of a forward pass grow with the batch linearly and with the sequence (or
the cache) at most quadratically, node by node. So six traces tell those of every size between
them, by Lagrange's interpolation, and two more check that it is so. A model that grows otherwise
(windows, chunks, routing by size) is traced at each size, once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from irene_jupyter.capture.copies.bare import KINDS, Kind
from irene_jupyter.capture.dry.decoding import generation_runs
from irene_jupyter.capture.dry.generation import generation_of
from irene_jupyter.capture.dry.growth import Growth, OtherStructureError, agree
from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.errors import IreneError
from irene_jupyter.tree import Run

_KEPT = 64  # traced sizes that are remembered
_LEAST_TOKENS = 4  # a sequence of one token may take branches of its own
_PROBED_TOKENS = 24  # new ones of the check: two parts of decoding steps
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
        self._growth: tuple[Growth, ...] = ()
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
                Growth([runs[place].tree for runs in samples], batches, lengths)
                for place in range(len(samples[0]))
            )
            middle = lengths[1] | 1
            for check in (
                (1, _LEAST_TOKENS + 1, _PROBED_TOKENS if self.generates else 0),
                (max(2, self.max_batch_size // 2) | 1, middle, new_tokens),
            ):
                if sum(check[1:]) <= self.max_tokens and not agree(
                    self._interpolated(*check), self._trace(check, _WITHOUT_DATA)
                ):
                    return False
        except (IreneError, OtherStructureError):
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
