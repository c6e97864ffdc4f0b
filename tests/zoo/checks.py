"""What watching a model must not change, checked on one small model: by which every zoo is run.

A model is built twice from one seed. One is called plainly, the other is measured: its output, its
tensors and their contents, its hooks and flags and the random states have to be those of the plain
one, and the energies of the report must add up.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

import irene_jupyter as irene

OPTIONS = irene.Options(device="gtx1080ti", budget_seconds=0)
_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks_with_kwargs",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)
_DEEPEST = 8  # an output holds caches, which hold layers, which hold tensors


Run = Callable[[nn.Module, dict[str, Any]], Any]


@dataclass(frozen=True)
class Subject:
    """A model to check: how to build it, and the keyword arguments of one call."""

    name: str
    build: Callable[[], nn.Module]
    call: Callable[[nn.Module], dict[str, Any]]


@dataclass
class Finding:
    """What came out for one model in one mode."""

    name: str
    mode: str
    problems: list[str] = field(default_factory=list)  # what must not be
    remarks: list[str] = field(default_factory=list)  # what the model itself cannot do
    flags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    nodes: int = 0
    joules: float = 0.0
    seconds: float = 0.0


def check(subject: Subject, mode: str) -> Finding:
    """One plain call and one measured call, from the same state and seed; `mode` eval or train."""
    found, began = Finding(subject.name, mode), time.perf_counter()
    plain = subject.build().train(mode == "train")
    watched = _like(plain, subject)
    runs: list[tuple[str, Run]] = [("forward", _forward)]
    if mode == "train":
        runs.append(("backward", _backward))
    for what, run in runs:
        with torch.set_grad_enabled(mode == "train"):
            _compare(found, what, run, plain, watched, subject)
    if mode == "eval":
        _predicted(found, subject)
        _built(found, subject)
    found.seconds = time.perf_counter() - began
    return found


def _like(plain: nn.Module, subject: Subject) -> nn.Module:
    """The model once more, with the same contents also where torch leaves memory as it was."""
    model = subject.build().train(plain.training)
    with torch.no_grad():
        for (_, theirs), (_, ours) in zip(_tensors(plain), _tensors(model), strict=True):
            ours.copy_(theirs)
    return model


def _compare(
    found: Finding,
    what: str,
    run: Run,
    plain: nn.Module,
    watched: nn.Module,
    subject: Subject,
) -> None:
    """The watched run is to be as the plain one, in all in which a second plain one is as well."""
    start = _like(plain, subject)  # for the second one, which only a difference needs
    try:
        wanted = _outcome(run, plain, subject)
    except Exception as error:
        found.remarks.append(f"{what}: does not run by itself: {_short(error)}")
        return
    world = outside()
    try:
        with irene.EnergyMonitor(OPTIONS) as monitor:
            got = _outcome(run, watched, subject)
        _added_up(found, what, monitor.report)
    except Exception as error:
        found.problems.append(f"{what}: raised {_short(error)}")
        return
    if world != outside():
        found.problems.append(f"{what}: something of torch is not what it was before")
    differences = {name: _difference(wanted[name], got[name]) for name in wanted}
    if any(differences.values()):
        again = _outcome(run, start, subject)
        for name, difference in differences.items():
            if difference and not _same(wanted[name], again[name]):
                found.remarks.append(f"{what}: {name}: not the same in two plain runs")
            elif difference:
                found.problems.append(f"{what}: {name}: {difference}")


def _outcome(run: Run, model: nn.Module, subject: Subject) -> dict[str, Any]:
    """One run from the fixed seed: its output, and all that it changed."""
    inputs = subject.call(model)
    given = {name: _copy(value) for name, value in inputs.items()}
    before = Snapshot(model)
    seed()
    output = run(model, inputs)
    after = Snapshot(model)
    return {
        "output": output,
        "random states": randomness(),
        "inputs": [name for name in given if not _same(given[name], inputs[name])],
        "what changed in the model": before.changes(after),
        "contents of tensors": after.values,
    }


def _predicted(found: Finding, subject: Subject) -> None:
    model = subject.build()
    before, world, random_states = Snapshot(model), outside(), randomness()
    try:
        report = irene.predict(model, batch_size=2, seq_len=12, budget_seconds=0)
    except irene.IreneError as error:
        found.remarks.append(f"predict: {_short(error)}")
    except Exception as error:
        found.problems.append(f"predict: raised {_short(error)}")
    else:
        _added_up(found, "predict", report)
    _untouched(found, "predict", before, model, world, random_states)


def _built(found: Finding, subject: Subject) -> None:
    """A cell that builds the model, and does not call it."""
    world = outside()
    try:
        with irene.EnergyMonitor(OPTIONS) as monitor:
            model = subject.build()
            before, random_states = Snapshot(model), randomness()
        report = monitor.report
    except Exception as error:
        found.problems.append(f"built: raised {_short(error)}")
        return
    if report.root is None and not report.not_run:
        found.remarks.append(f"built: no tree: {'; '.join(report.notes)[:300]}")
    _added_up(found, "built", report)
    _untouched(found, "built", before, model, world, random_states)


def _untouched(
    found: Finding,
    what: str,
    before: Snapshot,
    model: nn.Module,
    world: Any,
    random_states: dict[str, Any],
) -> None:
    after = Snapshot(model)
    for name, is_same in (
        ("the model", not before.changes(after)),
        ("contents of tensors", _same(before.values, after.values)),
        ("random states", _same(random_states, randomness())),
        ("torch itself", world == outside()),
    ):
        if not is_same:
            detail = before.changes(after)[:5] if name == "the model" else ""
            found.problems.append(f"{what}: changed {name} {detail}".rstrip())


# --- how it runs --------------------------------------------------------------------------------


def _forward(model: nn.Module, inputs: dict[str, Any]) -> Any:
    return model(**inputs)


def _backward(model: nn.Module, inputs: dict[str, Any]) -> Any:
    for parameter in model.parameters():
        parameter.grad = None
    output = model(**inputs)
    losses = [
        tensor.float().abs().mean() for tensor in tensors_of(output) if tensor.requires_grad
    ]
    if losses:
        torch.stack(losses).sum().backward()
    return {name: p.grad for name, p in model.named_parameters()}


def seed() -> None:
    """The random states from which each of the runs starts."""
    torch.manual_seed(7)
    random.seed(7)
    np.random.seed(7)


def randomness() -> dict[str, Any]:
    """The random states of torch, numpy and Python, to compare."""
    _, keys, position, has_gauss, gauss = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "numpy": [torch.from_numpy(np.asarray(keys, dtype=np.int64)), position, has_gauss, gauss],
        "python": random.getstate(),
    }


def outside() -> tuple[Any, ...]:
    """What a measurement patches or sets for a while, outside the model."""
    from torch.nn.modules import module
    from torch.optim import optimizer

    return (
        nn.Module.__call__,
        nn.Module.__init__,
        nn.Module.__setstate__,
        torch.compile,
        torch.autograd.backward,
        torch.autograd.grad,
        module._has_any_global_hook(),
        len(optimizer._global_optimizer_pre_hooks),
        torch._C._len_torch_function_stack(),
        torch._C._len_torch_dispatch_stack(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_default_dtype(),
        torch.get_default_device(),
    )


class Snapshot:
    """A model at one moment: its modules, their flags, hooks and attributes, its tensors."""

    def __init__(self, model: nn.Module) -> None:
        tensors = list(_tensors(model))
        self._held: list[tuple[str, Any]] = list(tensors)  # so that no `id` is used again
        self.tensors = {
            name: (id(each), each.data_ptr() if _has_data(each) else None, each.dtype,
                   str(each.device), tuple(each.shape), each.requires_grad)
            for name, each in tensors
        }  # fmt: skip
        self.values = {
            name: each.detach().clone() if _has_data(each) else None for name, each in tensors
        }
        self.modules: dict[str, Any] = {}
        for path, module in model.named_modules(remove_duplicate=False):
            hooks = tuple(
                (name, tuple(getattr(module, name, None) or ())) for name in _HOOKS
            )
            attributes = {name: self._seen(value) for name, value in vars(module).items()}
            self.modules[path] = (id(module), type(module), module.training, hooks, attributes)

    def _seen(self, value: Any) -> Any:
        """A plain value itself, else which object it is; so for each in a container, too."""
        if value is None or isinstance(value, str | bytes | bool | int | float):
            return repr(value)
        self._held.append(("", value))
        if isinstance(value, Mapping):
            return id(value), {str(key): self._one(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return id(value), [self._one(each) for each in value]
        return id(value)

    def _one(self, value: Any) -> Any:
        is_plain = value is None or isinstance(value, str | bytes | bool | int | float)
        if not is_plain:
            self._held.append(("", value))
        return repr(value) if is_plain else id(value)

    def changes(self, after: Snapshot) -> list[str]:
        """What is not as it was, in words that are the same for the same change."""
        found = []
        for path in {**self.modules, **after.modules}:
            one, two = self.modules.get(path), after.modules.get(path)
            if one != two:
                what = (
                    [name for name, a, b in zip(_OF_MODULES, one, two, strict=True) if a != b]
                    if one and two
                    else ["there at all"]
                )
                if one and two and one[-1] != two[-1]:
                    keys = [n for n in {**one[-1], **two[-1]} if one[-1].get(n) != two[-1].get(n)]
                    what.append(" ".join(keys))
                found.append(f"module {path!r}: {', '.join(what)}")
        for name in {**self.tensors, **after.tensors}:
            one, two = self.tensors.get(name), after.tensors.get(name)
            if one != two:
                what = (
                    [key for key, a, b in zip(_OF_TENSORS, one, two, strict=True) if a != b]
                    if one and two
                    else ["there at all"]
                )
                found.append(f"tensor {name!r}: {', '.join(what)}")
        return found


_OF_MODULES = ("identity", "class", "training", "hooks", "attributes")
_OF_TENSORS = ("identity", "memory", "dtype", "device", "shape", "requires_grad")


def _tensors(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from model.named_parameters(remove_duplicate=False)
    yield from model.named_buffers(remove_duplicate=False)


def _has_data(tensor: torch.Tensor) -> bool:
    return tensor.device.type != "meta" and not isinstance(
        tensor, torch.nn.parameter.UninitializedTensorMixin
    )


# --- sums ---------------------------------------------------------------------------------------


def _added_up(found: Finding, what: str, report: irene.EnergyReport) -> None:
    for node in report.walk():
        if node.energy is None:
            found.problems.append(f"{what}: {node.path!r} has no energy")
            return
        below = math.fsum(child.energy.joules for child in node.children if child.energy)
        own = node.own_joules or 0.0
        if not math.isclose(own + below, node.energy.joules, rel_tol=1e-9, abs_tol=1e-15):
            found.problems.append(f"{what}: {node.path!r}: own + children is not its energy")
            return
    if irene.EnergyReport.from_dict(report.to_dict()).to_dict() != report.to_dict():
        found.problems.append(f"{what}: the report is not the same when read again")
    if what == "forward":
        if report.root is None:
            found.problems.append("forward: no tree")
        found.nodes = len(list(report.walk()))
        found.joules = report.total_joules
        found.flags = sorted(
            {f"{node.class_name}: {flag}" for node in report.walk() for flag in node.flags}
        )
        found.notes = list(report.notes)


# --- comparing ----------------------------------------------------------------------------------


def tensors_of(value: Any, depth: int = 0) -> Iterator[torch.Tensor]:
    """All tensors in a value: in containers, and in the objects that models return."""
    if isinstance(value, torch.Tensor):
        yield value
    elif depth < _DEEPEST:
        for _, each in _items(value):
            yield from tensors_of(each, depth + 1)


def _items(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(str(key), each) for key, each in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [(str(index), each) for index, each in enumerate(value)]
    is_plain = isinstance(value, str | bytes | int | float | type | nn.Module) or value is None
    if is_plain or callable(value) or not hasattr(value, "__dict__"):
        return []
    return list(vars(value).items())


def _same(one: Any, two: Any, depth: int = 0) -> bool:
    return _difference(one, two, depth) is None


def _difference(one: Any, two: Any, depth: int = 0) -> str | None:
    """Where two values differ, in words; None where all their bits are the same."""
    if type(one) is not type(two):
        return f"a {type(one).__name__} and a {type(two).__name__}"
    if isinstance(one, torch.Tensor):
        return _different_tensors(one, two)
    if isinstance(one, str | int | float | bool) or one is None:
        return None if one == two or one != one else f"{one!r} and {two!r}"[:200]
    if depth >= _DEEPEST:
        return None
    ours, theirs = _items(one), _items(two)
    if [name for name, _ in ours] != [name for name, _ in theirs]:
        return f"not the same parts in {type(one).__name__}"
    for (name, a), (_, b) in zip(ours, theirs, strict=True):
        found = _difference(a, b, depth + 1)
        if found is not None:
            return f"{name}: {found}"
    return None


def _different_tensors(one: torch.Tensor, two: torch.Tensor) -> str | None:
    about = [(t.shape, t.dtype, t.device, t.requires_grad, t.layout) for t in (one, two)]
    if about[0] != about[1]:
        return f"{about[0]} and {about[1]}"
    if one.device.type == "meta" or one.layout != torch.strided or one.numel() == 0:
        return None
    if type(one) not in (torch.Tensor, nn.Parameter):
        return None
    a, b = (t.detach().contiguous().reshape(-1).view(torch.uint8) for t in (one, two))
    if torch.equal(a, b):
        return None
    worst = (one.detach().double() - two.detach().double()).abs().max() if not one.is_complex() else "?"
    return f"other bits, by up to {float(worst):.3g}" if worst != "?" else "other bits"


def _copy(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, list | tuple):
        return type(value)(_copy(each) for each in value)
    return value


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}".replace("\n", " ")
