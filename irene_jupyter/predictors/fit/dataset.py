"""Measured trees from a file: one JSON tree a line, as the public IrEne data are rebuilt.

A line has `model_name`, `batch_size`, `seq_len` and `root`; a node has `scope`,
`instance_type`, `type`, `flops` (1e6), `mem_bytes` (MiB), `cpu`, `mem`, `gpu`, `gpu_mem` (%),
`gpu_clk`, `gpu_mem_clk` (MHz), `latency` (s), `gpu_energy` (J), `energy` (J, the truth),
`num_parameters` and `children`.
"""

from __future__ import annotations

import gzip
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irene_jupyter.checker import is_whole
from irene_jupyter.errors import DataError
from irene_jupyter.predictors.forms.matrices import KINDS
from irene_jupyter.tree import (
    MAX_DEPTH,
    MEBIBYTE,
    MEGAFLOP,
    NODE_TYPES,
    Energy,
    Features,
    ModelTree,
    Node,
    Shape,
)

# Key in the file -> key in `Features.resources`, which carries the unit.
RESOURCES = {
    "cpu": "cpu_percent",
    "mem": "memory_percent",
    "gpu": "gpu_percent",
    "gpu_mem": "gpu_memory_percent",
    "gpu_clk": "gpu_clock_megahertz",
    "gpu_mem_clk": "gpu_memory_clock_megahertz",
    "gpu_energy": "gpu_energy_joules",
}
# Names of ml primitives (spec: the paper's section 4, and what current models add). A new one is
# one entry: PRIMITIVES.add("Snake"). Its regressor is fitted like every other's.
PRIMITIVES: set[str] = {
    *("Linear", "Conv1D", "MatMul", "GroupedMatMul", "Bilinear", "Embedding", "EmbeddingBag"),
    *("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"),
    *("LSTM", "GRU", "RNN", "Softmax", "LogSoftmax"),
    *("LayerNorm", "RMSNorm", "GroupNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d"),
    *("MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d"),
    *("Tanh", "Sigmoid", "LogSigmoid", "ReLU", "LeakyReLU", "GELU", "SiLU", "Mish"),
}
# How far inferred widths may lie from whole numbers, relative to the number of parameters.
WIDTH_TOLERANCE = 1e-6


class _LineError(Exception):
    """What is wrong with one line; `load_trees` adds where it stands."""


def load_trees(path: str | Path) -> list[ModelTree]:
    """The measured trees in `path` (.jsonl or .jsonl.gz): joules at every node, a tree a line.

    Raises `DataError`, which names the line, the node and the field, for a missing or damaged
    file, NaN, fields that are missing or of the wrong type, energy that is not above zero,
    scopes that occur twice or lead in a circle, unknown primitives, and GEMM nodes whose
    widths do not follow from their flops and parameters.

    >>> import irene_jupyter as irene
    >>> trees = irene.load_trees("irene_device_1.jsonl.gz")  # doctest: +SKIP
    >>> profile = irene.train_device(trees, name="pc1")  # doctest: +SKIP

    A file that is not there:

    >>> try:
    ...     irene.load_trees("nowhere.jsonl")
    ... except irene.IreneError as error:
    ...     print(error)
    no training data at 'nowhere.jsonl'; give a .jsonl or .jsonl.gz file
    """
    path = Path(path)
    trees = []
    for number, line in numbered_lines(path):
        try:
            trees.append(_tree(json.loads(line)))
        except json.JSONDecodeError as error:
            reason = f"not valid JSON ({error.msg} at column {error.colno})"
        except ValueError:  # an integer of thousands of digits
            reason = "a number that is too long"
        except RecursionError:
            reason = "nested too deeply"
        except _LineError as error:
            reason = str(error)
        else:
            continue
        raise DataError(
            f"{path.name}, line {number}: {reason}; repair or remove this line (the format: one "
            "JSON tree a line with model_name, batch_size, seq_len and root)"
        )
    if not trees:
        raise DataError(f"{path.name} holds no trees; give a .jsonl or .jsonl.gz file of trees")
    return trees


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, from 1. Raises `DataError` where they cannot be read."""
    if not path.is_file():
        raise DataError(f"no training data at {str(path)!r}; give a .jsonl or .jsonl.gz file")
    opener: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path.name} cannot be read ({error}); give a whole .jsonl or .jsonl.gz file"
        ) from error


def _tree(data: Any) -> ModelTree:
    if not isinstance(data, dict):
        raise _LineError("a line must be a JSON object")
    batch_size, seq_len = _count(data, "batch_size"), _count(data, "seq_len")
    if batch_size < 1 or seq_len < 1:
        raise _LineError("batch_size and seq_len must be at least 1")
    root = _Reader(batch_size, seq_len, set()).node(_get(data, "root", dict), ())
    if root.type != "model":
        raise _LineError(f"the root's type must be 'model', not {root.type!r}")
    return ModelTree(_get(data, "model_name", str), root, batch_size, seq_len)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the nodes of one tree."""

    batch_size: int
    seq_len: int
    scopes: set[str]  # met so far

    def node(self, data: dict[str, Any], above: tuple[str, ...]) -> Node:
        """The node of `data`, which lies below the scopes `above`."""
        if len(above) > MAX_DEPTH:
            raise _LineError(f"deeper than {MAX_DEPTH} levels")
        scope = _get(data, "scope", str)
        if scope in above:
            raise _LineError(f"'scope' {scope!r} lies below itself: a cycle")
        if scope in self.scopes:
            raise _LineError(f"'scope' {scope!r} occurs twice")
        self.scopes.add(scope)
        children = _get(data, "children", list)
        if not all(isinstance(child, dict) for child in children):
            raise _LineError(f"the 'children' of {scope!r} must be objects")
        kind, class_name = _get(data, "type", str), _get(data, "instance_type", str)
        if kind not in NODE_TYPES:
            raise _LineError(f"'type' {kind!r} of {scope!r} is none of {', '.join(NODE_TYPES)}")
        if kind == "ml":
            _check_primitive(class_name, scope, children)
        joules = _number(data, "energy")
        if joules == 0:
            raise _LineError(f"'energy' of {scope!r} must be above 0 J: it was measured")
        return Node(
            path=scope.removeprefix("root").removeprefix("."),
            type=kind,
            class_name=class_name,
            features=self._features(data, kind, class_name),
            children=tuple(self.node(child, (*above, scope)) for child in children),
            energy=Energy(joules, joules, joules, "measured"),
            primitive=class_name if kind == "ml" else None,
        )

    def _features(self, data: dict[str, Any], kind: str, class_name: str) -> Features:
        input_shapes: tuple[Shape, ...] = ()
        output_shapes: tuple[Shape, ...] = ()
        if kind == "ml" and class_name in ("Linear", "Conv1D"):
            sizes = _gemm_sizes(data, class_name == "Linear", self.batch_size, self.seq_len)
            *leading, k, n = sizes
            input_shapes, output_shapes = ((*leading, k),), ((*leading, n),)
        return Features(
            num_parameters=_count(data, "num_parameters"),
            flops=_number(data, "flops") * MEGAFLOP,
            bytes=_number(data, "mem_bytes") * MEBIBYTE,
            canonical_megaflops=_number(data, "flops"),
            canonical_mebibytes=_number(data, "mem_bytes"),
            input_shapes=input_shapes,
            output_shapes=output_shapes,
            dtype="float32",
            latency_seconds=_number(data, "latency"),
            resources={name: _number(data, key) for key, name in RESOURCES.items()},
        )


def _check_primitive(name: str, scope: str, children: list[Any]) -> None:
    if name not in PRIMITIVES and name not in KINDS:
        raise _LineError(
            f"'instance_type' {name!r} of {scope!r} is not a known ml primitive (a new one: "
            f"irene_jupyter.predictors.fit.dataset.PRIMITIVES.add({name!r}))"
        )
    if children:
        raise _LineError(f"the 'children' of {scope!r} must be none, as its type is ml")


def _gemm_sizes(data: dict[str, Any], linear: bool, batch_size: int, seq_len: int) -> Shape:
    """(…, K, N) of a product (…, K) × (K, N), from its flops and parameters K·N + N.

    A 3-D Linear counts a flop an output element for its bias, M·(2KN + N); a 2-D one and
    Conv1D are an addmm without, 2MKN (torch 1.7.1 and the published counts).
    """
    flops, parameters = _number(data, "flops") * MEGAFLOP, _count(data, "num_parameters")
    candidates = [((batch_size, seq_len), linear), ((batch_size,), False)]
    for leading, bias_counted in candidates:
        per_row = flops / math.prod(leading)
        n = 2 * parameters - per_row if bias_counted else parameters - per_row / 2
        k = (parameters - n) / n if n >= 1 else 0.0
        tolerance = WIDTH_TOLERANCE * parameters
        if k > 0.5 and abs(n - round(n)) <= tolerance and abs(k - round(k)) <= tolerance:
            return (*leading, round(k), round(n))
    raise _LineError(
        f"flops and num_parameters of {data['scope']!r} are not those of a product with a bias"
    )


def _get(data: dict[str, Any], key: str, kind: type) -> Any:
    if key not in data:
        raise _LineError(f"{key!r}{_of(data)} is missing")
    if not isinstance(data[key], kind):
        raise _LineError(f"{key!r}{_of(data)} must be of type {kind.__name__}")
    return data[key]


def _of(data: dict[str, Any]) -> str:
    """Whose field it is, if the node says so."""
    return f" of {data['scope']!r}" if isinstance(data.get("scope"), str) else ""


def _count(data: dict[str, Any], key: str) -> int:
    value: int = _get(data, key, int)
    if not is_whole(value):
        raise _LineError(f"{key!r}{_of(data)} must be a whole number, not negative")
    return value


def _number(data: dict[str, Any], key: str) -> float:
    if key not in data:
        raise _LineError(f"{key!r}{_of(data)} is missing")
    value = data[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _LineError(f"{key!r}{_of(data)} is not a number")
    if not 0 <= value <= sys.float_info.max:  # also refuses integers that no float holds
        shown = json.dumps(value)[:20]
        raise _LineError(f"{key!r}{_of(data)} must be finite and not negative, not {shown}")
    return float(value)
