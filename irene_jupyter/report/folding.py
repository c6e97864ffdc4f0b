"""The rows that a person reads: a tree cut at a depth, identical siblings folded into one.

One pure function, `display_rows`, stands behind text, html and graph, so that all views
fold alike.

Siblings fold where they follow each other, carry index-like names ("layer.0", "layer.1",
"matmul_0"; never "query", "key"), have the same structure, classes, shapes, counts and flag
codes (but that of waiting) all the way down, and energies within `ENERGY_TOLERANCE` of the first.
Two are enough.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from irene_jupyter.merging import CELL
from irene_jupyter.report.waiting import LAUNCH_BOUND
from irene_jupyter.tree import Energy, Features, Node

if TYPE_CHECKING:
    from irene_jupyter.report.compare_rows import PairRow

# Repetitions of one layer differ by less than this when measured; more is worth showing.
ENERGY_TOLERANCE = 0.05
# Of estimates, which are divided by the times of a few calls: others' work is in these.
ESTIMATE_TOLERANCE = 0.25
# Own energy below this share of the node's is not given a row: it is then mostly rounding.
OWN_SHARE_SHOWN = 0.01

# Codes of flags whose node has a declared range in place of a tested interval.
UNTESTED = frozenset({"estimated", "extrapolated", "does_not_fit"})

_Item = TypeVar("_Item")
AnyRow = TypeVar("AnyRow", "Row", "PairRow")
RowKind = Literal["node", "group", "own", "rest"]
_INDEX = re.compile(r"(?:(?P<stem>.*[._]))?(?P<index>[0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a view.

    A "node" is one node; a "group" stands for `count` identical siblings, with the sum of
    their energies, and its one child (unless they are leaves) is the first of them in full;
    "own" is what no child of `node` explains, "rest" are `count` of its children that
    `costliest_rows` left out. `hidden` nodes lie below a row, and are not shown.
    """

    kind: RowKind
    node: Node  # the node; the first of a group; the parent of what is none
    name: str  # relative to the parent's path; of a group, "layer.0–11"
    energy: Energy | None
    children: tuple[Row, ...] = ()
    count: int = 1
    hidden: int = 0
    one_of: int = 1  # the row shows one of so many identical siblings
    members: tuple[Node, ...] = ()  # of a group, or of the rest

    @property
    def joules(self) -> float | None:
        """Joules of the row: of all siblings in a group."""
        return None if self.energy is None else self.energy.joules

    @property
    def is_node(self) -> bool:
        """Whether `node` is what the row tells of, or the first of it."""
        return self.kind in ("node", "group")


def fold(siblings: Sequence[Node], parent_path: str = "") -> tuple[tuple[Node, ...], ...]:
    """`siblings` in order, identical neighbours together. Pure; see the module's text."""

    def belongs(first: Node, last: Node, node: Node) -> bool:
        return follows(last, node, parent_path) and identical(first, node)

    return tuple(map(tuple, grouped(siblings, belongs)))


def grouped(
    items: Iterable[_Item], belongs: Callable[[_Item, _Item, _Item], bool]
) -> list[list[_Item]]:
    """`items` in order, those together that belong to a group's first and last."""
    groups: list[list[_Item]] = []
    for item in items:
        if groups and belongs(groups[-1][0], groups[-1][-1], item):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def identical(first: Node, second: Node) -> bool:
    """Whether two nodes are repetitions: same structure and work, energies within 5 %."""
    if not _close(first.energy, second.energy):
        return False
    stack = [(first, second)]
    while stack:
        a, b = stack.pop()
        if (
            a.class_name != b.class_name
            or a.primitive != b.primitive
            or a.type != b.type
            or len(a.children) != len(b.children)
            or _lasting(flag_codes(a)) != _lasting(flag_codes(b))
            or _work(a.features) != _work(b.features)
            or (a.energy is None) != (b.energy is None)
        ):
            return False
        for below_a, below_b in zip(a.children, b.children, strict=True):
            if relative_name(below_a, a.path) != relative_name(below_b, b.path):
                return False
            stack.append((below_a, below_b))
    return True


def relative_name(node: Node, parent_path: str) -> str:
    """A node's name as seen from its parent: "layer.0" below "encoder"."""
    if parent_path and node.path.startswith(parent_path + "."):
        return node.path[len(parent_path) + 1 :]
    return node.path or node.class_name


def flag_codes(node: Node) -> tuple[str, ...]:
    """The codes of a node's flags: "estimated" of "estimated: no regressor for Conv3d"."""
    return tuple(flag.partition(":")[0].strip() for flag in node.flags)


def _lasting(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Without what follows from times, of which two repetitions never have the same."""
    return tuple(code for code in codes if code != LAUNCH_BOUND)


def is_untested(node: Node) -> bool:
    """Whether its interval is a declared range: it is estimated or extrapolated in what matters.

    What was measured is as it was measured, whatever its parts are. A cell is as its models.
    """
    source = None if node.energy is None else node.energy.source
    if source == "measured":
        return False
    if node.class_name == CELL and any(map(is_untested, node.children)):
        return True
    return source == "estimated" or not UNTESTED.isdisjoint(flag_codes(node))


def display_rows(root: Node, depth: int | None = None, folded: bool = True) -> Row:
    """The row of `root` with all that hangs below it, down to `depth` levels below the root."""
    return _row(root, root.path or root.class_name, depth, folded)


def walk_rows(row: AnyRow) -> Iterator[AnyRow]:
    """`row` and all below it, parents first."""
    stack = [row]
    while stack:
        yield (row := stack.pop())
        stack.extend(reversed(row.children))


def count_rows(row: AnyRow) -> int:
    """How many lines `row` takes, itself included."""
    return sum(1 for _ in walk_rows(row))


def limited_rows(
    root: Node, depth: int | None, most: int, folded: bool = True
) -> tuple[Row, int | None]:
    """The rows of `root` and their depth limit: the deepest with no more than `most` rows."""
    row = display_rows(root, depth, folded)
    while count_rows(row) > most:
        depth = _levels(root) - 1 if depth is None else depth - 1
        if depth < 1:
            break
        row = display_rows(root, depth, folded)
    return row, depth


def _row(node: Node, name: str, depth: int | None, folded: bool, one_of: int = 1) -> Row:
    if depth is not None and depth <= 0:
        hidden = sum(1 for _ in node.walk()) - 1
        return Row("node", node, name, node.energy, hidden=hidden, one_of=one_of)
    below = None if depth is None else depth - 1
    rows = []
    groups = fold(node.children, node.path) if folded else [(child,) for child in node.children]
    for group in groups:
        first = group[0]
        first_name = relative_name(first, node.path)
        if len(group) == 1:
            rows.append(_row(first, first_name, below, folded))
            continue
        energy = total(member.energy for member in group)
        label = group_name([relative_name(member, node.path) for member in group])
        inner = _row(first, first_name, below, folded, one_of=len(group))
        children = (inner,) if inner.children else ()
        hidden = inner.hidden * len(group)
        rows.append(Row("group", first, label, energy, children, len(group), hidden, members=group))
    own = node.own_joules
    if node.children and node.energy and own and own >= OWN_SHARE_SHOWN * node.energy.joules:
        energy = Energy(own, own, own, node.energy.source)
        rows.append(Row("own", node, "own", energy))
    return Row("node", node, name, node.energy, tuple(rows), one_of=one_of)


def follows(last: Node, node: Node, parent_path: str) -> bool:
    """Whether two names are one but for a rising index: "layer.0" and "layer.1"."""
    before = _INDEX.fullmatch(relative_name(last, parent_path))
    after = _INDEX.fullmatch(relative_name(node, parent_path))
    return (
        before is not None
        and after is not None
        and before["stem"] == after["stem"]
        and int(before["index"]) < int(after["index"])
    )


def group_name(names: list[str]) -> str:
    """One name for several that follow each other: "layer.0–11"."""
    matches = [match for name in names if (match := _INDEX.fullmatch(name))]
    stem = matches[0]["stem"] or ""
    numbers = [int(match["index"]) for match in matches]
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{stem}{numbers[0]}–{numbers[-1]}"
    if len(numbers) > 5:
        return f"{stem}{numbers[0]}, {numbers[1]} … {numbers[-1]}"
    return stem + ", ".join(str(number) for number in numbers)


def _work(features: Features) -> tuple[object, ...]:
    """What two repetitions must share: neither their latency nor the machine's load."""
    return (
        features.num_parameters,
        features.flops,
        features.bytes,
        features.canonical_megaflops,
        features.canonical_mebibytes,
        features.calls,
        features.input_shapes,
        features.output_shapes,
        features.dtype,
        features.device,
        features.operation,
    )


def _close(first: Energy | None, second: Energy | None) -> bool:
    if first is None or second is None:
        return first is second
    tolerance = ESTIMATE_TOLERANCE if first.source == "estimated" else ENERGY_TOLERANCE
    return first.source == second.source and math.isclose(
        first.joules, second.joules, rel_tol=tolerance
    )


def total(energies: Iterable[Energy | None]) -> Energy | None:
    """The sum; None where one is unknown."""
    every = list(energies)
    known = [energy for energy in every if energy is not None]
    if len(known) < len(every):
        return None
    return Energy(
        math.fsum(energy.joules for energy in known),
        math.fsum(energy.low for energy in known),
        math.fsum(energy.high for energy in known),
        known[0].source,
    )


def _levels(root: Node) -> int:
    """Levels below the root."""
    levels, rank = 0, list(root.children)
    while rank:
        levels += 1
        rank = [child for node in rank for child in node.children]
    return levels
