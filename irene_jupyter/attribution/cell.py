"""A cell as a whole: its seconds and joules in parts, and the models' trees at their level."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from irene_jupyter.attribution.apportion import (
    Points,
    Share,
    measured_energy,
    seconds_by_part,
    shares,
)
from irene_jupyter.attribution.estimate import Estimate
from irene_jupyter.attribution.leveling import scaled_to
from irene_jupyter.attribution.step_parts import StepShares, with_steps
from irene_jupyter.attribution.whole_step import FOLLOWING
from irene_jupyter.capture.watch.gpu import board_name, boards_used
from irene_jupyter.report.parts import MeasuredEnergy, Part, Parts
from irene_jupyter.tree import Energy, Node, Run

if TYPE_CHECKING:
    from irene_jupyter.capture.watch.activity import Activity
    from irene_jupyter.meters.counters.counters import Counters

REST = "Python, data handling, idle"
_OTHERS = {"backward": "backward passes", "optimiser": "optimiser steps"}
_CUDA = "cuda"  # AMD's boards, too, in torch for ROCm
_ON_GPU = (_CUDA, "mps", "xpu")
_PROCESSOR = "cpu"
_NOWHERE = (None, "meta")  # of what was traced, not run
_NEARLY_ALL = 0.99  # operations and bytes: a step in Python may make a small tensor elsewhere


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of a whole cell beside its models' trees.

    Keys of `spent`, `waited` and `shares` are ("model", name), which has its whole training steps,
    and "backward" and "optimiser", which have what is in no model's; `steps` are the shares that a
    trained model's consists of. Of the seconds `spent`, some were `waited` for a GPU at the cell's
    end. `board_names` are of the GPUs on which all of its models ran, as their driver names them;
    empty where they did not, or where that is not known. Of these, `boards` were counted, with
    `board_joules`. Where nothing was counted and all ran on the processor, there may be an
    `estimate`: the shares are then of it.
    """

    seconds: float
    spent: Mapping[Hashable, float] = field(default_factory=dict)
    measured: MeasuredEnergy = field(default_factory=MeasuredEnergy)
    shares: Mapping[Hashable, Share] = field(default_factory=dict)
    steps: Mapping[str, StepShares] = field(default_factory=dict)
    curves: tuple[Points, ...] = ()  # of the counters behind what was measured
    warnings: tuple[str, ...] = ()
    waited: Mapping[Hashable, float] = field(default_factory=dict)
    board_names: frozenset[str] = frozenset()
    board_joules: float = 0.0
    boards: int = 0
    is_by_board: bool = False  # its joules are divided by the constants of a board's profile
    estimate: Estimate | None = None

    def without_estimate(self) -> Cell:
        """As where nothing is known of this machine's joules."""
        return replace(self, estimate=None, shares={}, steps={})

    def leveled(self, name: str, node: Node) -> Node:
        """A model's predicted tree at the level that was measured, or as it is."""
        share = self.shares.get(("model", name))
        return node if share is None or share.joules <= 0 else scaled_to(node, share)

    def step_shares(self, name: str, phases: Iterable[str | None]) -> StepShares | None:
        """A trained model's shares by phase; None where one of its `phases` has no joules."""
        found = self.steps.get(name, {})
        needed = {phase if phase in FOLLOWING else "forward" for phase in phases}
        known = all(phase in found and found[phase].joules > 0 for phase in needed)
        return found if found and known else None

    def covering(self, name: str, node: Node) -> Node:
        """A trained model's tree of all its phases, as known as its share is as a whole."""
        share, energy = self.shares["model", name], node.energy
        if not share.is_whole or energy is None:
            return node
        low, high = min(share.low, energy.joules), max(share.high, energy.joules)
        return replace(node, energy=Energy(energy.joules, low, high, "measured"))

    def parts(self, models: Sequence[tuple[str, Node]]) -> Parts:
        """The models that ran, what else was told apart, and the rest, which makes it exact."""
        rows = [self._model(name, node) for name, node in models]
        for kind in ("backward", "optimiser"):
            if kind in self.spent:
                rows.append(self._other(kind))
        return Parts((*rows, self._rest(rows)))

    def measured_in(self, parts: Parts) -> MeasuredEnergy:
        """What was measured; its joules are those of the parts to the last bit."""
        if self.measured.joules is None:
            return self.measured
        return replace(self.measured, joules=parts.total_joules)

    def _model(self, name: str, node: Node) -> Part:
        key = ("model", name)
        share, energy = self.shares.get(key), node.energy
        part = Part(name, "model", self.spent.get(key, 0.0))
        if energy is None:
            return part
        if share is None or share.joules <= 0:
            basis: Any = "timed" if self.is_by_board else "predicted"
        else:
            basis = "measured" if share.is_whole and not self.estimate else self._split
        if self._whole is not None and basis in ("predicted", "timed"):
            return part  # a prediction for another device is no part of what was measured here
        return replace(part, joules=energy.joules, low=energy.low, high=energy.high, basis=basis)

    def _other(self, kind: Any) -> Part:
        part = Part(_OTHERS[kind], kind, self.spent[kind])
        share = self.shares.get(kind)
        if share is None:
            return part
        return replace(part, joules=share.joules, low=share.low, high=share.high, basis=self._split)

    def _rest(self, rows: Sequence[Part]) -> Part:
        seconds = max(0.0, self.seconds - math.fsum(row.seconds or 0.0 for row in rows))
        part = Part(REST, "rest", seconds)
        if self._whole is None:
            return part
        known, low, high = self._whole
        joules = max(0.0, known - math.fsum(row.joules or 0.0 for row in rows))
        if self.estimate is not None:
            least, most = self.estimate.least, self.estimate.most
            return replace(
                part, joules=joules, low=joules * least, high=joules * most, basis=self._split
            )
        highest = max(joules, high - math.fsum(row.low or 0.0 for row in rows))
        lowest = low - math.fsum(row.high or 0.0 for row in rows)
        return replace(
            part,
            joules=joules,
            low=min(joules, max(0.0, lowest)),
            high=highest,
            basis=self._split,
        )

    @property
    def _whole(self) -> tuple[float, float, float] | None:
        """The cell's joules as measured or estimated, with their interval."""
        if (joules := self.measured.joules) is not None:
            return joules, self.measured.low or 0.0, self.measured.high or 0.0
        if (found := self.estimate) is not None:
            return found.joules, found.joules * found.least, found.joules * found.most
        return None

    @property
    def _split(self) -> Any:
        if self.estimate is not None:
            return "estimated"
        return "divided" if self.is_by_board else "split"


def observed_cell(
    activity: Activity,
    owners: Mapping[int, str],
    runs: Sequence[Run],
    counters: Counters,
    start: float,
    end: float,
    others_cpu_share: float | None,
    estimate: Estimate | None = None,
) -> Cell:
    """The cell between two times of time.perf_counter().

    `owners` names the models of the activity's keys; calls of other modules belong to the rest.
    An `estimate` counts where no counter does, and all models ran on the processor.
    """
    bins = tuple(replace(each, spent=_by_name(each.spent, owners)) for each in activity.bins(end))
    ran = [run for run in runs if run.status != "not_run"]
    usable = measured_energy(
        counters.counted,
        counters.absent,
        start,
        end,
        others_cpu_share=others_cpu_share,
        on_gpu=any(_is_on_gpu(run) for run in ran),
        boards=boards_used(),
    )
    measured = usable.measured
    curves = usable.curves
    if measured.joules is not None or not _is_on_processor(ran):
        estimate = None
    elif estimate is not None:
        curves = (estimate.curve,)
    found = with_steps(
        seconds_by_part(bins),
        _by_name(activity.waited, owners),
        shares(curves, bins, start, end) if curves else {},
        ran,
    )
    known = found.shares
    if joules := measured.joules:
        sure = (measured.low or 0.0) / joules, (measured.high or 0.0) / joules
        known = {k: each.covered(*sure) if each.is_whole else each for k, each in known.items()}
    if estimate is not None:
        known = {key: estimate.surely(share) for key, share in known.items()}
    return Cell(
        end - start,
        found.spent,
        measured,
        known,
        found.steps,
        usable.curves,
        usable.warnings,
        waited=found.waited,
        board_names=_boards_of(ran),
        board_joules=usable.board_joules,
        boards=usable.boards,
        estimate=estimate,
    )


def _by_name(spent: Mapping[Hashable, float], owners: Mapping[int, str]) -> dict[Hashable, float]:
    named: dict[Hashable, float] = {}
    for key, seconds in spent.items():
        if isinstance(key, int):
            if key not in owners:
                continue
            key = ("model", owners[key])
        named[key] = named.get(key, 0.0) + seconds
    return named


def _is_on_gpu(run: Run) -> bool:
    return any((node.features.device or "").startswith(_ON_GPU) for node in run.tree.root.walk())


def _is_on_processor(runs: Sequence[Run]) -> bool:
    """Whether something ran, and all of it there."""
    devices = {leaf.features.device for run in runs for leaf in run.tree.root.leaves()}
    return bool(runs) and devices <= {_PROCESSOR, *_NOWHERE}


def _boards_of(runs: Sequence[Run]) -> frozenset[str]:
    """The names of the GPUs that did all the work of the runs, or nearly all."""
    work: dict[str, float] = {}
    for run in runs:
        for leaf in run.tree.root.leaves():
            device, its = leaf.features.device, leaf.features
            if device not in _NOWHERE:
                work[device] = work.get(device, 0.0) + run.calls * (its.flops + its.bytes)
    on_gpus = {device: done for device, done in work.items() if device.startswith(_CUDA)}
    if not on_gpus or sum(on_gpus.values()) < _NEARLY_ALL * sum(work.values()):
        return frozenset()
    names = {board_name(device) for device in on_gpus}
    return frozenset() if None in names else frozenset(name for name in names if name)
