"""Two trees aligned: which node of the one is which of the other."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence

from irene_jupyter.report.difference import Difference
from irene_jupyter.report.folding import relative_name
from irene_jupyter.tree import Node

# Modules of other names and classes are paired where they hold at most so many times the nodes.
_SIZES_APART = 4


def paired(before: Node, after: Node) -> Difference:
    """The two as a pair, and all below them.

    Children are paired by name and type; what is left over by class name and type, in order;
    modules that are still left with the next that does similar work.
    """
    partners: dict[int, Node] = {}  # of the children of `before`, by place
    left = list(range(len(before.children)))
    others = list(after.children)

    def match(key: Callable[[Node, str], Hashable]) -> None:
        waiting: dict[Hashable, deque[Node]] = defaultdict(deque)
        for other in others:
            waiting[key(other, after.path)].append(other)
        taken = set()
        for place in left:
            name = key(before.children[place], before.path)
            if name is not None and waiting[name]:
                partners[place] = waiting[name].popleft()
                taken.add(id(partners[place]))
        left[:] = [place for place in left if place not in partners]
        others[:] = [other for other in others if id(other) not in taken]

    match(lambda node, above: (relative_name(node, above), node.type))
    match(lambda node, above: (node.class_name, node.type))
    match(lambda node, above: node.primitive and (node.primitive, node.type))
    for place in left:  # DistilBERT's encoder is called transformer
        child = before.children[place]
        found = next((other for other in others if _is_kindred(child, other)), None)
        if found is not None:
            partners[place] = found
            others[:] = [other for other in others if other is not found]
    return Difference(before, after, tuple(_in_order(before, partners, others, after)))


def _is_kindred(a: Node, b: Node) -> bool:
    """Whether two modules of other names do similar work: they share a primitive, and sizes.

    A primitive is only its own kind: a product is no softmax.
    """
    if a.type != b.type or "ml" in (a.type, b.type):
        return False
    first, second = list(a.walk()), list(b.walk())
    sizes = sorted((len(first), len(second)))
    shared = {node.primitive for node in first} & {node.primitive for node in second}
    return sizes[1] <= _SIZES_APART * sizes[0] and bool(shared - {None})


def _in_order(
    before: Node, partners: dict[int, Node], others: Sequence[Node], after: Node
) -> Iterator[Difference]:
    """The pairs in the earlier order; what is new follows the one that it follows there."""
    fresh = {id(other) for other in others}
    places = {id(node): place for place, node in partners.items()}
    follows: dict[int, list[Node]] = defaultdict(list)
    last = -1
    for node in after.children:
        if id(node) in fresh:
            follows[last].append(node)
        else:
            last = places[id(node)]
    yield from (_alone(node, is_before=False) for node in follows[-1])
    for place, child in enumerate(before.children):
        partner = partners.get(place)
        if partner is None:
            yield _alone(child, is_before=True)
        else:
            yield paired(child, partner)
        yield from (_alone(node, is_before=False) for node in follows[place])


def _alone(node: Node, *, is_before: bool) -> Difference:
    children = tuple(_alone(child, is_before=is_before) for child in node.children)
    return Difference(node if is_before else None, None if is_before else node, children)
