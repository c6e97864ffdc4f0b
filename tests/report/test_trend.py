"""The trend in a report: its JSON, its line in every view, its plot."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from report_builders import bert_report

from irene_jupyter import EnergyReport
from irene_jupyter.errors import ReportError
from irene_jupyter.report.brief import notebook_json
from irene_jupyter.report.so_far import SoFar
from irene_jupyter.report.trend import Evaluation, Point, Round, SlowRound, Trend

TREND = Trend(
    unit="step",
    count=4000,
    seconds=81.0,
    start=Round(0.02, 1.21),
    end=Round(0.021, 1.24),
    joules=1.22,
    source="measured",
    slow=12,
    slowest=(SlowRound(1017, 3.1, "most of it outside the model", 99.0),),
    evaluation=Evaluation(4, 32.0, 41.0),
    points=tuple(Point(float(at), 0.02, 1.2) for at in range(20)),
)
LINE = (
    "Trend: 4,000 steps: 1.21 J (measured) and 20.0 ms a step at the start, 1.24 J and 21.0 ms at "
    "the end; 12 slow ones, of which number 1,017 took 3.10 s (most of it outside the model); "
    "evaluation between them 4 times: 32.0 s, 41.0 J"
)


@pytest.fixture
def report():
    return replace(bert_report(), trend=TREND)


@pytest.mark.parametrize("written", [EnergyReport.to_dict, notebook_json])
def test_json_holds_it(report, written):
    data = json.loads(json.dumps(written(report), allow_nan=False))
    assert EnergyReport.from_dict(data).trend == TREND


def test_every_view_says_it(report):
    assert report.to_dict()["said"]["lines"][0] == LINE
    assert LINE in " ".join(str(report).split())
    assert LINE in report.to_html()


def test_reports_of_before_have_none():
    data = bert_report().to_dict()
    assert data.pop("trend") is None
    assert EnergyReport.from_dict(data).trend is None


@pytest.mark.parametrize(
    "damage",
    [
        {"count": 0},
        {"start": None},
        {"source": "guessed"},
        {"points": {"at_seconds": [1.0], "seconds": [], "joules": []}},
        {"slowest": [7]},
        {"evaluation": {"times": 1}},
        {"joules": -1},
    ],
)
def test_damaged_trend_is_refused(report, damage):
    data = report.to_dict()
    data["trend"] = {**data["trend"], **damage}
    with pytest.raises(ReportError):
        EnergyReport.from_dict(data)


def test_plot_draws_seconds_and_joules():
    drawing = TREND.plot()
    assert [series.unit for series in drawing.series] == ["s", "J"]
    assert "<title>" in drawing.svg
    assert "█" in str(drawing)


def test_plot_of_what_was_predicted_has_seconds_alone():
    points = tuple(replace(point, joules=None) for point in TREND.points)
    assert [series.unit for series in replace(TREND, points=points).plot().series] == ["s"]


@pytest.mark.parametrize(
    ("so_far", "line"),
    [
        (SoFar(7.0), "7.00 s"),
        (SoFar(7.0, rounds=1), "7.00 s · 1 call · 7.00 s a call"),
        (
            SoFar(8.0, 400.0, "measured", "step", 200),
            "8.00 s · 400 J so far (measured) · 200 steps · 40.0 ms a step, 2.00 J",
        ),
        (
            SoFar(8.0, 400.0, "estimated", "decoding step", 100, 200),
            "8.00 s · 400 J so far (estimated) · 200 tokens · 40.0 ms a token, 2.00 J",
        ),
    ],
)
def test_line_of_a_running_cell(so_far, line):
    assert str(so_far) == line
