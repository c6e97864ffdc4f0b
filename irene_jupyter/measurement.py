"""The whole flow on one page: capture, resources, prediction, report."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from irene_jupyter.errors import IreneError, OptionError
from irene_jupyter.frames import strip_own_frames
from irene_jupyter.merging import gathered, merged, repeated
from irene_jupyter.predictors.device import DeviceProfile, load_device
from irene_jupyter.predictors.paper import check_method
from irene_jupyter.report.observer import observer_cost
from irene_jupyter.report.phases import PhaseSummary, leveled_phases
from irene_jupyter.report.report import DeviceLabel, EnergyReport, Mode, RunSummary
from irene_jupyter.resources.sampler import LONGEST_INTERVAL_SECONDS, SHORTEST_INTERVAL_SECONDS
from irene_jupyter.tree import Node, Run

if TYPE_CHECKING:
    from torch import nn

    from irene_jupyter.capture.recorder import Recorder
    from irene_jupyter.cell import Cell
    from irene_jupyter.meters.counters import Counters
    from irene_jupyter.resources.sampler import Sampler

DEFAULT_BATCH_SIZE = 8
DEFAULT_SEQ_LEN = 128  # tokens
MAX_BUDGET_SECONDS = 3600.0
# Of the budget; what is left is for the prediction and the display.
_REPLAY_SHARE = 0.75

# Below this the rest of the cell is not worth a line.
_REST_SHARE = 0.05
_REST_SECONDS = 0.1

# A model's runs by phase, None for those of no generation, each with its predicted tree.
Phases = dict[str | None, list[tuple[Run, Node]]]
Models = Sequence["nn.Module"] | Callable[[], Sequence["nn.Module"]]


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure. `batch_size` and `seq_len` are for models that are built and never called.

    `device` names a profile or the path of one; "auto" takes the one that was calibrated on this
    machine, or else the reference. `method` is additive, or one of the paper's: irene, stepwise,
    predicted-sum. Raises `OptionError` for sizes below one, unknown methods, and intervals out of
    range.
    """

    device: str = "auto"
    batch_size: int | None = None
    seq_len: int | None = None
    method: str = "additive"
    interval_seconds: float = 0.17  # between two readings of the machine, from 0.02
    budget_seconds: float = 2.0  # from the block's end to its report: replay takes what is left

    def __post_init__(self) -> None:
        check_method(self.method)
        interval = self.interval_seconds
        if isinstance(interval, bool) or not isinstance(interval, int | float):
            raise OptionError(f"interval_seconds must be a number, not {interval!r}")
        if not SHORTEST_INTERVAL_SECONDS <= interval <= LONGEST_INTERVAL_SECONDS:
            raise OptionError(
                f"interval_seconds must be {SHORTEST_INTERVAL_SECONDS} (/proc counts in steps of "
                f"10 ms) to {LONGEST_INTERVAL_SECONDS:g}, not {interval}"
            )
        budget = self.budget_seconds
        if isinstance(budget, bool) or not isinstance(budget, int | float):
            raise OptionError(f"budget_seconds must be a number, not {budget!r}")
        if not 0 <= budget <= MAX_BUDGET_SECONDS:
            raise OptionError(
                f"budget_seconds must be 0 (no replay) to {MAX_BUDGET_SECONDS:g}, not {budget}"
            )
        for name in ("batch_size", "seq_len"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise OptionError(f"{name} must be a whole number, not {value!r}")
            if value is not None and value < 1:
                raise OptionError(f"{name} must be at least 1, not {value}")


class EnergyMonitor:
    """Context manager around any code that builds or runs models; then `report` is its energy.

    `models` restricts the report to some of them (or a function that finds them afterwards);
    `namespace` lends the models the names of the user's variables; `progress` gets a line where
    the analysis after the block lasts longer than a second.
    Raises `DeviceError` for an unknown device, before anything runs. What the code raises goes
    through, and what was seen until then is in the report, marked incomplete.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        models: Models = (),
        namespace: Mapping[str, object] | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._options = options or Options()
        self._models = models
        self._namespace = namespace
        self._progress = progress
        self._profile = load_device(self._options.device)
        self._recorder: Recorder | None = None
        self._sampler: Sampler | None = None
        self._counters: Counters | None = None
        self._entering_seconds = 0.0
        self._started = 0.0
        self._report: EnergyReport | None = None
        self._failure: Exception | None = None

    def __enter__(self) -> Self:
        began = time.perf_counter()
        from irene_jupyter.capture.recorder import Recorder
        from irene_jupyter.cell import synchronise
        from irene_jupyter.meters.counters import Counters
        from irene_jupyter.resources.sampler import Sampler

        self._report = self._failure = None
        synchronise()
        self._counters = Counters()
        self._recorder = Recorder()
        self._recorder.__enter__()
        try:
            self._sampler = Sampler(self._options.interval_seconds, probe=self._counters)
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
        from irene_jupyter.cell import synchronise

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
        try:
            self._report = self._analyse(self._recorder, self._sampler, end, error)
        except Exception as failure:  # never in place of the user's own exception or result
            self._failure = failure
        finally:
            # They hold on to the user's models.
            self._recorder = self._sampler = self._counters = None

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

    def _analyse(
        self, recorder: Recorder, sampler: Sampler, end: float, error: BaseException | None
    ) -> EnergyReport:
        from irene_jupyter.capture.gather import gather
        from irene_jupyter.capture.replay import replayed
        from irene_jupyter.cell import observed_cell

        began = time.perf_counter()
        seconds = end - self._started
        only = self._models() if callable(self._models) else self._models
        captured = gather(
            recorder,
            batch_size=self._options.batch_size or DEFAULT_BATCH_SIZE,
            seq_len=self._options.seq_len or DEFAULT_SEQ_LEN,
            only=only,
            names=_variable_names(self._namespace or {}),
            trace_unrecorded=error is None,
        )
        notes = [*captured.notes, *_rest(captured.runs, seconds)]
        if error is not None:
            notes.append(
                f"the cell raised {type(error).__name__}: only what ran until then is here"
            )
        structured = time.perf_counter()
        resources = sampler.summary()
        # After an interrupt nobody wants to wait.
        left = 0.0 if error else _REPLAY_SHARE * self._options.budget_seconds - (structured - end)
        replay = replayed(
            captured.runs, captured.recorded, left, self._progress, resources.others_cpu_share
        )
        notes += replay.notes
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
        )
        report = make_report(
            replay.runs,
            self._profile,
            "measure",
            notes,
            resources.to_dict(),
            cell,
            method=self._options.method,
        )
        stages: dict[str, float | None] = {
            "entering": self._entering_seconds,
            "recording": recorder.own_seconds,
            "sampling": resources.block_overhead_seconds,
            "leaving": began - end,
            "structure": structured - began,
            "replay": repeated_until - structured,
            "prediction": time.perf_counter() - repeated_until,
        }
        return replace(report, observer=observer_cost(seconds, stages))


def measure(
    model: Callable[..., Any], *args: Any, options: Options | None = None, **kwargs: Any
) -> EnergyReport:
    """Runs `model(*args, **kwargs)` once, as given, and reports its energy.

    `model` is a `torch.nn.Module`, or anything callable that runs some. Its output is dropped;
    state, training flag and torch's random state end up as after one plain run.
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


def predict(
    model: Any,
    batch_size: int = DEFAULT_BATCH_SIZE,
    seq_len: int = DEFAULT_SEQ_LEN,
    new_tokens: int = 0,
    device: str = "gtx1080ti",
    method: str = "additive",
) -> EnergyReport:
    """The energy of one forward pass of `model`, which is not run and may not fit this machine.

    With `new_tokens`, of a generate() with cache in its place: the prefill of `seq_len` tokens
    and a decoding step for each further token; `report.phase("decode")` is their energy alone.

    `model` is a `torch.nn.Module`, a transformers configuration or its class, or the path of a
    folder with config.json. Raises `InputShapeError` where no layer tells the input's shape,
    `CaptureError` where the model cannot be built or traced or keeps no cache, `DeviceError` and
    `OptionError`. `method` as in `Options`.
    """
    from irene_jupyter.capture.generation import generation_of
    from irene_jupyter.capture.structure import build_model, structure_of

    options = Options(device, batch_size, seq_len, method)
    profile = load_device(options.device)
    if isinstance(new_tokens, bool) or not isinstance(new_tokens, int) or new_tokens < 0:
        raise OptionError(f"new_tokens must be a whole number from 0 on, not {new_tokens!r}")
    if new_tokens:
        generator = build_model(model, generates=True)
        runs = generation_of(generator, batch_size, seq_len, new_tokens)
        return make_report(runs, profile, "predict", method=method)
    tree = structure_of(build_model(model), batch_size, seq_len)
    run = Run(model=tree.name, tree=tree, items=batch_size)
    return make_report([run], profile, "predict", method=method)


def make_report(
    runs: Sequence[Run],
    profile: DeviceProfile,
    mode: Mode,
    notes: Sequence[str] = (),
    resources: Mapping[str, Any] | None = None,
    cell: Cell | None = None,
    *,
    method: str = "additive",
) -> EnergyReport:
    """Predicts every run and adds them up: one tree for each model, one root above them.

    Where the `cell` was measured, each model's tree is brought to the level that was measured.
    """
    from irene_jupyter.predictors.paper import DEFAULT, NOTE, predict_with

    ran: dict[str, list[Node]] = {}
    idle: dict[str, list[Node]] = {}
    phases: dict[str, Phases] = {}
    summaries: list[RunSummary] = []
    told = list(notes)
    if method != DEFAULT:
        told.append(NOTE.format(method=method, label=profile.label))
    for run in runs:
        tree = predict_with(run.tree, profile, method)
        node = _flagged(repeated(tree.root, run.calls), run)
        (idle if run.status == "not_run" else ran).setdefault(run.model, []).append(node)
        phases.setdefault(run.model, {}).setdefault(run.phase, []).append((run, node))
        summaries.append(_summary(run, node))
        told += [f"{run.model}: {note}" for note in run.notes]
    models = [(name, merged(nodes)) for name, nodes in (ran or idle).items()]
    factors: dict[str, float] = {}  # from the prediction to what was measured
    if cell is not None:
        told += cell.warnings
        predicted = models
        models = [(name, cell.leveled(name, node)) for name, node in predicted]
        factors = {
            name: _factor(before, after)
            for (name, before), (_, after) in zip(predicted, models, strict=True)
        }
    not_run = [(name, merged(nodes)) for name, nodes in idle.items()] if ran else []
    root = None
    if models:
        root = models[0][1] if len(models) == 1 else gathered(models)
    parts = None if cell is None else cell.parts(models if ran else ())
    measured = None if cell is None else cell.measured
    if measured is not None and measured.joules is not None and parts is not None:
        measured = replace(measured, joules=parts.total_joules)  # to the last bit
    return EnergyReport(
        root=root,
        device=DeviceLabel(profile.name, profile.label, profile.kind),
        mode=mode,
        phases=tuple(
            replace(phase, root=gathered([(name, phase.root)]).children[0])
            if len(models) > 1
            else phase
            for name, whole in models
            for phase in _phases(
                name, phases[name], whole, factors.get(name, 1.0), profile.kind == "calibrated"
            )
        ),
        not_run=tuple(gathered([pair]).children[0] for pair in not_run),
        runs=tuple(
            run
            if run.status == "not_run"
            else replace(run, joules=run.joules * factors.get(run.model, 1.0))
            for run in summaries
        ),
        resources=resources,
        parts=parts,
        measured=measured,
        notes=tuple(dict.fromkeys(told)),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=_versions(),
    )


def _phases(
    model: str, phases: Phases, whole: Node, factor: float, is_calibrated: bool
) -> Iterator[PhaseSummary]:
    """The phases of a model that generated, brought to the level of its tree."""
    trees = [merged([node for _, node in runs]) for runs in phases.values()]
    if factor != 1.0:
        trees = leveled_phases(trees, whole)
    for (phase, runs), root in zip(phases.items(), trees, strict=True):
        if phase is None or root.energy is None:
            continue
        seconds = [run.seconds for run, _ in runs if run.seconds is not None]
        yield PhaseSummary(
            phase=phase,
            model=model,
            root=root,
            calls=sum(run.calls for run, _ in runs),
            tokens=sum(run.tokens for run, _ in runs),
            seconds=sum(seconds) if seconds else None,
            is_here=factor != 1.0 or is_calibrated,
        )


def _factor(before: Node, after: Node) -> float:
    if before is after or before.energy is None or after.energy is None:
        return 1.0
    return after.energy.joules / before.energy.joules if before.energy.joules > 0 else 1.0


def _flagged(node: Node, run: Run) -> Node:
    if run.status != "not_run":
        return node
    size = f"batch {run.tree.batch_size} × sequence {run.tree.seq_len}"
    flag = f"not_run: built and never called; this is one forward pass at {size}"
    return replace(node, flags=(flag, *node.flags))


def _summary(run: Run, node: Node) -> RunSummary:
    features = run.tree.root.features
    return RunSummary(
        model=run.model,
        joules=node.energy.joules if node.energy else 0.0,
        phase=run.phase,
        status=run.status,
        calls=run.calls,
        seconds=run.seconds,
        batch_size=run.tree.batch_size,
        seq_len=run.tree.seq_len,
        tokens=run.tokens,
        items=run.items,
        cache_length=run.cache_length,
        input_shapes=features.input_shapes,
        signature=" ".join(
            part
            for part in (features.dtype, features.device, *map(str, features.input_shapes[:3]))
            if part
        ),
    )


def _rest(runs: Sequence[Run], seconds: float) -> list[str]:
    """What the tree does not hold: the cell's time outside of any model."""
    inside = sum(run.seconds or 0.0 for run in runs)
    rest = seconds - inside
    if not inside or rest < max(_REST_SECONDS, _REST_SHARE * seconds):
        return []
    return [
        f"{rest:.2g} s of the cell's {seconds:.2g} s ran outside of the models' forward passes "
        "(loading, data, optimiser, printing): that energy is not in the tree"
    ]


def _variable_names(namespace: Mapping[str, object]) -> dict[int, str]:
    """Names of the user's variables that hold modules, by `id`; those with underscores last."""
    from torch import nn

    found: dict[int, str] = {}
    # A snapshot: other threads of the user's may be adding variables.
    for name, value in sorted(dict(namespace).items(), key=lambda item: item[0].startswith("_")):
        if not isinstance(value, nn.Module):
            value = (
                getattr(value, "model", None)
                if type(value).__module__.startswith("transformers.pipelines")
                else None
            )
        if isinstance(value, nn.Module) and name.isidentifier():
            found.setdefault(id(getattr(value, "_orig_mod", value)), name)
    return {key: name for key, name in found.items() if not name.startswith("_")}


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("irene-jupyter", "torch", "transformers"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
