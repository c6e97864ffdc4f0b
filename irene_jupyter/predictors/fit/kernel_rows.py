"""Measured kernels of a board, from a table: a row for each, its first line the columns' names.

The format is that of the files made of NVIDIA's aiconfigurator (docs/boards.md). Needs pandas.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.forms.kernel_work import (
    OPERATIONS,
    ROUTINGS,
    WEIGHT_BYTES,
    Array,
    KernelWork,
    kernel_work,
)
from irene_jupyter.predictors.profiles.datasheets import KNOWN

if TYPE_CHECKING:
    import pandas as pd

FIRST = "board,op,framework,kernel,dtype"  # how the first line begins
_TEXTS = ("board", "op", "framework", "kernel", "dtype", "kv_dtype", "routing")
_SHAPES = (
    *("m", "n", "k", "batch", "heads", "kv_heads", "head_dim", "q_len", "kv_len", "window"),
    *("hidden", "intermediate", "experts", "top_k", "tensor_parallel"),
)
_MEASURED = ("seconds", "watts", "power_limit_watts", "nvml_readings_at_least")
# Power that is the mean of fewer readings is that of the kernel before it.
LEAST_READINGS = 4
MOST_SIZE = 1e9  # of any width or length
# What a family of shapes has in common: kernels are left out of fits by these.
FAMILY = {
    "gemm": ("n",),
    "attention_context": ("heads", "kv_heads"),
    "attention_generation": ("heads", "kv_heads"),
    "attention_encoder": ("heads", "kv_heads"),
    "moe": ("hidden", "intermediate", "experts"),
    "quantize_fp8": ("k",),
}


class KernelKind(NamedTuple):
    """What has a form of its own; `kv_dtype` "" without a cache."""

    operation: str
    framework: str
    kernel: str
    dtype: str
    kv_dtype: str


@dataclass(frozen=True)
class Kernels:
    """The rows of one kind: seconds of a call, watts of the board (NaN where not measured)."""

    kind: KernelKind
    work: KernelWork
    seconds: Array
    watts: Array
    readings: Array
    limit_watts: float  # the board's
    families: tuple[tuple[float, ...], ...]

    @property
    def joules(self) -> Array:
        """Of one call, idle power included."""
        return self.seconds * self.watts

    @property
    def is_powered(self) -> Any:
        """Rows whose power is their own."""
        return self.readings >= LEAST_READINGS


@dataclass(frozen=True)
class KernelData:
    """The kernels of a file, of one board, by kind."""

    board: str
    kinds: tuple[Kernels, ...]


def holds_kernels(path: Path) -> bool:
    """Whether the file begins as a table of kernels does."""
    try:
        opened = gzip.open if path.name.endswith(".gz") else open
        with opened(path, "rt", encoding="utf-8", errors="replace") as file:
            return file.read(len(FIRST)) == FIRST
    except (OSError, EOFError):
        return False  # whoever reads it says why


def load_kernels(path: str | Path) -> KernelData:
    """The kernels in `path` (.csv or .csv.gz). Raises `DataError` for what is no such table."""
    import pandas as pd

    path = Path(path)
    types: dict[str, Any] = dict.fromkeys(_TEXTS, str) | dict.fromkeys(_SHAPES + _MEASURED, float)
    try:
        frame = pd.read_csv(path, dtype=types, keep_default_na=False, na_values={
            name: [""] for name in _SHAPES + _MEASURED})  # fmt: skip
    except (OSError, EOFError, ValueError) as error:
        raise DataError(
            f"{path.name} is no table of kernels ({error}); give a .csv or .csv.gz file whose "
            "columns are those in docs/boards.md"
        ) from error
    missing = [name for name in types if name not in frame]
    if missing:
        raise DataError(f"{path.name} lacks the columns {', '.join(missing)} (docs/boards.md)")
    _check(frame, path.name)
    board = str(frame["board"].iloc[0])
    facts = KNOWN.get(board.lower())
    multiprocessors = round(facts.multiprocessors) if facts else 132
    return KernelData(board, tuple(_kinds(frame, multiprocessors)))


def _check(frame: pd.DataFrame, name: str) -> None:
    def refuse(bad: Any, what: str) -> None:
        if bad.any():
            line = int(bad.to_numpy().argmax()) + 2
            raise DataError(f"{name}, line {line}: {what}; repair or remove this line")

    if frame.empty:
        raise DataError(f"{name} holds no kernels")
    refuse(frame["board"] != frame["board"].iloc[0], "another board than on the lines before")
    refuse(~frame["op"].isin(list(OPERATIONS)), f"'op' must be one of {', '.join(OPERATIONS)}")
    weighted = frame["op"].isin(["gemm", "moe"])
    known = ", ".join(WEIGHT_BYTES)
    refuse(weighted & ~frame["dtype"].isin(list(WEIGHT_BYTES)), f"'dtype' must be one of {known}")
    refuse(~(frame["seconds"] > 1e-9) | (frame["seconds"] > 1e4), "'seconds' must be a time")
    refuse((frame["watts"] <= 0) | (frame["watts"] > 1e5), "'watts' must be a power")


def _kinds(frame: pd.DataFrame, multiprocessors: int) -> Iterator[Kernels]:
    frame = frame.assign(routing=frame["routing"].map(ROUTINGS))
    for key, rows in frame.groupby(["op", "framework", "kernel", "dtype", "kv_dtype"]):
        kind = KernelKind(*map(str, key))
        needed = _NEEDED[kind.operation]
        shapes = {name: rows[name].to_numpy(float) for name in needed}
        for name, values in shapes.items():
            least = 0 if name in ("window", "routing") else 1
            if not ((values >= least) & (values < MOST_SIZE)).all():
                raise DataError(f"kernels of {kind.operation} need a size as {name!r} each")
        work = kernel_work(kind.operation, kind.dtype, kind.kv_dtype, shapes, multiprocessors)
        yield Kernels(
            kind,
            work,
            rows["seconds"].to_numpy(float),
            rows["watts"].to_numpy(float),
            rows["nvml_readings_at_least"].fillna(0).to_numpy(float),
            float(rows["power_limit_watts"].max()),
            tuple(zip(*(shapes[name].tolist() for name in FAMILY[kind.operation]), strict=True)),
        )


_ATTENTION = ("batch", "heads", "kv_heads", "head_dim", "q_len", "kv_len", "window")
_NEEDED = {
    "gemm": ("m", "n", "k"),
    "moe": ("m", "hidden", "intermediate", "experts", "top_k", "tensor_parallel", "routing"),
    "quantize_fp8": ("m", "k"),
    **dict.fromkeys(("attention_context", "attention_generation", "attention_encoder"), _ATTENTION),
}
