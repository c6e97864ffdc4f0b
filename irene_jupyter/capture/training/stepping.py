"""Optimisers' steps of a cell: what each does to the parameters of which modules."""

from __future__ import annotations

import inspect
import logging
import math
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.training.optimisers import is_plain, step_of
from irene_jupyter.capture.training.update import Update

logger = logging.getLogger(__name__)

# Operations for an element, by how many states of its size an optimiser keeps: SGD without and
# with momentum, Adam and its kin. They matter little beside the bytes.
_OPERATIONS = (2, 4, 12, 14)


_SETTING = (bool, int, float, str, tuple, type(None))  # what an optimiser's settings may be


@dataclass(frozen=True, slots=True)
class Group:
    """Of an optimiser's parameters those with the same `settings`; None where nobody knows."""

    kind: type
    settings: Mapping[str, Any] | None

    @classmethod
    def of(cls, optimiser: torch.optim.Optimizer, group: Mapping[str, Any]) -> Group:
        """With the settings that the optimiser is made with; a schedule adds others."""
        kind = type(optimiser)
        if not is_plain(optimiser):
            return cls(kind, None)
        wanted = inspect.signature(kind).parameters
        settings = {key: value for key, value in group.items() if key in wanted and key != "params"}
        # A fused step reads and writes everything once.
        is_known = not settings.get("fused") and all(
            isinstance(value, _SETTING) for value in settings.values()
        )
        return cls(kind, settings if is_known else None)


@dataclass(frozen=True, slots=True)
class Held:
    """One parameter of a step; `places` are the modules that hold it, each as (model, path).

    Its update reads and writes `least` at least; torch's kernels for its `group`, more.
    """

    places: Sequence[tuple[int, str]]
    shape: tuple[int, ...]
    dtype: torch.dtype
    group: Group
    least: Update


@dataclass(slots=True)
class SameSteps:
    """Steps of one optimiser that did the same: `seconds` of all."""

    held: Sequence[Held]
    steps: int = 0
    seconds: float = 0.0
    _known: dict[Any, Update | None] = field(default_factory=dict)

    def divided(self, models: Sequence[int]) -> dict[int, dict[str, Update]]:
        """The updates of one step by path, of those of these `models` that it has any of.

        A parameter that several of them hold, as models that share an encoder do, is the first's.
        """
        found: dict[int, dict[str, Update]] = {}
        for held in self.held:
            places = [
                (models.index(model), model, path) for model, path in held.places if model in models
            ]
            if places:
                _, model, path = min(places)
                update = self._update(held)
                paths = found.setdefault(model, {})
                paths[path] = paths[path] + update if path in paths else update
        return found

    def share(self, updates: Mapping[str, Update]) -> float:
        """Of its bytes those of some updates."""
        whole = math.fsum(self._update(held).bytes for held in self.held)
        return math.fsum(update.bytes for update in updates.values()) / whole if whole else 0.0

    def _update(self, held: Held) -> Update:
        """Only after the cell: an optimiser takes a step on tensors without data for it."""
        key = id(held.group), held.shape, held.dtype
        if key not in self._known:
            self._known[key] = _counted(held)
        return self._known[key] or held.least


def _counted(held: Held) -> Update | None:
    """By the kernels of torch; None where the optimiser does not step so."""
    settings = held.group.settings
    if settings is None:
        return None
    try:
        return step_of(held.group.kind, settings, held.shape, held.dtype)[0]
    except Exception as error:  # whatever an optimiser makes of tensors without data
        logger.debug("%s takes no step on meta", held.group.kind.__name__, exc_info=error)
        return None


class Steps:
    """Told of each step by `stepped`. `models` are those that were called, by a number for each."""

    def __init__(self, models: Callable[[], Iterable[tuple[int, nn.Module]]]) -> None:
        self.all: list[SameSteps] = []
        self._models = models
        self._known: dict[int, tuple[weakref.ref[Any], dict[tuple[int, int], SameSteps]]] = {}

    def stepped(self, optimiser: torch.optim.Optimizer, seconds: float) -> None:
        """A step has ended that took so many `seconds`; the states that it made are there."""
        try:
            found = self._of(optimiser)
        except Exception as error:  # an optimiser of another kind must not stop the user
            logger.debug("a step was not looked into", exc_info=error)
            return
        found.steps += 1
        found.seconds += seconds

    def _of(self, optimiser: torch.optim.Optimizer) -> SameSteps:
        known = self._known.get(id(optimiser))
        if known is None or known[0]() is not optimiser:
            known = self._known[id(optimiser)] = weakref.ref(optimiser), {}
        updated = [
            (parameter, number)
            for number, group in enumerate(optimiser.param_groups)
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        key = len(updated), len(optimiser.state)
        found = known[1].get(key)
        if found is None:
            with torch._C.DisableTorchFunction():
                found = known[1][key] = SameSteps(self._held(optimiser, updated))
            self.all.append(found)
        return found

    def _held(
        self, optimiser: torch.optim.Optimizer, updated: Sequence[tuple[torch.Tensor, int]]
    ) -> list[Held]:
        places: dict[int, dict[int, str]] = {}
        for model, root in self._models():
            for path, module in root.named_modules():
                for parameter in module._parameters.values():
                    if parameter is not None:
                        places.setdefault(id(parameter), {}).setdefault(model, path)
        groups = [Group.of(optimiser, group) for group in optimiser.param_groups]
        return [
            Held(
                tuple(places.get(id(parameter), {}).items()),
                tuple(parameter.shape),
                parameter.dtype,
                groups[number],
                _least(parameter, optimiser.state.get(parameter, {})),
            )
            for parameter, number in updated
        ]


def _least(parameter: torch.Tensor, state: Mapping[str, Any]) -> Update:
    """A parameter and its states are read and written, its gradient is read."""
    states = [
        value for value in state.values() if isinstance(value, torch.Tensor) and value.dim() > 0
    ]
    kept = sum(value.numel() * value.element_size() for value in states)
    gradient = parameter.grad
    own = parameter.numel() * parameter.element_size()
    read = own if gradient is None else gradient.numel() * gradient.element_size()
    operations = _OPERATIONS[min(len(states), len(_OPERATIONS) - 1)]
    return Update(
        parameter.numel(), 2.0 * (own + kept) + read, float(operations * parameter.numel())
    )
