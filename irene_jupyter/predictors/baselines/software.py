"""The software baseline: energy from counters.

E = PUE · Σ (p_dram·e_dram + p_cpu·e_cpu + p_gpu·e_gpu) over a program's processes: p is the
share that a process had of a resource's use, e the resource's energy. Source: Strubell et al.
2019, and Henderson et al. 2020 for the shares. What no counter knows is missing and named: an
unknown is never taken for 0 J.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from irene_jupyter.errors import DataError, OptionError
from irene_jupyter.predictors.predict.prediction import Prediction
from irene_jupyter.tree import ModelTree, Node

Resource = Literal["dram", "cpu", "gpu"]
RESOURCES: tuple[Resource, ...] = ("dram", "cpu", "gpu")
# Measured at the plug of one machine there is no data centre. Strubell et al. take 1.58, the
# world's average of 2018.
DEFAULT_PUE = 1.0


@dataclass(frozen=True, slots=True)
class Use:
    """A process's use of one resource; None is unknown. Raises `OptionError` for nonsense."""

    share: float | None = None  # of the resource's use, 0 to 1
    joules: float | None = None  # of the resource, by all processes

    def __post_init__(self) -> None:
        if self.share is not None and not 0 <= self.share <= 1:
            raise OptionError(f"a share must lie between 0 and 1, not {self.share}")
        if self.joules is not None and not (math.isfinite(self.joules) and self.joules >= 0):
            raise OptionError(f"joules must be finite and not negative, not {self.joules}")


UNKNOWN = Use()


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """What one process used of the machine, as far as counters tell."""

    dram: Use = UNKNOWN
    cpu: Use = UNKNOWN
    gpu: Use = UNKNOWN
    name: str = "process"


@dataclass(frozen=True, slots=True)
class SoftwareEnergy:
    """The formula's result: a lower bound unless `complete`, None J if nothing is known."""

    joules: float | None
    parts: Mapping[str, float] = field(default_factory=dict)  # resource → J, times the PUE
    missing: tuple[str, ...] = ()  # such as "cpu energy of process"

    @property
    def complete(self) -> bool:
        return not self.missing


def software_energy(processes: Iterable[ProcessUse], *, pue: float = DEFAULT_PUE) -> SoftwareEnergy:
    """The energy that counters attribute to `processes`, in joules.

    `pue`: power usage effectiveness of the building, 1 or more. Raises `OptionError`.
    """
    if not (math.isfinite(pue) and pue >= 1):
        raise OptionError(f"a PUE is 1 or more, not {pue}")
    parts: dict[str, float] = {}
    missing = []
    for process in processes:
        for resource in RESOURCES:
            use: Use = getattr(process, resource)
            unknown = [
                what
                for what, value in (("share", use.share), ("energy", use.joules))
                if value is None
            ]
            missing += [f"{resource} {what} of {process.name}" for what in unknown]
            if use.share is not None and use.joules is not None:
                parts[resource] = parts.get(resource, 0.0) + pue * use.share * use.joules
    return SoftwareEnergy(math.fsum(parts.values()) if parts else None, parts, tuple(missing))


def use_of_run(
    summary: Mapping[str, Any],
    *,
    shares: Mapping[Resource, float | None],
    joules: Mapping[Resource, float | None] | None = None,
    name: str = "process",
) -> ProcessUse:
    """A live run's use, from a `ResourceSummary.to_dict()` and whatever other counters exist.

    GPU energy is the driver's mean power times the duration, over all GPUs, unless `joules`
    has it; the summary holds no energy of CPU or DRAM (RAPL, if readable, goes into `joules`).
    """
    known: dict[Resource, float | None] = dict(joules or {})
    watts = [gpu["watts"] for gpu in summary["gpus"]]
    if known.get("gpu") is None and watts and None not in watts:
        known["gpu"] = math.fsum(watts) * summary["duration_seconds"]
    dram, cpu, gpu = (Use(shares.get(each), known.get(each)) for each in RESOURCES)
    return ProcessUse(dram, cpu, gpu, name)


class Software:
    """The formula as a method, node by node, from counters in a node's resources.

    Reads `dram_energy_joules`, `cpu_energy_joules`, `gpu_energy_joules` and `dram_share`,
    `cpu_share`, `gpu_share`; a share that is not there is 1, as nothing else runs while a node
    is measured. In the published data only the GPU's energy is known. Nothing is learned.
    """

    def __init__(self, *, pue: float = DEFAULT_PUE) -> None:
        self.pue = pue

    def fit(self, trees: Sequence[ModelTree]) -> Self:
        """Nothing to learn."""
        return self

    def predict(self, trees: Sequence[ModelTree]) -> list[list[Prediction]]:
        """For each tree, the nodes' energies in the order of `root.walk()`.

        Raises `DataError` where no counter is known of a node.
        """
        return [[self._node(tree, node) for node in tree.root.walk()] for tree in trees]

    def _node(self, tree: ModelTree, node: Node) -> Prediction:
        resources = node.features.resources
        dram, cpu, gpu = (
            Use(resources.get(f"{each}_share", 1.0), resources.get(f"{each}_energy_joules"))
            for each in RESOURCES
        )
        found = software_energy([ProcessUse(dram, cpu, gpu)], pue=self.pue)
        if found.joules is None:
            raise DataError(
                f"{tree.name}, {node.path or 'the root'}: no counter's energy is known; measure "
                "at least the driver's (gpu_energy_joules)"
            )
        calls = node.features.calls
        basis = f"energy of {' + '.join(found.parts)}"
        if found.missing:
            basis += f"; unknown: {', '.join(found.missing)}"
        return Prediction.exact(found.joules * calls, basis.replace(" of process", ""))
