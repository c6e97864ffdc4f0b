"""The whole flow on one page: capture, resources, prediction, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from irene_jupyter.apart import Apart
from irene_jupyter.assembly import Switched
from irene_jupyter.errors import IreneError, OptionError
from irene_jupyter.frames import strip_own_frames
from irene_jupyter.options import (
    DEFAULT_BATCH_SIZE,
    DEFAULT_SEQ_LEN,
    Options,
)
from irene_jupyter.predictors.methods import DEFAULT
from irene_jupyter.predictors.profiles.automatic import AUTO, Chosen, automatic
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.report.observer import observer_cost
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.so_far import SoFar

if TYPE_CHECKING:
    from torch import nn

    from irene_jupyter.attribution.estimate import Estimate
    from irene_jupyter.capture.models.building import Origin
    from irene_jupyter.capture.record.calls import Recorded
    from irene_jupyter.capture.watch.recorder import Recorder
    from irene_jupyter.meters.counters.counters import Counters
    from irene_jupyter.report.trend import TrendSource
    from irene_jupyter.resources.sampler import Sampler

# Of the budget; what is left is for the prediction and the display.
_REPLAY_SHARE = 0.75

Models = Sequence["nn.Module"] | Callable[[], Sequence["nn.Module"]]


class EnergyMonitor:
    """Context manager around any code that builds or runs models; then `report` is its energy.

    `models` restricts the report to some of them (or a function that finds them afterwards);
    `namespace` lends the models the names of the user's variables; `progress` gets a line where
    the analysis after the block lasts longer than a second; `each_sample` is called in a thread of
    ours whenever the machine was looked at, and may ask what `so_far()` is known.
    Raises `DeviceError` for an unknown device, before anything runs. What the code raises goes
    through, and what was seen until then is in the report, marked incomplete.

    >>> import torch
    >>> import irene_jupyter as irene
    >>> model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh())
    >>> with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
    ...     output = model(torch.ones(2, 8))
    >>> monitor.report.total_joules > 0  # joules
    True
    >>> [node.path for node in monitor.report.root.children]
    ['0', '1']
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        models: Models = (),
        namespace: Mapping[str, object] | None = None,
        progress: Callable[[str], None] | None = None,
        each_sample: Callable[[EnergyMonitor], None] | None = None,
    ) -> None:
        self._options = options or Options()
        self._models = models
        self._namespace = namespace
        self._progress = progress
        self._each_sample = each_sample
        # "auto" depends on where the models will have run.
        is_auto = self._options.device == AUTO
        self._device = None if is_auto else Chosen(load_device(self._options.device))
        self._recorder: Recorder | None = None
        self._sampler: Sampler | None = None
        self._counters: Counters | None = None
        self._entering_seconds = 0.0
        self._started = 0.0
        self._report: EnergyReport | None = None
        self._failure: Exception | None = None

    def __enter__(self) -> Self:
        began = time.perf_counter()
        from irene_jupyter.capture.watch.gpu import boards_used, synchronise
        from irene_jupyter.capture.watch.recorder import Recorder
        from irene_jupyter.meters.counters.counters import Counters
        from irene_jupyter.resources.sampler import Sampler

        self._report = self._failure = None
        synchronise()
        self._counters = Counters()
        self._recorder = Recorder()
        self._recorder.__enter__()
        try:
            self._sampler = Sampler(
                self._options.interval_seconds,
                probe=self._counters,
                boards_in_use=boards_used,
                each_time=self._sampled,
            )
            self._sampler.__enter__()
        except BaseException:
            self._recorder.__exit__(None, None, None)
            raise
        self._started = time.perf_counter()
        self._entering_seconds = self._started - began
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from irene_jupyter.capture.watch.gpu import synchronise

        assert self._recorder is not None
        assert self._sampler is not None
        launched = time.perf_counter()
        try:  # an interrupt while waiting for the GPU must leave nothing behind either
            if synchronise():  # what a GPU still computes is the work of what ran last
                self._recorder.activity.extend(launched, time.perf_counter())
        finally:
            end = time.perf_counter()
            try:
                self._recorder.__exit__(kind, error, trace)
            finally:
                self._sampler.__exit__(kind, error, trace)
        if error is not None:
            strip_own_frames(error)
        apart = Apart(self._progress)
        recorder, sampler = self._recorder, self._sampler
        try:
            only = self._models() if callable(self._models) else self._models
            self._report = apart.run(
                lambda: self._analyse(recorder, sampler, end, error, apart, only)
            )
        except Exception as failure:  # never in place of the user's own exception or result
            self._failure = failure
        except KeyboardInterrupt as stop:  # the second one
            self._failure = IreneError("it was interrupted twice")
            raise stop
        finally:
            # They hold on to what was recorded.
            self._recorder = self._sampler = self._counters = None
        if apart.interrupted and error is None:
            raise KeyboardInterrupt

    @property
    def report(self) -> EnergyReport:
        """The block's report. Raises `IreneError` before its end, or where none could be made."""
        if self._report is not None:
            return self._report
        if self._failure is not None:
            raise IreneError(
                f"no report could be made: {type(self._failure).__name__}: {self._failure}"
            ) from self._failure
        raise IreneError("the block has not ended: read `monitor.report` after the with statement")

    def so_far(self) -> SoFar:
        """What is known while the block runs. Raises `IreneError` before and after it."""
        from irene_jupyter.capture.watch.gpu import boards_used

        recorder, counters = self._recorder, self._counters
        if recorder is None or counters is None:
            raise IreneError("the block does not run: read `monitor.report` after its end")
        boards, rounds = boards_used(), recorder.loop.rounds
        source: TrendSource = "measured"
        joules = counters.joules_so_far(boards)
        if joules is None and boards == frozenset() and self._sampler is not None:
            estimate = self._estimate(self._sampler)
            joules = None if estimate is None else estimate.joules
            source = "estimated"
        return SoFar(
            seconds=time.perf_counter() - self._started,
            joules=joules,
            source=None if joules is None else source,
            unit="call" if rounds is None else rounds.unit,
            rounds=0 if rounds is None else rounds.count,
            tokens=recorder.loop.tokens,
        )

    def _sampled(self) -> None:
        if self._each_sample is not None and self._started:
            self._each_sample(self)

    def _automatic(self, boards: frozenset[str]) -> Chosen:
        """The device of a cell all of whose models ran on such boards."""
        # Of two kinds no profile tells, and a board's knows no method of the paper.
        is_board = len(boards) == 1 and self._options.method == DEFAULT
        return automatic(tuple(boards) if is_board else ())

    def _estimate(self, sampler: Sampler) -> Estimate | None:
        """What this machine's processor used, as far as its rated power and load tell.

        None where a device or a method of the paper was asked for, or a meter has told more.
        """
        from irene_jupyter.attribution.estimate import estimated
        from irene_jupyter.resources.processor import this_processor
        from irene_jupyter.resources.rated_power import rated_power

        if self._device is not None or self._options.method != DEFAULT:
            return None
        if self._automatic(frozenset()).profile.kind == "calibrated":
            return None
        processor = this_processor()
        return estimated(processor, rated_power(processor), sampler.load(processor.threads))

    def _analyse(
        self,
        recorder: Recorder,
        sampler: Sampler,
        end: float,
        error: BaseException | None,
        apart: Apart,
        only: Sequence[nn.Module],
    ) -> EnergyReport:
        from irene_jupyter.attribution.cell import observed_cell
        from irene_jupyter.attribution.trending import known_joules, trend_of
        from irene_jupyter.capture.gather import gather
        from irene_jupyter.capture.repeat.replay import replayed

        began = time.perf_counter()
        variables = _variables(self._namespace or {})
        captured = gather(
            recorder,
            batch_size=self._options.batch_size or DEFAULT_BATCH_SIZE,
            seq_len=self._options.seq_len or DEFAULT_SEQ_LEN,
            only=only,
            known=[module for module, _ in variables],
            names={id(module): name for module, name in variables if name},
            may_trace=lambda: error is None and not apart.is_stopped(),
        )
        notes = list(captured.notes)
        if error is not None:
            notes.append(
                f"the cell raised {type(error).__name__}: only what ran until then is here"
            )
        structured = time.perf_counter()
        resources = sampler.summary()
        # After an interrupt nobody wants to wait.
        left = 0.0 if error else _REPLAY_SHARE * self._options.budget_seconds - (structured - end)
        replay = replayed(
            captured.runs,
            captured.recorded,
            left,
            apart.tell,
            resources.others_cpu_share,
            is_stopped=apart.is_stopped,
        )
        notes += replay.notes
        if apart.is_stopped():
            notes.append("interrupted while the report was made: it holds what was done by then")
        repeated_until = time.perf_counter()
        assert self._counters is not None
        cell = observed_cell(
            recorder.activity,
            captured.owners,
            captured.runs,
            self._counters,
            self._started,
            end,
            resources.others_cpu_share,
            self._estimate(sampler),
        )
        device = self._device or self._automatic(cell.board_names)
        switched = Switched(
            replay.runs,
            device.profile,
            (*notes, *(device.notes if device.profile.scope == "board" else ())),
            resources.to_dict(),
            cell,
            self._options.method,
            _origin(captured.recorded),
        )
        report = switched.report()
        stages: dict[str, float | None] = {
            "entering": self._entering_seconds,
            "recording": recorder.own_seconds,
            "sampling": resources.block_overhead_seconds,
            "leaving": began - end,
            "structure": structured - began,
            "replay": repeated_until - structured,
            "prediction": time.perf_counter() - repeated_until,
        }
        trend = trend_of(
            recorder.loop,
            self._started,
            known_joules(cell, report, recorder.loop),
            resources.others_cpu_share,
        )
        observer = observer_cost(end - self._started, stages)
        switch = replace(switched, observer=observer, trend=trend)
        return replace(report, trend=trend, observer=observer, switch=switch)


def measure(
    model: Callable[..., Any], *args: Any, options: Options | None = None, **kwargs: Any
) -> EnergyReport:
    """Runs `model(*args, **kwargs)` once, as given, and reports its energy.

    `model` is a `torch.nn.Module`, or anything callable that runs some. Its output is dropped;
    state, training flag and torch's random state end up as after one plain run. Raises
    `OptionError` for what cannot be called, `DeviceError` for an unknown device, and whatever
    the model raises.

    >>> import torch
    >>> import irene_jupyter as irene
    >>> model = torch.nn.Linear(8, 4)
    >>> report = irene.measure(model, torch.ones(2, 8), options=irene.Options(budget_seconds=0))
    >>> report.root.energy.low <= report.total_joules <= report.root.energy.high  # joules
    True
    """
    if not callable(model):
        raise OptionError(
            f"measure: {type(model).__name__} cannot be called; pass a model and its inputs, or "
            "see predict() for models that are not to be run"
        )
    try:
        with EnergyMonitor(options) as monitor:
            model(*args, **kwargs)
    except Exception as error:
        if not isinstance(error, IreneError):
            strip_own_frames(error)
        raise
    return monitor.report


def _origin(recorded: Sequence[Recorded | None]) -> Origin | None:
    """Of the one model that ran; None where several did, or none that was seen as a whole."""
    from irene_jupyter.capture.models.building import Origin

    models = {id(each.module): each.module for each in recorded if each and not each.path}
    (model,) = models.values() if len(models) == 1 else (None,)
    return None if model is None else Origin.of(model)


def _variables(namespace: Mapping[str, object]) -> list[tuple[nn.Module, str | None]]:
    """The modules that the user's variables hold, each with its name; None for hidden ones."""
    from torch import nn

    found: dict[int, tuple[nn.Module, str | None]] = {}
    # A snapshot: other threads of the user's may be adding variables.
    for name, value in sorted(dict(namespace).items(), key=lambda item: item[0].startswith("_")):
        if not isinstance(value, nn.Module):
            value = (
                getattr(value, "model", None)
                if type(value).__module__.startswith("transformers.pipelines")
                else None
            )
        if isinstance(value, nn.Module) and name.isidentifier():
            module = getattr(value, "_orig_mod", value)
            found.setdefault(id(module), (module, None if name.startswith("_") else name))
    return list(found.values())
