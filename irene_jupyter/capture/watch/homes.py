"""The model that a module which was called is a part of, and what that model is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from torch import nn

from irene_jupyter.capture.record.builder import class_name_of, count_parameters
from irene_jupyter.capture.watch.signed import Signature
from irene_jupyter.merging import moved
from irene_jupyter.tree import Node


class Homes:
    """Which model a module belongs to: an encoder called by generate() is its model's part."""

    def __init__(self, tops: Sequence[nn.Module], wanted: Sequence[nn.Module]) -> None:
        self.tops = list(tops)
        if wanted:
            chosen = {id(module) for module in wanted}
            self.tops = [top for top in tops if chosen & {id(m) for m in top.modules()}]
            # A wanted part of a model is shown as a model of its own.
            inner = [m for m in wanted if all(m is not top for top in self.tops)]
            self.tops = [top for top in self.tops if id(top) in chosen] + inner
        self._paths: dict[int, tuple[nn.Module, str]] = {}
        for top in self.tops:
            for path, module in top.named_modules():
                self._paths.setdefault(id(module), (top, path))

    def find(self, module: nn.Module) -> tuple[nn.Module, str] | None:
        """(model, path within it), None if the module belongs to none of interest."""
        return self._paths.get(id(module))


class Naming:
    """One display name for each model: the user's variable, or the class, numbered."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = dict(names)
        self._taken: set[str] = set(names.values())

    def of(self, module: nn.Module) -> str:
        """The name of a model that is there."""
        return self._of(id(module), class_name_of(module))

    def _of(self, key: int, base: str) -> str:
        name = self._names.get(key)
        if name is None:
            name = base
            number = 2
            while name in self._taken:
                name = f"{base}_{number}"
                number += 1
            self._names[key] = name
            self._taken.add(name)
        return name

    def of_gone(self, signature: Signature) -> str:
        """A name for a model that is no more; all of its signatures share it."""
        return self._of(id(signature.reference), signature.class_name)


def tops_of(modules: Sequence[nn.Module]) -> list[nn.Module]:
    """Those of `modules` that are no other's child, in order."""
    children: set[int] = set()
    for module in modules:
        children.update(id(child) for child in module.modules() if child is not module)
    return [module for module in modules if id(module) not in children]


def unique(modules: Iterable[nn.Module]) -> list[nn.Module]:
    """Each once, in order."""
    return list({id(module): module for module in modules}.values())


def under(node: Node, top: nn.Module, path: str) -> Node:
    """The tree of a part that was called on its own, under the model that it belongs to."""
    inner = replace(moved(node, path), type="ml" if node.primitive else "module")
    parents: list[tuple[str, nn.Module]] = []
    module, walked = top, ""
    for segment in path.split(".")[:-1]:
        module = module.get_submodule(segment)
        walked = f"{walked}.{segment}" if walked else segment
        if not isinstance(module, nn.ModuleList | nn.ModuleDict):
            parents.append((walked, module))
    for walked, module in reversed(parents):
        inner = _around(inner, walked, module, "module")
    return _around(inner, "", top, "model")


def _around(child: Node, path: str, module: nn.Module, kind: str) -> Node:
    features = replace(child.features, num_parameters=count_parameters(module), operation=None)
    node = Node(path, "module", class_name_of(module), features, (child,))
    return replace(node, type="model", flags=child.flags) if kind == "model" else node
