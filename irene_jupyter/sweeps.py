"""sweep(): many models, sizes and devices predicted in parallel, as one data frame.

joblib does the work, so that it runs on this machine's cores, or on the Dask or Ray cluster that
the caller already has, by joblib's own backends. What fails is a row that says why.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irene_jupyter.assembly import make_report
from irene_jupyter.errors import IreneError, OptionError
from irene_jupyter.limits import NOT_NEGATIVE
from irene_jupyter.options import Options
from irene_jupyter.predictors.methods import check_method
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.report.folding import flag_codes
from irene_jupyter.report.units import printable
from irene_jupyter.report.words import interval_name

if TYPE_CHECKING:
    import pandas as pd

    from irene_jupyter.predictors.profiles.reading import Profile
    from irene_jupyter.report.report import EnergyReport

# One row for each model, size and device; NaN and None where `error` tells why.
COLUMNS = (
    "model", "class_name", "batch_size", "seq_len", "new_tokens", "device", "method",
    "joules", "low", "high", "interval", "source", "is_extrapolated",
    "joules_per_query", "prefill_joules", "decode_joules", "joules_per_new_token",
    "num_parameters", "error",
)  # fmt: skip
_CHUNK = 128  # sizes of one model that one task predicts
_WORTH_LEARNING = 10  # sizes from which eight traces for all are fewer than one for each
_MESSAGE = 500  # characters of an error

# Tracing sets process-wide flags of torch, and Dask's workers have several threads.
_TRACING = threading.Lock()

Size = tuple[int, int, int]  # batch size, sequence length, new tokens


def sweep(
    models: Any,
    *,
    batch_sizes: Sequence[int] = (8,),
    seq_lens: Sequence[int] = (128,),
    devices: Sequence[str | Path] = ("gtx1080ti",),
    new_tokens: Sequence[int] = (0,),
    method: str = "additive",
    jobs: int | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Predict all combinations; one row each, in their order, with `COLUMNS`. Nothing is run.

    `models` are what `irene.predict` takes: one, a sequence, or a mapping from names of your own.
    `new_tokens` > 0 is a generation whose prompt has `seq_len` tokens. `jobs` are processes: -1
    takes all cores, None what `joblib.parallel_config` says, else this process alone. Joules are
    of the whole batch; `joules_per_query` of one item of it. A combination that cannot be
    predicted is a row with its `error`, which names the remedy. `progress` shows a bar.

    Raises `OptionError` for an unknown method, and where there is nothing to combine.

    >>> import irene_jupyter as irene
    >>> from transformers import BertConfig
    >>> table = irene.sweep(BertConfig(num_hidden_layers=2), batch_sizes=[8, 16], progress=False)
    >>> table["joules"].is_monotonic_increasing
    True
    """
    import pandas as pd
    from tqdm.auto import tqdm

    check_method(method)
    sources = _named(models)
    sizes = list(itertools.product(batch_sizes, seq_lens, new_tokens))
    if not sources or not sizes or not devices:
        raise OptionError(
            "sweep: nothing to do: give at least one model, batch size, sequence length, number of "
            "new tokens and device"
        )
    profiles = [(str(device), *_attempt(load_device, device)) for device in devices]
    tasks = list(_tasks(sources, sizes, profiles, method))
    rows: list[dict[str, Any]] = []
    total = len(sources) * len(sizes) * len(devices)
    with tqdm(total=total, unit="prediction", disable=not progress, desc="irene") as bar:
        for done in _run(tasks, jobs):
            rows += done
            bar.update(len(done))
    order = {
        key: place
        for place, key in enumerate(
            (name, *size, device) for name in sources for size in sizes for device, *_ in profiles
        )
    }
    rows.sort(key=lambda row: order[tuple(row[name] for name in _KEY)])
    return pd.DataFrame(rows, columns=list(COLUMNS))


_KEY = ("model", "batch_size", "seq_len", "new_tokens", "device")


@dataclass(frozen=True, slots=True)
class _Task:
    """Sizes of one model, without its weights: what a worker gets. `failure` instead of it."""

    name: str
    source: Any
    failure: str
    sizes: tuple[Size, ...]
    # Name, profile or None, why not: a worker may not have the caller's own profiles.
    profiles: tuple[tuple[str, Profile | None, str], ...]
    method: str


def _named(models: Any) -> dict[str, Any]:
    """The models by name: the given ones, or after their classes or paths."""
    if isinstance(models, Mapping):
        return {str(name): source for name, source in models.items()}
    if isinstance(models, str | Path | type) or not isinstance(models, Sequence):
        models = [models]
    named: dict[str, Any] = {}
    for source in models:
        base = (
            str(source)
            if isinstance(source, str | Path)
            else (source if isinstance(source, type) else type(source)).__name__
        )
        names = itertools.chain([base], (f"{base}_{number}" for number in itertools.count(1)))
        named[next(name for name in names if name not in named)] = source
    return named


def _tasks(
    sources: Mapping[str, Any],
    sizes: Sequence[Size],
    profiles: Sequence[tuple[str, Profile | None, str]],
    method: str,
) -> Iterator[_Task]:
    from irene_jupyter.capture.models.building import portable

    for name, source in sources.items():
        sent, failure = _attempt(portable, source)
        for generates in (False, True):  # they are models of two kinds
            kind = [size for size in sizes if _is_generation(size) == generates]
            for start in range(0, len(kind), _CHUNK):
                chunk = tuple(kind[start : start + _CHUNK])
                yield _Task(name, sent, failure, chunk, tuple(profiles), method)


def _is_generation(size: Size) -> bool:
    return isinstance(size[2], int) and size[2] > 0


def _run(tasks: Sequence[_Task], jobs: int | None) -> Iterator[list[dict[str, Any]]]:
    import joblib
    from joblib.parallel import get_active_backend

    backend, _ = get_active_backend()
    # Ray's backend, for one, hands everything back at the end.
    how = "generator_unordered" if backend.supports_return_generator else "list"
    parallel = joblib.Parallel(n_jobs=jobs, return_as=how)
    yield from parallel(joblib.delayed(_predicted)(task) for task in tasks)


def _attempt(step: Any, *args: Any) -> tuple[Any, str]:
    """What a step gives, or None and why not, in words."""
    try:
        return step(*args), ""
    except IreneError as error:
        return None, printable(str(error), _MESSAGE)
    except Exception as error:  # of a user's model or file; it must not end the sweep
        return None, printable(f"{type(error).__name__}: {error}", _MESSAGE)


# --- in the worker ------------------------------------------------------------------------------


def _predicted(task: _Task) -> list[dict[str, Any]]:
    """The rows of a task; never raises but for an interrupt."""
    with _TRACING:
        return list(_rows(task))


def _rows(task: _Task) -> Iterator[dict[str, Any]]:
    from irene_jupyter.capture.models.building import build_model

    model, failure = None, task.failure
    if not failure:
        generates = _is_generation(task.sizes[0])
        model, failure = _attempt(lambda: build_model(task.source, generates=generates))
    sized = None if model is None else _sized(model, task.sizes)
    for size in task.sizes:
        runs, reason = (None, failure) if sized is None else _attempt(_runs, sized, size)
        for device, profile, missing in task.profiles:
            report, why = None, reason or missing
            if not why:
                assert profile is not None
                report, why = _attempt(
                    lambda runs=runs, profile=profile: make_report(
                        runs, profile, "predict", method=task.method
                    )
                )
            yield _row(task, size, device, report, why)


def _sized(model: Any, sizes: Sequence[Size]) -> Any:
    from irene_jupyter.capture.dry.sized_runs import SizedRuns, positions_of

    good = [size for size in sizes if all(isinstance(part, int) for part in size)]
    longest = max((size[1] + size[2] for size in good), default=1)
    sized = SizedRuns(
        model,
        max((size[0] for size in good), default=1),
        min(longest, positions_of(model) or longest),
        generates=_is_generation(sizes[0]),
    )
    if len(good) >= _WORTH_LEARNING:
        _attempt(sized.learn)  # where it fails, each size is traced
    return sized


def _runs(sized: Any, size: Size) -> Any:
    batch_size, seq_len, new_tokens = size
    Options(batch_size=batch_size, seq_len=seq_len)  # checks them
    NOT_NEGATIVE.check("new_tokens", new_tokens)
    return sized.runs(*size)


def _row(
    task: _Task, size: Size, device: str, report: EnergyReport | None, error: str
) -> dict[str, Any]:
    batch_size, seq_len, new_tokens = size
    row: dict[str, Any] = dict.fromkeys(COLUMNS, math.nan) | {
        "model": task.name,
        "class_name": None,
        "batch_size": batch_size,
        "seq_len": seq_len,
        "new_tokens": new_tokens,
        "device": device,
        "method": task.method,
        "interval": None,
        "source": None,
        "is_extrapolated": None,
        "error": error or None,
    }
    root = None if report is None else report.root
    if report is None or root is None or root.energy is None:
        return row
    phases = {phase.phase: phase.joules for phase in report.phases}
    energy = root.energy
    return row | {
        "class_name": root.class_name,
        "joules": energy.joules,
        "low": energy.low,
        "high": energy.high,
        "interval": interval_name(root),
        "source": energy.source,
        "is_extrapolated": not {"extrapolated", "does_not_fit"}.isdisjoint(flag_codes(root)),
        "joules_per_query": energy.joules / batch_size,
        "prefill_joules": phases.get("prefill", math.nan),
        "decode_joules": phases.get("decode", math.nan),
        "joules_per_new_token": energy.joules / (batch_size * new_tokens)
        if new_tokens
        else math.nan,
        "num_parameters": root.features.num_parameters,
    }
