"""A calibrated board's constants for people: what it costs, and how sure that is."""

from __future__ import annotations

from html import escape

from irene_jupyter.columns import aligned
from irene_jupyter.predictors.forms.board_constants import BOARD_KNOWN
from irene_jupyter.predictors.forms.dtypes import UNIT_WORDS
from irene_jupyter.predictors.profiles.board_profile import BoardProfile

HEAD = ("constant", "value", "unit")
_KNOWN = {
    "seconds": "each node's time known",
    "total": "the run's time and joules known",
    "nothing": "nothing known",
}


def rows(profile: BoardProfile) -> list[tuple[str, str, str]]:
    """(what, how much, unit) of the constants that people know how to read."""
    its = profile.constants
    return [
        ("idle, with a context", f"{its.idle_watts:.0f}", "W"),
        ("at its power limit", f"{its.idle_watts + its.busy_watts:.0f}", "W"),
        *(
            (f"an operation of {UNIT_WORDS[unit]}", f"{1e12 * joules:.3g}", "pJ")
            for unit, joules in its.joules_per_flop.items()
        ),
        ("a pointwise operation", f"{1e12 * its.joules_per_pointwise_flop:.3g}", "pJ"),
        ("a byte", f"{1e12 * its.joules_per_byte:.3g}", "pJ"),
        ("more for a byte beyond the cache", f"{1e12 * its.joules_per_streamed_byte:.3g}", "pJ"),
        *(
            (f"reached by {UNIT_WORDS[unit]}", f"{rate / 1e12:.3g}", "Tflop/s")
            for unit, rate in its.flops_per_second.items()
        ),
        ("reached by memory", f"{its.bytes_per_second / 1e12:.3g}", "TB/s"),
        ("the host, to launch an operation", f"{1e6 * its.host_seconds_per_operation:.3g}", "µs"),
    ]


def summary(profile: BoardProfile) -> list[str]:
    """What was measured and how well it predicts, in sentences."""
    training = profile.training
    lines = []
    if profile.is_simulated:
        lines.append("SIMULATED: no board was measured. Its numbers are those of an emulator.")
    lines.append(
        f"{training.get('nodes')} nodes of {len(training.get('runs', ()))} runs, by "
        f"{training.get('meter')}. Launching is the business of the processor: {profile.host}."
    )
    header = training.get("header", {})
    if header.get("other_processes"):
        lines.append(
            "Others had the board, too (processes beside this one: "
            f"{header['other_processes']}): part of the joules may be theirs."
        )
    limit, usual = header.get("power_limit_watts"), header.get("usual_power_limit_watts")
    if limit and usual and limit < usual:
        lines.append(f"Its power was capped at {limit:.0f} W; usual are {usual:.0f} W.")
    for known in BOARD_KNOWN:
        errors = profile.scorecard["error_percent"][known]
        each = ", ".join(
            f"{level} {figures['mean']:.1f} %"
            for level, figures in errors.items()
            if figures["mean"] is not None
        )
        lines.append(f"Mean error on models that were left out, {_KNOWN[known]}: {each}.")
    return lines


def text(profile: BoardProfile) -> str:
    """For terminals and logs."""
    table = aligned([HEAD, *rows(profile)], "<><")
    return "\n".join([profile.label, "", table, "", *summary(profile)])


def html(profile: BoardProfile) -> str:
    """Without scripts: the sentences and the table."""
    head, *body = (
        "".join(
            f'<{tag} style="padding:2px 10px;text-align:{"right" if column == 1 else "left"}">'
            f"{escape(value)}</{tag}>"
            for column, value in enumerate(row)
        )
        for tag, row in [("th", HEAD), *(("td", row) for row in rows(profile))]
    )
    sentences = "".join(f"<p style='margin:2px 0'>{escape(line)}</p>" for line in summary(profile))
    lines = "".join(f"<tr>{row}</tr>" for row in body)
    return (
        f"<div><b>{escape(profile.label)}</b>{sentences}"
        '<table style="border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums">'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )
