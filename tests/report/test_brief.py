"""The report's JSON in a notebook: brief, and the same report when it is read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from random import Random
from typing import Any

import nbformat
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from report_builders import EMPTY_REPORT, bert, bert_layer, bert_report, cell_report, energy, inner
from transformers import BertConfig, BertModel

import irene_jupyter as irene
from irene_jupyter.errors import ReportError
from irene_jupyter.files import MAX_BYTES
from irene_jupyter.report import brief, reader
from irene_jupyter.report.brief import (
    FULL_UP_TO_NODES,
    FULL_UP_TO_RUNS,
    brief_tree,
    notebook_json,
)
from irene_jupyter.report.deflated import PLAIN_UP_TO, deflated, inflated
from irene_jupyter.report.phases import PhaseSummary
from irene_jupyter.report.report import MIME_TYPE, EnergyReport
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.report.saved import load_report
from irene_jupyter.tree import Energy, Features, Node
from irene_jupyter.tree_json import node_from_dict, node_to_dict

# Few of each, so that siblings are often alike.
features = st.builds(
    Features,
    flops=st.sampled_from((0.0, 1.0, 1 / 3, 1e300)),
    bytes=st.floats(0, 1e12),
    calls=st.integers(1, 2),
    input_shapes=st.sampled_from(((), ((2, 3),), ((), (4,)))),
    dtype=st.sampled_from((None, "float32")),
    latency_seconds=st.none() | st.floats(0, 1),
    resources=st.sampled_from(({}, {"watts": 1 / 3})),
)


@st.composite
def nodes(draw: Callable[..., Any], depth: int = 0) -> Node:
    below = draw(st.lists(nodes(depth + 1), max_size=4)) if depth < 3 else []
    total = math.fsum(child.energy.joules for child in below if child.energy)
    total += draw(st.floats(0, 1e3))
    return Node(
        path=draw(st.sampled_from(("", "a", "b", "c"))),
        type="module",
        class_name=draw(st.sampled_from(("Linear", "Tanh"))),
        features=draw(features),
        children=tuple(below),
        energy=energy(total),
        primitive=draw(st.sampled_from((None, "linear"))),
    )


def assert_same(read: Node, node: Node) -> None:
    """The same tree, in which what no sum is made of has six digits."""
    for found, wanted in zip(read.walk(), node.walk(), strict=True):
        assert replace(found, features=Features(), children=(), energy=None) == replace(
            wanted, features=Features(), children=(), energy=None
        )
        for field in fields(Features):
            value = getattr(wanted.features, field.name)
            if isinstance(value, float):
                value = pytest.approx(value, rel=1e-5)
            assert getattr(found.features, field.name) == value
        assert found.own_joules == wanted.own_joules
        if wanted.energy is None or found.energy is None:
            assert found.energy is wanted.energy
            continue
        assert (found.energy.joules, found.energy.source) == (
            wanted.energy.joules,
            wanted.energy.source,
        )
        assert found.energy.low == pytest.approx(wanted.energy.low, rel=1e-5)
        assert found.energy.high == pytest.approx(wanted.energy.high, rel=1e-5)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(node=nodes())
def test_what_is_brief_reads_as_the_same_tree(node: Node) -> None:
    brief = json.loads(json.dumps(brief_tree(node_to_dict(node)), allow_nan=False))
    assert_same(node_from_dict(brief, brief=True), node)


def trees(data: Any) -> list[Any]:
    """The trees in a notebook's report, parsed."""
    texts = [data["root"], *data["not_run"], *(phase["root"] for phase in data["phases"])]
    assert all(isinstance(text, str) for text in texts)
    return [json.loads(inflated(text, MAX_BYTES)) for text in texts]


def of_before(node: Any, like: Any = None) -> Any:
    """A brief node as notebooks held it when trees were objects and left out features only."""
    known = like or {"flags": [], "features": {}}
    firsts: dict[str, Any] = {}
    children = []
    for index, child in enumerate(node.get("children", [])):
        other = firsts[child["like"]] if "like" in child else like and like["children"][index]
        children.append(of_before(child, other))
        firsts.setdefault(child["path"], children[-1])
    inherited = {name: known[name] for name in ("type", "class_name", "flags") if name in known}
    primitive = {} if like else {"primitive": None}
    own = {"energy": None, "own_joules": None, "features": {}} | node | {"children": children}
    return inherited | primitive | own


def test_a_layer_like_another_says_only_what_differs(repository: Path) -> None:
    report = bert_report()
    data = notebook_json(report)
    schema = repository / "irene_jupyter" / "report" / "energy.schema.json"
    rules = json.loads(schema.read_text("utf-8"))
    Draft202012Validator(rules).validate(data)
    (root,) = trees(data)
    Draft202012Validator({"$ref": "#/$defs/brief_node", "$defs": rules["$defs"]}).validate(root)
    assert set(root) == {"path", "type", "class_name", "energy", "features", "children"}
    first, second = root["children"][1]["children"][:2]
    assert "like" not in first
    assert second["like"] == first["path"] == "encoder.layer.0"
    attention = second["children"][0]["children"][0]
    query, key = attention["children"][:2]
    assert set(query["features"]) == {"latency_seconds"}
    assert set(key) == {"path", "energy", "features"}
    assert first["children"][0]["children"][0]["children"][1]["like"].endswith(".query")
    read = EnergyReport.from_dict(data)
    assert read["encoder.layer.1.attention.self.query"].primitive == "linear"
    assert read["encoder.layer.1.attention.self.query"].features.flops == 1.2e9
    assert read.root is not None
    assert report.root is not None
    assert_same(read.root, report.root)


def test_every_tree_of_a_report_is_brief() -> None:
    report = cell_report()
    root = bert(12)
    phase = PhaseSummary(
        phase="decode", model="bert", root=root, calls=2, tokens=4, seconds=0.5, is_here=False
    )
    report = replace(report, phases=(phase,))
    data = notebook_json(report)
    assert len(trees(data)) == 3
    for tree in trees(data):
        assert '"like"' in json.dumps(tree)
    assert json.loads(data["resources"]) == report.resources
    read = EnergyReport.from_dict(data)
    assert read.phases[0].joules == phase.joules
    assert_same(read.phases[0].root, root)
    assert_same(read.not_run[0], report.not_run[0])


@pytest.mark.parametrize("report", [bert_report(1), EMPTY_REPORT], ids=["small", "empty"])
def test_small_reports_are_shown_in_full(report: EnergyReport) -> None:
    assert sum(1 for _ in report.walk()) <= FULL_UP_TO_NODES
    assert report._repr_mimebundle_()[MIME_TYPE] == report.to_dict()


def report_of_runs(number: int) -> EnergyReport:
    """A small tree, and runs that differ in all that a run may differ in."""
    runs = [
        RunSummary(
            model="bert" if length % 50 else f"bert_{length}",
            joules=length / 3,
            phase=(None, "prefill")[length % 7 == 0],
            status=("run", "incomplete")[length % 11 == 0],
            training=length % 5 == 0,
            calls=1 + length % 3,
            seconds=None if length % 13 == 0 else length / 1000,
            batch_size=1 + length % 8,
            seq_len=length,
            tokens=0,
            items=length % 2,
            cache_length=length if length % 17 == 0 else None,
            input_shapes=((1 + length % 8, length),),
            signature=f"float32 cpu ({length},)",
        )
        for length in range(1, number + 1)
    ]
    return replace(bert_report(1), runs=tuple(runs))


def test_many_runs_are_a_text_that_reads_as_the_same_runs(repository: Path) -> None:
    report = report_of_runs(1000)
    data = notebook_json(report)
    schema = repository / "irene_jupyter" / "report" / "energy.schema.json"
    Draft202012Validator(json.loads(schema.read_text("utf-8"))).validate(data)
    assert isinstance(data["runs"], str)
    assert data["root"] == report.to_dict()["root"]  # small, so in full
    assert EnergyReport.from_dict(json.loads(json.dumps(data))) == report
    in_full = len(json.dumps(report.to_dict()["runs"], indent=1))
    assert len(json.dumps(data["runs"])) < in_full / 2.5


def test_a_notebook_with_hundreds_of_runs_is_about_as_long_as_one_with_few() -> None:
    def lines(number: int) -> int:
        output = nbformat.v4.new_output(
            "display_data", data=report_of_runs(number)._repr_mimebundle_()
        )
        cell = nbformat.v4.new_code_cell("", outputs=[output])
        return nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).count("\n")

    assert isinstance(notebook_json(report_of_runs(FULL_UP_TO_RUNS))["runs"], list)
    # Rows of the table of runs are values of their own, and a run in full is 15 lines.
    assert lines(1000) < lines(FULL_UP_TO_RUNS) + 60


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not valid JSON"),
        ("[]", "object of lists"),
        ('{"model": 3}', "object of lists"),
        ('{"model": ["bert"], "calls": []}', "equally long"),
        ('{"model": ["bert"]}', "input_shapes"),
        ('{"model": ["bert"], "model": ["gpt"]}', "same key twice"),
    ],
)
def test_a_text_that_holds_no_runs_is_refused(text: str, complaint: str) -> None:
    data = notebook_json(report_of_runs(20))
    with pytest.raises(ReportError, match=complaint):
        EnergyReport.from_dict(data | {"runs": text})


def test_a_file_is_never_brief(tmp_path: Path) -> None:
    report = bert_report()
    assert load_report(report.save(tmp_path / "bert.energy.json")) == report


def test_notebooks_of_before_are_read() -> None:
    report = bert_report()
    data = notebook_json(report)
    (root,) = trees(data)
    old = of_before(root)
    layer = old["children"][1]["children"][1]
    assert "like" in layer
    assert layer["flags"] == layer["children"][0]["flags"] == []
    read = EnergyReport.from_dict(data | {"root": old})
    assert read.root is not None
    assert report.root is not None
    assert_same(read.root, report.root)
    layer["children"][0]["flags"] = ["shared: as before"]
    again = EnergyReport.from_dict(data | {"root": old}).root
    assert again is not None
    assert again.children[1].children[1].children[0].flags == ("shared: as before",)
    del layer["children"][0]["flags"]
    with pytest.raises(ReportError, match="flags"):  # an object leaves out no more than before
        EnergyReport.from_dict(data | {"root": old})


@pytest.mark.parametrize("like", ["encoder.layer.7", "", "encoder.layer.2", 0, None])
def test_a_node_like_no_earlier_sibling_is_refused(like: Any) -> None:
    data = notebook_json(bert_report())
    (root,) = trees(data)
    root["children"][1]["children"][2]["like"] = like
    with pytest.raises(ReportError, match="like"):
        EnergyReport.from_dict(data | {"root": json.dumps(root)})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not valid JSON"),
        ("encoder", "not valid JSON"),
        ('{"path": ""', "not valid JSON"),
        ("[]", "must be an object"),
        ('"{}"', "must be an object"),
        ("{}", "type None"),
        ('{"type": "model"}', "path"),
        ('{"type": "model", "path": "", "path": ""}', "same key twice"),
        ('{"type": "model", "path": NaN}', "NaN"),
        ('{"type": "model", "path": "\\ud800"}', "half a character"),
        ('{"children":[' * 300 + "{}" + "]}" * 300, "deeper than 256|type None"),
        ("[" * 200_000, "too deeply"),
        ('{"type": "model", "path": "", "class_name": "M"}', "no energy"),
        ('{"type": "model", "path": "", "class_name": "M", "flags": null}', "flags"),
        ('{"type": "model", "path": "", "class_name": "M", "children": {}}', "children"),
    ],
)
def test_a_text_that_is_no_tree_is_refused(text: str, complaint: str) -> None:
    data = notebook_json(bert_report())
    with pytest.raises(ReportError, match=complaint):
        EnergyReport.from_dict(data | {"root": text})


def test_a_text_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = notebook_json(bert_report())
    text = inflated(data["root"], MAX_BYTES)
    monkeypatch.setattr(reader, "MAX_BYTES", 2**20)
    assert EnergyReport.from_dict(data).total_joules > 0
    for longer in (text + " " * 2**20, deflated(text + " " * 2**20)):
        with pytest.raises(ReportError, match="more than 1 MiB"):
            EnergyReport.from_dict(data | {"root": longer})


def test_long_texts_are_deflated_and_read_as_before() -> None:
    plain = "é" * PLAIN_UP_TO
    assert deflated(plain) == inflated(plain, MAX_BYTES) == plain
    long = plain + "[0.1,0.2]"
    form, size, packed = deflated(long).split(":")
    assert (form, int(size)) == ("zlib", len(long.encode()))
    assert len(packed) < len(long) / 20
    assert inflated(deflated(long), MAX_BYTES) == long


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-100],
        lambda text: text.replace(":", ":1", 1),
        lambda text: "zlib:9:" + text.rpartition(":")[2],
        lambda text: "zlib:9:",
        lambda text: "zlib:9:é",
        lambda text: "zlib:4:AAAA",
    ],
)
def test_what_is_deflated_and_damaged_is_refused(damage: Callable[[str], str]) -> None:
    data = notebook_json(bert_report())
    with pytest.raises(ReportError, match="deflated in it is damaged"):
        EnergyReport.from_dict(data | {"root": damage(data["root"])})


@pytest.mark.parametrize("resources", ["", "[]", "3", '{"watts": 1e999}'])
def test_resources_that_are_none_are_refused(resources: str) -> None:
    with pytest.raises(ReportError):
        EnergyReport.from_dict(notebook_json(bert_report()) | {"resources": resources})


def test_bert_base_adds_little_to_a_notebook() -> None:
    """A report of a run of bert-base, on 8 texts of 128 tokens, in bytes of the file."""
    model = BertModel(BertConfig()).eval()
    # An estimate follows times, in which no two layers are alike: how many fold is luck.
    with torch.inference_mode(), irene.EnergyMonitor(irene.Options("gtx1080ti")) as monitor:
        model(torch.randint(0, 30_000, (8, 128)))
    bundle = monitor.report._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell("%%energy")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    before = len(nbformat.writes(notebook).encode())
    cell.outputs = [nbformat.v4.new_output("display_data", data=bundle)]
    nbformat.validate(notebook)
    assert sum(1 for _ in monitor.report.walk()) > 200
    assert len(nbformat.writes(notebook).encode()) - before < 60_000


def test_ten_thousand_nodes_take_little_room() -> None:
    """Layers with energies of their own, so that none folds; in bytes."""
    random = Random(1)
    layers = [bert_layer(f"layer.{index}", random.uniform(0.5, 2.0)) for index in range(800)]
    root = inner("", "Deep", layers, kind="model")
    assert sum(1 for _ in root.walk()) > 10_000
    report = replace(bert_report(), root=root)
    bundle = report._repr_mimebundle_()
    assert len(json.dumps(bundle[MIME_TYPE])) < 400_000
    assert len(bundle["text/html"].encode()) < 300_000
    assert EnergyReport.from_dict(bundle[MIME_TYPE]).total_joules == report.total_joules


def test_ten_thousand_nodes_without_anything_in_common() -> None:
    """Six random numbers in each: the worst that can be, since chance does not deflate."""
    random = Random(1)

    def node(path: str, children: tuple[Node, ...] = ()) -> Node:
        joules = random.uniform(0.1, 2.0) + sum(each.energy.joules for each in children)
        return Node(
            path,
            "module",
            f"Part{path.rpartition('.')[2]}",
            Features(
                flops=1e9 * random.random(),
                canonical_megaflops=1e3 * random.random(),
                latency_seconds=random.random(),
            ),
            children,
            Energy(
                joules, joules * random.uniform(0.5, 1), joules * random.uniform(1, 2), "predicted"
            ),
        )

    blocks = [
        node(f"{block}", tuple(node(f"{block}.{leaf}") for leaf in range(9)))
        for block in range(1000)
    ]
    report = replace(bert_report(), root=node("", tuple(blocks)))
    data = notebook_json(report)
    assert len(json.dumps(data)) < 400_000
    read = EnergyReport.from_dict(data)
    assert read.total_joules == report.total_joules
    for found, wanted in zip(read.walk(), report.walk(), strict=True):
        assert found.energy.joules == pytest.approx(wanted.energy.joules, rel=1e-8)
        assert found.energy.high == pytest.approx(wanted.energy.high, rel=1e-3)
        assert found.features.flops == pytest.approx(wanted.features.flops, rel=1e-3)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(node=nodes())
def test_a_large_tree_s_rounded_sums_hold(node: Node) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(brief, "_LARGE_FROM_NODES", 0)
        written = json.loads(json.dumps(brief_tree(node_to_dict(node))))
    read = node_from_dict(written, brief=True)  # which refuses children above their parent
    assert read.energy.joules == node.energy.joules
