"""What stands beside the explorer's controls: total, provenance and costs, as html."""

from __future__ import annotations

from html import escape

from irene_jupyter.report.cost_summary import CostSummary
from irene_jupyter.report.folding import is_untested
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.units import format_interval, format_joules, printable
from irene_jupyter.report.words import badge, doubts, provenance


def summary(report: EnergyReport, cost: CostSummary | None) -> str:
    """Total, interval, provenance and costs, as html."""
    assert report.root is not None
    assert report.root.energy is not None
    energy = report.root.energy
    interval = escape(format_interval(energy, is_untested(report.root)))
    badges = "".join(
        '<span style="border:1px solid;border-radius:.6em;padding:0 .5em;font-size:.85em">'
        f"{escape(each)}</span> "
        for each in (badge(report), *doubts(report))
    )
    rows: list[tuple[str, str]] = []
    if cost is not None:
        found = dict(cost.rows())
        rows = [
            ("energy per query", found["energy per query"]),
            ("a million queries", f"{found['electricity']}, {found['price']}"),
        ]
    rows += [
        (f"{phase.phase}, per token", format_joules(phase.joules_per_token))
        for phase in report.phases
    ]
    cells = "".join(
        f'<tr><td style="padding:0 1.5em 0 0">{escape(printable(name, 60))}</td>'
        f'<td style="padding:0;text-align:right">{escape(printable(value, 60))}</td></tr>'
        for name, value in rows
    )
    return (
        '<div style="line-height:1.5"><span style="font-size:1.6em;font-weight:600">'
        f"{escape(format_joules(energy.joules))}</span> {interval} "
        f"{badges}<div>{escape(printable(provenance(report), 200))}</div>"
        f'<table style="border-spacing:0">{cells}</table></div>'
    )
