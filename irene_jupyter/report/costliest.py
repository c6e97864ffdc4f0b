"""The rows of a large tree that cost most, and what is left out beside them in one row each."""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import chain, count

from irene_jupyter.report.folding import Row, count_rows, total


def costliest_rows(tree: Row, most: int) -> Row:
    """`tree` with at most `most` rows: those of most joules, each below its parent.

    Siblings that are left out are one row of kind "rest" behind the others, with their sum.
    """
    if count_rows(tree) <= most:
        return tree
    kept = {id(tree): 0}  # rows, by id(): how many of their children are kept
    room = most - 1
    order = count()  # of equal rows the first
    waiting: list[tuple[float, int, Row, Row]] = []

    def offer(parent: Row) -> None:
        for child in parent.children:
            heapq.heappush(waiting, (-(child.joules or 0.0), next(order), child, parent))

    offer(tree)
    while waiting:
        _, _, row, parent = heapq.heappop(waiting)
        first, last = kept[id(parent)] == 0, kept[id(parent)] == len(parent.children) - 1
        needed = 1 + first - last  # with the first comes the row of the rest, with the last it goes
        if needed > room:
            break
        room -= needed
        kept[id(parent)] += 1
        kept[id(row)] = 0
        offer(row)
    return _pruned(tree, kept)


def _pruned(row: Row, kept: dict[int, int]) -> Row:
    children = tuple(_pruned(child, kept) for child in row.children if id(child) in kept)
    left = [child for child in row.children if id(child) not in kept]
    if left and children:
        name, energy = f"and {len(left):,} more", total(each.energy for each in left)
        nodes = (each.members or (each.node,) for each in left if each.is_node)
        members = tuple(chain.from_iterable(nodes))
        rest = Row("rest", row.node, name, energy, count=len(left), members=members)
        children = (*children, rest)
    hidden = row.hidden + (0 if children or not left else _below(row))
    return replace(row, children=children, hidden=hidden)


def _below(row: Row) -> int:
    """Nodes below a row of which no child is shown."""
    return sum(1 for _ in row.node.walk()) - 1
