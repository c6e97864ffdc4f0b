"""Two trees side by side: what changed, node by node, and whether the intervals say so."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from irene_jupyter.errors import ReportError
from irene_jupyter.merging import CELL
from irene_jupyter.report.folding import relative_name
from irene_jupyter.report.phases import PhaseSummary
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.words import provenance, title
from irene_jupyter.tree import Energy, Node

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
KIND = "irene.comparison"
# Modules of other names and classes are paired where they hold at most so many times the nodes.
_SIZES_APART = 4
# One row for each pair of nodes.
COLUMNS = (
    "path", "path_after", "depth", "type", "class_name", "class_name_after",
    "joules_before", "low_before", "high_before", "source_before",
    "joules_after", "low_after", "high_after", "source_after",
    "difference_joules", "difference_percent", "is_significant", "own_difference_joules",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """A node of the one tree and its counterpart in the other; one of them may be missing.

    What is missing needs 0 J. `children` are the pairs of the children.
    """

    before: Node | None
    after: Node | None
    children: tuple[Difference, ...] = ()

    @property
    def node(self) -> Node:
        """The earlier node, or the later where there is none."""
        node = self.before if self.before is not None else self.after
        assert node is not None
        return node

    @property
    def path(self) -> str:
        """Of `node`."""
        return self.node.path

    @property
    def joules(self) -> float | None:
        """After minus before; None where one of them is unknown."""
        before, after = self.energies
        return None if before is None or after is None else after.joules - before.joules

    @property
    def percent(self) -> float | None:
        """Of what it was before; None where that is 0 or unknown."""
        before, after = self.energies
        if before is None or after is None or before.joules <= 0:
            return None
        return 100.0 * (after.joules - before.joules) / before.joules

    @property
    def is_significant(self) -> bool | None:
        """Whether the 90 % intervals do not overlap; None where one of them is unknown.

        Cautious for two predictions with one profile, whose errors are much the same.
        """
        before, after = self.energies
        if before is None or after is None:
            return None
        return before.high < after.low or after.high < before.low

    @property
    def own_joules(self) -> float | None:
        """The change of what no child explains: own + Σ children = `joules`."""
        sides = [0.0 if node is None else node.own_joules for node in (self.before, self.after)]
        before, after = sides
        return None if before is None or after is None else after - before

    @property
    def energies(self) -> tuple[Energy | None, Energy | None]:
        """Before and after; a node that is not there has 0 J."""
        nothing = Energy(0.0, 0.0, 0.0, "predicted")
        return (
            nothing if self.before is None else self.before.energy,
            nothing if self.after is None else self.after.energy,
        )

    def walk(self) -> Iterator[Difference]:
        """This pair and all below it, parents first, in order."""
        stack = [self]
        while stack:
            pair = stack.pop()
            yield pair
            stack.extend(reversed(pair.children))

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values."""
        return {
            "before": _side(self.before),
            "after": _side(self.after),
            "difference_joules": self.joules,
            "difference_percent": self.percent,
            "is_significant": self.is_significant,
            "own_difference_joules": self.own_joules,
            "children": [child.to_dict() for child in self.children],
        }

    def __repr__(self) -> str:
        return f"<Difference {self.path!r}, {self.joules} J, {len(self.children)} children>"


@dataclass(frozen=True, slots=True, repr=False)
class PhaseDifference:
    """A phase of generate() in both reports: its tokens, and the trees of it alone."""

    before: PhaseSummary
    after: PhaseSummary
    root: Difference

    @property
    def name(self) -> str:
        """ "prefill" or "decode"."""
        return self.before.phase

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values."""
        return {
            "phase": self.name,
            "tokens": {"before": self.before.tokens, "after": self.after.tokens},
            "joules_per_token": {
                "before": self.before.joules_per_token,
                "after": self.after.joules_per_token,
            },
            "root": self.root.to_dict(),
        }


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """What `report.compare(other)` finds: `before` is the report, `after` the other.

    A difference is after minus before. `comparison["encoder.layer.0"]` is one pair.
    """

    before: EnergyReport
    after: EnergyReport
    root: Difference
    phases: tuple[PhaseDifference, ...] = ()

    def __getitem__(self, path: str) -> Difference:
        """The pair at a path of either tree. Raises `KeyError` where neither has it."""
        for pair in self.root.walk():
            if path in (pair.path, pair.after.path if pair.after else pair.path):
                return pair
        raise KeyError(f"neither tree has a node {path!r}; see comparison.to_dataframe()")

    @property
    def notes(self) -> tuple[str, ...]:
        """What to bear in mind where the two are not of one kind."""
        found = []
        if self.before.device != self.after.device:
            found.append(
                f"Two devices: {self.before.device.label} before, {self.after.device.label} after."
            )
        names = [energy.source for energy in self.root.energies if energy is not None]
        if len(set(names)) > 1:
            found.append(f"Two kinds of numbers: {names[0]} before, {names[1]} after.")
        return tuple(found)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each pair, parents first, with `COLUMNS`; what is missing is 0 J."""
        import pandas as pd

        return pd.DataFrame(list(_records(self.root)), columns=list(COLUMNS))

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON values: both sides in short, and the pairs as a tree under "root"."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "before": _summary(self.before),
            "after": _summary(self.after),
            "notes": list(self.notes),
            "root": self.root.to_dict(),
            "phases": [phase.to_dict() for phase in self.phases],
        }

    def to_html(self, full_page: bool = False) -> str:
        """The pairs as html without scripts: a fragment, or a page of its own."""
        from irene_jupyter.report.compare_html import comparison_html

        return comparison_html(self, full_page=full_page)

    def __str__(self) -> str:
        from irene_jupyter.report.compare_text import comparison_text

        return comparison_text(self)

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self.to_html(), "text/plain": str(self)}


def compare(before: EnergyReport, after: EnergyReport) -> Comparison:
    """The two reports' trees, aligned.

    Children of a pair are paired by name and type; what is left over by class name and type, in
    order; modules that are still left with the next that does similar work. Raises `ReportError`
    where one of them is no report or has no tree.
    """
    for which, report in (("first", before), ("second", after)):
        if not isinstance(report, EnergyReport):
            raise ReportError(
                f"compare: the {which} is a {type(report).__name__}, not a report: pass what "
                "measure(), predict() or load_report() gave"
            )
        if report.root is None:
            raise ReportError(
                f"compare: the {which} report is empty, no model ran in its cell: there is "
                "nothing to compare with"
            )
    first, second = before.root, after.root
    assert first is not None
    assert second is not None
    if (first.class_name == CELL) != (second.class_name == CELL):
        first, second = _as_cell(first), _as_cell(second)
    return Comparison(before, after, _paired(first, second), tuple(_phases(before, after)))


def _as_cell(root: Node) -> Node:
    """One model under a root like that of several."""
    if root.class_name == CELL:
        return root
    return Node("", "model", CELL, root.features, (root,), root.energy)


def _phases(before: EnergyReport, after: EnergyReport) -> Iterator[PhaseDifference]:
    """Phases of one name: of one model where the names agree, else in order."""
    left = list(after.phases)
    for phase in before.phases:
        same = [other for other in left if other.phase == phase.phase]
        other = next((each for each in same if each.model == phase.model), next(iter(same), None))
        if other is not None:
            left.remove(other)
            yield PhaseDifference(phase, other, _paired(phase.root, other.root))


# --- aligning -----------------------------------------------------------------------------------


def _paired(before: Node, after: Node) -> Difference:
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
            yield _paired(child, partner)
        yield from (_alone(node, is_before=False) for node in follows[place])


def _alone(node: Node, *, is_before: bool) -> Difference:
    children = tuple(_alone(child, is_before=is_before) for child in node.children)
    return Difference(node if is_before else None, None if is_before else node, children)


# --- plain data ---------------------------------------------------------------------------------


def _side(node: Node | None) -> dict[str, Any] | None:
    if node is None:
        return None
    energy = node.energy
    return {
        "path": node.path,
        "type": node.type,
        "class_name": node.class_name,
        "energy": None if energy is None else asdict(energy),
    }


def _summary(report: EnergyReport) -> dict[str, Any]:
    return {
        "title": title(report),
        "provenance": provenance(report),
        "mode": report.mode,
        "total_joules": report.total_joules,
        "device": asdict(report.device),
        "created": report.created,
        "versions": dict(report.versions),
    }


def _records(root: Difference) -> Iterator[dict[str, Any]]:
    stack = [(root, 0)]
    while stack:
        pair, depth = stack.pop()
        stack.extend((child, depth + 1) for child in reversed(pair.children))
        record: dict[str, Any] = {
            "path": None if pair.before is None else pair.before.path,
            "path_after": None if pair.after is None else pair.after.path,
            "depth": depth,
            "type": pair.node.type,
            "class_name": None if pair.before is None else pair.before.class_name,
            "class_name_after": None if pair.after is None else pair.after.class_name,
            "difference_joules": _number(pair.joules),
            "difference_percent": _number(pair.percent),
            "is_significant": pair.is_significant,
            "own_difference_joules": _number(pair.own_joules),
        }
        for side, node, energy in zip(
            ("before", "after"), (pair.before, pair.after), pair.energies, strict=True
        ):
            for name in ("joules", "low", "high"):
                record[f"{name}_{side}"] = _number(
                    None if energy is None else getattr(energy, name)
                )
            is_known = node is not None and energy is not None
            record[f"source_{side}"] = energy.source if is_known and energy else None
        yield record


def _number(value: float | None) -> float:
    return math.nan if value is None else value
