"""Kilowatt-hours, money and carbon of many queries."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace

import pytest
from report_builders import EMPTY_REPORT, bert_report, cell_report

from irene_jupyter.errors import ReportError
from irene_jupyter.report.cost_summary import CostSummary, carbon_intensity
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.tree import Energy


def report_of(joules: float, items: int, calls: int = 1) -> EnergyReport:
    """A report of `joules` for `items` sentences in all."""
    report = bert_report(1)
    assert report.root is not None
    root = replace(
        report.root, children=(), energy=Energy(joules, joules / 2, joules * 2, "predicted")
    )
    run = RunSummary(model="BertModel", joules=joules, calls=calls, items=items)
    return replace(report, root=root, runs=(run,))


def test_the_papers_table_3():
    # 161 kWh for a million questions is 21.24 USD at 13.19 cents, and 579.6 J for one of them.
    cost = report_of(joules=161 * 3.6, items=1).cost()
    assert cost.kwh == pytest.approx(161)
    assert round(cost.usd, 2) == 21.24
    assert "161 kWh" in str(cost)
    assert "21.24 USD" in str(cost)
    # With 150 passages each, 24 000 kWh and 3 165 USD.
    many = report_of(joules=24_000 * 3.6, items=1).cost()
    assert many.kwh == pytest.approx(24_000)
    assert int(many.usd) == 3165
    assert "24,000 kWh" in str(many)


def test_a_query_is_an_item_of_the_batch():
    whole = report_of(joules=96.0, items=16).cost()
    assert whole.joules_per_query == 6.0
    assert report_of(joules=96.0, items=16).cost(items=1).joules_per_query == 96.0


def test_queries_price_and_pue_multiply():
    report = report_of(joules=3.6e6, items=1)
    cost = report.cost(queries=3, usd_per_kwh=0.5, pue=1.5)
    assert (cost.kwh, cost.usd, cost.g_co2e) == (4.5, 2.25, None)
    assert cost.joules_per_query == 3.6e6
    assert "carbon" not in str(cost)
    assert "PUE 1.5" in str(cost)


def test_models_of_one_cell_that_were_given_the_same_are_one_query():
    report = cell_report()
    runs = tuple(replace(run, items=8) for run in report.runs)
    cost = replace(report, runs=runs).cost()
    assert cost.joules_per_query == pytest.approx(report.total_joules / 8)


def test_models_that_were_given_different_numbers_need_a_word():
    report = cell_report()
    runs = tuple(replace(run, items=number) for number, run in enumerate(report.runs, 7))
    with pytest.raises(ReportError, match=r"items=…"):
        replace(report, runs=runs).cost()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"queries": -1}, "queries"),
        ({"queries": float("nan")}, "queries"),
        ({"usd_per_kwh": "cheap"}, "usd_per_kwh"),
        ({"pue": 0.9}, "pue"),
        ({"items": 0}, "items"),
        ({"items": 1.5}, "items"),
    ],
)
def test_values_that_make_no_sense(arguments: dict[str, object], what: str):
    with pytest.raises(ReportError, match=what):
        report_of(1.0, 1).cost(**arguments)  # type: ignore[arg-type]


def test_nothing_to_cost():
    with pytest.raises(ReportError, match="no model"):
        EMPTY_REPORT.cost()


def test_whose_energy_it_is_stands_below():
    assert "not this machine" in str(report_of(1.0, 1).cost())


def test_the_html_is_escaped_and_whole():
    cost = replace(report_of(579.6, 1).cost(), provenance="<script>")
    assert isinstance(cost, CostSummary)
    page = cost._repr_html_()
    assert "<script>" not in page
    for _, value in cost.rows():
        assert value in page


def test_carbon_without_codecarbon_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "codecarbon.core.emissions", None)
    with pytest.raises(ReportError, match=r"irene-jupyter\[carbon\]"):
        report_of(1.0, 1).cost(country="FRA")


def test_carbon_of_a_country_without_a_network(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("codecarbon")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    france, poland = carbon_intensity("FRA"), carbon_intensity("pol")
    assert 10 < france < 150 < 400 < poland < 1200  # g/kWh: nuclear and coal
    cost = report_of(3.6e6, 1).cost(queries=2, country="fra", pue=1.2)
    assert cost.g_co2e == pytest.approx(2.4 * france)
    assert "FRA" in str(cost)
    assert "CO2e" in cost._repr_html_()


@pytest.mark.parametrize("country", ["Atlantis", "XXX", "", 7])
def test_a_country_that_codecarbon_does_not_know(country: object):
    pytest.importorskip("codecarbon")
    with pytest.raises(ReportError, match="three letters"):
        carbon_intensity(country)  # type: ignore[arg-type]


def test_a_cost_says_whether_its_interval_was_tested():
    tested = report_of(joules=96.0, items=16)
    assert "6.00 J [3.00–12.0, 90 %]" in str(tested.cost())
    assert tested.root is not None
    for flag, badge in (
        ("extrapolated: batch size 64", "extrapolated"),
        ("does_not_fit: needs 28 GiB of 11", "does not fit this device"),
    ):
        doubted = replace(tested, root=tested.root.flagged(flag)).cost()
        assert "6.00 J [3.00–12.0, range]" in str(doubted)
        assert "90 %" not in str(doubted) + doubted._repr_html_()
        assert badge in doubted.basis
