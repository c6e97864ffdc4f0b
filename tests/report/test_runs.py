"""The table of runs: what people see of a cell with a few runs, and of one with hundreds."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from jsonschema import Draft202012Validator
from report_builders import bert, bert_report
from torch import nn

import irene_jupyter as irene
from irene_jupyter.report.html import render_html
from irene_jupyter.report.parts import Part, Parts
from irene_jupyter.report.phases import PhaseSummaries, PhaseSummary
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.report.runs import HANDFUL, MOST_ROWS, RunRow, run_rows, run_table
from irene_jupyter.report.text import render_text
from irene_jupyter.tree import Shape


def run(
    batch_size: int = 8,
    seq_len: int = 128,
    joules: float = 1.0,
    model: str = "bert",
    **more: object,
) -> RunSummary:
    shapes: tuple[Shape, ...] = ((batch_size, seq_len),)
    given = {"seconds": joules / 100, "input_shapes": shapes, **more}
    return RunSummary(  # type: ignore[arg-type]
        model=model, joules=joules, batch_size=batch_size, seq_len=seq_len, **given
    )


def report_of(*runs: RunSummary, **more: object) -> EnergyReport:
    return replace(bert_report(2), runs=runs, **more)  # type: ignore[arg-type]


def told(report: EnergyReport) -> list[tuple[str, int, str]]:
    return [(row.label, row.calls, row.size) for row in run_rows(report)]


def test_a_handful_of_runs_have_a_row_each_in_their_order() -> None:
    report = report_of(*(run(1, length, calls=2) for length in (9, 5, 7)))
    assert told(report) == [("bert", 2, "1×9"), ("bert", 2, "1×5"), ("bert", 2, "1×7")]


def test_hundreds_of_lengths_are_one_row_with_the_costliest_sizes_and_the_others_below() -> None:
    runs = [
        run(batch, length, joules=batch * length, calls=2)
        for batch in (1, 4, 8)
        for length in range(12, 512)
    ]
    rows = run_rows(report_of(*runs))
    assert [(row.label, row.level, row.calls, row.size) for row in rows] == [
        ("bert", 0, 3000, "1–8 × 12–511, 1,500 sizes"),
        ("costliest", 1, 2, "8×511"),
        ("2nd costliest", 1, 2, "8×510"),
        ("3rd costliest", 1, 2, "8×509"),
        ("and 1,497 more", 1, 2994, "1–8 × 12–511, 1,497 sizes"),
    ]
    whole, *parts = rows
    assert whole.joules == math.fsum(each.joules for each in runs)
    assert whole.joules == pytest.approx(math.fsum(part.joules for part in parts), rel=1e-12)
    assert whole.seconds == pytest.approx(sum(part.seconds or 0 for part in parts))


def test_calls_of_one_size_that_differ_otherwise_are_one_size() -> None:
    same = [run(8, 128, signature=f"mask {number}") for number in range(HANDFUL + 1)]
    assert told(report_of(*same)) == [("bert", 7, "8×128")]
    assert told(report_of(*same, run(1, 1)))[0] == ("bert", 8, "1–8 × 1–128, 2 sizes")
    assert [row.level for row in run_rows(report_of(*same, run(1, 1)))] == [0, 1, 1]


def test_sizes_that_batch_and_length_do_not_tell_apart_show_their_shape() -> None:
    images = [run(1, 1, side, input_shapes=((1, 3, side, side), (1, 2))) for side in range(32, 64)]
    assert [size for _, _, size in told(report_of(*images))] == [
        "1 × 1, 32 sizes",
        *(f"1×3×{side}×{side}" for side in (63, 62, 61)),
        "1 × 1, 29 sizes",
    ]
    unknown = [replace(each, input_shapes=()) for each in images]
    assert told(report_of(*unknown)) == [("bert", 32, "1×1")]


def test_phases_statuses_and_models_are_groups_of_their_own() -> None:
    lengths = range(1, 11)
    runs = [
        *(run(1, length) for length in lengths),
        *(run(1, length, model="gpt", phase="prefill", status="incomplete") for length in lengths),
        *(run(2, length, model="gpt", seconds=None) for length in lengths),
    ]
    heads = [row for row in run_rows(report_of(*runs)) if row.level == 0]
    assert [(row.label, row.size, row.seconds) for row in heads] == [
        ("bert", "1 × 1–10, 10 sizes", pytest.approx(0.1)),
        ("gpt (prefill), incomplete", "1 × 1–10, 10 sizes", pytest.approx(0.1)),
        ("gpt", "2 × 1–10, 10 sizes", None),
    ]


def test_many_models_have_a_bounded_table_that_loses_no_joule() -> None:
    runs = [run(1, 8, joules=number + 1, model=f"model_{number}") for number in range(300)]
    rows = run_rows(report_of(*runs))
    assert len(rows) == MOST_ROWS
    assert [row.label for row in rows] == [
        *(f"model_{number}" for number in range(285, 300)),
        "and 285 more",
    ]
    assert math.fsum(row.joules for row in rows) == math.fsum(each.joules for each in runs)
    assert sum(row.calls for row in rows) == 300


def test_a_long_table_of_few_groups_leaves_out_the_sizes() -> None:
    runs = [
        run(1, length, model=model) for model in ("a", "b", "c", "d") for length in range(1, 20)
    ]
    assert told(report_of(*runs)) == [(model, 19, "1 × 1–19, 19 sizes") for model in "abcd"]


def test_the_runs_of_a_phase_are_in_its_row_unless_they_failed() -> None:
    phase = PhaseSummary(phase="decode", model="gpt", root=bert(1), calls=3, tokens=6)
    decode = run(1, 1, model="gpt", phase="decode")
    failed = replace(decode, status="incomplete")
    report = report_of(decode, failed, run(model="gpt"), phases=PhaseSummaries([phase]))
    assert [label for label, *_ in told(report)] == ["gpt (decode), incomplete", "gpt"]


def test_training_is_told_where_a_model_ran_in_both_modes_or_passes_went_backwards() -> None:
    training, evaluation = run(training=True), run()
    assert [label for label, *_ in told(report_of(training))] == ["bert"]
    assert [label for label, *_ in told(report_of(training, evaluation))] == [
        "bert, training",
        "bert, evaluation",
    ]
    backwards = Parts((Part(name="backward passes", kind="backward", seconds=1.0),))
    other = replace(evaluation, model="other")
    assert [label for label, *_ in told(report_of(training, other, parts=backwards))] == [
        "bert, training",
        "other",
    ]


def test_tokens_have_a_column_where_there_are_some() -> None:
    assert run_table(report_of(run()))[0] == ("run", "calls", "batch×seq", "time here", "energy")
    columns, rows = run_table(report_of(*(run(1, size, tokens=size) for size in range(1, 9))))
    assert columns == ("run", "calls", "tokens", "batch×seq", "time here", "energy")
    assert [row[:4] for row in rows] == [
        ("bert", "8", "36", "1 × 1–8, 8 sizes"),
        ("├ costliest", "1", "1", "1×1"),
        ("├ 2nd costliest", "1", "2", "1×2"),
        ("├ 3rd costliest", "1", "3", "1×3"),
        ("└ and 5 more", "5", "30", "1 × 4–8, 5 sizes"),
    ]


def test_a_thousand_runs_take_no_more_room_than_a_dozen_in_any_view() -> None:
    few, many = (
        report_of(*(run(1, length) for length in range(100, 100 + number))) for number in (12, 900)
    )
    for render in (render_text, render_html):
        assert len(render(many)) < len(render(few)) + 200
    assert "1 × 100–999, 900 sizes" in render_text(many)
    assert "1 × 100–999, 900 sizes" in render_html(many)


@pytest.mark.parametrize("width", [30, 44, 60, 80, 120])
def test_the_table_fits_any_width_and_says_the_same(width: int) -> None:
    long = "a_model_with_quite_a_long_name_of_its_own"
    report = report_of(*(run(8, length, model=long) for length in range(1, 999)))
    lines = render_text(report, depth=0, width=width).splitlines()
    assert all(len(line) <= width for line in lines)
    words = " ".join(" ".join(lines).split())
    assert "8 × 1–998, 998 sizes" in words
    assert "└ and 995 more" in words


def test_names_are_shown_on_one_line_and_without_control_characters() -> None:
    (row,) = run_rows(report_of(run(model="evil\x1b[2J\n" + 99 * "x", phase="p\u202e" + 99 * "y")))
    assert row.label.isprintable()
    assert len(row.label) < 100


def test_json_has_the_rows_and_every_run() -> None:
    report = report_of(*(run(1, length, training=True) for length in range(1, 40)))
    data = report.to_dict()
    schema = json.loads((Path(irene.__file__).parent / "report/energy.schema.json").read_text())
    Draft202012Validator(schema).validate(data)
    assert len(data["runs"]) == 39
    assert all(each["training"] for each in data["runs"])
    assert data["run_rows"] == [row.to_dict() for row in run_rows(report)]
    assert data["run_rows"][0] == {
        "label": "bert", "level": 0, "calls": 39, "batch_size": [1, 1], "seq_len": [1, 39],
        "sizes": 39, "shape": None, "tokens": 0, "seconds": pytest.approx(0.39), "joules": 39.0,
    }  # fmt: skip
    assert EnergyReport.from_dict(json.loads(json.dumps(data))) == report


def test_a_report_of_before_there_were_rows_and_modes_is_read() -> None:
    report = report_of(run(training=True))
    data = report.to_dict()
    del data["run_rows"], data["runs"][0]["training"]
    assert EnergyReport.from_dict(data).runs == (replace(report.runs[0], training=False),)


def test_a_cell_that_calls_a_model_with_many_lengths_is_summarised() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh()).eval()
    with irene.EnergyMonitor(
        irene.Options("gtx1080ti", budget_seconds=0), namespace={"net": model}
    ) as monitor:
        for length in range(1, 31):
            model(torch.ones(2, length, 4))
    report = monitor.report
    assert len(report.runs) == 30
    head, *parts = run_rows(report)
    assert (head.label, head.size) == ("net", "2 × 1–30, 30 sizes")
    assert [part.size for part in parts[:3]] == ["2×30", "2×29", "2×28"]
    assert head.joules == pytest.approx(report.total_joules)


def test_training_and_evaluation_of_one_model_are_told_apart_in_a_measured_cell() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout())
    x = torch.ones(2, 4)
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        for _ in range(3):
            model.train()(x)
        model.eval()(x)
        model.train()
    report = monitor.report
    assert [(each.training, each.calls) for each in report.runs] == [(True, 3), (False, 1)]
    assert [(row.label, row.calls) for row in run_rows(report)] == [
        ("Sequential, training", 3),
        ("Sequential, evaluation", 1),
    ]


def test_a_row_tells_its_size_as_people_read_it() -> None:
    row = RunRow(label="", calls=1, joules=1, seconds=None, tokens=0, batch_size=(8, 8),
                 seq_len=(12, 12))  # fmt: skip
    assert row.size == "8×12"
    assert replace(row, sizes=2).size == "8 × 12, 2 sizes"
    assert replace(row, shape=()).size == "scalar"
