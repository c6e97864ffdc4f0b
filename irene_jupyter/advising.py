"""report.advice(): what would save energy, priced for this very report by predicting it again.

A saving is a ratio of two predictions by one profile, applied to the joules that the report has.
Its interval takes their errors as independent: log-widths add as squares. Of the same model at two
sizes they are closer than that: of the 2,214 pairs in the published measurements of PC1, predicted
with their family left out, at least 90 % lie inside (`tests/test_advising.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from irene_jupyter.errors import IreneError, OptionError
from irene_jupyter.levers import Lever, Levers
from irene_jupyter.predictors.profiles.automatic import REFERENCE
from irene_jupyter.predictors.profiles.loading import devices, load_device
from irene_jupyter.report.advice import Advice, Saving
from irene_jupyter.report.folding import flag_codes, is_untested
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.units import printable
from irene_jupyter.situation import Situation, situation_of
from irene_jupyter.tree import Energy, Node
from irene_jupyter.whatif import Setting, WhatIf, amount

_LEAST_SAVING = 0.01  # of the joules: less is of no interest
_HARDLY_MORE = 1.01  # passes for a step
_TOGETHER = "all of the above that can go together"
_AS_TRAINED = "give the model as it was trained, report.advice(model)"


@dataclass(frozen=True, slots=True)
class _Priced:
    """What one query or token needs in a setting, whether its interval was tested, and it fits."""

    energy: Energy
    is_tested: bool
    fits: bool = True  # the device's memory

    @classmethod
    def of(cls, root: Node, amount: int) -> _Priced:
        assert root.energy is not None
        fits = "does_not_fit" not in flag_codes(root)
        return cls(root.energy.scaled(1 / amount), not is_untested(root), fits)


def advise(report: EnergyReport, model: Any = None) -> Advice:
    """What would help: for each lever that saves for sure the joules of a query or token.

    Priced are batch size, dtype, the way to launch, the implementation of attention, a cache that
    is off, padding, a vocabulary that is no multiple of 64, half the length, and other devices of
    the same scope; of training whole steps, by the example. Nothing is run; large models take some
    seconds, their training steps more. `model` is needed where the report does not know its own
    (several models, one that is not from transformers, one whose weights are frozen in part).
    Raises `OptionError` and `CaptureError` where nothing can be predicted again.
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
        # What was measured here is not mixed with what a profile tells of another machine.
        measured = report.measured
        is_counted = measured is not None and measured.joules is not None
        is_here = report.device.kind == "calibrated" or (
            measured is not None and measured.beyond_idle is not None
        )
        self._has_level = self._is_own and (is_here or not is_counted)
        self._profile = load_device(name)
        self._whatif = WhatIf(report if model is None else model)
        self._notes: list[str] = []
        if situation.phases:
            setting = replace(situation.setting, optimiser=self._optimiser(situation, model))
            situation = replace(situation, setting=setting)
        self._situation: Situation = situation

    def advice(self) -> Advice:
        """See `advise`."""
        now, at = self._before(), self._situation.setting
        found: list[tuple[Lever, Saving]] = []
        levers = Levers(self._situation, self._profile, self._whatif, self._sure_joules)
        for lever in levers:
            if saving := self._saving(lever, now):
                found.append((lever, saving))
        found.sort(key=lambda each: (each[1].changes_work, -each[1].share))
        if together := self._together([lever for lever, _ in found], now):
            found.append(together)
        size = f"batch {at.batch_size}, {at.seq_len} tokens"
        if at.new_tokens:
            size += f", {at.new_tokens} new ones"
        if at.optimiser:
            size += f", trained by an optimiser like {at.optimiser}"
        names = ", ".join(printable(each.class_name, 40) for each in self._report.models)
        whose = self._profile.label
        if not self._has_level or self._report.elsewhere is not None:
            self._notes.append(
                f"Other sizes cannot be predicted for this machine: all is priced for {whose}."
            )
        return Advice(
            f"What would help {names} ({size}), for {whose}",
            "example" if at.optimiser else self._situation.per,
            tuple(saving for _, saving in found),
            tuple(self._notes),
        )

    def _optimiser(self, situation: Situation, model: Any) -> str:
        """Torch's, by the work of its steps. Raises `OptionError` where the model is another."""
        step, setting = situation.phases["optimiser"], situation.setting
        name = self._whatif.optimiser_like(step.root, step.steps, setting.dtype)
        if name is None:
            raise OptionError(
                "the optimiser of this report did not update what would be trained of a model of "
                f"this class with nothing frozen, or with other weights frozen: {_AS_TRAINED}"
            )
        passed = situation.phases["backward"].root.walk()
        if model is None and any("recomputed" in flag_codes(node) for node in passed):
            raise OptionError(f"some layers were checkpointed in this training: {_AS_TRAINED}")
        passes = step.samples / step.steps / setting.batch_size
        if passes > _HARDLY_MORE:
            self._notes.append(
                f"Priced with a step of {name} after each pass; here one came after {passes:.3g}."
            )
        return name

    def _before(self) -> _Priced:
        """The report's own setting, predicted."""
        at = self._situation.setting
        if self._situation.has_cache:
            return self._priced(self._whatif, at)
        # Each new token of a row was a forward pass over all before it.
        passes = (
            replace(at, new_tokens=0, seq_len=at.seq_len + done) for done in range(at.new_tokens)
        )
        steps = [self._priced(self._whatif, each, at.batch_size) for each in passes]
        joules, low, high = (
            math.fsum(values) / at.new_tokens
            for values in zip(
                *((e.energy.joules, e.energy.low, e.energy.high) for e in steps), strict=True
            )
        )
        energy = Energy(joules, low, high, steps[0].energy.source)
        return _Priced(energy, all(each.is_tested for each in steps))

    def _priced(self, whatif: WhatIf, setting: Setting, among: int | None = None) -> _Priced:
        """Of one query or token of the setting, or of one `among` so many."""
        root = whatif.predict(setting).report.root
        assert root is not None
        return _Priced.of(root, among or amount(setting, self._situation.per))

    def _sure_joules(self, setting: Setting) -> float | None:
        priced = self._priced(self._whatif, setting)
        # No training step was ever tested; that it fits is enough.
        is_sure = priced.fits if setting.optimiser else priced.is_tested
        return priced.energy.joules if is_sure else None

    def _together(self, levers: list[Lever], now: _Priced) -> tuple[Lever, Saving] | None:
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
        lever = Lever("together", f"{change} together", _TOGETHER, self._whatif, setting)
        saving = self._saving(lever, now)
        return None if saving is None else (lever, saving)

    # --- prices -----------------------------------------------------------------------------

    def _saving(self, lever: Lever, now: _Priced) -> Saving | None:
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
        before = self._situation.joules_per if self._has_level else now.energy.joules
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

    def _rests_on(self, lever: Lever, is_tested: bool) -> str:
        whose = self._profile.label
        if lever.setting.device != self._situation.setting.device:
            whose += f" and {load_device(lever.setting.device).label}"
        told = f"predicted twice for {whose}"
        measured = self._report.measured
        if self._has_level and measured is not None and measured.joules is not None:
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
