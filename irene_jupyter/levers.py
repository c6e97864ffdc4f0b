"""Which levers a report's model has: each a change, and how the model is predicted with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from irene_jupyter.errors import IreneError
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.known import known
from irene_jupyter.predictors.profiles.reading import Profile
from irene_jupyter.situation import Situation
from irene_jupyter.whatif import MAX_BATCH_SIZE, Setting, WhatIf

ALIGNED = 64  # elements; tensor cores take no part of a tile
# A larger batch that saves hardly more than a smaller one is not worth its memory and latency.
_HARDLY = 0.03
_LEAST_WAITING = 0.1  # of the time: below it another way to launch changes nothing
_LEAST_PADDING = 0.02  # of the tokens
_LEAST_LENGTH = 8  # tokens, of which half are still a sequence

_BATCH = "run more queries at once; what each of them waits for grows with the batch"
_DTYPE = "load the model with dtype={0}; check its accuracy on your own data"
_GRAPH = (
    "torch.compile(model, mode='reduce-overhead'), or a CUDA graph: the board then need not wait "
    "for Python between its kernels"
)
_ATTENTION = "load the model with attn_implementation='sdpa': the same result by one fused kernel"
_CACHE = "call generate(…, use_cache=True): each step then reads one token, not all again"
_VOCABULARY = (
    "model.resize_token_embeddings(pad_to_multiple_of={0}): products of whole tiles run on tensor "
    "cores at full rate"
)
_BOARD = "run it there; these joules are the board's alone, on both sides"
_MACHINE = "run it there"
_PADDING = (
    "batch inputs of about one length, padded to the longest of each batch (padding=True), or pack "
    "them into one row"
)
_TRAINED_BATCH = "train on more examples at once; its learning rate has to follow"
_LENGTH = "cut the inputs to half their length, where your task allows it"


@dataclass(frozen=True, slots=True)
class Lever:
    """`whatif` and `setting` are how the model is predicted when it is pulled."""

    name: str
    change: str
    how: str
    whatif: WhatIf
    setting: Setting
    changes_work: bool = False


@dataclass(frozen=True, slots=True)
class Levers:
    """Of a `situation` on a `profile`; `sure_joules` are those of a setting, None if untested."""

    situation: Situation
    profile: Profile
    whatif: WhatIf
    sure_joules: Callable[[Setting], float | None]

    def __iter__(self) -> Iterator[Lever]:
        at = self.situation.setting
        if not self.situation.has_cache:
            yield Lever("cache", "no cache → cache", _CACHE, self.whatif, at)
            return  # the others are priced once it is there
        yield from self._larger_batch()
        is_board = isinstance(self.profile, BoardProfile)
        dtype = at.dtype or self.whatif.dtype
        # Autocast keeps the weights as they are: what it would save is not priced.
        if is_board and dtype == "float32" and at.optimiser is None:
            to = replace(at, dtype="bfloat16")
            how = _DTYPE.format("torch.bfloat16")
            yield Lever("dtype", "float32 → bfloat16", how, self.whatif, to)
        waits = self.situation.waiting_share
        if is_board and at.launch == "eager" and (waits is None or waits > _LEAST_WAITING):
            told = "" if waits is None else f" (the board waited {100 * waits:.0f} % of the time)"
            to = replace(at, launch="graph")
            yield Lever("launch", f"eager → graph{told}", _GRAPH, self.whatif, to)
        yield from self._without_padding()
        yield from self._configured()
        yield from self._elsewhere()
        if at.seq_len >= _LEAST_LENGTH:
            half = replace(at, seq_len=at.seq_len // 2)
            change = f"length {at.seq_len} → {half.seq_len}"
            yield Lever("seq_len", change, _LENGTH, self.whatif, half, changes_work=True)

    def _larger_batch(self) -> Iterator[Lever]:
        at = self.situation.setting
        tried: list[tuple[float, Setting]] = []
        size = 2 * at.batch_size
        while size <= max(MAX_BATCH_SIZE, 4 * at.batch_size):
            to = replace(at, batch_size=size)
            try:
                joules = self.sure_joules(to)
            except IreneError:
                break  # too large for what traces it
            # What does not fit, or lies outside the trained sizes, is no advice.
            if joules is not None:
                tried.append((joules, to))
            size *= 2
        if not tried:
            return
        best = min(joules for joules, _ in tried)
        to = next(to for joules, to in tried if joules <= best * (1 + _HARDLY))
        change = f"batch {at.batch_size} → {to.batch_size}"
        is_trained = at.optimiser is not None
        how = _TRAINED_BATCH if is_trained else _BATCH
        yield Lever("batch_size", change, how, self.whatif, to, changes_work=is_trained)

    def _without_padding(self) -> Iterator[Lever]:
        at, share = self.situation.setting, self.situation.padding_share
        tokens = round(at.seq_len * (1 - share))
        if share >= _LEAST_PADDING and 0 < tokens < at.seq_len:
            to, change = replace(at, seq_len=tokens), f"padding {100 * share:.0f} % → none"
            yield Lever("padding", change, _PADDING, self.whatif, to)

    def _configured(self) -> Iterator[Lever]:
        """What the model's configuration could have otherwise."""
        config = self.whatif.config
        if config is None:
            return
        if getattr(config, "_attn_implementation", None) == "eager" and self.whatif.has_fused:

            def fuse(config: Any) -> None:
                config._attn_implementation = "sdpa"

            yield from self._built("attention", "attention eager → sdpa", _ATTENTION, fuse)
        size = getattr(config, "vocab_size", None)
        if isinstance(size, int) and size % ALIGNED and isinstance(self.profile, BoardProfile):
            whole = -(-size // ALIGNED) * ALIGNED

            def pad(config: Any) -> None:
                config.vocab_size = whole

            how = _VOCABULARY.format(ALIGNED)
            yield from self._built("vocabulary", f"vocabulary {size:,} → {whole:,}", how, pad)

    def _built(
        self, name: str, change: str, how: str, altered: Callable[[Any], None]
    ) -> Iterator[Lever]:
        if self.situation.setting.optimiser and not self.whatif.is_as_built:
            return  # what is frozen and checkpointed would be lost
        try:
            other = self.whatif.configured(altered)
        except IreneError:
            return  # it cannot be built so
        yield Lever(name, change, how, other, self.situation.setting)

    def _elsewhere(self) -> Iterator[Lever]:
        mine = self.profile
        how = _BOARD if mine.scope == "board" else _MACHINE
        for _, profile in known():
            if profile.scope == mine.scope and profile.name != mine.name:
                to = replace(self.situation.setting, device=profile.name)
                yield Lever("device", f"on {profile.label}", how, self.whatif, to)
