"""What watching a model must not change, checked on one small model: by which every zoo is run.

A model is built twice from one seed. One is called plainly, the other is measured: its output, its
tensors and their contents, its hooks and flags and the random states have to be those of the plain
one, and the energies of the report must add up.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import product_flops
import torch
from comparing import Snapshot, difference, outside, randomness, same, seed, tensors, tensors_of
from torch import nn

import irene_jupyter as irene

OPTIONS = irene.Options(device="gtx1080ti", budget_seconds=0)
MOST_PRODUCT_ERROR = 0.01  # relative
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
        _products(found, subject)
        _predicted(found, subject)
        _built(found, subject)
    found.seconds = time.perf_counter() - began
    return found


def _like(plain: nn.Module, subject: Subject) -> nn.Module:
    """The model once more, with the same contents also where torch leaves memory as it was."""
    model = subject.build().train(plain.training)
    with torch.no_grad():
        for (_, theirs), (_, ours) in zip(tensors(plain), tensors(model), strict=True):
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
    reports: list[irene.EnergyReport] = []

    def measured(call: Callable[[], Any]) -> Any:
        outputs: list[Any] = []
        reports.append(irene.measure(lambda: outputs.append(call()), options=OPTIONS))
        return outputs[0]

    try:
        got = _outcome(run, watched, subject, measured)
        _added_up(found, what, reports[0])
    except Exception as error:
        found.problems.append(f"{what}: raised {_short(error)}")
        return
    if world != outside():
        found.problems.append(f"{what}: something of torch is not what it was before")
    differences = {name: difference(wanted[name], got[name]) for name in wanted}
    if any(differences.values()):
        again = _outcome(run, start, subject)
        for name, words in differences.items():
            if words and not same(wanted[name], again[name]):
                found.remarks.append(f"{what}: {name}: not the same in two plain runs")
            elif words:
                found.problems.append(f"{what}: {name}: {words}")


def _plainly(call: Callable[[], Any]) -> Any:
    return call()


def _outcome(
    run: Run,
    model: nn.Module,
    subject: Subject,
    way: Callable[[Callable[[], Any]], Any] = _plainly,
) -> dict[str, Any]:
    """One run from the fixed seed: its output, and all that it changed."""
    inputs = subject.call(model)
    given = {name: _copy(value) for name, value in inputs.items()}
    before = Snapshot(model)
    seed()
    output = way(lambda: run(model, inputs))
    after = Snapshot(model)
    return {
        "output": output,
        "random states": randomness(),
        "inputs": [name for name in given if not same(given[name], inputs[name])],
        "what changed in the model": before.changes(after),
        "contents of tensors": after.values,
    }


def _products(found: Finding, subject: Subject) -> None:
    """The tree's products are those that torch counts, within a hundredth."""
    model = subject.build().eval()
    try:
        compared = product_flops.compared(model, subject.call(model))
    except Exception as error:  # torch's counter, or the model under it
        found.remarks.append(f"flops: not counted by torch: {_short(error)}")
        return
    if compared.error > MOST_PRODUCT_ERROR:
        found.problems.append(
            f"flops: {compared.recorded:.6g} in the tree, {compared.counted:.6g} by torch's counter"
        )


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
        ("contents of tensors", same(before.values, after.values)),
        ("random states", same(random_states, randomness())),
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
    losses = [tensor.float().abs().mean() for tensor in tensors_of(output) if tensor.requires_grad]
    if losses:
        torch.stack(losses).sum().backward()
    return {name: p.grad for name, p in model.named_parameters()}


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


def _copy(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, list | tuple):
        return type(value)(_copy(each) for each in value)
    return value


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}".replace("\n", " ")
