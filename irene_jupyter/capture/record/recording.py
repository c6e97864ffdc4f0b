"""Records one forward call of a root module as a tree: its module calls, a mode for functions.

Only the thread that calls the module is recorded. Nothing touches the user's tensors. Where a
function mode would change what runs (torch's fused layers) or would be compiled in, the recording
stands aside and keeps what it takes to trace that part later: see `hidden.py`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import _StopRecomputationError

from irene_jupyter.capture.count import canonical
from irene_jupyter.capture.count.kernels import Kernels
from irene_jupyter.capture.count.primitives import is_ignored
from irene_jupyter.capture.count.tensors import shape_of, tensors_in
from irene_jupyter.capture.in_place.boundaries import Events
from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.in_place.intervals import host_seconds
from irene_jupyter.capture.record import doubts, flowing
from irene_jupyter.capture.record.builder import MAX_SHAPES, Builder, Parameters
from irene_jupyter.capture.record.calls import Call, call_of
from irene_jupyter.capture.record.function_calls import FunctionCalls, check_even
from irene_jupyter.capture.record.function_mode import FunctionMode, without
from irene_jupyter.capture.record.hidden import HiddenPart, Hides, hidden_part, how_hidden
from irene_jupyter.capture.record.hooks import HOOKS, THREADS, Follows
from irene_jupyter.tree import Node

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Frame:
    """One module that is running."""

    module: nn.Module
    builder: Builder
    core: canonical.AttentionCore
    used: dict[str, int] = field(default_factory=dict)  # functional primitives of this call
    is_new: bool = True
    functions: int = 0  # of torch's that it called
    flowing_bytes: float = 0.0  # that those moved whose result needs a gradient
    own_bytes: float = 0.0  # before this call
    free: set[int] = field(default_factory=set)  # places of what functions returned for nothing
    is_hidden: bool = False  # whether parts of it are traced afterwards


# torch's attention with a score function of the user's, and what it compiles by itself. Blocks that
# its mask leaves out are counted as if they were computed.
_FLEX_ATTENTION = frozenset({"flex_attention", "_flex_attention_hop_wrapper"})


class Recording(FunctionCalls):
    """Context manager around one call of `root`: afterwards `finish` gives its tree.

    If the call raises, what was seen until then is kept and flagged "incomplete".
    With `keep_calls`, `calls` tells how the leaves were called, by their paths; tensors on meta
    stand for tensors on `device`. Without `is_timed` nothing really runs, and there is no `course`:
    the boundaries that the call passed, from which its nodes' times follow, those of a GPU by
    `events`. `gradients` are those that its backward pass makes, by path. `hidden` are the parts
    that could not be looked into, to be traced afterwards.
    """

    def __init__(
        self,
        root: nn.Module,
        batch_size: int,
        *,
        keep_calls: bool = False,
        device: torch.device | None = None,
        is_timed: bool = True,
        events: Events | None = None,
    ) -> None:
        devices = {p.device for p in root.parameters()}
        super().__init__(Course(events, _gpu_of(devices)))
        self.batch_size = batch_size
        self.calls: dict[str, Call] = {}
        self.hidden: dict[Any, HiddenPart] = {}
        self.is_disturbed = False  # whether calls went unseen: compiled code ran in another thread
        self._asides = 0
        self._root: nn.Module | None = root
        self._keep_calls = keep_calls
        self._device = device
        self._builder = Builder.of("", root)
        self._stack: list[_Frame] = []
        self._names: dict[int, dict[int, str]] = {}
        self.is_dry = not is_timed
        # On a GPU a call returns before its work is done: its time there tells nothing.
        self._is_explained = is_timed and all(device.type == "cpu" for device in devices)
        self._faults: list[str] = []
        self._idle_seconds = 0.0  # in which the thread had no processor
        self._mode = FunctionMode(self)
        self._open = ExitStack()

    def __enter__(self) -> Recording:
        thread = THREADS.this
        before = thread.is_inside, thread.recording
        self._open.enter_context(HOOKS.installed())
        self.is_disturbed = HOOKS.is_aside
        self._asides = HOOKS.asides_of_others()
        self._open.callback(self._put_back, *before)
        thread.is_inside, thread.recording = True, self
        self._open.enter_context(self._mode)
        self._idle_seconds = time.thread_time() - time.perf_counter()
        return self

    @staticmethod
    def _put_back(is_inside: bool, recording: Follows | None) -> None:
        thread = THREADS.this
        thread.is_inside, thread.recording = is_inside, recording

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        # Asked for the whole call alone: on some systems the answer takes a millisecond.
        self._idle_seconds += time.perf_counter() - time.thread_time()
        self.is_disturbed |= HOOKS.asides_of_others() != self._asides
        self._open.close()
        if error is not None and not isinstance(error, _StopRecomputationError):
            self.incomplete(f"the forward pass raised {type(error).__name__}")

    @contextmanager
    def aside(self) -> Iterator[None]:
        """This thread as if nobody recorded: no function mode, no module calls."""
        with without(self._mode):
            THREADS.this.recording = None
            try:
                yield
            finally:
                THREADS.this.recording = self

    @property
    def was_called(self) -> bool:
        """Whether there is anything in it."""
        return self._builder.calls > 0

    @property
    def running(self) -> str:
        """The path of the module that is running, of those that have a node."""
        return self._stack[-1].builder.path if self._stack else ""

    @property
    def product_flops(self) -> float:
        """Operations of products in the whole tree, as torch's `FlopCounterMode` counts them."""
        return self._builder.product_flops

    def finish(self) -> Node | None:
        """The recorded tree, of this one call; None if the root was not called or is beyond us.

        Afterwards the recording holds on to no module. Call it once.
        """
        if not self.was_called:
            return None
        began = time.perf_counter()
        try:
            if self._faults:
                self.incomplete(f"could not record {self._faults[0]}")
            if self._is_explained:
                self._builder.doubt(host_seconds(self.course), self._idle_seconds)
            return self._builder.build(Parameters(), "model")
        except Exception as error:  # recording must never break the user's run
            logger.warning("no tree for %s: %s", self._builder.class_name, error)
            return None
        finally:
            self._root = None
            self._builder = Builder("", self._builder.class_name)
            self._names.clear()
            self.course.first.own_seconds += time.perf_counter() - began

    def incomplete(self, reason: str) -> None:
        """Flags the whole tree."""
        self._builder.flags = (*self._builder.flags, f"incomplete: {reason}")

    # --- modules ----------------------------------------------------------------------------

    def module_called(
        self, call: Callable[..., Any], module: nn.Module, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """Makes the call `call(module, *args, **kwargs)`, with a node for the module."""
        if is_ignored(module):
            return call(module, *args, **kwargs)
        began = time.perf_counter()
        frame: _Frame | None = None
        hides: Hides | None = None
        try:
            with torch._C.DisableTorchFunction():  # what we ask tensors is no part of the model
                frame = self._push(module)
                if frame is not None and not frame.builder.is_leaf:
                    hides = how_hidden(module)
                    if self.is_dry and hides != "scripted":  # of a copy all is seen
                        hides = None
                    if hides == "fused":
                        self._hide(frame, "fused", module, args, kwargs)
        except Exception as error:  # recording must never break the user's run
            self._fault(type(module).__name__, error)
        self.course.first.own_seconds += time.perf_counter() - began
        if frame is None:
            return call(module, *args, **kwargs)
        if not self.is_dry:
            self.course.enter(frame.builder.path, id(module), frame.builder.is_leaf)
        output = None
        try:
            with self._looking(hides):
                output = call(module, *args, **kwargs)
        finally:
            if not self.is_dry:
                self.course.leave()
            began = time.perf_counter()
            try:
                with torch._C.DisableTorchFunction():
                    self._pop(frame, (args, kwargs), output)
            except Exception as fault:
                self._fault(type(module).__name__, fault)
            if not self.is_dry:
                self.course.left(frame.builder.device)
            self.course.first.own_seconds += time.perf_counter() - began
        return output

    @contextmanager
    def _looking(self, hides: Hides | None) -> Iterator[None]:
        """How the call of a module is looked into."""
        if hides is None:
            yield
            return
        self.course.is_shown = False
        if hides == "fused":
            with self.aside():
                yield
        elif hides == "holds fused":  # its own code asks for function modes, its layers are hidden
            with without(self._mode):
                yield
        else:  # scripted: no function of torch is called, only operations
            with Kernels(self.operation_called):
                yield

    def compiled_called(self, function: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """The running module is about to call a compiled function: to be traced afterwards."""
        if not self._stack or self._stack[-1].builder.is_leaf:
            return
        try:
            with torch._C.DisableTorchFunction():
                self.course.is_shown = False
                if getattr(function, "__name__", "") in _FLEX_ATTENTION:
                    frame, name = self._stack[-1], "scaled_dot_product_attention"
                    self._parts.clear()
                    self._add_function(frame, name, function, args[:3], {}, args[0])
                    if flowing.needed(args[:3]):
                        self._flows(name, args[:3], {})
                    self._new_leaves.clear()  # not repeated on their own
                    return
                self._hide(self._stack[-1], "compiled", function, args, kwargs)
        except Exception as error:
            self._fault(getattr(function, "__name__", "a compiled function"), error)

    def _hide(self, frame: _Frame, how: Any, function: Any, args: Any, kwargs: Any) -> None:
        part = hidden_part(frame.builder.path, how, frame.module, function, args, kwargs)
        self.hidden.setdefault(part.key, part).calls += 1
        frame.is_hidden = True

    def _push(self, module: nn.Module) -> _Frame | None:
        if not self._stack:
            if module is not self._root:
                return None
            builder, is_new = self._builder, self._builder.calls == 0
        else:
            parent = self._stack[-1]
            if parent.builder.is_leaf or parent.module is module:  # inside a leaf, or recursion
                return None
            builder, is_new = self._child(parent, module)
        builder.calls += 1
        core = canonical.AttentionCore(module)
        frame = _Frame(module, builder, core, is_new=is_new, own_bytes=builder.cost.bytes)
        self._stack.append(frame)
        return frame

    def _child(self, parent: _Frame, module: nn.Module) -> tuple[Builder, bool]:
        name = self._name_below(parent.module, module)
        builder = parent.builder.children.get(name)
        if builder is not None:
            return builder, False
        path = f"{parent.builder.path}.{name}" if parent.builder.path else name
        builder = parent.builder.children[name] = Builder.of(path, module)
        return builder, True

    def _name_below(self, parent: nn.Module, module: nn.Module) -> str:
        for name, child in parent._modules.items():
            if child is module:
                return name
        names = self._names.get(id(parent))
        if names is None:
            names = {}
            for name, inner in parent.named_modules(remove_duplicate=False):
                names.setdefault(id(inner), name)
            self._names[id(parent)] = names
        return names.get(id(module), type(module).__name__)

    def _pop(self, frame: _Frame, inputs: Any, output: Any) -> None:
        self._stack.pop()
        frame.builder.cost += frame.core.flush()
        frame.builder.functions += frame.functions
        if frame.is_new and not frame.is_hidden:
            self._doubt(frame, inputs, output)
        if frame.is_new:
            self._describe(frame.builder, inputs, output)
            if self._keep_calls and frame.builder.is_leaf:
                name = type(frame.module).__name__
                call = call_of(name, None, inputs[0], inputs[1], self._device)
                if call is not None:
                    self.calls[frame.builder.path] = call
        elif frame.builder.path in self.calls:
            given = tensors_in(inputs)[:MAX_SHAPES]
            check_even(self.calls, frame.builder, tuple(shape_of(t) for t in given))
        if flowing.needed(tensors_in(output) or _tensors_of_object(output)):
            builder = frame.builder
            modules = [each.path for each in builder.children.values() if each.module is not None]
            below = [self.gradients[path] for path in modules if path in self.gradients]
            own = builder.cost.bytes - frame.own_bytes
            share = frame.flowing_bytes / own if own > 0 and not builder.is_leaf else 1.0
            found = flowing.of_module(frame.module, builder.is_leaf, below, inputs, share)
            self._flow(builder.path, found)

    def _doubt(self, frame: _Frame, inputs: Any, output: Any) -> None:
        """A module that made something by no function or module that was seen: not known how."""
        builder = frame.builder
        if builder.cost.is_zero and not (builder.children or self._faults or output is None):
            returned = tensors_in(output) or _tensors_of_object(output)
            if doubts.is_made(returned, inputs, frame.module, frame.free):
                builder.flags = (*builder.flags, doubts.unknown(builder.class_name))

    def _describe(self, builder: Builder, inputs: Any, output: Any) -> None:
        given = tensors_in(inputs)
        builder.describe_call(given, tensors_in(output) or _tensors_of_object(output))
        if builder.primitive == "Embedding" and given and self._stack:
            builder.cost += canonical.expanded_positions(
                self._stack[-1].builder.class_name,
                builder.path.rpartition(".")[2],
                builder.cost,
                shape_of(given[0]),
                self.batch_size,
            )


def _gpu_of(devices: Iterable[torch.device]) -> int | None:
    """The number of the one GPU on which a model lies; None where there are several, or none."""
    numbers = {each.index for each in devices if each.type == "cuda"}
    return numbers.pop() if len(numbers) == 1 else None


def _tensors_of_object(value: Any) -> list[torch.Tensor]:
    """Tensors of a dataclass-like output that is no mapping."""
    return tensors_in(list(vars(value).values())) if hasattr(value, "__dict__") else []
