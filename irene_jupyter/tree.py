"""Model trees: the plain data that every stage hands to the next.

A tree is immutable. Capture makes it with features and no energy, a predictor returns
a copy with energy, a report shows it. Nothing here imports torch, numpy or Jupyter.
"""

from __future__ import annotations

import itertools
import math
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from irene_jupyter.errors import IreneError

NodeType = Literal["model", "module", "ml"]
Source = Literal["measured", "replayed", "predicted", "estimated", "simulated"]
Shape = tuple[int, ...]

NODE_TYPES: tuple[NodeType, ...] = ("model", "module", "ml")
SOURCES: tuple[Source, ...] = ("measured", "replayed", "predicted", "estimated", "simulated")

# Phases of a training step, in order; the paths of the later ones are those of the first.
STEP_PHASES = ("forward", "backward", "optimiser")

MEBIBYTE = 2.0**20  # bytes
MEGAFLOP = 1e6  # floating-point operations

# Deeper trees than any model that torch itself can call within Python's recursion limit.
MAX_DEPTH = 256


class TreeError(IreneError):
    """A tree, or the JSON of one, breaks a rule of the format."""


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of a node over all its calls, in joules, and the range in which it should lie.

    `source` says where it comes from: measured, replayed, predicted, estimated or simulated.
    Raises `TreeError` unless 0 <= low <= joules <= high, all finite.

    >>> from irene_jupyter import Energy
    >>> energy = Energy(joules=2.0, low=1.8, high=2.3, source="predicted")
    >>> energy.scaled(3).joules
    6.0
    """

    joules: float
    low: float
    high: float
    source: Source

    def __post_init__(self) -> None:
        for name in ("joules", "low", "high"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TreeError(f"energy: {name} must be a number, not {type(value).__name__}")
            if not 0 <= value <= sys.float_info.max:
                raise TreeError(f"energy: {name} must be finite and not negative")
        if not self.low <= self.joules <= self.high:
            raise TreeError(
                f"energy: {self.joules} J lies outside its interval {self.low}..{self.high} J"
            )
        if self.source not in SOURCES:
            raise TreeError(f"energy: source {self.source!r} is none of {', '.join(SOURCES)}")

    def scaled(self, factor: float) -> Energy:
        """This energy times `factor` (>= 0), for instance a number of calls."""
        return Energy(self.joules * factor, self.low * factor, self.high * factor, self.source)


# What becomes of a feature over several runs; those without a role are of one call.
_WORK = {"role": "work"}  # adds up
_COUNT = {"role": "count"}  # adds up
_ROUNDING = 1e-9  # of a node's joules: what is left of nothing
_TIME = {"role": "time"}  # adds up; unknown where one of them is


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is known about a node's computation, over all its calls, children included.

    `flops` and `bytes` are what really ran (bytes read and written, in the tensors' own
    dtypes). `canonical_megaflops` and `canonical_mebibytes` count the same work as the
    published IrEne data do (float32, unfused attention, a batched Linear reading its weights
    once for each batch row): the regressors are trained on them. Units: 1e6 operations, 2^20 bytes.
    """

    num_parameters: int = 0  # elements, each tensor once
    flops: float = field(default=0.0, metadata=_WORK)
    bytes: float = field(default=0.0, metadata=_WORK)
    canonical_megaflops: float = field(default=0.0, metadata=_WORK)
    canonical_mebibytes: float = field(default=0.0, metadata=_WORK)
    calls: int = field(default=1, metadata=_COUNT)
    input_shapes: tuple[Shape, ...] = ()  # of one call, tensors in order of the arguments
    output_shapes: tuple[Shape, ...] = ()
    dtype: str | None = None  # of the computation, such as "float32"
    device: str | None = None  # such as "cpu" or "cuda:0"
    # In place, all calls; None where it was not run. Of a GPU they are the board's own times.
    latency_seconds: float | None = field(default=None, metadata=_TIME)
    # By a profile that tells time, in place, all calls; None where it was run.
    predicted_seconds: float | None = field(default=None, metadata=_TIME)
    # Of these (or of the predicted ones), in which the board had done what it was given and waited
    # for its host; None where the times are the host's own.
    waiting_seconds: float | None = field(default=None, metadata=_TIME)
    # Repeated on its own with warm caches, all calls (lower quartile), and its quartile range.
    replayed_seconds: float | None = field(default=None, metadata=_TIME)
    replayed_spread_seconds: float | None = field(default=None, metadata=_TIME)
    operation: str | None = None  # the torch function behind a functional primitive
    resources: Mapping[str, float] = field(default_factory=dict)  # unit in each key

    def scaled(self, calls: int) -> Features:
        """The features of `calls` repetitions of this run."""
        known = {name: value for name in ADDITIVE if (value := getattr(self, name)) is not None}
        return replace(self, **{name: value * calls for name, value in known.items()})


def _of_role(*roles: str) -> tuple[str, ...]:
    return tuple(each.name for each in fields(Features) if each.metadata.get("role") in roles)


WORK = _of_role("work")  # names of features
TIMES = _of_role("time")
ADDITIVE = _of_role("work", "count", "time")  # what adds up over runs


@dataclass(frozen=True, slots=True, repr=False)
class Node:
    """A node of a model tree.

    `path` is dotted as in `named_modules()` ("" at a model's root); a functional primitive
    is named after its operation, "encoder.layer.0.attention.self.matmul_0".
    `primitive` is the name in the registry of ml primitives, None for modules.
    `flags` are "code: explanation", shown to people; see `docs/report-format.md`.
    """

    path: str
    type: NodeType
    class_name: str
    features: Features = field(default_factory=Features)
    children: tuple[Node, ...] = ()
    energy: Energy | None = None
    primitive: str | None = None
    flags: tuple[str, ...] = ()

    def __repr__(self) -> str:
        joules = "" if self.energy is None else f", {self.energy.joules:.4g} J {self.energy.source}"
        return f"<Node {self.path!r} {self.class_name}, {len(self.children)} children{joules}>"

    @property
    def name(self) -> str:
        """The last segment of the path, or the class name at the root."""
        return self.path.rpartition(".")[2] or self.class_name

    @property
    def own_joules(self) -> float | None:
        """Joules that no child explains: own + sum of the children = energy. None if unknown."""
        if self.energy is None:
            return None
        below = math.fsum(child.energy.joules for child in self.children if child.energy)
        own = self.energy.joules - below
        return own if own > _ROUNDING * self.energy.joules else 0.0

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first, siblings in order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def mapped(self, change: Callable[..., Node], *values: Iterable[Any]) -> Node:
        """The tree rebuilt from its leaves up: `change` gets each node with its new children.

        As in `map`, it also gets one of each of `values`, which are in the order of `walk()`.
        A node stays the same object where `change` returns what it was given.
        """
        return self._mapped(change, zip(*values, strict=True) if values else itertools.repeat(()))

    def _mapped(self, change: Callable[..., Node], rows: Iterator[tuple[Any, ...]]) -> Node:
        row = next(rows)  # before its children take theirs
        children = tuple([child._mapped(change, rows) for child in self.children])
        is_same = all(map(operator.is_, children, self.children))
        return change(self if is_same else replace(self, children=children), *row)

    def flagged(self, flag: str) -> Node:
        """This node with one more flag."""
        return replace(self, flags=(*self.flags, flag))

    def leaves(self) -> Iterator[Node]:
        """The nodes without children."""
        return (node for node in self.walk() if not node.children)

    def find(self, path: str) -> Node:
        """The node at `path`. Raises `KeyError` with the nearest existing path."""
        nearest = self.path
        for node in self.walk():
            if node.path == path:
                return node
            if path.startswith(node.path + ".") and len(node.path) > len(nearest):
                nearest = node.path
        raise KeyError(f"no node {path!r}; the nearest is {nearest!r}")


@dataclass(frozen=True, slots=True)
class ModelTree:
    """One forward run of one model: its tree, and the size of the input.

    `batch_size` and `seq_len` belong to the run (spec: paper table 1); `seq_len` is 1 where
    the input has no sequence.
    """

    name: str
    root: Node
    batch_size: int
    seq_len: int
    notes: tuple[str, ...] = ()  # about an input of our own making


RunStatus = Literal["run", "not_run", "incomplete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A signature of a model's calls: one tree (of one call), and how often it ran.

    `status` is "not_run" where the cell built the model and never called it: the tree then
    stands for one forward pass on inputs of our own making, and `calls` is 1.
    `seconds` is the time of all calls in place, None where nothing ran.
    """

    model: str  # display name, the same for all runs of one model
    tree: ModelTree
    calls: int = 1
    seconds: float | None = None
    status: RunStatus = "run"
    training: bool = False  # whether the module was in training mode
    phase: str | None = None  # "prefill" or "decode" within generate(); one of `STEP_PHASES`
    # Tokens that went in, of all calls: each beam's copies count once. 0 without a sequence.
    tokens: int = 0
    items: int = 0  # of the batch that all calls began: a decoding step begins none
    cache_length: int | None = None  # tokens in the cache at the call that the tree is of
    padding_share: float | None = None  # of that call's tokens, 0 to 1; None where no mask tells
    notes: tuple[str, ...] = ()
