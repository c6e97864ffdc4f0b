"""Parts, counters and the observer's cost in the views and in the file."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from report_builders import bert_report

from irene_jupyter.errors import ReportError
from irene_jupyter.report.observer import observer_cost, with_display
from irene_jupyter.report.parts import CounterNote, MeasuredEnergy, Part, Parts, ProcessShare
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.said import said
from irene_jupyter.report.text import render_text

PARTS = Parts(
    (
        Part("BertModel", "model", 0.4, 3.0, 2.0, 4.0, "split"),
        Part("backward passes", "backward", 0.8, 6.5, 4.0, 9.0, "split"),
        Part("optimiser steps", "optimiser", 0.1, 0.5, 0.2, 1.0, "split"),
        Part("Python, data handling, idle", "rest", 0.2, 1.0, 0.0, 4.0, "split"),
    )
)
REST = Part("Python, data handling, idle", "rest", 0.2)
MEASURED = MeasuredEnergy(
    11.0, 10.0, 12.0, 1.5, "CPU package + GPU board",
    (
        CounterNote("CPU package 0 (RAPL)", "cpu", 3.0, 1.5, True),
        CounterNote("GPU 1: Board", "gpu", 9.0, 1.5, False, "the models did not run on it"),
        CounterNote("platform (RAPL)", "board", 20.0, 1.5, False, "it contains the others"),
    ),
    process=ProcessShare(0.62, 1.86, 1.2, 2.3, 3.0),
)  # fmt: skip


def report() -> EnergyReport:
    stages: dict[str, float | None] = {"entering": 0.04, "recording": 0.01, "sampling": 0.005}
    return replace(
        bert_report(1), parts=PARTS, measured=MEASURED, observer=observer_cost(1.5, stages)
    )


def test_every_view_has_the_parts_and_their_sum() -> None:
    assert PARTS.total_joules == 11.0
    assert [part.kind for part in PARTS.remainder] == ["backward", "optimiser", "rest"]
    assert PARTS["optimiser steps"].joules == 0.5
    with pytest.raises(KeyError, match="backward passes"):
        PARTS["idle"]
    for view in (str(report()), report().to_html(), render_text(report(), width=40)):
        for word in ("backward passes", "6.50 J", "the whole cell", "11.0 J", "Watching added"):
            assert word in view, word
        assert "not measured" not in view


def test_a_rest_worth_a_line_is_told_once() -> None:
    def shown(rest: float) -> EnergyReport:
        model = Part("BertModel", "model", 1.0, 3.0, 2.0, 4.0, "predicted")
        parts = Parts((model, replace(REST, seconds=rest)))
        return replace(bert_report(1), parts=parts, notes=())

    for view in (str(shown(2.0)), shown(2.0).to_html()):
        assert view.count(REST.name) == 1
        assert "3.00 J predicted" in view  # another device's joules beside this machine's seconds
        assert "not measured" in view
    for view in (str(shown(0.01)), shown(0.01).to_html()):
        assert "whole cell" not in view


def test_counters_are_named_with_their_scope_and_what_is_left_out() -> None:
    text = " ".join(str(report()).split())
    assert "(CPU package + GPU board)" in text
    assert "CPU package 0 (RAPL) 3.00 J" in text
    assert "GPU 1: Board not counted: the models did not run on it" in text


def test_this_process_has_a_line_of_its_own_where_it_was_not_alone() -> None:
    line = "This process: 62.0 % of the CPU time used meanwhile, so about 1.86 J (1.20 J to 2.30 J)"
    for view in (str(report()), report().to_html(), "\n".join(said(report())["lines"])):
        assert line in " ".join(view.split())
        assert "platform" not in view  # most machines with RAPL have one: it is in the file
    alone = replace(MEASURED, process=ProcessShare(0.99, 2.9, 2.8, 3.0, 3.0))
    assert "This process" not in str(replace(report(), measured=alone))


def test_the_observers_percent_is_of_the_cell_without_us() -> None:
    cost = report().observer
    assert cost is not None
    assert cost["during_seconds"] == pytest.approx(0.015)
    assert cost["percent"] == pytest.approx(100 * 0.015 / 1.485)
    shown = with_display(with_display(report(), 0.5), 0.02)
    assert shown.observer is not None
    assert shown.observer["around_seconds"] == pytest.approx(0.06)
    assert with_display(bert_report(1), 1.0).observer is None


def test_older_reports_without_the_new_keys_are_read() -> None:
    data = report().to_dict()
    for key in ("parts", "measured", "observer"):
        del data[key]
    old = EnergyReport.from_dict(data)
    assert (old.parts, old.measured, old.observer) == (None, None, None)


def test_what_is_written_is_read() -> None:
    data = report().to_dict()
    assert EnergyReport.from_dict(data).to_dict() == data
    assert EnergyReport.from_dict(data).parts == PARTS


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("parts",), {}),
        (("parts", 0), 5),
        (("parts", 0, "kind"), "magic"),
        (("parts", 0, "basis"), "guess"),
        (("parts", 0, "seconds"), -1),
        (("parts", 0, "joules"), float("inf")),
        (("parts", 0, "joules"), None),
        (("parts", 0, "low"), 99),
        (("parts", 0, "high"), 1e300),
        (("measured",), []),
        (("measured", "scope"), None),
        (("measured", "joules"), "1"),
        (("measured", "counters", 0, "used"), 1),
        (("measured", "counters", 0), None),
        (("measured", "reason"), 3),
        (("measured", "process"), 3),
        (("measured", "process", "cpu_share"), 1.5),
        (("measured", "process", "low"), 2.5),
        (("observer",), {}),
        (("observer", "stages", "recording"), "long"),
        (("observer", "percent"), float("nan")),
    ],
)
def test_a_hostile_file_is_one_error(path: tuple[Any, ...], value: Any) -> None:
    data = copy.deepcopy(report().to_dict())
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ReportError):
        EnergyReport.from_dict(data)
