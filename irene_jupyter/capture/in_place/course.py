"""The course of a recorded call: its boundaries, and the nodes that ran between them.

A later call that passes the same boundaries ran the same nodes, so that it need not be recorded to
be timed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from irene_jupyter.capture.in_place.boundaries import Boundaries, Events

MAX_FOLLOWED = 2**14  # boundaries of a call that is timed after the recorded one
_CUDA = "cuda:"


@dataclass(slots=True)
class Step:
    """What ran between two boundaries: a module, or a function with the leaves that it is.

    `parts` are the paths of its nodes, each with its share of the time; `above` is the index of
    the step that it lies in, -1 at the root.
    """

    parts: tuple[tuple[str, float], ...]
    above: int
    begin: int
    end: int = -1
    module: int | None = None  # its `id`; None for a function
    is_leaf: bool = False
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Below:
    """The paths right below a module's; a dict is a set that keeps its order."""

    modules: dict[str, None] = field(default_factory=dict)
    functions: dict[str, None] = field(default_factory=dict)


class Course:
    """Grows while a call is recorded, whose own `boundaries` are `first`."""

    def __init__(self, events: Events | None = None, gpu: int | None = None) -> None:
        self.first = Boundaries(events if gpu is not None else None)
        self.steps: list[Step] = []
        self.functions: set[int] = set()  # `id`s of torch's functions that are leaves
        self.is_shown = True  # to a function mode; else only its modules are followed
        self._gpu = gpu
        self._open: list[int] = []

    def enter(self, path: str, module: int, is_leaf: bool) -> None:
        """A module begins, after what we did for it."""
        above = self._open[-1] if self._open else -1
        self._open.append(len(self.steps))
        begin = len(self.first.keys)
        self.steps.append(Step(((path, 1.0),), above, begin, module=module, is_leaf=is_leaf))
        self.first.mark(module, self._gpu)

    def leave(self) -> None:
        """The module that began last has ended."""
        step = self.steps[self._open[-1]]
        assert step.module is not None
        step.end = len(self.first.keys)
        self.first.mark(-step.module, self._gpu)

    def left(self, device: str | None) -> None:
        """And it has been looked at: it worked on this `device`."""
        self.steps[self._open.pop()].device = device

    def function_begins(self, function: int) -> None:
        """A function begins, which may be a leaf."""
        self.first.mark(function, self._gpu)

    def function_returned(self, function: int) -> None:
        """It has ended; `function_was` tells what it was."""
        self.first.mark(-function, self._gpu)

    def function_was(self, function: int, parts: Sequence[tuple[str, float]]) -> None:
        """The leaves that a function consists of, by (path, work): they share its time."""
        if not parts:
            self.first.forget(2)
            return
        whole = sum(work for _, work in parts)
        shares = [work / whole if whole else 1 / len(parts) for _, work in parts]
        named = tuple((path, share) for (path, _), share in zip(parts, shares, strict=True))
        end = len(self.first.keys) - 1
        self.steps.append(Step(named, self._open[-1], end - 1, end, is_leaf=True))
        self.functions.add(function)

    def function_failed(self) -> None:
        """It raised, and the call may go on."""
        self.first.forget(1)

    @property
    def can_be_followed(self) -> bool:
        """Whether a later call can be timed by it, at little cost."""
        is_short = len(self.first.keys) <= MAX_FOLLOWED
        return self.is_whole and is_short and self.is_on_gpu is not None

    def is_taken_by(self, call: Boundaries) -> bool:
        """Whether another call passed the same boundaries, or those of the same modules."""
        keys = self.first.keys
        return call.keys == (keys if self.is_followed_by(call) else [keys[i] for i in self.modules])

    def is_followed_by(self, call: Boundaries) -> bool:
        """Whether a call that took this course passed the boundaries of functions, too."""
        return len(call.keys) == len(self.first.keys)

    @cached_property
    def modules(self) -> Sequence[int]:
        """The boundaries of modules, in order."""
        inside = {i for step in self.steps if step.module is None for i in (step.begin, step.end)}
        return [index for index in range(len(self.first.keys)) if index not in inside]

    @property
    def is_whole(self) -> bool:
        """Whether all that ran lies between two boundaries that are known."""
        return bool(self.steps) and not self._open and not self.first.is_full

    @cached_property
    def is_on_gpu(self) -> bool | None:
        """Whether its times are a GPU's; None where they are of a device without events."""
        devices = {step.device for step in self.steps} - {None, "cpu"}
        if not devices:
            return False
        return True if all((d or "").startswith(_CUDA) for d in devices) else None

    @cached_property
    def below(self) -> Mapping[str, Below]:
        """What lies below each module, by its path; those below come first."""
        found: dict[str, Below] = {}
        for step in self.steps:
            if step.module is not None:
                found.setdefault(step.parts[0][0], Below())
            if step.above >= 0:
                below = found[self.steps[step.above].parts[0][0]]
                paths = below.functions if step.module is None else below.modules
                paths.update(dict.fromkeys(path for path, _ in step.parts))
        return dict(reversed(found.items()))

    @cached_property
    def gpus(self) -> Mapping[int, int | None]:
        """Where each module works, by its `id`: its own GPU, or that of what it is in."""
        first = next((s.device for s in self.steps if (s.device or "").startswith(_CUDA)), None)
        found: list[str | None] = []
        for step in self.steps:  # a step comes after what it is in
            above = found[step.above] if step.above >= 0 else first
            is_own = (step.device or "").startswith(_CUDA)
            found.append(step.device if is_own else above)
        numbers = [None if name is None else int(name.removeprefix(_CUDA)) for name in found]
        return {
            step.module: number
            for step, number in reversed(list(zip(self.steps, numbers, strict=True)))
            if step.module is not None
        }

    @cached_property
    def leaves(self) -> frozenset[int]:
        """The `id`s of modules that are leaves: what runs within them is not followed."""
        return frozenset(step.module for step in self.steps if step.module and step.is_leaf)
