"""report.advice(): what would save energy, priced for this very report by predicting it again.

A saving is a ratio of two predictions by one profile, applied to the joules that the report has.
Its interval takes their errors as independent: log-widths add as squares. Of the same model at two
sizes they are closer than that: of the 2,214 pairs in the published measurements of PC1, predicted
with their family left out, at least 90 % lie inside (`tests/test_advising.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from irene_jupyter.errors import IreneError
from irene_jupyter.predictors.profiles.automatic import REFERENCE
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.known import known
from irene_jupyter.predictors.profiles.loading import devices, load_device
from irene_jupyter.report.advice import Advice, Saving
from irene_jupyter.report.folding import is_untested
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.units import printable
from irene_jupyter.situation import Situation, situation_of
from irene_jupyter.tree import Energy, Node
from irene_jupyter.whatif import MAX_BATCH_SIZE, Setting, WhatIf

ALIGNED = 64  # elements; tensor cores take no part of a tile
# A larger batch that saves hardly more than a smaller one is not worth its memory and latency.
_HARDLY = 0.03
_LEAST_SAVING = 0.01  # of the joules: less is of no interest
_LEAST_WAITING = 0.1  # of the time: below it another way to launch changes nothing

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
_LENGTH = "cut the inputs to half their length, where your task allows it"
_TOGETHER = "all of the above that can go together"


@dataclass(frozen=True, slots=True)
class _Priced:
    """What one query or token needs in a setting, and whether its interval was tested."""

    energy: Energy
    is_tested: bool

    @classmethod
    def of(cls, root: Node, amount: int) -> _Priced:
        assert root.energy is not None
        return cls(root.energy.scaled(1 / amount), not is_untested(root))


@dataclass(frozen=True, slots=True)
class _Lever:
    """`whatif` and `setting` are how the model is predicted when it is pulled."""

    name: str
    change: str
    how: str
    whatif: WhatIf
    setting: Setting
    changes_work: bool = False


def advise(report: EnergyReport, model: Any = None) -> Advice:
    """What would help: for each lever that saves for sure the joules of a query or token.

    Priced are batch size, dtype, the way to launch, the implementation of attention, a cache that
    is off, a vocabulary that is no multiple of 64, half the length, and other devices of the same
    scope. Nothing is run; large models take some seconds. `model` is needed where the report does
    not know its own (several models, or one that is not from transformers). Raises `OptionError`
    and `CaptureError` where nothing can be predicted again.
    """
    return _Adviser(report, model).advice()


class _Adviser:
    def __init__(self, report: EnergyReport, model: Any) -> None:
        self._report = report
        situation = situation_of(report)
        name = situation.setting.device
        self._is_own = any(each.name == name for each in devices())
        if not self._is_own:  # what is estimated for this machine knows no other size
            name = REFERENCE
            situation = replace(situation, setting=replace(situation.setting, device=name))
        self._profile = load_device(name)
        self._situation: Situation = situation
        self._whatif = WhatIf(report if model is None else model)
        self._notes: list[str] = []

    def advice(self) -> Advice:
        """See `advise`."""
        now, at = self._before(), self._situation.setting
        found: list[tuple[_Lever, Saving]] = []
        for lever in self._levers(now):
            if saving := self._saving(lever, now):
                found.append((lever, saving))
        found.sort(key=lambda each: (each[1].changes_work, -each[1].share))
        if together := self._together([lever for lever, _ in found], now):
            found.append(together)
        size = f"batch {at.batch_size}, {at.seq_len} tokens"
        if at.new_tokens:
            size += f", {at.new_tokens} new ones"
        names = ", ".join(printable(each.class_name, 40) for each in self._report.models)
        whose = self._profile.label
        if not self._is_own:
            self._notes.append(
                f"Other sizes cannot be predicted for this machine: all is priced for {whose}."
            )
        return Advice(
            f"What would help {names} ({size}), for {whose}",
            self._situation.per,
            tuple(saving for _, saving in found),
            tuple(self._notes),
        )

    def _before(self) -> _Priced:
        """The report's own setting, predicted."""
        at = self._situation.setting
        if self._situation.has_cache:
            return self._priced(self._whatif, at)
        # Each new token was a forward pass over all before it.
        steps = [
            self._priced(self._whatif, replace(at, new_tokens=0, seq_len=at.seq_len + done))
            for done in range(at.new_tokens)
        ]
        joules, low, high = (
            math.fsum(values) / at.new_tokens
            for values in zip(
                *((e.energy.joules, e.energy.low, e.energy.high) for e in steps), strict=True
            )
        )
        energy = Energy(joules, low, high, steps[0].energy.source)
        return _Priced(energy, all(each.is_tested for each in steps))

    def _priced(self, whatif: WhatIf, setting: Setting) -> _Priced:
        root = whatif.predict(setting).report.root
        assert root is not None
        amount = setting.tokens if self._situation.setting.new_tokens else setting.queries
        if not setting.new_tokens and self._situation.setting.new_tokens:
            amount = setting.batch_size  # one token of each row
        return _Priced.of(root, amount)

    # --- levers -----------------------------------------------------------------------------

    def _levers(self, now: _Priced) -> Iterator[_Lever]:
        at = self._situation.setting
        if not self._situation.has_cache:
            yield _Lever("cache", "no cache → cache", _CACHE, self._whatif, at)
            return  # the others are priced once it is there
        yield from self._larger_batch()
        is_board = isinstance(self._profile, BoardProfile)
        dtype = at.dtype or self._whatif.dtype
        if is_board and dtype == "float32":
            to = replace(at, dtype="bfloat16")
            how = _DTYPE.format("torch.bfloat16")
            yield _Lever("dtype", "float32 → bfloat16", how, self._whatif, to)
        waits = self._situation.waiting_share
        if is_board and at.launch == "eager" and (waits is None or waits > _LEAST_WAITING):
            told = "" if waits is None else f" (the board waited {100 * waits:.0f} % of the time)"
            to = replace(at, launch="graph")
            yield _Lever("launch", f"eager → graph{told}", _GRAPH, self._whatif, to)
        yield from self._configured()
        yield from self._elsewhere()
        if at.seq_len >= 2 * 4:
            half = replace(at, seq_len=at.seq_len // 2)
            change = f"length {at.seq_len} → {half.seq_len}"
            yield _Lever("seq_len", change, _LENGTH, self._whatif, half, changes_work=True)

    def _larger_batch(self) -> Iterator[_Lever]:
        at = self._situation.setting
        tried: list[tuple[float, Setting]] = []
        size = 2 * at.batch_size
        while size <= max(MAX_BATCH_SIZE, 4 * at.batch_size):
            to = replace(at, batch_size=size)
            try:
                priced = self._priced(self._whatif, to)
            except IreneError:
                break  # too large for what traces it
            # What does not fit, or lies outside the trained sizes, is no advice.
            if priced.is_tested:
                tried.append((priced.energy.joules, to))
            size *= 2
        if not tried:
            return
        best = min(joules for joules, _ in tried)
        to = next(to for joules, to in tried if joules <= best * (1 + _HARDLY))
        change = f"batch {at.batch_size} → {to.batch_size}"
        yield _Lever("batch_size", change, _BATCH, self._whatif, to)

    def _configured(self) -> Iterator[_Lever]:
        """What the model's configuration could have otherwise."""
        at, config = self._situation.setting, self._whatif.config
        if config is None:
            return
        if getattr(config, "_attn_implementation", None) == "eager" and self._whatif.has_fused:

            def fuse(config: Any) -> None:
                config._attn_implementation = "sdpa"

            yield from self._built("attention", "attention eager → sdpa", _ATTENTION, fuse)
        size = getattr(config, "vocab_size", None)
        if isinstance(size, int) and size % ALIGNED and at.device != REFERENCE:
            whole = -(-size // ALIGNED) * ALIGNED

            def pad(config: Any) -> None:
                config.vocab_size = whole

            how = _VOCABULARY.format(ALIGNED)
            yield from self._built("vocabulary", f"vocabulary {size:,} → {whole:,}", how, pad)

    def _built(
        self, name: str, change: str, how: str, altered: Callable[[Any], None]
    ) -> Iterator[_Lever]:
        try:
            other = self._whatif.configured(altered)
        except IreneError:
            return  # it cannot be built so
        yield _Lever(name, change, how, other, self._situation.setting)

    def _elsewhere(self) -> Iterator[_Lever]:
        mine = self._profile
        how = _BOARD if mine.scope == "board" else _MACHINE
        for _, profile in known():
            if profile.scope == mine.scope and profile.name != mine.name:
                to = replace(self._situation.setting, device=profile.name)
                yield _Lever("device", f"on {profile.label}", how, self._whatif, to)

    def _together(self, levers: list[_Lever], now: _Priced) -> tuple[_Lever, Saving] | None:
        """All levers of this device that leave the work as it is."""
        mine = [
            lever
            for lever in levers
            if lever.whatif is self._whatif and lever.name in ("batch_size", "dtype", "launch")
        ]
        if len(mine) < 2:
            return None
        setting = self._situation.setting
        for lever in mine:
            changed = {lever.name: getattr(lever.setting, lever.name)}
            setting = replace(setting, **changed)
        change = " and ".join(lever.name.replace("_size", "") for lever in mine)
        lever = _Lever("together", f"{change} together", _TOGETHER, self._whatif, setting)
        saving = self._saving(lever, now)
        return None if saving is None else (lever, saving)

    # --- prices -----------------------------------------------------------------------------

    def _saving(self, lever: _Lever, now: _Priced) -> Saving | None:
        """None where it does not save for sure; it is told then."""
        try:
            then = self._priced(lever.whatif, lever.setting)
        except IreneError:
            return None
        ratio, lowest, highest = _ratio(now.energy, then.energy)
        if ratio > 1 - _LEAST_SAVING:
            return None
        if highest >= 1:
            self._notes.append(
                f"{lever.change}: {100 * (1 - ratio):.0f} % less is predicted, but it may as well "
                "be nothing."
            )
            return None
        is_tested = now.is_tested and then.is_tested
        # The level is the report's own, where its profile is.
        before = self._situation.joules_per if self._is_own else now.energy.joules
        return Saving(
            lever=lever.name,
            change=lever.change,
            before_joules=before,
            after_joules=before * ratio,
            low=1 - highest,
            high=1 - lowest,
            is_tested=is_tested,
            how=lever.how,
            rests_on=self._rests_on(lever, is_tested),
            changes_work=lever.changes_work,
        )

    def _rests_on(self, lever: _Lever, is_tested: bool) -> str:
        whose = self._profile.label
        if lever.setting.device != self._situation.setting.device:
            whose += f" and {load_device(lever.setting.device).label}"
        told = f"predicted twice for {whose}"
        measured = self._report.measured
        if self._is_own and measured is not None and measured.joules is not None:
            told += ", the ratio applied to what was measured"
        if not is_tested:
            told += "; estimated or outside the trained sizes, a range that nobody tested"
        return told


def _ratio(before: Energy, after: Energy) -> tuple[float, float, float]:
    """After / before, and its bounds where the errors of both are independent."""
    ratio = after.joules / before.joules
    down = math.hypot(_width(after.low, after.joules), _width(before.joules, before.high))
    up = math.hypot(_width(after.joules, after.high), _width(before.low, before.joules))
    return ratio, ratio * math.exp(-down), ratio * math.exp(up)


def _width(low: float, high: float) -> float:
    return math.log(high / low) if low > 0 else math.inf
