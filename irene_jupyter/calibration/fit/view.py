"""A calibrated profile's scorecard for people: a table, and predicted against measured joules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from irene_jupyter.calibration.fit import board_view
from irene_jupyter.columns import aligned
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.report.units import format_joules

COLOURS = {"ml": "#56B4E9", "module": "#E69F00", "model": "#000000"}  # Okabe and Ito
HEAD = ("node", "measured", "±", "predicted", "error", "rounds", "rounds vary")
_SIDE, _MARGIN = 320, 62  # of the plot, in pixels


def rows(profile: DeviceProfile) -> list[tuple[str, ...]]:
    """One for each measured node; "predicted" is by a fit that has not seen it."""
    return [
        (
            str(node["node"]),
            format_joules(node["measured_joules"]),
            f"{node['plus_minus_percent']:.1f} %",
            format_joules(node["predicted_joules"]),
            f"{node['error_percent']:.1f} %",
            str(node["rounds"]),
            f"{node['variation_percent']:.2f} %" + (" unstable" if node["unstable"] else ""),
        )
        for node in _nodes(profile)
    ]


def summary(profile: DeviceProfile) -> list[str]:
    """What the scorecard comes to, in sentences."""
    training = profile.training
    lines = []
    if profile.is_simulated:
        lines.append(
            "SIMULATED: no meter measured this machine. Its numbers are those of an emulator, and "
            "all that is predicted from it is marked simulated."
        )
    for protocol, errors in profile.scorecard.get("error_percent", {}).items():
        each = ", ".join(f"{level} {percent:.1f} %" for level, percent in errors.items())
        lines.append(f"Mean error, {protocol}: {each}.")
    nodes = _nodes(profile)
    if nodes:
        repeated = max(node["repeatability_percent"] for node in nodes)
        lines.append(
            f"The means of the rounds repeat to {repeated:.2g} % or better (standard error). That "
            "is repeatability, not accuracy: the meter is taken to be right to "
            f"± {training.get('meter_accuracy_percent', 0):.2g} %."
        )
    if unstable := sum(1 for node in nodes if node["unstable"]):
        lines.append(f"{unstable} nodes are unstable: their rounds vary by more than 1 %.")
    if rejected := sum(node["rejected_runs"] for node in nodes):
        lines.append(f"{rejected} runs were rejected and repeated.")
    lines += [
        f"Not measured: {each['node']}: {each['reason']}."
        for each in profile.scorecard.get("failed", [])
    ]
    return lines


def text(profile: DeviceProfile | BoardProfile) -> str:
    """For terminals and logs."""
    if isinstance(profile, BoardProfile):
        return board_view.text(profile)
    table = aligned([HEAD, *rows(profile)], "<" + ">" * (len(HEAD) - 1))
    return "\n".join([profile.label, "", table, "", *summary(profile)])


def html(profile: DeviceProfile | BoardProfile) -> str:
    """Without scripts: the sentences, the plot and the table."""
    if isinstance(profile, BoardProfile):
        return board_view.html(profile)
    head, *body = (
        "".join(
            f'<{tag} style="padding:2px 10px;text-align:{"right" if column else "left"};'
            f'white-space:nowrap">{escape(value)}</{tag}>'
            for column, value in enumerate(row)
        )
        for tag, row in [("th", HEAD), *(("td", row) for row in rows(profile))]
    )
    lines = "".join(f"<tr>{row}</tr>" for row in body)
    sentences = "".join(f"<p style='margin:2px 0'>{escape(line)}</p>" for line in summary(profile))
    return (
        f"<div><b>{escape(profile.label)}</b>{sentences}"
        f'<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start">'
        f"<div>{svg(profile)}</div>"
        f'<table style="border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums">'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div></div>"
    )


def svg(profile: DeviceProfile) -> str:
    """Predicted against measured joules, both logarithmic; on the line they agree."""
    nodes = [n for n in _nodes(profile) if n["measured_joules"] > 0 and n["predicted_joules"] > 0]
    if not nodes:
        return ""
    values = [n[key] for n in nodes for key in ("measured_joules", "predicted_joules")]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    span = _SIDE - 2 * _MARGIN

    def place(joules: float) -> float:
        return (math.log10(joules) - low) / (high - low) * span

    def x(joules: float) -> str:
        return f"{_MARGIN + place(joules):.1f}"

    def y(joules: float) -> str:
        return f"{_SIDE - _MARGIN - place(joules):.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {_SIDE}" width="{_SIDE}" '
        f'height="{_SIDE}" role="img" aria-label="predicted against measured joules" '
        'style="background:#fff;font:11px sans-serif">',
        f'<rect x="{_MARGIN}" y="{_MARGIN}" width="{span}" height="{span}" fill="none" '
        'stroke="#999"/>',
    ]
    step = max(1, math.ceil((high - low) / 6))
    for power in range(low, high + 1, step):
        joules = 10.0**power
        label = escape(format_joules(joules))
        parts.append(
            f'<line x1="{x(joules)}" x2="{x(joules)}" y1="{_MARGIN}" y2="{_SIDE - _MARGIN}" '
            f'stroke="#e5e5e5"/><line y1="{y(joules)}" y2="{y(joules)}" x1="{_MARGIN}" '
            f'x2="{_SIDE - _MARGIN}" stroke="#e5e5e5"/>'
            f'<text x="{x(joules)}" y="{_SIDE - _MARGIN + 14}" text-anchor="middle">{label}</text>'
            f'<text x="{_MARGIN - 4}" y="{y(joules)}" dy="4" text-anchor="end">{label}</text>'
        )
    first, last = 10.0**low, 10.0**high
    parts.append(
        f'<line x1="{x(first)}" y1="{y(first)}" x2="{x(last)}" y2="{y(last)}" stroke="#888" '
        'stroke-dasharray="4 3"/>'
    )
    for node in nodes:
        title = escape(f"{node['node']}: {node['error_percent']:.1f} %")
        parts.append(
            f'<circle cx="{x(node["measured_joules"])}" cy="{y(node["predicted_joules"])}" r="4" '
            f'fill="{COLOURS.get(node["level"], "#888")}"><title>{title}</title></circle>'
        )
    parts.append(
        f'<text x="{_SIDE / 2}" y="{_SIDE - 24}" text-anchor="middle">measured</text>'
        f'<text x="11" y="{_SIDE / 2}" text-anchor="middle" '
        f'transform="rotate(-90 11 {_SIDE / 2})">predicted, unseen</text>'
    )
    for at, (level, colour) in enumerate(COLOURS.items()):
        left = _MARGIN + 64 * at
        parts.append(
            f'<circle cx="{left + 5}" cy="{_MARGIN - 14}" r="4" fill="{colour}"/>'
            f'<text x="{left + 13}" y="{_MARGIN - 10}">{level}</text>'
        )
    return "".join(parts) + "</svg>"


def _nodes(profile: DeviceProfile) -> Sequence[dict[str, Any]]:
    nodes: Sequence[dict[str, Any]] = profile.scorecard.get("nodes", [])
    return nodes
