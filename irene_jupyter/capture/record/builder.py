"""A tree while it is being recorded, and the parameters that its nodes hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from irene_jupyter.capture.count.cost import Cost
from irene_jupyter.capture.count.primitives import dtype_of, primitive_of
from irene_jupyter.capture.count.tensors import is_packed, shape_of, unpacked
from irene_jupyter.capture.record.doubts import unexplained
from irene_jupyter.tree import MEBIBYTE, MEGAFLOP, Features, Node, NodeType, Shape

MAX_SHAPES = 8  # of one node; a model may be given many tensors


@dataclass(slots=True)
class Builder:
    """A node that is still being recorded."""

    path: str
    class_name: str
    primitive: str | None = None
    is_leaf: bool = False
    module: nn.Module | None = None  # None for a functional primitive
    calls: int = 0
    cost: Cost = field(default_factory=Cost)
    children: dict[str, Builder] = field(default_factory=dict)
    input_shapes: tuple[Shape, ...] = ()
    output_shapes: tuple[Shape, ...] = ()
    dtype: str | None = None
    device: str | None = None
    operation: str | None = None
    flags: tuple[str, ...] = ()
    functions: int = 0  # of torch's that it called by itself

    @classmethod
    def of(cls, path: str, module: nn.Module) -> Builder:
        """The node of a module, with nothing in it yet."""
        primitive = primitive_of(module)
        return cls(path, class_name_of(module), primitive, primitive is not None, module)

    def describe_call(self, given: list[torch.Tensor], returned: list[torch.Tensor]) -> None:
        """Shapes, type and place of the tensors of its first call."""
        self.input_shapes = tuple(shape_of(t) for t in given[:MAX_SHAPES])
        self.output_shapes = tuple(shape_of(t) for t in returned[:MAX_SHAPES])
        floating = [t for t in (*returned, *given) if t.is_floating_point()]
        if floating:
            self.dtype = dtype_of(floating[0])
        if floating or given:
            self.device = str((floating or given)[0].device)

    @property
    def product_flops(self) -> float:
        """Of this node and all below it."""
        below = (child.product_flops for child in self.children.values())
        return self.cost.product_flops + sum(below)

    def build(self, parameters: Parameters, node_type: NodeType = "module") -> Node:
        """The finished node: its own cost and its children's."""
        children = tuple(child.build(parameters) for child in self.children.values())
        below = [child.features for child in children]
        own = self.cost
        features = Features(
            num_parameters=0 if self.module is None else parameters.count(self.module),
            flops=own.flops + sum(f.flops for f in below),
            bytes=own.bytes + sum(f.bytes for f in below),
            canonical_megaflops=own.canonical_flops / MEGAFLOP
            + sum(f.canonical_megaflops for f in below),
            canonical_mebibytes=own.canonical_bytes / MEBIBYTE
            + sum(f.canonical_mebibytes for f in below),
            calls=max(self.calls, 1),
            input_shapes=self.input_shapes,
            output_shapes=self.output_shapes,
            dtype=self.dtype,
            device=self.device,
            operation=self.operation,
        )
        return Node(
            path=self.path,
            type=node_type if node_type == "model" else "ml" if self.is_leaf else "module",
            class_name=self.class_name,
            features=features,
            children=children,
            primitive=self.primitive,
            flags=self.flags,
        )

    def doubt(self, seconds: Mapping[str, float], idle_seconds: float) -> None:
        """Flags this node and those below it whose time the counted work does not explain.

        `seconds` are in place, by path. For so many `idle_seconds` the thread had no processor,
        nobody knows in which of them.
        """
        own, cost = seconds.get(self.path, 0.0) - idle_seconds, Cost()
        cost += self.cost
        for child in self.children.values():
            if child.module is not None:
                own -= seconds.get(child.path, 0.0)
            if child.module is None:  # a function, whose time is in that of its module
                cost += child.cost
            else:
                child.doubt(seconds, idle_seconds)
        flag = unexplained(own, cost, self.functions + len(self.children))
        if flag is not None:
            self.flags = (*self.flags, flag)


class Parameters:
    """Counts the parameters of modules that contain each other, each module looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, dict[int, int]] = {}

    def count(self, module: nn.Module) -> int:
        """Elements of a module's parameters and packed weights, each tensor once."""
        return sum(self._sizes(module).values())

    def _sizes(self, module: nn.Module) -> dict[int, int]:
        """Elements of each parameter, by its id."""
        sizes = self._known.get(id(module))
        if sizes is None:
            self._known[id(module)] = {}  # where modules contain each other in a circle
            sizes = {
                id(p): p.numel()
                for p in module.parameters(recurse=False)
                if not isinstance(p, nn.UninitializedParameter)
            }
            sizes |= {
                id(packed): sum(part.numel() for part in unpacked(packed))
                for packed in module.__dict__.values()
                if isinstance(packed, torch.ScriptObject)  # int8 weights of torch.ao
            }
            # Weights of fewer bits that are kept as buffers, as GPTQ's and AWQ's are.
            sizes |= {
                id(buffer): buffer.numel()
                for name, buffer in module._buffers.items()
                if buffer is not None and "weight" in name and is_packed(buffer)
            }
            for child in module.children():
                sizes |= self._sizes(child)
            self._known[id(module)] = sizes
        return sizes


def class_name_of(module: nn.Module) -> str:
    """The name of a module's class; of a scripted one, of what it was made from."""
    name = getattr(module, "original_name", None) if _is_script(module) else None
    return name if isinstance(name, str) else type(module).__name__


def _is_script(module: nn.Module) -> bool:
    return isinstance(module, torch.jit.ScriptModule)


def count_parameters(module: nn.Module) -> int:
    """Elements of a module's parameters, each tensor once."""
    return Parameters().count(module)
