"""The timeline's drawing: from samples, from files, and from nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest
from report_builders import bert_report

from irene_jupyter.report.drawing import NOTHING
from irene_jupyter.report.report import EnergyReport


def with_timeline(timeline: Any) -> EnergyReport:
    return replace(bert_report(1), resources={"timeline": timeline})


TIMELINE = {
    "seconds": [0.0, 0.2, 0.4],
    "cpu_percent": [None, 100.0, 50.0],
    "memory_percent": [10.0, 10.0, 20.0],
    "gpus": [{"name": "Board <A>", "watts": [70.0, 700.0, None], "sm_clock_megahertz": [None] * 3}],
}


def test_svg_is_xml_of_our_own_and_has_a_line_for_each_series() -> None:
    drawing = with_timeline(TIMELINE).plot_timeline()
    assert [series.label for series in drawing.series] == ["CPU", "memory", "Board <A> power"]
    root = ET.fromstring(drawing.svg)
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}path")) == 2 * 3
    assert "script" not in drawing.svg
    assert "0 to 700 W" in "".join(root.itertext())
    assert set(drawing._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}


def test_signs_have_a_gap_where_nothing_is_known() -> None:
    lines = str(with_timeline(TIMELINE).plot_timeline()).splitlines()
    assert lines[0].startswith("CPU ")
    assert " █▅  0 to 100 %" in lines[0]
    assert "▂█   0 to 700 W" in lines[2]


@pytest.mark.parametrize(
    "timeline",
    [
        None, [], {}, {"seconds": "abc"}, {"seconds": [None]}, {"seconds": [0], "gpus": 3},
        {"seconds": [0.0, 1.0], "cpu_percent": [1.0]}, {"seconds": [0.0], "cpu_percent": [{}]},
    ],
)  # fmt: skip
def test_nothing_to_draw_or_a_strange_file(timeline: Any) -> None:
    report = with_timeline(timeline)
    drawing = report.plot_timeline()
    assert str(drawing) == NOTHING
    assert ET.fromstring(drawing.svg) is not None
    assert len(report.timeline()) <= 2


def test_the_data_frame_has_the_boards_columns() -> None:
    frame = with_timeline(TIMELINE).timeline()
    assert list(frame.columns) == [
        "seconds", "cpu_percent", "memory_percent", "gpu0_watts", "gpu0_sm_clock_megahertz",
    ]  # fmt: skip
    assert frame["gpu0_watts"].tolist()[:2] == [70.0, 700.0]
    assert frame["cpu_percent"].isna().tolist() == [True, False, False]
