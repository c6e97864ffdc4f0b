"""What a comparison says: the change of the total, whose numbers they are, phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irene_jupyter.report.units import INTERVAL, format_joules, printable
from irene_jupyter.report.words import provenance, title

if TYPE_CHECKING:
    from irene_jupyter.report.compare import Comparison, PhaseDifference
    from irene_jupyter.report.difference import Difference

LEGEND = (
    f"● significant: the {INTERVAL}s do not overlap; ○ not significant; "
    "≈ no verdict: one side is estimated or extrapolated. "
    "Change is after minus before; “own” is what a module uses beyond its parts."
)


def format_change(percent: float) -> str:
    """A signed percentage: "+12 %", "-0.4 %", "±0 %"; beyond 1,000 % as a factor: "×32"."""
    if abs(percent) < 0.05:
        return "±0 %"
    if percent >= 1000:
        return f"×{1 + percent / 100:,.0f}"
    digits = 0 if abs(percent) >= 9.95 else 1
    return f"{percent:+.{digits}f} %".replace("-", "−")


def signed(joules: float | None) -> str:
    """Joules with their sign."""
    if joules is None:
        return "unknown"
    sign = "−" if joules < 0 else "+" if joules > 0 else "±"
    return f"{sign}{format_joules(abs(joules))}"


def whose(comparison: Comparison) -> list[tuple[str, str]]:
    """Whose numbers they are: each side's total and provenance, once where it is the same."""
    reports = (("before", comparison.before), ("after", comparison.after))
    found = [provenance(report) for _, report in reports]
    if found[0] == found[1]:
        return [*((word, title(report)) for word, report in reports), ("both", found[0])]
    return [
        (word, f"{title(report)}. {told}")
        for (word, report), told in zip(reports, found, strict=True)
    ]


def rates(comparison: Comparison) -> list[tuple[str, str]]:
    """Where the two did not do the same amount of work: what a query and a token took."""
    if comparison.is_of_one_size:
        return []
    return [
        (
            f"a {unit}",
            f"{format_joules(before)} → {format_joules(after)}"
            + (f" ({format_change(100 * (after - before) / before)})" if before else ""),
        )
        for unit, (before, after) in comparison.joules_per.items()
    ]


def headline(root: Difference) -> str:
    """The change of the total, in a sentence."""
    before, after = root.energies
    if before is None or after is None:
        return "The totals cannot be compared: one is unknown."
    change = after.joules - before.joules
    percent = "" if root.percent is None else f" ({format_change(root.percent)})"
    if root.is_significant is None:
        verdict = "no verdict: one of them is estimated or extrapolated"
    elif root.is_significant:
        verdict = f"significant: the {INTERVAL}s do not overlap"
    else:
        verdict = f"not significant: the {INTERVAL}s overlap"
    if not change:
        return f"No difference: {format_joules(before.joules)} each"
    return f"{signed(change)}{percent}; {verdict}"


def phase_line(phase: PhaseDifference) -> str:
    """A phase in both reports: tokens, joules, and the change."""
    sides = [
        f"{format_joules(side.joules)} for {side.tokens:,} tokens, "
        f"{format_joules(side.joules_per_token)} each"
        for side in (phase.before, phase.after)
    ]
    return f"{printable(phase.name, 20)}: {sides[0]} → {sides[1]}; {headline(phase.root)}"
