"""What is kept of a model's calls: how many of each signature, how long, one of them in full.

A `Group` is of calls that look alike from outside; those of them that ran other modules, or gave
another size of output, are a `Signature` of their own.
"""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.in_place.boundaries import Boundaries
from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.record.calls import Call
from irene_jupyter.capture.record.gradients import Gradients
from irene_jupyter.capture.record.hidden import HiddenPart
from irene_jupyter.capture.record.signatures import Flags, state_of
from irene_jupyter.capture.watch.padding import Padding
from irene_jupyter.capture.watch.steps import Role
from irene_jupyter.tree import Node

MAX_VARIANTS = 8  # of one group that are recorded; a model may take another way at each call
CHECKED_CALLS = 8  # the first ones of a model, before each of which its state is looked at
CHECK_SHARE = 0.005  # of a model's own time that looking at its state may take afterwards


@dataclass
class Signature:
    """All calls of one root that did the same work.

    `record` is of one of them, None where there is none. `sizes` are all the sizes of the
    arguments; calls of one `kind` differ in these alone. Another way (`is_other_way`) is that of
    calls that looked alike from outside and ran other modules.
    """

    reference: Callable[[], Any]  # to the module, or to a compiled function on its own
    class_name: str
    batch_size: int = 1
    seq_len: int = 1
    kind: Any = None
    sizes: tuple[int, ...] = ()
    phase: str | None = None
    cache_length: int | None = None  # tokens in the key-value cache, at the first call
    role: Role = field(default_factory=Role)  # within generate()
    token_correction: int = 0  # tokens that were taken back, or that an earlier call read for it
    training: bool = False
    has_gradients: bool = True  # were enabled at the call
    is_recomputed: bool = False  # for the backward pass, by checkpointing
    is_other_way: bool = False
    record: Record | None = None
    calls: int = 0  # that returned
    failures: int = 0  # that raised
    seconds: float = 0.0  # of all calls
    timed: list[Boundaries] = field(default_factory=list)  # what some of them passed

    @property
    def module(self) -> nn.Module | None:
        """The model; None once it is gone, and of a function."""
        found = self.reference()
        return found if isinstance(found, nn.Module) else None

    @property
    def function(self) -> Any:
        """The compiled function that was called on its own; None where a model was."""
        found = self.reference()
        return None if isinstance(found, nn.Module) else found

    @property
    def is_complete(self) -> bool:
        """Whether there is a record of a call that returned."""
        return self.record is not None and self.record.is_complete

    def another_way(self) -> Signature:
        """The same from outside, with no calls yet."""
        return replace(
            self,
            record=None,
            token_correction=0,
            calls=0,
            failures=0,
            seconds=0.0,
            timed=[],
            is_other_way=True,
        )


class Known:
    """A model that was called: its groups, and its state, looked at as often as it costs little."""

    def __init__(self, reference: weakref.ref[Any], class_name: str) -> None:
        self.reference = reference
        self.class_name = class_name
        self.groups: dict[Any, Group] = {}
        self._state = 0
        self._flags: Flags = {}
        self._seconds = 0.0  # that looking took
        self._calls = 0
        self._until_check = 0

    def state(self, module: nn.Module) -> int:
        """The state that this call is of."""
        if self._until_check > 0:
            self._until_check -= 1
            return self._state
        began = time.perf_counter()
        self._state = state_of(module, self._flags)
        self._seconds = time.perf_counter() - began
        return self._state

    def called(self, seconds: float) -> None:
        """After a call: when to look again."""
        self._calls += 1
        if self._calls > CHECKED_CALLS and self._until_check == 0:
            calls = self._seconds / max(CHECK_SHARE * seconds, 1e-9)
            self._until_check = min(1000, math.ceil(calls) - 1)

    def doubt(self) -> None:
        """Look at the very next call."""
        self._until_check = 0


@dataclass(slots=True)
class Record:
    """What was recorded of one call; `course` is None where it was not followed."""

    node: Node | None
    calls: Mapping[str, Call]
    hidden: tuple[HiddenPart, ...]
    is_complete: bool = True
    course: Course | None = None
    gradients: Mapping[str, Gradients] = field(default_factory=dict)
    padding: Padding | None = None


@dataclass(slots=True)
class Ongoing:
    """A root call that is running: of what, and since when.

    `group` is None where it could not be described; `reading` is what it reads into a cache.
    """

    called: Any
    started: float = 0.0  # time.perf_counter()
    group: Group | None = None
    reading: Any = None
    record: Record | None = None
    passed: Boundaries | None = None
    course: Course | None = None  # that `passed` took
    number: int = 0  # of the next autograd node of the thread


class Group:
    """Calls that look alike from outside: one `Signature` for each way that they took.

    `first` is the signature of the first of them; `known` is its model. After a recorded call some
    are timed: for each of `to_time` whether its functions are followed, too. `timing` is the course
    of the recorded one, and that, of the next call; None where it is not timed.
    """

    def __init__(self, known: Known, first: Signature, to_time: Sequence[bool] = ()) -> None:
        self.first = first
        self.to_record = True  # the next call
        self.timing: tuple[Course, bool] | None = None  # one value, for threads call at once
        self._course: Course | None = None
        self._to_time = to_time
        self._timed = 0
        self._known = known
        self._ways: dict[int, Signature] = {}
        self._latest = first
        self._records = 0

    def after(self, seen: int, seconds: float, ongoing: Ongoing, *, returned: bool) -> Signature:
        """After a call that ran the modules `seen`: the signature to which it belongs."""
        record = ongoing.record
        signature = self._way(seen, returned=returned, is_recorded=record is not None)
        if record is not None:
            if not signature.is_complete:
                signature.record = record
                self._records += record.is_complete
            self.to_record = not record.is_complete
            if record.is_complete and record.course is not None and record.course.can_be_followed:
                self._plan(record.course, 0)
        if ongoing.passed is not None:
            self._plan(self._course, self._timed + 1)
            course = None if signature.record is None else signature.record.course
            if returned and course is not None and course.is_taken_by(ongoing.passed):
                signature.timed.append(ongoing.passed)
                ongoing.course = course
            else:
                ongoing.passed.release()
        signature.calls += returned
        signature.failures += not returned
        signature.seconds += seconds
        self._known.called(seconds)
        return signature

    def _plan(self, course: Course | None, timed: int) -> None:
        """After so many `timed` calls of a course: whether the next one is."""
        self._course, self._timed = course, timed
        if course is None or timed >= len(self._to_time):
            self.timing = None
        else:
            self.timing = course, self._to_time[timed]

    def _way(self, seen: int, *, returned: bool, is_recorded: bool) -> Signature:
        signature = self._ways.get(seen)
        if signature is not None:
            return signature
        if not returned:  # it ended on its way, nobody knows on which
            return self._latest
        if self._latest.calls:  # another way than any before: the next call is looked at
            self._known.doubt()
            self.to_record = self._records < MAX_VARIANTS
            self._latest = self.first.another_way()
        self._ways[seen] = self._latest
        return self._latest


def output_shape(output: Any) -> Any:
    """The sizes of the first tensor of what a model returned."""
    if not isinstance(output, torch.Tensor):
        if isinstance(output, tuple | list) and output:
            output = output[0]
        elif isinstance(output, Mapping):
            output = next(iter(output.values()), None)
        if not isinstance(output, torch.Tensor):
            return None
    with torch._C.DisableTorchFunction():  # the user's modes see no question of ours
        return None if output.is_nested else output.shape


def without_sizes(description: Any, sizes: list[int]) -> Any:
    """A description with the number of a shape's sizes in their place; they go to `sizes`."""
    if isinstance(description, tuple):
        if description and all(type(item) is int for item in description):
            sizes.extend(description)
            return len(description)
        return tuple(without_sizes(item, sizes) for item in description)
    return description
