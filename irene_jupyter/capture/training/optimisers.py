"""What a step of one of torch's optimisers does to a model's parameters; nothing is run.

The optimiser itself takes two steps with one parameter of each shape, on tensors without data: the
second, for which it has its states, is counted kernel by kernel as torch runs it by default.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode

from irene_jupyter.capture.count.counting import canonical_name, count
from irene_jupyter.capture.count.tensors import nbytes, tensors_in
from irene_jupyter.capture.training.update import Update
from irene_jupyter.errors import OptionError

_MOMENTUM, _USUAL = "SGD+momentum", "AdamW"
_SETTINGS: Mapping[str, Mapping[str, Any]] = {_MOMENTUM: {"momentum": 0.9}}
# Those that take any dense parameter and no closure.
_PLAIN = (
    "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "Lion", "NAdam",
    "RAdam", "RMSprop", "Rprop", "SGD",
)  # fmt: skip
_ANY_STEP = 3.0  # what a tensor without data is taken to hold where an optimiser looks at it


def optimiser_names() -> tuple[str, ...]:
    """Those of this torch, by name."""
    return (*(name for name in _PLAIN if hasattr(torch.optim, name)), _MOMENTUM)


def check_optimiser(name: str) -> str:
    """The name as torch writes it. Raises `OptionError` that lists those that are known."""
    names = optimiser_names()
    for known in names:
        if isinstance(name, str) and known.lower() == name.lower():
            return known
    raise OptionError(
        f"optimiser {name!r} is not known: take one of {', '.join(names)}. One that is not of "
        "torch.optim, or keeps states of 8 bits, can be measured: run a step in the cell"
    )


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step of a model's optimiser: its updates by module, and what it keeps, in bytes."""

    updates: Mapping[str, Update]
    gradient_bytes: float
    state_bytes: float


def stepped(model: nn.Module, optimiser: str) -> Stepped:
    """A step over all parameters of `model` that need a gradient. Raises `OptionError`."""
    name = check_optimiser(optimiser)
    known: dict[tuple[Any, ...], tuple[Update, float]] = {}
    updates: dict[str, Update] = {}
    gradient_bytes = state_bytes = 0.0
    for path, parameter in _trained(model):
        key = tuple(parameter.shape), parameter.dtype
        if key not in known:
            kind = getattr(torch.optim, "SGD" if name == _MOMENTUM else name)
            known[key] = step_of(kind, _SETTINGS.get(name, {}), *key)
        update, kept = known[key]
        updates[path] = updates[path] + update if path in updates else update
        gradient_bytes += parameter.numel() * parameter.element_size()
        state_bytes += kept
    return Stepped(updates, gradient_bytes, state_bytes)


def optimiser_like(model: nn.Module, elements: int, moved_bytes: float) -> str | None:
    """Which optimiser's step over `model` moves most nearly so many bytes; of several AdamW.

    None where `elements`, the parameters that were updated, are not those that `model` trains.
    """
    if sum(parameter.numel() for _, parameter in _trained(model)) != elements:
        return None
    found: list[tuple[float, bool, str]] = []
    for name in optimiser_names():
        updates = stepped(model, name).updates.values()
        apart = abs(math.fsum(update.bytes for update in updates) - moved_bytes)
        found.append((apart, name != _USUAL, name))
    return min(found)[2]


def _trained(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Each parameter that is updated, once, with the path of the first module that holds it."""
    seen: set[int] = set()
    for path, module in model.named_modules():
        for parameter in module.parameters(recurse=False):
            if id(parameter) in seen or is_lazy(parameter) or not parameter.requires_grad:
                continue
            seen.add(id(parameter))
            yield path, parameter


def is_plain(optimiser: torch.optim.Optimizer) -> bool:
    """Whether it is one of torch's own that `step_of` can take steps with."""
    kind = type(optimiser)
    return kind.__name__ in _PLAIN and getattr(torch.optim, kind.__name__, None) is kind


def step_of(
    kind: type, settings: Mapping[str, Any], shape: tuple[int, ...], dtype: torch.dtype
) -> tuple[Update, float]:
    """(update, bytes of the states) of one parameter. Raises what the optimiser raises."""
    parameter = nn.Parameter(torch.empty(shape, dtype=dtype, device="meta"))
    parameter.grad = torch.empty_like(parameter)
    optimiser = kind([parameter], **{"lr": 1e-3, **settings})
    # Without the hooks on all optimisers, which may be the user's, or ours in a cell.
    every: Any = kind
    step = getattr(every.step, "__wrapped__", every.step)
    with _Counting():
        step(optimiser)
    with _Counting() as counted:
        step(optimiser)
    kept = sum(nbytes(tensor) for tensor in tensors_in(dict(optimiser.state[parameter])))
    return Update(parameter.numel(), counted.bytes, counted.flops), float(kept)


class _Counting(TorchDispatchMode):
    """Bytes and operations of all kernels; numbers that are asked for are made up."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 0.0
        self.flops = 0.0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            return _ANY_STEP
        out = func(*args, **(kwargs or {}))
        cost = count(canonical_name(func), args, kwargs or {}, out)
        if cost is not None:
            self.bytes += cost.bytes
            self.flops += cost.flops
        return out
