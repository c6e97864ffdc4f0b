"""Records one forward call of a root module as a tree: hooks for modules, a mode for functions.

Only the thread that calls the module is recorded. Nothing touches the user's tensors.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import torch
from torch import nn
from torch._C._functorch import peek_interpreter_stack
from torch.nn.modules import module as torch_module
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from irene_jupyter.capture import canonical, doubts
from irene_jupyter.capture.builder import Builder, Parameters
from irene_jupyter.capture.calls import Call, call_of
from irene_jupyter.capture.cost import Cost
from irene_jupyter.capture.counting import FREE, canonical_name, count, is_unknown
from irene_jupyter.capture.elementwise import without_kernel
from irene_jupyter.capture.kernels import Kernels
from irene_jupyter.capture.primitives import dtype_of, function_primitive, is_ignored, primitive_of
from irene_jupyter.capture.tensors import tensors_in
from irene_jupyter.frames import strip_own_frames
from irene_jupyter.tree import Node, Shape

logger = logging.getLogger(__name__)

# Calls of one functional primitive within one forward that get nodes of their own; later ones
# (a scan over time steps) are added to the node of the same shape.
MAX_FUNCTION_NODES = 8
# Functions that run a backward pass, whose operations no function shows.
GRADIENTS = frozenset({"grad", "backward"})
MAX_SHAPES = 8  # of one node; a model may be given many tensors


@dataclass(slots=True)
class _Frame:
    """One module that is running."""

    module: nn.Module
    builder: Builder
    core: canonical.AttentionCore
    started: float
    used: dict[str, int] = field(default_factory=dict)  # functional primitives of this call
    is_new: bool = True


class _FunctionMode(TorchFunctionMode):
    """Hands every torch function call of this thread to the recording, after it has run."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__name__", "") == "__get__":  # an attribute, such as a shape
            return func(*args, **(kwargs or {}))
        name = canonical_name(func)
        if name in GRADIENTS or peek_interpreter_stack() is not None:
            # Tensors are one example's, or their gradients' work is hidden: what runs below tells.
            with Kernels(self._recording.kernel_called):
                return func(*args, **(kwargs or {}))
        out = without_kernel(name, func, args, kwargs or {}) if self._recording.is_dry else None
        if name == "grouped_mm" and args[0].is_meta:
            # torch 2.13's meta kernel refuses all but bfloat16; its shape is all that counts here
            out = args[0].new_empty(args[0].shape[0], args[1].shape[-1])
        elif out is None:
            try:
                out = func(*args, **(kwargs or {}))
            except BaseException as error:
                strip_own_frames(error)
                raise
        self._recording.function_called(name, func, args, kwargs or {}, out)
        return out


class Recording:
    """Context manager around one call of `root`: afterwards `node` is its tree.

    If the call raises, what was seen until then is kept and flagged "incomplete".
    With `keep_calls`, `calls` tells how the leaves were called, by their paths; tensors on meta
    stand for tensors on `device`. Without `is_timed` no node has a latency: nothing really runs.
    """

    def __init__(
        self,
        root: nn.Module,
        batch_size: int,
        *,
        keep_calls: bool = False,
        device: torch.device | None = None,
        is_timed: bool = True,
    ) -> None:
        self.root = root
        self.batch_size = batch_size
        self.calls: dict[str, Call] = {}
        self.own_seconds = 0.0  # that the recording itself took
        self._keep_calls = keep_calls
        self._device = device
        self._new_leaves: list[str] = []  # of the function call being added
        self._builder = Builder("", type(root).__name__)
        self._stack: list[_Frame] = []
        self._names: dict[int, dict[int, str]] = {}
        self._thread = threading.get_ident()
        self.is_dry = not is_timed
        # On a GPU a call returns before its work is done.
        self._is_timed = is_timed and all(p.device.type == "cpu" for p in root.parameters())
        self._faults: list[str] = []
        self._handles: list[Any] = []
        self._mode = _FunctionMode(self)

    def __enter__(self) -> Recording:
        self._handles = [
            register_module_forward_pre_hook(self._before),
            register_module_forward_hook(self._after, with_kwargs=True, always_call=True),
        ]
        self._mode.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._mode.__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        for handle in self._handles:
            handle.remove()
            # torch 2.13 forgets this one, and then warns at every compiled module's call.
            torch_module._global_forward_hooks_with_kwargs.pop(handle.id, None)
        if error is not None:
            self.incomplete(f"the forward pass raised {type(error).__name__}")
            while self._stack:
                self._pop(self._stack[-1].module)

    @property
    def was_called(self) -> bool:
        """Whether there is anything in it."""
        return self._builder.calls > 0

    @property
    def product_flops(self) -> float:
        """Operations of products in the whole tree, as torch's `FlopCounterMode` counts them."""
        return self._builder.product_flops

    def finish(self) -> Node | None:
        """The recorded tree, of this one call; None if the root was not called or is beyond us."""
        if not self.was_called:
            return None
        began = time.perf_counter()
        try:
            if self._faults:
                self.incomplete(f"could not record {self._faults[0]}")
            return self._builder.build(Parameters(), "model")
        except Exception as error:  # recording must never break the user's run
            logger.warning("no tree for %s: %s", self._builder.class_name, error)
            return None
        finally:
            self.own_seconds += time.perf_counter() - began

    def incomplete(self, reason: str) -> None:
        """Flags the whole tree."""
        self._builder.flags = (*self._builder.flags, f"incomplete: {reason}")

    # --- modules ----------------------------------------------------------------------------

    def _before(self, module: nn.Module, args: Any) -> None:
        if threading.get_ident() != self._thread or is_ignored(module):
            return
        began = time.perf_counter()
        try:
            with torch._C.DisableTorchFunction():  # what we ask tensors is no part of the model
                self._push(module)
        except Exception as error:  # recording must never break the user's run
            self._fault(type(module).__name__, error)
        finally:
            self.own_seconds += time.perf_counter() - began

    def _after(self, module: nn.Module, args: Any, *rest: Any) -> None:
        if threading.get_ident() != self._thread or is_ignored(module):
            return
        began = time.perf_counter()
        try:
            kwargs = rest[0] if len(rest) == 2 else {}
            with torch._C.DisableTorchFunction():
                self._pop(module, (args, kwargs), rest[-1])
        except Exception as fault:
            self._fault(type(module).__name__, fault)
        finally:
            self.own_seconds += time.perf_counter() - began

    def _push(self, module: nn.Module) -> None:
        if not self._stack:
            if module is not self.root:
                return
            builder, is_new = self._builder, self._builder.calls == 0
            if is_new:
                self._describe(builder, module, type_name=builder.class_name)
        else:
            parent = self._stack[-1]
            if parent.builder.is_leaf or parent.module is module:  # inside a leaf, or recursion
                return
            builder, is_new = self._child(parent, module)
        builder.calls += 1
        core = canonical.AttentionCore(module)
        self._stack.append(_Frame(module, builder, core, time.perf_counter(), is_new=is_new))

    def _child(self, parent: _Frame, module: nn.Module) -> tuple[Builder, bool]:
        name = self._name_below(parent.module, module)
        builder = parent.builder.children.get(name)
        if builder is not None:
            return builder, False
        path = f"{parent.builder.path}.{name}" if parent.builder.path else name
        builder = Builder(path, type(module).__name__)
        self._describe(builder, module, type_name=builder.class_name)
        parent.builder.children[name] = builder
        return builder, True

    def _describe(self, builder: Builder, module: nn.Module, type_name: str) -> None:
        builder.class_name = type_name
        builder.primitive = primitive_of(module)
        builder.is_leaf = builder.primitive is not None
        builder.module = module

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

    def _pop(self, module: nn.Module, inputs: Any = ((), {}), output: Any = None) -> None:
        if not any(frame.module is module for frame in reversed(self._stack)):
            return
        while True:  # frames above were left without a hook, by an exception
            frame = self._stack.pop()
            frame.builder.cost += frame.core.flush()
            if self._is_timed:
                seconds = time.perf_counter() - frame.started
                frame.builder.seconds = (frame.builder.seconds or 0.0) + seconds
            if frame.module is module:
                break
        if frame.is_new:
            self._note_shapes(frame, inputs, output)
            if self._keep_calls and frame.builder.is_leaf:
                call = call_of(type(module).__name__, None, inputs[0], inputs[1], self._device)
                if call is not None:
                    self.calls[frame.builder.path] = call
        elif frame.builder.path in self.calls:
            given = tensors_in(inputs)[:MAX_SHAPES]
            self._check_even(frame.builder, tuple(tuple(t.shape) for t in given))

    def _check_even(self, builder: Builder, shapes: tuple[Shape, ...]) -> None:
        """One call stands for all of a leaf's only where their shapes are the same."""
        if builder.input_shapes != shapes:
            self.calls.pop(builder.path, None)

    def _note_shapes(self, frame: _Frame, inputs: Any, output: Any) -> None:
        builder = frame.builder
        given, returned = tensors_in(inputs), tensors_in(output) or _tensors_of_object(output)
        builder.input_shapes = tuple(tuple(t.shape) for t in given[:MAX_SHAPES])
        builder.output_shapes = tuple(tuple(t.shape) for t in returned[:MAX_SHAPES])
        floating = [t for t in (*returned, *given) if t.is_floating_point()]
        if floating:
            builder.dtype = dtype_of(floating[0])
        if floating or given:
            builder.device = str((floating or given)[0].device)
        if builder.primitive == "Embedding" and given and self._stack:
            builder.cost += canonical.expanded_positions(
                self._stack[-1].builder.class_name,
                builder.path.rpartition(".")[2],
                builder.cost,
                tuple(given[0].shape),
                self.batch_size,
            )

    # --- functions --------------------------------------------------------------------------

    def function_called(
        self, name: str, function: Any, args: Any, kwargs: Mapping[str, Any], out: Any
    ) -> None:
        """Adds one torch function call to the module that is running."""
        if not self._stack or (name in FREE and function_primitive(name) is None):
            return
        began = time.perf_counter()
        try:
            with torch._C.DisableTorchFunction():
                self._add_function(self._stack[-1], name, function, args, kwargs, out)
                if self._new_leaves and self._keep_calls:
                    call = call_of(name, function, args, kwargs, self._device)
                    if call is not None:
                        self.calls.update(dict.fromkeys(self._new_leaves, call))
                self._new_leaves.clear()
        except Exception as error:
            self._fault(name, error)
        finally:
            self.own_seconds += time.perf_counter() - began

    def _add_function(
        self,
        frame: _Frame,
        name: str,
        function: Any,
        args: Any,
        kwargs: Mapping[str, Any],
        out: Any,
    ) -> None:
        inside_leaf = frame.builder.is_leaf
        if name in canonical.FUSED_ATTENTION:
            leaves, around = canonical.expand_attention(frame.module, args, kwargs, out)
            frame.builder.cost += around
            self._add_leaves(frame, leaves, name, out)
            return
        if name == "multi_head_attention_forward":
            leaves = canonical.expand_multi_head(args, kwargs, out)
            self._add_leaves(frame, leaves, name, out)
            return
        cost = count(name, args, kwargs, out, function)
        primitive = None if inside_leaf else function_primitive(name)
        if cost is not None and primitive is None and is_unknown(name, function, args, kwargs, out):
            self._add_unknown(frame, name, cost, args, out)
            return
        if primitive is None:
            if cost is None:
                return
            if not inside_leaf and frame.core.holds(name, out):
                frame.core.pending += cost
                cost = Cost(cost.flops, cost.bytes)
            frame.builder.cost += cost
            return
        cost = cost or Cost()
        kind, base, flops_rule = primitive
        if flops_rule is not None:
            cost.flops = cost.canonical_flops = float(flops_rule(*tensors_in((args, kwargs))))
        if kind == "MatMul":
            frame.builder.cost += frame.core.matmul(args, out)
        elif kind == "Softmax":
            frame.builder.cost += frame.core.softmax(out)
        given, returned = tensors_in((args, kwargs)), tensors_in(out)
        if not returned:
            return
        if name in ("addmm", "baddbmm", "addbmm"):
            given = given[1:]  # the summand: a product is described by its factors
        leaf = canonical.Leaf(
            kind,
            base,
            cost,
            tuple(tuple(t.shape) for t in given[:MAX_SHAPES]),
            tuple(returned[0].shape),
        )
        self._add_leaf(frame, leaf, name, returned[0])

    def _add_unknown(self, frame: _Frame, name: str, cost: Cost, args: Any, out: Any) -> None:
        """An operation that no rule knows: a leaf of its own, or a doubt about the one it is in."""
        flag = doubts.unknown(name)
        if frame.builder.is_leaf:
            frame.builder.cost += cost
            frame.builder.flags = tuple(dict.fromkeys((*frame.builder.flags, flag)))
            return
        given, returned = tensors_in(args), tensors_in(out)
        leaf = canonical.Leaf(
            name,
            re.sub(r"\W+", "_", name),
            cost,
            tuple(tuple(t.shape) for t in given[:MAX_SHAPES]),
            tuple(returned[0].shape),
            (flag,),
        )
        self._add_leaf(frame, leaf, name, returned[0])
        self._new_leaves.clear()  # it may have effects: it is never repeated

    def kernel_called(self, function: Any, args: Any, kwargs: Mapping[str, Any], out: Any) -> None:
        """Adds one aten operation to the module that is running, without a leaf."""
        if not self._stack:
            return
        began = time.perf_counter()
        builder = self._stack[-1].builder
        name = canonical_name(function)
        try:
            cost = count(name, args, kwargs, out)
            if cost is not None:
                builder.cost += cost
                if is_unknown(name, function, args, kwargs, out):
                    flag = doubts.unknown(name)
                    builder.flags = tuple(dict.fromkeys((*builder.flags, flag)))
        except Exception as error:
            self._fault(name, error)
        finally:
            self.own_seconds += time.perf_counter() - began

    def _add_leaves(
        self, frame: _Frame, leaves: list[canonical.Leaf], operation: str, out: Any
    ) -> None:
        if frame.builder.is_leaf:
            for leaf in leaves:
                frame.builder.cost += leaf.cost
            return
        returned = tensors_in(out)
        for leaf in leaves:
            self._add_leaf(frame, leaf, operation, returned[0])

    def _add_leaf(
        self, frame: _Frame, leaf: canonical.Leaf, operation: str, out: torch.Tensor
    ) -> None:
        siblings = frame.builder.children
        index = frame.used.get(leaf.base, 0)
        frame.used[leaf.base] = index + 1
        name = _function_node_name(leaf.base, index)
        if index >= MAX_FUNCTION_NODES:
            names = [_function_node_name(leaf.base, i) for i in range(MAX_FUNCTION_NODES)]
            same = [n for n in names if siblings[n].input_shapes == leaf.input_shapes]
            name = (same or names)[-1]
        builder = siblings.get(name)
        if builder is None:
            path = f"{frame.builder.path}.{name}" if frame.builder.path else name
            builder = Builder(path, leaf.primitive, leaf.primitive, is_leaf=True)
            builder.input_shapes = leaf.input_shapes
            builder.output_shapes = (leaf.output_shape,)
            builder.dtype = dtype_of(out) if out.is_floating_point() else None
            builder.device = str(out.device)
            builder.operation = operation
            builder.flags = leaf.flags
            siblings[name] = builder
            self._new_leaves.append(path)
        else:
            self._check_even(builder, leaf.input_shapes)
        builder.calls += 1
        builder.cost += leaf.cost

    def _fault(self, what: str, error: Exception) -> None:
        logger.debug("recording %s failed", what, exc_info=error)
        if len(self._faults) < MAX_SHAPES:
            self._faults.append(f"{what} ({type(error).__name__}: {error})")


def _function_node_name(base: str, index: int) -> str:
    """As in the published data: matmul_0, matmul_1, but softmax, softmax_1."""
    return f"{base}_{index}" if index or base == "matmul" else base


def _tensors_of_object(value: Any) -> list[torch.Tensor]:
    """Tensors of a dataclass-like output that is no mapping."""
    return tensors_in(list(vars(value).values())) if hasattr(value, "__dict__") else []
