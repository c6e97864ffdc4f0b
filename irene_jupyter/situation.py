"""What a report's model was given, as a setting that can be predicted again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from irene_jupyter.errors import OptionError
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.whatif import DTYPES, Setting

TRAINING = frozenset({"forward", "backward", "optimiser"})  # phases


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The size that cost most, on the report's device.

    `joules_per` of one query or token as the report has them; `waiting_share` of the time in place,
    None where it is not known; without a cache (`has_cache`) each step of a generation read all
    again; `padding_share` of the tokens that went in were padding, as far as masks tell.
    """

    setting: Setting
    joules_per: float
    waiting_share: float | None = None
    has_cache: bool = True
    padding_share: float = 0.0

    @property
    def per(self) -> str:
        """What `joules_per` is of."""
        return "token" if self.setting.new_tokens else "query"

    @property
    def amount(self) -> int:
        """Of these in one run of the setting."""
        return self.setting.tokens if self.setting.new_tokens else self.setting.queries


def situation_of(report: EnergyReport) -> Situation:
    """Raises `OptionError` where the report is of no run that can be predicted again."""
    runs = [run for run in report.runs if run.status != "not_run" or report.mode == "predict"]
    if report.root is None or not runs:
        raise OptionError("no model ran in this report, so that nothing can be advised")
    if any(run.phase in TRAINING or (run.training and run.phase is None) for run in runs):
        raise OptionError(
            "this report is of a training step, whose levers are not priced yet: compare "
            "irene.predict(model, batch_size, seq_len, training=True) at several sizes"
        )
    features = report.root.features
    dtype = features.dtype if features.dtype in DTYPES else None
    seconds, waiting = features.latency_seconds, features.waiting_seconds
    share = waiting / seconds if waiting is not None and seconds else None
    prompts = [run for run in runs if run.phase == "prefill"]
    if prompts:
        setting, joules, has_cache = _generation(prompts, runs)
    else:
        run = max(runs, key=lambda run: run.joules)
        setting, has_cache = Setting(batch_size=run.batch_size, seq_len=run.seq_len), True
        joules = run.joules / max(1, run.calls)
    setting = Setting(
        batch_size=setting.batch_size,
        seq_len=setting.seq_len,
        new_tokens=setting.new_tokens,
        device=report.predicting.name,
        dtype=dtype,
    )
    amount = setting.tokens if setting.new_tokens else setting.queries
    if report.elsewhere is not None and report.total_joules > 0:  # what helps is told by a profile
        joules *= report.elsewhere.energy.joules / report.total_joules
    return Situation(
        setting=setting,
        joules_per=joules / amount,
        waiting_share=share,
        has_cache=has_cache,
        padding_share=_padding_of(runs),
    )


def _padding_of(runs: Sequence[RunSummary]) -> float:
    """Of the tokens of the runs whose masks are known, by their joules."""
    known = [(run.joules, run.padding_share) for run in runs if run.padding_share is not None]
    joules = math.fsum(weight for weight, _ in known)
    return math.fsum(weight * share for weight, share in known) / joules if joules else 0.0


def _generation(
    prompts: Sequence[RunSummary], runs: Sequence[RunSummary]
) -> tuple[Setting, float, bool]:
    """The setting of a report's generations, joules of one of them, and whether it has a cache."""
    first = max(prompts, key=lambda run: run.joules)
    own = [run for run in runs if run.model == first.model and run.batch_size == first.batch_size]
    calls = max(1, sum(run.calls for run in own if run.phase == "prefill"))
    steps = [run for run in own if run.phase == "decode"]
    reads_all = bool(steps) and all(run.seq_len > 1 and not run.cache_length for run in steps)
    setting = Setting(
        batch_size=first.batch_size,
        seq_len=first.seq_len,
        new_tokens=1 + round(sum(run.calls for run in steps) / calls),
    )
    return setting, math.fsum(run.joules for run in own) / calls, not reads_all
