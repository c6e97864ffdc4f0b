"""Latency of leaves on their own: each distinct one repeated on fresh inputs, in a time budget.

Only what keeps no state is repeated: a whitelist of modules and functions, called below the
user's hooks, without gradients, on inputs of our own. So caches do not grow, running statistics
do not move, and nothing drifts. Warm caches make a small leaf faster than in place: both times
are reported. Hazards: the findings on which this rests are in `docs/replay.md`.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.count.primitives import primitive_of
from irene_jupyter.capture.record.calls import Call, Recorded, extent_of, specs_in
from irene_jupyter.capture.repeat.repeating import Timing, timing_of
from irene_jupyter.tree import Node, Run

logger = logging.getLogger(__name__)

MAX_INPUT_BYTES = 256 * 2**20  # of the fresh inputs of one leaf
PROGRESS_SECONDS = 1.0  # from which a replay says what it does
LOADED = 0.25  # share of the processor that other work takes from which times are doubtful
LEAST_SECONDS = 0.01  # under which the clock of the process's own work is too coarse to tell
# Operations a second that few processors exceed. What never ran is expected to take at least so
# long, so that one call of a large product does not outlast the budget.
FASTEST_CPU = 2e11

# Functions without state or randomness, by their canonical names.
_FUNCTIONS = frozenset(
    "matmul bmm baddbmm addbmm addmm einsum softmax scaled_dot_product_attention linear layer_norm "
    "rms_norm embedding conv1d conv2d conv3d".split()
)
# Primitives whose modules compute their output from input and parameters alone.
_MODULES = frozenset(
    "Linear Conv1D LayerNorm RMSNorm GroupNorm Embedding GELU SiLU ReLU ReLU6 Mish Tanh Sigmoid "
    "LeakyReLU ELU Softplus Hardswish Hardtanh LogSigmoid Softmax LogSoftmax Conv1d Conv2d Conv3d "
    "ConvTranspose1d ConvTranspose2d ConvTranspose3d MaxPool1d MaxPool2d AvgPool1d AvgPool2d "
    "AdaptiveAvgPool1d AdaptiveAvgPool2d Bilinear PReLU".split()
)
_KNOWN = ("torch.nn.modules.", "transformers.")
_IDEMPOTENT = frozenset({"ReLU", "ReLU6", "Hardtanh"})  # in place, again and again, is no drift

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Replay:
    """What was repeated: `distinct` leaves, for `leaves` nodes of the trees."""

    runs: tuple[Run, ...]
    distinct: int = 0
    leaves: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Distinct:
    """A leaf that is repeated once for all nodes that are like it."""

    call: Call
    module: nn.Module | None
    weight: float = 0.0  # flops and bytes over all its nodes: the greatest go first
    nodes: int = 0
    expected_seconds: float = 0.0  # of a call, as in place
    timing: Timing | None = None


def replayed(
    runs: Sequence[Run],
    recorded: Sequence[Recorded | None],
    budget_seconds: float,
    progress: Progress | None = None,
    others_cpu_share: float | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Replay:
    """The runs with `replayed_seconds` at their leaves, within `budget_seconds`.

    The heaviest leaves come first; what the budget does not reach stays without. `progress`
    gets a line now and then once it lasts over a second. `others_cpu_share` is what other
    processes take of this machine (0 to 1); once `is_stopped()` it ends. Nothing the user owns is
    changed.
    """
    if budget_seconds <= 0:
        return Replay(tuple(runs))
    began, worked = time.perf_counter(), time.process_time()
    keys: list[dict[str, Any]] = []
    distinct: dict[Any, _Distinct] = {}
    for run, record in zip(runs, recorded, strict=True):
        keys.append({} if record is None else _plan(run, record, distinct))
    on_gpu = any(
        spec.device.type != "cpu"
        for each in distinct.values()
        for spec in specs_in((each.call.args, each.call.kwargs))
    )
    order = sorted(distinct.values(), key=lambda each: -each.weight)
    _time_all(order, began + budget_seconds, progress, is_stopped)
    timed = [each for each in order if each.timing is not None]
    done = tuple(
        replace(run, tree=replace(run.tree, root=_marked(run.tree.root, of_run, distinct)))
        for run, of_run in zip(runs, keys, strict=True)
    )
    notes = []
    if len(timed) < len(order):
        notes.append(
            f"replay: {len(timed)} of {len(order)} distinct operations in the time that there was; "
            "a larger budget gives it more"
        )
    seconds = time.perf_counter() - began
    waited = 1 - (time.process_time() - worked) / seconds
    load = max(others_cpu_share or 0.0, 0.0 if on_gpu else waited)
    if timed and seconds > LEAST_SECONDS and load > LOADED:
        notes.append(
            f"replay: other work took {load:.0%} of this machine, so that replayed times may be "
            "too long"
        )
    return Replay(done, len(timed), sum(each.nodes for each in timed), seconds, tuple(notes))


# --- what is repeated -------------------------------------------------------------------------


def _plan(run: Run, record: Recorded, distinct: dict[Any, _Distinct]) -> dict[str, Any]:
    """Adds the run's leaves to `distinct`; returns the key of each by its path in the tree."""
    found: dict[str, Any] = {}
    for node in run.tree.root.walk():
        if node.children or node.primitive is None:
            continue
        path = node.path.removeprefix(record.path).removeprefix(".") if record.path else node.path
        call = record.calls.get(path)
        if call is None:
            continue
        module = _module_at(record.module, path) if call.function is None else None
        if not _is_safe(node, call, module):
            continue
        key = _key(call, module)
        each = distinct.setdefault(key, _Distinct(call, module))
        each.weight += (node.features.flops + node.features.bytes) * run.calls
        each.nodes += 1
        each.expected_seconds = max(each.expected_seconds, _expected_seconds(node, call))
        found[node.path] = key
    return found


def _expected_seconds(node: Node, call: Call) -> float:
    """Of one call, at least: as in place, or else as on a fast processor."""
    features = node.features
    if features.latency_seconds is not None:
        return features.latency_seconds / features.calls
    on_cpu = all(spec.device.type == "cpu" for spec in specs_in((call.args, call.kwargs)))
    return features.flops / features.calls / FASTEST_CPU if on_cpu else 0.0


def _module_at(root: nn.Module, path: str) -> nn.Module | None:
    try:
        return root.get_submodule(path)
    except AttributeError:
        return None


def _is_safe(node: Node, call: Call, module: nn.Module | None) -> bool:
    if _input_bytes(call) > MAX_INPUT_BYTES:
        return False
    if call.function is not None:
        name = getattr(call.function, "__name__", "")
        changes = name.endswith("_") or name.startswith("__i") or "out" in call.kwargs
        return call.name in _FUNCTIONS and not changes
    if module is None or node.primitive not in _MODULES or primitive_of(module) != node.primitive:
        return False
    if "forward" in vars(module) or hasattr(module, "parametrizations"):  # offloaded, quantised …
        return False
    if getattr(module, "max_norm", None) is not None:  # an embedding that renorms its weights
        return False
    if getattr(module, "inplace", False) and type(module).__name__ not in _IDEMPOTENT:
        return False
    # Hooks on a module may hold state (old weight_norm, accelerate): forward would miss them.
    if module._forward_pre_hooks or any(b is not None for b in module._buffers.values()):
        return False
    if not type(module).__module__.startswith(_KNOWN):  # a user's subclass may keep anything
        return False
    specs = list(specs_in((call.args, call.kwargs)))
    return len(specs) == 1 and not any(p.is_meta for p in module.parameters(recurse=False))


def _key(call: Call, module: nn.Module | None) -> Any:
    """Equal for leaves that take the same time."""
    config: Any = None
    if module is not None:
        config = (
            type(module),
            module.extra_repr(),
            module.training,
            tuple((p.shape, p.dtype, p.device) for p in module.parameters(recurse=False)),
        )
    return (call.name, config, _frozen((call.args, call.kwargs)), call.autocast)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple((key, _frozen(item)) for key, item in value.items())
    return tuple(_frozen(item) for item in value) if isinstance(value, tuple) else value


def _input_bytes(call: Call) -> int:
    return sum(extent_of(s) * s.dtype.itemsize for s in specs_in((call.args, call.kwargs)))


# --- repeating --------------------------------------------------------------------------------


def _time_all(
    order: Sequence[_Distinct],
    deadline: float,
    progress: Progress | None,
    is_stopped: Callable[[], bool],
) -> None:
    """Times them one after the other until the deadline."""
    began = told = time.perf_counter()
    with torch.no_grad():  # none of them draws random numbers: another thread may, meanwhile
        for number, each in enumerate(order):
            now = time.perf_counter()
            if now >= deadline or is_stopped():
                return
            if progress is not None and now - began > PROGRESS_SECONDS and now - told > 0.5:
                progress(f"replaying {number} of {len(order)} operations")
                told = now
            try:
                each.timing = timing_of(each.call, each.module, each.expected_seconds, deadline)
            except Exception as error:  # a backend that refuses our inputs is no fault of the user
                logger.debug("could not replay %s", each.call.name, exc_info=error)


# --- back into the trees ------------------------------------------------------------------------


def _marked(root: Node, keys: Mapping[str, Any], distinct: Mapping[Any, _Distinct]) -> Node:
    shares = dict(_shares(root, keys))

    def marked(node: Node) -> Node:
        timing = distinct[keys[node.path]].timing if node.path in keys else None
        if timing is None:
            return node
        times = node.features.calls * shares.get(node.path, 1.0)
        features = replace(
            node.features,
            replayed_seconds=timing.seconds * times,
            replayed_spread_seconds=timing.spread_seconds * times,
        )
        return replace(node, features=features)

    return root.mapped(marked) if keys else root


def _shares(root: Node, keys: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The leaves of a fused attention core are one call: they share its time by their flops."""
    for parent in root.walk():
        groups: dict[Any, list[Node]] = {}
        for child in parent.children:
            if child.path in keys and child.features.operation == "scaled_dot_product_attention":
                groups.setdefault(keys[child.path], []).append(child)
        for group in groups.values():
            cores = max(1, len(group) // 3)
            flops = math.fsum(child.features.flops for child in group)
            for child in group:
                part = child.features.flops / flops if flops else 1 / len(group)
                yield child.path, part * cores
