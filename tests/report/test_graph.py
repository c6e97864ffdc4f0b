from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import graphviz
import pytest
from report_builders import EMPTY_REPORT, bert_report, cell_report, inner, leaf
from test_report_html import _evil_report
from transformers import LlamaConfig

import irene_jupyter as irene
from irene_jupyter.errors import RenderError
from irene_jupyter.report.colours import contrast, shade
from irene_jupyter.report.graph import ENGINES, MAX_NODES, render_graph
from irene_jupyter.report.words import EMPTY

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="the dot program is missing")


@pytest.fixture
def without_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def _labels(source: str) -> list[str]:
    """Labels of the nodes as plain text."""
    labels = re.findall(r"^\s*n\d+ \[label=<(.*?</table>)>", source, flags=re.M)
    return [re.sub(r"<[^>]*>", " ", label) for label in labels]


def test_figure_five_without_dot(without_dot: None) -> None:
    graph = bert_report().to_graphviz()
    assert isinstance(graph, graphviz.Digraph)
    labels = [" ".join(label.split()) for label in _labels(graph.source)]
    assert labels[0] == "BertModel 14.1 J [12.8–15.5, 90 %]"
    assert "12 × BertLayer layer.0–11 99.5 % 8.3 % each, one drawn" in labels
    assert "activation Tanh &lt;0.01 % ≈" in labels
    others = [label for label in labels[1:] if "%" not in label]
    assert others == []
    assert graph.source.count("->") == len(labels) - 1
    assert "not this machine" in graph.source


def test_unfolded_and_cut() -> None:
    report = bert_report()
    nodes = sum(1 for _ in report.walk())
    assert len(_labels(report.to_graphviz(fold=False).source)) == nodes
    labels = _labels(report.to_graphviz(depth=1).source)
    assert len(labels) == 4
    assert any("+216 below" in " ".join(label.split()) for label in labels), labels


def test_huge_trees_are_cut() -> None:
    wide = [
        inner(f"b.{i}", f"Block{i}", [leaf(f"b.{i}.l{j}", f"Op{j}", 1.0) for j in range(9)])
        for i in range(MAX_NODES // 5)
    ]
    graph = replace(bert_report(), root=inner("", "Net", wide, kind="model")).to_graphviz()
    assert len(_labels(graph.source)) <= MAX_NODES
    assert "depth 1" in graph.summary


def test_darker_is_more_and_text_is_readable() -> None:
    shares = [0, 1e-6, 0.001, 0.01, *(step / 50 for step in range(1, 51))]
    against_black = [contrast(shade(share)[0], "#000000") for share in shares]
    assert against_black == sorted(against_black, reverse=True)
    assert min(contrast(*shade(share)) for share in shares) >= 4.5
    assert shade(None) == shade(0)


def test_without_dot_a_hint_and_no_traceback(without_dot: None, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="apt-get install graphviz"):
        render_graph(bert_report(), tmp_path / "tree.png")
    assert list(tmp_path.iterdir()) == []
    bundle = bert_report().to_graphviz()._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain", "text/html"}
    assert "apt-get install graphviz" in bundle["text/plain"]
    assert "apt-get install graphviz" in bundle["text/html"]
    assert "14.1 J" in bundle["text/html"]
    assert bundle["image/svg+xml"] == bert_report().to_icicle().svg
    assert "<" not in re.sub(r"</?p>|<img [^>]*>", "", bundle["text/html"])
    empty = EMPTY_REPORT.to_graphviz()._repr_mimebundle_()
    assert set(empty) == {"text/plain", "text/html"}


def test_what_a_file_needs(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="no ending"):
        render_graph(bert_report(), tmp_path / "tree")
    with pytest.raises(RenderError, match="cannot write 'docx'"):
        render_graph(bert_report(), tmp_path / "tree.docx")


@needs_dot
def test_drawn_files(tmp_path: Path) -> None:
    path = render_graph(bert_report(), tmp_path / "tree.svg")
    root = ET.fromstring(path.read_bytes())
    text = " ".join("".join(element.itertext()) for element in root.iter())
    assert "12 × BertLayer" in text
    png = render_graph(cell_report(), tmp_path / "tree", "png", depth=3)
    assert png.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(RenderError, match="create it first"):
        render_graph(bert_report(), tmp_path / "missing" / "tree.svg")


@needs_dot
def test_notebooks_get_html_beside_the_svg() -> None:
    bundle = bert_report().to_graphviz()._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/html", "text/plain"}
    assert bundle["text/html"].startswith("<img alt=")
    assert "Predicted for GTX 1080 Ti PC" in bundle["text/plain"]


@needs_dot
def test_hostile_names_are_drawn_as_text(tmp_path: Path) -> None:
    path = render_graph(_evil_report(), tmp_path / "tree.svg")
    root = ET.fromstring(path.read_bytes())
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "image"}
    assert "<script>alert(1)" in " ".join("".join(e.itertext()) for e in root.iter())


@needs_dot
def test_backslashes_and_html_like_names(tmp_path: Path) -> None:
    names = ("a\\nb", "<b>", "\\", "a\\", '"', "&amp;", "", "\\G\\N")
    leaves = [leaf(f"m.{name}", name, 1.0) for name in names]
    report = replace(bert_report(), root=inner("m", "<i>", leaves, kind="model"))
    root = ET.fromstring(render_graph(report, tmp_path / "tree.svg").read_bytes())
    shown = {"".join(e.itertext()) for e in root.iter() if e.tag.endswith("}text")}
    assert {"a\\nb", "<b>", "\\G\\N", "&amp;"} <= {text.strip() for text in shown}


def _shown(label: str) -> float:
    found = re.search(r"(\d+\.?\d*) %", label)
    assert found is not None
    return float(found[1])


def test_below_folded_layers_the_shares_are_of_all_of_them() -> None:
    labels = [" ".join(label.split()) for label in _labels(bert_report().to_graphviz().source)]
    (layers,) = (label for label in labels if label.startswith("12 × BertLayer"))
    parts = [
        label
        for label in labels
        if label.startswith(("attention ", "intermediate ", "output BertOutput"))
    ]
    assert len(parts) == 3
    assert all(re.search(r"12 × \d", label) for label in parts)
    assert sum(map(_shown, parts)) == pytest.approx(_shown(layers), abs=0.5)
    unfolded = _labels(bert_report().to_graphviz(fold=False).source)
    assert not any("12 ×" in label for label in unfolded)


def test_engines(without_dot: None) -> None:
    graph = bert_report().to_graphviz(engine="twopi", depth=2)
    assert graph.engine == "twopi"
    assert "tailport" not in graph.source
    with pytest.raises(RenderError, match="take one of dot, twopi"):
        bert_report().to_graphviz(engine="rm -rf")


@needs_dot
def test_every_format_and_engine_draws(tmp_path: Path) -> None:
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    for ending, start in starts.items():
        path = render_graph(bert_report(2), tmp_path / f"tree.{ending}", depth=3)
        assert path.read_bytes().startswith(start)
    for engine in ENGINES:
        path = render_graph(bert_report(2), tmp_path / f"{engine}.svg", depth=2, engine=engine)
        assert "BertModel" in path.read_text()


@needs_dot
def test_a_llama_of_32_layers_fits_a_page(tmp_path: Path) -> None:
    config = LlamaConfig(num_hidden_layers=32, hidden_size=64, intermediate_size=96, vocab_size=99,
                         num_attention_heads=4, num_key_value_heads=2)  # fmt: skip
    report = irene.predict(config)
    assert sum(1 for _ in report.walk()) > 500
    root = ET.fromstring(render_graph(report, tmp_path / "llama.svg").read_bytes())
    assert float(root.attrib["width"].removesuffix("pt")) < 1200
    assert float(root.attrib["height"].removesuffix("pt")) < 1200
    assert "32 × LlamaDecoderLayer" in " ".join("".join(e.itertext()) for e in root.iter())


def _cells(svg: str) -> list[tuple[float, float, float, str]]:
    """x, y, height and tooltip of each cell of an icicle."""
    return [
        (float(e.attrib["x"]), float(e.attrib["y"]), float(e.attrib["height"]), e[0].text or "")
        for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")
        if len(e)
    ]


def test_an_icicle_is_as_high_as_the_shares(tmp_path: Path) -> None:
    icicle = bert_report().to_icicle()
    cells = _cells(icicle.svg)
    columns: dict[float, float] = {}
    for x, _, height, _ in cells:
        columns[x] = columns.get(x, 0.0) + height
    heights = [columns[x] for x in sorted(columns)]
    assert all(later <= heights[0] + 1 for later in heights)
    (layers,) = (cell for cell in cells if cell[3].startswith("12 × BertLayer"))
    (attention,) = (cell for cell in cells if cell[3].startswith("attention "))
    assert 0.9 < layers[2] / heights[0] < 1
    assert attention[0] > layers[0]
    assert 0.3 < attention[2] / layers[2] < 0.6
    saved = icicle.save(tmp_path / "bert.svg")
    assert saved.read_text() == icicle.svg
    with pytest.raises(RenderError, match=r"name it \.svg"):
        icicle.save(tmp_path / "bert.png")
    assert len(_cells(bert_report().to_icicle(depth=1).svg)) < len(cells)
    unfolded = _cells(bert_report().to_icicle(fold=False).svg)
    assert sum(1 for cell in unfolded if "BertLayer:" in cell[3]) == 12


def test_hostile_names_in_an_icicle() -> None:
    svg = _evil_report().to_icicle().svg
    root = ET.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "title", "rect", "text"}
    assert "\u202e" not in svg
    named = inner("", "x" * 10_000, [leaf("a" * 10_000, "b" * 10_000, 1.0)], kind="model")
    long = replace(bert_report(), root=named)
    assert len(long.to_icicle().svg) < 5_000
    assert ET.fromstring(EMPTY_REPORT.to_icicle().svg).tag.endswith("svg")


def test_empty_report() -> None:
    graph = EMPTY_REPORT.to_graphviz()
    assert EMPTY in graph.source
    assert graph.summary == EMPTY
