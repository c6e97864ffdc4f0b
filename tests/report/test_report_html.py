from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from report_builders import EMPTY_REPORT, bert, bert_report, cell_report, inner, leaf

from irene_jupyter.report.folding import total
from irene_jupyter.report.html import MAX_ROWS, render_html
from irene_jupyter.report.report import DeviceLabel, EnergyReport
from irene_jupyter.report.units import format_joules
from irene_jupyter.report.words import EMPTY, NOT_RUN_TITLE

VOID = {"meta", "br", "img"}


class _Page(HTMLParser):
    """Checks that tags nest, and gathers elements and the text that a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: dict[str, int] = {}
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


def _seen(page: str) -> str:
    return re.sub(r"\s+", " ", _Page(page).text)


REPORTS = [bert_report(), cell_report(), EMPTY_REPORT]


@pytest.mark.parametrize("full_page", [False, True])
@pytest.mark.parametrize("report", REPORTS, ids=["bert", "cell", "empty"])
def test_no_scripts_and_nothing_from_outside(report: EnergyReport, full_page: bool) -> None:
    html = render_html(report, full_page=full_page)
    page = _Page(html)
    assert not set(page.tags) & {"script", "link", "img", "iframe", "object", "form", "a"}
    assert not {name for name, _ in page.attributes if name.startswith("on") or name == "src"}
    assert "://" not in html
    assert "url(" not in html
    assert "@import" not in html
    assert html.startswith("<!DOCTYPE html>") == full_page


def test_all_that_matters_is_text() -> None:
    text = _seen(render_html(bert_report()))
    for part in (
        "14.1 J",
        "[12.8–15.5, 90 %]",
        "predicted, reference device",
        "Predicted for GTX 1080 Ti PC (reference device), not this machine",
        "12 × BertLayer (layer.0–11) 99.5 % 14.0 J",
        "layer.0 BertLayer, one of 12 8.3 % 1.17 J",
        "query Linear 0.57 % 80.0 mJ",
        "own 0.50 % 70.0 mJ",
        "≈ estimated (1 of 226 nodes): the device has no data for Tanh at this size",
        "activation Tanh ≈",
        "Inference only",
        "CPU 87 %",
        "8×128",
    ):
        assert part in text


def test_interval_is_in_the_titles() -> None:
    page = render_html(bert_report(), full_page=True)
    assert re.search(r"<title>[^<]*14\.1 J \[12\.8–15\.5, 90 %\]</title>", page)
    assert 'title="BertModel: 14.1 J [12.8–15.5, 90 %]"' in page


def test_models_that_did_not_run_are_apart() -> None:
    text = _seen(render_html(cell_report()))
    assert text.index("bert_1") < text.index(NOT_RUN_TITLE) < text.index("bert_2")
    assert "⚠ not_run" in text
    assert "×3" in text


def test_empty_report() -> None:
    assert EMPTY in _seen(render_html(EMPTY_REPORT))


def _strip_styles(html: str) -> str:
    return re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;\x1b[31m\u202e"


def _evil_report() -> EnergyReport:
    root = inner(
        EVIL,
        EVIL,
        [
            leaf(f"{EVIL}.{EVIL}", EVIL, 1.0, flags=(f"{EVIL}: {EVIL}", EVIL)),
            *(leaf(f"{EVIL}.{EVIL}_{index}", EVIL, 1.0) for index in range(3)),
        ],
        kind="model",
    )
    features: Any = replace(root.features, dtype=EVIL, operation=EVIL)
    return replace(
        bert_report(),
        root=replace(root, features=features, flags=(EVIL,)),
        not_run=(replace(root, flags=("not_run",)),),
        notes=(EVIL,),
        device=DeviceLabel(EVIL, EVIL),
        resources={"gpus": [{"name": EVIL}], "notes": [EVIL], "cpu_percent": EVIL},
        runs=(replace(bert_report().runs[0], model=EVIL, phase=EVIL, signature=EVIL),),
        created=EVIL,
        versions={EVIL: EVIL},
    )


@pytest.mark.parametrize("full_page", [False, True])
def test_names_are_escaped_everywhere(full_page: bool) -> None:
    html = render_html(_evil_report(), full_page=full_page)
    page = _Page(html)
    assert set(page.tags) <= {
        *("html", "head", "meta", "title", "body", "style", "div", "p", "span", "strong", "ul"),
        *("li", "details", "summary", "b", "i", "em", "table", "thead", "tbody", "tr", "th", "td"),
    }
    allowed = {"class", "title", "style", "open", "lang", "charset", "name", "content"}
    assert {name for name, _ in page.attributes} <= allowed | {"http-equiv"}
    assert "<script>alert(1)</script>" in page.text  # as text
    assert not set("\x1b\u202e") & set(html)


def wide_report(blocks: int) -> EnergyReport:
    """Blocks of nine operations, none like another: the later, the costlier."""
    wide = [
        inner(f"b.{i}", f"Block{i}", [leaf(f"b.{i}.l{j}", f"Op{j}", 1.0 + i) for j in range(9)])
        for i in range(blocks)
    ]
    return replace(bert_report(), root=inner("", "Net", wide, kind="model"))


def test_large_trees_show_what_costs_most_and_say_so() -> None:
    html = render_html(wide_report(1000))
    assert html.count("<li") <= MAX_ROWS
    assert len(html.encode()) < 300_000
    seen = _seen(html)
    assert "b.999" in seen
    assert "Block0 " not in seen
    rows = html.count("<li")
    assert f"The {rows:,} costliest of 10,001 rows are shown" in seen
    left = int(re.findall(r"and (\d+) more", seen)[-1])  # of the blocks, the cheapest
    root = wide_report(1000).root
    assert root is not None
    joules = total(block.energy for block in root.children[:left])
    assert joules is not None
    assert format_joules(joules.joules) in seen


def test_long_names_do_not_swell_the_page() -> None:
    long = [leaf(f"b.{i}" + "&" * 300, f"Op{i}" + "<" * 300, 1.0) for i in range(2000)]
    html = render_html(replace(bert_report(), root=inner("", "Net", long, kind="model")))
    assert 20 < html.count("<li") < MAX_ROWS
    assert len(html.encode()) < 300_000


def test_depth() -> None:
    html = _strip_styles(render_html(replace(bert_report(), root=bert(2)), depth=1))
    assert "encoder" in html
    assert "query" not in html
    assert "are shown" not in html  # it was asked for
    assert "below)" in html
