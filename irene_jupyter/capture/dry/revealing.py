"""Hidden parts of a call, traced without running them and put where they belong in its tree."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from irene_jupyter.capture.dry.structure import tree_for
from irene_jupyter.capture.inputs.inputs import Inputs
from irene_jupyter.capture.record.doubts import unknown
from irene_jupyter.capture.record.hidden import HiddenPart
from irene_jupyter.errors import CaptureError
from irene_jupyter.merging import merged, moved, repeated
from irene_jupyter.tree import WORK, Features, Node

logger = logging.getLogger(__name__)

_COMPILED = "its tree comes from its shapes: hooks cannot see into compiled code"


@dataclass(frozen=True, slots=True)
class _Found:
    """What was made of a hidden part: its tree, or why there is none."""

    part: HiddenPart
    tree: Node | None
    problem: str = ""


def revealed(
    node: Node | None, hidden: Sequence[HiddenPart], batch_size: int, seq_len: int
) -> tuple[Node | None, tuple[str, ...]]:
    """The tree of a call with its hidden parts in place, and notes on them.

    Without a `node`, what is hidden is the whole call. A part that cannot be traced is flagged:
    what it did is not known.
    """
    if not hidden:
        return node, ()
    found = [_traced(part, batch_size, seq_len) for part in hidden]
    notes = dict.fromkeys(_notes(found))
    if node is None:
        whole = [each.tree for each in found if each.tree is not None]
        return (merged(whole) if whole else None), tuple(notes)
    by_path: dict[str, list[_Found]] = {}
    for each in found:
        by_path.setdefault(each.part.path, []).append(each)
    return _placed(node, by_path), tuple(notes)


def _traced(part: HiddenPart, batch_size: int, seq_len: int) -> _Found:
    inputs = Inputs(part.args, part.kwargs, batch_size, seq_len)
    owner, function = part.owner(), part.function()
    if owner is None or function is None:
        return _Found(part, None, f"{part.name} was gone when the cell ended")
    try:
        if part.module is not None:
            module = part.module()
            assert module is not None
            return _Found(part, tree_for(module, inputs).root)
        return _Found(part, tree_for(owner, inputs, function=function).root)
    except CaptureError as error:
        logger.debug("%s could not be traced", part.name, exc_info=error)
        return _Found(part, None, str(error))


def _notes(found: Sequence[_Found]) -> Iterator[str]:
    for each in found:
        place = each.part.path or each.part.name
        if each.tree is None:
            yield f"{place}: {each.problem}"
        elif each.part.how == "compiled":
            yield _COMPILED if not each.part.path else f"{place}: {_COMPILED}"


def _placed(node: Node, by_path: Mapping[str, Sequence[_Found]]) -> Node:
    children = [_placed(child, by_path) for child in node.children]
    own = _minus(node.features, [child.features for child in node.children])
    flags = list(node.flags)
    class_name = node.class_name
    for each in by_path.get(node.path, ()):
        if each.tree is None:
            flags.append(unknown(each.part.name))
            continue
        tree = repeated(each.tree, each.part.calls)
        if each.part.module is not None:
            class_name = tree.class_name
        own = _plus(own, [_minus(tree.features, [c.features for c in tree.children])])
        own = replace(own, num_parameters=max(own.num_parameters, tree.features.num_parameters))
        children += [moved(child, node.path) if node.path else child for child in tree.children]
        flags += [flag for flag in tree.flags if flag not in flags]
    at: dict[str, list[Node]] = {}
    for child in children:
        at.setdefault(child.path, []).append(child)
    together = tuple(merged(group) for group in at.values())
    features = _plus(own, [child.features for child in together])
    return replace(
        node,
        class_name=class_name,
        features=features,
        children=together,
        flags=tuple(dict.fromkeys(flags)),
    )


def _plus(features: Features, others: Sequence[Features]) -> Features:
    return replace(
        features,
        **{name: getattr(features, name) + sum(getattr(f, name) for f in others) for name in WORK},
    )


def _minus(features: Features, others: Sequence[Features]) -> Features:
    return replace(
        features,
        **{
            name: max(0.0, getattr(features, name) - sum(getattr(f, name) for f in others))
            for name in WORK
        },
    )
