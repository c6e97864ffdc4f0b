"""What a report's model was given, as a setting that can be predicted again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from irene_jupyter.errors import OptionError
from irene_jupyter.report.phases import PhaseSummary
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.tree import STEP_PHASES
from irene_jupyter.whatif import DTYPES, Per, Setting, amount

_NOT_FORWARD = STEP_PHASES[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The size that cost most, on the report's device.

    `joules_per` of one query or token (`per`) as the report has them; `waiting_share` of the time
    in place, None where it is not known; without a cache (`has_cache`) each step of a generation
    read all again; `padding_share` of the tokens that went in were padding, as far as masks tell.
    Of training, a query is an example, and `phases` are those of its steps.
    """

    setting: Setting
    joules_per: float
    per: Per
    waiting_share: float | None = None
    has_cache: bool = True
    padding_share: float = 0.0
    phases: Mapping[str, PhaseSummary] = field(default_factory=dict)


def setting_of(runs: Sequence[RunSummary]) -> Setting:
    """The size of the generation, or else of the forward call, that cost most. Of some `runs`."""
    first = _costliest(runs)
    steps, prompts = _calls(_alike(first, runs, "decode")), _calls(_alike(first, runs, "prefill"))
    return Setting(
        batch_size=max(1, first.batch_size),
        seq_len=max(1, first.seq_len),
        new_tokens=1 + round(steps / prompts) if prompts else 0,
    )


def situation_of(report: EnergyReport) -> Situation:
    """Raises `OptionError` where the report is of no run that can be predicted again."""
    runs = [run for run in report.runs if run.status != "not_run" or report.mode == "predict"]
    if report.root is None or not runs:
        raise OptionError("no model ran in this report, so that nothing can be advised")
    phases = _training_of(report, runs)
    if phases:  # evaluation beside it is not what costs
        runs = [run for run in runs if run.phase in STEP_PHASES]
    features = report.root.features
    dtype = features.dtype if features.dtype in DTYPES else None
    seconds, waiting = features.latency_seconds, features.waiting_seconds
    share = waiting / seconds if waiting is not None and seconds else None
    setting = replace(setting_of(runs), device=report.predicting.name, dtype=dtype)
    per: Per = "token" if setting.new_tokens else "query"
    if phases:
        joules = math.fsum(each.joules for each in phases.values()) / phases["forward"].samples
        has_cache = True
    else:
        whole, has_cache = _one(runs)
        joules = whole / amount(setting, per)
    if report.elsewhere is not None and report.total_joules > 0:  # what helps is told by a profile
        joules *= report.elsewhere.energy.joules / report.total_joules
    return Situation(
        setting=setting,
        joules_per=joules,
        per=per,
        waiting_share=share,
        has_cache=has_cache,
        padding_share=_padding_of(runs),
        phases=phases,
    )


def _training_of(report: EnergyReport, runs: Sequence[RunSummary]) -> dict[str, PhaseSummary]:
    """The phases of the whole steps of the model that cost most; none where nothing was trained."""
    is_undivided = any(part.kind == "backward" for part in report.parts or ())
    steps = [run for run in runs if run.phase in STEP_PHASES]
    if not is_undivided and not steps:
        return {}
    model = _costliest(steps or runs).model
    phases = {
        each.phase: each
        for each in report.phases
        if each.model == model and each.phase in STEP_PHASES and each.steps and each.samples
    }
    if len(phases) < len(STEP_PHASES):
        raise OptionError(
            "there is no whole training step in this report, with its backward pass by module and "
            "a step of the optimiser: run one in the cell, or ask for that of irene.predict(model, "
            "batch_size, seq_len, training=True)"
        )
    return phases


def _padding_of(runs: Sequence[RunSummary]) -> float:
    """Of the tokens of the runs whose masks are known, by their joules."""
    known = [(run.joules, run.padding_share) for run in runs if run.padding_share is not None]
    joules = math.fsum(weight for weight, _ in known)
    return math.fsum(weight * share for weight, share in known) / joules if joules else 0.0


def _one(runs: Sequence[RunSummary]) -> tuple[float, bool]:
    """Joules of one generation or call of the setting, and whether it has a cache."""
    first = _costliest(runs)
    if first.phase != "prefill":
        return first.joules / max(1, first.calls), True
    prompts, steps = _alike(first, runs, "prefill"), _alike(first, runs, "decode")
    joules = math.fsum(run.joules for run in (*prompts, *steps))
    reads_all = bool(steps) and all(run.seq_len > 1 and not run.cache_length for run in steps)
    return joules / _calls(prompts), not reads_all


def _costliest(runs: Sequence[RunSummary]) -> RunSummary:
    """Prompts come first, then forward calls."""
    prompts = [run for run in runs if run.phase == "prefill"]
    forward = [run for run in runs if run.phase not in _NOT_FORWARD]
    return max(prompts or forward or runs, key=lambda run: run.joules)


def _calls(runs: Sequence[RunSummary]) -> int:
    return sum(run.calls for run in runs)


def _alike(first: RunSummary, runs: Sequence[RunSummary], phase: str) -> list[RunSummary]:
    """The runs of a phase that are of the same model and batch."""
    return [
        run
        for run in runs
        if (run.model, run.batch_size, run.phase) == (first.model, first.batch_size, phase)
    ]
