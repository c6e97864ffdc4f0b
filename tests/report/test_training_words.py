"""What people read of a training step: its phases in sentences, tables and columns."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from report_builders import REFERENCE, bert_report, energy

from irene_jupyter.report.parts import Part, Parts
from irene_jupyter.report.phases import PhaseSummaries, PhaseSummary
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.report.said import said
from irene_jupyter.report.text import render_text
from irene_jupyter.tree import Features, Node

# Joules of all steps, by layer.
PHASES = {"forward": (1.0, 1.0), "backward": (1.0, 2.0), "optimiser": (0.0, 0.5)}
STEPS, SAMPLES = 4, 32


def tree(first: float, last: float, own: float = 0.0) -> Node:
    """Two layers, of which the first may be missing."""
    layers = [
        Node(f"layer.{place}", "ml", "Linear", Features(calls=STEPS), (), energy(joules), "linear")
        for place, joules in enumerate((first, last))
        if joules
    ]
    whole = energy(first + last + own)
    return Node("", "model", "Net", Features(calls=STEPS), tuple(layers), whole)


def phase(name: str, steps: int = STEPS, own: float = 0.25) -> PhaseSummary:
    return PhaseSummary(
        phase=name,
        model="net",
        root=tree(*PHASES[name], own),
        calls=STEPS,
        tokens=0,
        samples=SAMPLES,
        steps=steps,
        seconds=0.5,
    )


@pytest.fixture
def report() -> EnergyReport:
    run = RunSummary(
        model="net", phase="forward", training=True, calls=STEPS, batch_size=8, seq_len=16,
        items=SAMPLES, joules=2.25,
    )  # fmt: skip
    first, last = (math.fsum(column) for column in zip(*PHASES.values(), strict=True))
    return EnergyReport(
        root=tree(first, last, 0.75),
        device=REFERENCE,
        runs=(run,),
        phases=PhaseSummaries(phase(name) for name in PHASES),
        parts=Parts((Part("net", "model", 1.5), Part("rest", "rest", 0.1))),
    )


def test_a_step_is_told_first_and_in_every_view(report: EnergyReport) -> None:
    line = "4 training steps, 1.56 J each: forward 36.0 %, backward 52.0 %, optimiser 12.0 %"
    assert line in " ".join(str(report).split())
    assert line in report.to_html()
    assert said(report)["training"] == line
    assert said(report)["title"].endswith(", 1.56 J a step")


def test_the_table_of_phases_ends_with_the_whole_step(report: EnergyReport) -> None:
    *table, legend, sure = str(report.phases).splitlines()
    assert legend.endswith(
        "energy: predicted for GTX 1080 Ti PC (reference device), not this machine"
    )
    assert "forward 2.25 J [2.05–2.48, 90 %]" in sure
    head, *rows = (line.split("  ") for line in table)
    assert [cell.strip() for cell in head if cell] == [
        "phase", "calls", "samples", "time here", "energy", "per step", "per sample",
    ]  # fmt: skip
    assert rows[-1][0] == "net whole step"
    assert [cell.strip() for cell in rows[-1] if cell][-3:] == ["6.25 J", "1.56 J", "195 mJ"]
    # The size of a batch is in the table that stands beside the report's runs.
    assert "8×16" in str(report)
    table = report.phases.to_dataframe().set_index("phase")
    assert table.loc["backward", "joules_per_step"] == 3.25 / STEPS
    assert table.loc["optimiser", "joules_per_sample"] == 0.75 / SAMPLES


def test_phases_are_columns_where_there_is_room(report: EnergyReport) -> None:
    wide = render_text(report, width=100).splitlines()
    (heads,) = (line for line in wide if line.split()[:2] == ["share", "energy"])
    assert heads.split() == ["share", "energy", "forward", "backward", "optimiser"]
    (frozen,) = (line for line in wide if line.startswith("├─ layer.0"))
    assert frozen.split()[-5:] == ["1.00", "J", "1.00", "J", "–"]
    (own,) = (line for line in wide if line.startswith("└─ own"))
    assert own.count("250 mJ") == 3
    assert "optimiser" not in render_text(report, width=79).split("phase")[0].splitlines()[3]
    page = report.to_html()
    assert page.count('<span class="p">') == 3 * 5
    assert '<span class="p">backward</span>' in page


def test_a_row_of_alike_layers_has_all_of_theirs(report: EnergyReport) -> None:
    alike = replace(
        report,
        root=tree(3.0, 3.0),
        phases=PhaseSummaries([replace(phase("forward"), root=tree(2.0, 2.1))]),
    )
    (group,) = (line for line in render_text(alike).splitlines() if "2 × Linear" in line)
    assert group.split()[-2:] == ["4.10", "J"]


def test_the_data_frame_has_a_column_for_each_phase(report: EnergyReport) -> None:
    table = report.to_dataframe().set_index("path")
    columns = ["joules_forward", "joules_backward", "joules_optimiser"]
    assert list(table.columns[-3:]) == columns
    assert table[columns].sum(axis=1).to_list() == pytest.approx(table["joules"].to_list())
    assert table.loc["layer.0", "joules_optimiser"] == 0.0
    assert report.to_dataframe(phase="optimiser")["path"].to_list() == ["", "layer.1"]
    found = report.bottlenecks().to_dataframe()
    assert found.loc[0, columns].sum() == pytest.approx(found.loc[0, "joules"])
    assert "joules_forward" not in bert_report().to_dataframe()


def test_passes_that_no_optimiser_made_steps_of(report: EnergyReport) -> None:
    own = [phase(name, steps=0) for name in ("forward", "backward")]
    without = replace(report, phases=PhaseSummaries(own))
    assert "4 backward passes, no step of an optimiser: forward" in str(without)
    assert said(without)["title"].endswith("whole training steps")


def test_what_was_not_divided_is_told(report: EnergyReport) -> None:
    left = (Part("net", "model", 1.0), Part("backward passes", "backward", 0.5))
    partly = replace(report, parts=Parts(left))
    rows = [row[0] for row in said(partly)["parts"]["rows"]]
    assert rows[:2] == ["net (whole steps)", "backward passes, not divided"]
    assert "without the backward passes that are not divided" in said(partly)["training"]
    assert said(partly)["title"].endswith("training, not all of it divided")
    nothing = replace(partly, phases=PhaseSummaries())
    rows = [row[0] for row in said(nothing)["parts"]["rows"]]
    assert rows[:2] == ["net (forward)", "backward passes"]
    assert said(nothing)["training"].startswith("Forward passes only")
    assert said(nothing)["title"].endswith("forward passes only")


def test_json_keeps_it_and_files_of_before_open(report: EnergyReport, repository: Path) -> None:
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    schema = repository / "irene_jupyter" / "report" / "energy.schema.json"
    jsonschema.validate(data, json.loads(schema.read_text("utf-8")))
    assert EnergyReport.from_dict(data).to_dict() == data
    for each in data["phases"]:
        for name in ("samples", "steps", "joules_per_step", "joules_per_sample"):
            del each[name]
    assert EnergyReport.from_dict(data).phase("backward").steps == 0
