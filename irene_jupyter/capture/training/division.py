"""After a cell: backward passes divided among the nodes of the forward calls they went through."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from irene_jupyter.capture.training.forwards import Owner, Owners
from irene_jupyter.capture.training.passes import Kind
from irene_jupyter.capture.training.step_trees import LOSS
from irene_jupyter.capture.training.timed_pass import NOBODY, TimedPass

NO_MODEL = "they went through no forward call that was seen in the same thread"
NOT_FOLLOWED = "none of the forward calls before them could be followed"


@dataclass(frozen=True, slots=True)
class Backward:
    """Of one signature: so many `passes` went through its calls, and took so many `seconds`.

    `by_path` has the seconds of one pass, of each node without its children, and of `LOSS`.
    """

    passes: int
    seconds: float
    by_path: Mapping[str, float]


@dataclass(slots=True)
class _Part:
    """What a signature has of one pass.

    `counted` are seconds of calls that were only counted; `modules` those that each module took by
    itself, `leaves` of them those of its functions, by its path and theirs.
    """

    calls: float = 0.0
    counted: float = 0.0
    modules: dict[str, float] = field(default_factory=dict)
    leaves: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def placed(self) -> float:
        return math.fsum(self.modules.values())

    @property
    def seconds(self) -> float:
        return self.counted + self.placed

    def add(self, owner: Owner, seconds: float) -> None:
        """Of a node that `owner` made."""
        self.modules[owner.module] = self.modules.get(owner.module, 0.0) + seconds
        leaves = self.leaves.setdefault(owner.module, {}) if owner.leaves else {}
        for path, share in owner.leaves:
            leaves[path] = leaves.get(path, 0.0) + seconds * share

    def by_path(self) -> dict[str, float]:
        """Of each node without its children."""
        found = {}
        for path, seconds in self.modules.items():
            leaves = self.leaves.get(path, {})
            found[path] = max(0.0, seconds - math.fsum(leaves.values()))
            found.update(leaves)
        return found


_Parts = dict[int, _Part]  # by signature; `NOBODY` for what none made


@dataclass(slots=True)
class _Sum:
    passes: float = 0.0
    seconds: float = 0.0
    by_path: dict[str, float] = field(default_factory=dict)


def divided(kinds: Iterable[Kind]) -> tuple[dict[int, Backward], dict[str, int]]:
    """By signature; and passes that cannot be divided, by the reason."""
    kinds = list(kinds)
    known = {id(kind): _of_one(kind.timed) for kind in kinds if kind.timed and not kind.problem}
    shapes: _Parts = {}  # of each signature, how those of its passes went that were followed
    for parts_of_one in known.values():
        for key, part in parts_of_one.items():
            if part.modules:
                shapes.setdefault(key, part)
    sums: dict[int, _Sum] = {}
    undivided: dict[str, int] = {}
    for kind in kinds:
        if not kind.passes:
            continue
        parts = known.get(id(kind)) or _lent(kind, kinds, known)
        problem = kind.problem or _added(sums, kind, parts, shapes)
        if problem is not None:
            undivided[problem] = undivided.get(problem, 0) + kind.passes
    found = {}
    for key, total in sums.items():
        passes = max(1, round(total.passes))
        by_path = {path: seconds / passes for path, seconds in total.by_path.items()}
        found[key] = Backward(passes, total.seconds, by_path)
    return found, undivided


def _added(sums: dict[int, _Sum], kind: Kind, parts: _Parts | None, shapes: _Parts) -> str | None:
    """Adds what a kind's passes took to `sums`; or says why it cannot.

    Calls that were only counted are divided as `shapes` says of their signature.
    """
    models = {key: part for key, part in (parts or {}).items() if key != NOBODY}
    if not models or parts is None:
        return NO_MODEL
    if not any(part.modules or key in shapes for key, part in models.items()):
        return NOT_FOLLOWED
    whole = math.fsum(part.seconds for part in parts.values())
    # What nobody made is the loss: of the model that was called last before it.
    last = kind.last if kind.last in models else max(models, key=lambda key: models[key].seconds)
    loss = parts[NOBODY].seconds if NOBODY in parts else 0.0
    for key, part in models.items():
        total = sums.setdefault(key, _Sum())
        total.passes += kind.passes * part.calls
        own = part.seconds + (loss if key == last else 0.0)
        pace = kind.seconds / whole if whole else 0.0
        total.seconds += pace * own
        shape = part if part.modules else shapes.get(key, part)
        placed = shape.placed
        for path, seconds in shape.by_path().items():
            # Calls that were only counted are as those that were followed.
            scaled = seconds * part.seconds / placed if placed else 0.0
            total.by_path[path] = total.by_path.get(path, 0.0) + scaled * kind.passes
        if key == last and loss:
            total.by_path[LOSS] = total.by_path.get(LOSS, 0.0) + loss * kind.passes
    return None


def _of_one(timed: Sequence[TimedPass]) -> _Parts:
    """One pass of a kind: of each module as in those that were timed, but for the first.

    The first makes what later ones find there, gradients among it. Functions share what their
    module took as in the passes of which their times are known.
    """
    every = [_parts(each) for each in timed]
    passes = every[1:] or every
    found: _Parts = {}
    for key in dict.fromkeys(key for each in passes for key in each):
        those = [each[key] for each in passes if key in each]
        followed = [each[key] for each in every if key in each and each[key].leaves]
        part = found[key] = _Part(those[-1].calls, _undisturbed([each.counted for each in those]))
        for path in dict.fromkeys(path for each in those for path in each.modules):
            seconds = _undisturbed([each.modules.get(path, 0.0) for each in those])
            part.modules[path] = seconds
            whole = math.fsum(each.modules.get(path, 0.0) for each in followed)
            leaves = [each.leaves.get(path, {}) for each in followed]
            if whole:
                part.leaves[path] = {
                    leaf: seconds * math.fsum(each.get(leaf, 0.0) for each in leaves) / whole
                    for leaf in dict.fromkeys(leaf for each in leaves for leaf in each)
                }
    return found


def _undisturbed(seconds: Iterable[float]) -> float:
    """The lower quartile: other processes on a processor only ever add to a time."""
    ordered = sorted(seconds)
    return ordered[len(ordered) // 4]


def _parts(timed: TimedPass) -> _Parts:
    owners = [None if each.passed is None else Owners(each.passed) for each in timed.forwards]
    found: _Parts = {}
    seconds = timed.seconds()
    for forward in timed.forwards:
        found.setdefault(forward.key, _Part()).calls += 1
    for node, took in seconds.items():
        maker = timed.made_by[node]
        part = found.setdefault(NOBODY if maker == NOBODY else timed.forwards[maker].key, _Part())
        owner = None if maker == NOBODY else owners[maker]
        if owner is None:
            part.counted += took
        else:
            part.add(owner.of(timed.numbers[node]), took)
    return found


def _lent(kind: Kind, kinds: Iterable[Kind], known: Mapping[int, _Parts]) -> _Parts | None:
    """The parts of a pass of another size, as if it had been of this one."""
    lender = next((k for k in kinds if id(k) in known and k.general == kind.general), None)
    if lender is None or not lender.passes:
        return None
    mine: dict[Any, int] = {of: key for key, of in kind.calls}
    theirs = dict(lender.calls)
    pace = kind.seconds / kind.passes / (lender.seconds / lender.passes)
    found: _Parts = {}
    for key, part in known[id(lender)].items():
        own = mine.get(theirs.get(key), key)
        modules = {path: seconds * pace for path, seconds in part.modules.items()}
        leaves = {
            path: {leaf: seconds * pace for leaf, seconds in below.items()}
            for path, below in part.leaves.items()
        }
        found[own] = _Part(part.calls, part.counted * pace, modules, leaves)
    return found
