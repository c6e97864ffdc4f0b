"""What watching a cell cost: seconds by stage, and percent of the cell itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from irene_jupyter.report.report import EnergyReport

# In the cell's own time; the sampler's thread may run beside it.
DURING = ("recording", "sampling")
# Before and after the cell.
AROUND = ("entering", "leaving", "structure", "replay", "prediction", "display")


def observer_cost(cell_seconds: float, stages: dict[str, float | None]) -> dict[str, Any]:
    """`stages` as JSON, with sums. `display` is None until the report was shown.

    `percent` is what was added to the cell's time: the stages in `DURING` over the time that the
    cell would have taken without them.
    """
    during = sum(stages.get(name) or 0.0 for name in DURING)
    around = sum(stages.get(name) or 0.0 for name in AROUND)
    bare = cell_seconds - during
    return {
        "stages": {name: stages.get(name) for name in (*AROUND[:1], *DURING, *AROUND[1:])},
        "during_seconds": during,
        "around_seconds": around,
        "percent": 100.0 * during / bare if bare > 0 else None,
    }


def with_display(report: EnergyReport, seconds: float) -> EnergyReport:
    """The report with what showing it took; as it is where nothing was watched."""
    if report.observer is None:
        return report
    observer = dict(report.observer)
    before = observer["stages"].get("display") or 0.0
    observer["stages"] = {**observer["stages"], "display": seconds}
    observer["around_seconds"] += seconds - before
    return replace(report, observer=observer)
