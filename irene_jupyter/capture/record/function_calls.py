"""What a recording makes of each call of a torch function: a leaf, or work of the module."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from irene_jupyter.capture.count import canonical
from irene_jupyter.capture.count.cost import Cost
from irene_jupyter.capture.count.counting import FREE, canonical_name, count, is_unknown
from irene_jupyter.capture.count.primitives import dtype_of, function_primitive
from irene_jupyter.capture.count.products import as_layer
from irene_jupyter.capture.count.tensors import place_of, shape_of, tensors_in
from irene_jupyter.capture.in_place.course import Course
from irene_jupyter.capture.record import doubts, flowing
from irene_jupyter.capture.record.builder import MAX_SHAPES, Builder
from irene_jupyter.capture.record.calls import Call, call_of
from irene_jupyter.capture.record.gradients import Gradients
from irene_jupyter.tree import Shape

if TYPE_CHECKING:
    from irene_jupyter.capture.record.recording import _Frame

logger = logging.getLogger(__name__)

# Calls of one functional primitive within one forward that get nodes of their own; later ones
# (a scan over time steps) are added to the node of the same shape.
MAX_FUNCTION_NODES = 8


class FunctionCalls:
    """The part of a `Recording` that is told of functions, `function_called`, and of operations.

    `calls` tells how leaves were called, by their paths; `gradients` which of their backward pass
    there are; `course` which boundaries were passed.
    """

    calls: dict[str, Call]
    _stack: list[_Frame]
    _keep_calls: bool
    _device: torch.device | None
    _faults: list[str]

    def __init__(self, course: Course) -> None:
        self.course = course
        self.is_inside_function = False
        self.gradients: dict[str, Gradients] = {}  # of nodes that a backward pass goes through
        self._new_leaves: list[str] = []  # of the function call being added
        self._parts: list[tuple[str, float]] = []  # all its leaves, and their operations

    def may_be_leaf(self, name: str) -> bool:
        """Whether a function that is about to be called may be a leaf of its own."""
        if not self._stack or self._stack[-1].builder.is_leaf:
            return False
        return name not in FREE or function_primitive(name) is not None

    def function_called(
        self, name: str, function: Any, args: Any, kwargs: Mapping[str, Any], out: Any
    ) -> None:
        """Adds one torch function call to the module that is running."""
        self._parts.clear()
        if not self._stack:
            return
        frame = self._stack[-1]
        frame.functions += 1
        if name in FREE and function_primitive(name) is None:
            if isinstance(out, torch.Tensor) and frame.builder.cost.is_zero:
                with torch._C.DisableTorchFunction():
                    frame.free.add(place_of(out))
            return
        began = time.perf_counter()
        try:
            with torch._C.DisableTorchFunction():
                before = frame.builder.cost.bytes
                self._add_function(frame, name, function, args, kwargs, out)
                if flowing.needed(tensors_in(out)):
                    frame.flowing_bytes += frame.builder.cost.bytes - before
                    self._flows(name, args, kwargs)
                if self._new_leaves and self._keep_calls:
                    call = call_of(name, function, args, kwargs, self._device)
                    if call is not None:
                        self.calls.update(dict.fromkeys(self._new_leaves, call))
                self._new_leaves.clear()
        except Exception as error:
            self._fault(name, error)
        finally:
            self.course.first.own_seconds += time.perf_counter() - began

    def function_timed(
        self, name: str, function: Any, args: Any, kwargs: Mapping[str, Any], out: Any
    ) -> None:
        """The same of one that may be a leaf, and has just returned."""
        self.course.function_returned(id(function))
        self.function_called(name, function, args, kwargs, out)
        self.course.function_was(id(function), self._parts)

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
            self._add_unknown(frame, name, cost, args, kwargs, out)
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
            kind, base, cost, tuple(shape_of(t) for t in given[:MAX_SHAPES]), shape_of(returned[0])
        )
        self._add_leaf(frame, leaf, name, returned[0])

    def _flows(self, name: str, args: Any, kwargs: Mapping[str, Any]) -> None:
        """Notes the gradients of the leaves that a call has just become."""
        if self._parts:
            found = flowing.of_function(name, args, kwargs, len(self._parts))
            for (path, _), gradients in zip(self._parts, found, strict=True):
                self._flow(path, gradients)

    def _flow(self, path: str, gradients: Gradients) -> None:
        known = self.gradients.get(path)
        self.gradients[path] = gradients if known is None else known | gradients

    def _add_unknown(
        self, frame: _Frame, name: str, cost: Cost, args: Any, kwargs: Mapping[str, Any], out: Any
    ) -> None:
        """An operation that no rule knows: a leaf of its own, or a doubt about the one it is in."""
        flag = doubts.unknown(name)
        if frame.builder.is_leaf:
            layer = as_layer(frame.module, args, kwargs, out)
            if layer is not None:
                frame.builder.cost += layer
                return
            frame.builder.cost += cost
            frame.builder.flags = tuple(dict.fromkeys((*frame.builder.flags, flag)))
            return
        given, returned = tensors_in(args), tensors_in(out)
        leaf = canonical.Leaf(
            name,
            re.sub(r"\W+", "_", name),
            cost,
            tuple(shape_of(t) for t in given[:MAX_SHAPES]),
            shape_of(returned[0]),
            (flag,),
        )
        self._add_leaf(frame, leaf, name, returned[0])
        self._new_leaves.clear()  # it may have effects: it is never repeated

    def operation_called(
        self, function: Any, args: Any, kwargs: Mapping[str, Any], out: Any
    ) -> None:
        """Adds an operation of code that calls no function of torch's, such as TorchScript."""
        if not self.is_inside_function:
            self.function_called(canonical_name(function), function, args, kwargs, out)

    def kernel_called(self, function: Any, args: Any, kwargs: Mapping[str, Any], out: Any) -> None:
        """Adds one aten operation to the module that is running, without a leaf."""
        if not self._stack:
            return
        began = time.perf_counter()
        self._stack[-1].functions += 1
        builder = self._stack[-1].builder
        name = canonical_name(function)
        try:
            cost = count(name, args, kwargs, out)
            if cost is not None:
                builder.cost += cost
                self._stack[-1].flowing_bytes += cost.bytes  # of its gradients nothing is told here
                if is_unknown(name, function, args, kwargs, out):
                    flag = doubts.unknown(name)
                    builder.flags = tuple(dict.fromkeys((*builder.flags, flag)))
        except Exception as error:
            self._fault(name, error)
        finally:
            self.course.first.own_seconds += time.perf_counter() - began

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
            check_even(self.calls, builder, leaf.input_shapes)
        self._parts.append((builder.path, leaf.cost.flops))
        builder.calls += 1
        builder.cost += leaf.cost

    def _fault(self, what: str, error: Exception) -> None:
        logger.debug("recording %s failed", what, exc_info=error)
        if len(self._faults) < MAX_SHAPES:
            self._faults.append(f"{what} ({type(error).__name__}: {error})")


def _function_node_name(base: str, index: int) -> str:
    """As in the published data: matmul_0, matmul_1, but softmax, softmax_1."""
    return f"{base}_{index}" if index or base == "matmul" else base


def check_even(calls: dict[str, Call], builder: Builder, shapes: tuple[Shape, ...]) -> None:
    """One call stands for all of a leaf's only where their shapes are the same."""
    if builder.input_shapes != shapes:
        calls.pop(builder.path, None)
