"""EnergyReport: its parts, its file, and every way in which a file can be wrong."""

from __future__ import annotations

import json
import math
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from report_builders import EMPTY_REPORT, bert, bert_report, cell_report

import irene_jupyter.report
from irene_jupyter.errors import ReportError
from irene_jupyter.report.report import MIME_TYPE, DeviceLabel, EnergyReport
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.report.saved import load_report
from irene_jupyter.tree import SOURCES, Energy, Features, Node

SCHEMA = json.loads(
    (Path(irene_jupyter.report.__file__).parent / "energy.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)
EXAMPLES = (bert_report(), cell_report(), EMPTY_REPORT)

names = st.text(max_size=12)
counts = st.integers(0, 2**63 - 1)
amounts = st.floats(0, 1e12)
shapes = st.lists(st.lists(st.integers(0, 9999), max_size=4).map(tuple), max_size=2).map(tuple)
features = st.builds(
    Features,
    num_parameters=counts,
    flops=amounts,
    bytes=amounts,
    canonical_megaflops=amounts,
    canonical_mebibytes=amounts,
    calls=st.integers(1, 99),
    input_shapes=shapes,
    output_shapes=shapes,
    dtype=st.none() | names,
    device=st.none() | names,
    latency_seconds=st.none() | amounts,
    operation=st.none() | names,
    resources=st.dictionaries(names, st.floats(-1e9, 1e9), max_size=2),
)


@st.composite
def nodes(draw: Callable[..., Any], depth: int = 0) -> Node:
    below = draw(st.lists(nodes(depth + 1), max_size=3)) if depth < 3 else []
    own = draw(amounts)
    total = own + math.fsum(child.energy.joules for child in below if child.energy)
    energy = Energy(total, total * draw(st.floats(0, 1)), total * 2, draw(st.sampled_from(SOURCES)))
    return Node(
        path=draw(names),
        type=draw(st.sampled_from(("model", "module", "ml"))),
        class_name=draw(names),
        features=draw(features),
        children=tuple(below),
        energy=None if depth and draw(st.booleans()) else energy,
        primitive=draw(st.none() | names),
        flags=tuple(draw(st.lists(names, max_size=2))),
    )


reports = st.builds(
    EnergyReport,
    root=st.none() | nodes(),
    device=st.builds(
        DeviceLabel, name=names, label=names, kind=st.sampled_from(("reference", "calibrated"))
    ),
    mode=st.sampled_from(("measure", "predict")),
    not_run=st.lists(nodes(), max_size=1).map(tuple),
    runs=st.lists(
        st.builds(
            RunSummary,
            model=names,
            joules=amounts,
            phase=st.none() | names,
            status=st.sampled_from(("run", "not_run", "incomplete")),
            calls=st.integers(1, 99),
            seconds=st.none() | amounts,
            batch_size=counts,
            seq_len=counts,
            input_shapes=shapes,
            signature=names,
        ),
        max_size=2,
    ).map(tuple),
    resources=st.none() | st.dictionaries(names, amounts | names | st.none(), max_size=2),
    notes=st.lists(names, max_size=2).map(tuple),
    created=names,
    versions=st.dictionaries(names, names, max_size=2),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(report=reports)
def test_what_is_saved_is_loaded_and_every_view_draws_it(
    report: EnergyReport, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = report.save(tmp_path_factory.mktemp("saved") / "run.energy.json")
    assert load_report(path) == report
    assert EnergyReport.from_dict(report.to_dict()) == report
    VALIDATOR.validate(json.loads(path.read_text("utf-8")))
    assert "<script" not in report.to_html()
    assert str(report)
    assert len(report.to_dataframe()) == sum(1 for _ in report.walk())
    assert report.to_graphviz().source


@pytest.mark.parametrize("report", EXAMPLES, ids=["bert", "cell", "empty"])
def test_examples_match_the_schema(report: EnergyReport) -> None:
    VALIDATOR.validate(report.to_dict())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("notes"),
        lambda data: data.update(schema_version=2),
        lambda data: data["root"].update(type="layer"),
        lambda data: data["root"].update(energy=None),
        lambda data: data["root"]["energy"].update(joules=-1),
        lambda data: data["root"]["features"].update(unknown=1),
    ],
)
def test_the_schema_refuses(spoil: Callable[[dict[str, Any]], Any]) -> None:
    data = bert_report(1).to_dict()
    spoil(data)
    assert not VALIDATOR.is_valid(data)


def test_parts_of_a_report() -> None:
    report = bert_report()
    assert report.root is not None
    assert report.root.energy is not None
    assert report.total_joules == report.root.energy.joules
    assert report.models == (report.root,)
    assert report["encoder.layer.3"].class_name == "BertLayer"
    with pytest.raises(KeyError, match=r"nearest is 'encoder\.layer\.3'"):
        report["encoder.layer.3.nothing"]
    assert "BertModel" in repr(report)
    assert len(repr(report)) < 200


def test_models_and_paths_of_a_cell() -> None:
    report = cell_report()
    assert [model.path for model in report.models] == ["bert", "bert_1"]
    assert report["bert_2.pooler"].class_name == "BertPooler"
    with pytest.raises(KeyError, match=r"nearest is 'bert\.encoder'"):
        report["bert.encoder.layer.7"]


def test_a_model_of_class_cell_is_a_model() -> None:
    root = replace(bert(1), class_name="Cell")
    assert replace(bert_report(), root=root).models == (root,)


def test_empty_report() -> None:
    assert EMPTY_REPORT.total_joules == 0
    assert EMPTY_REPORT.models == ()
    assert list(EMPTY_REPORT.walk()) == []
    assert len(EMPTY_REPORT.to_dataframe()) == 0
    with pytest.raises(KeyError, match="empty"):
        EMPTY_REPORT["encoder"]


def test_a_root_without_energy_is_refused() -> None:
    with pytest.raises(ReportError, match="predict the tree"):
        replace(bert_report(), root=replace(bert(1), energy=None))


def test_one_display_in_three_forms() -> None:
    bundle = bert_report()._repr_mimebundle_()
    assert set(bundle) == {MIME_TYPE, "text/html", "text/plain"}
    json.dumps(bundle, allow_nan=False)
    assert "\x1b" not in bundle["text/plain"]


# --- saving ---------------------------------------------------------------------------------


def test_save_replaces_whole_files_and_leaves_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.energy.json"
    bert_report(1).save(path)
    bert_report(2).save(str(path))
    assert load_report(path) == bert_report(2)
    assert os.listdir(tmp_path) == [path.name]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_save_keeps_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    bert_report(1).save(link)
    assert link.is_symlink()
    assert load_report(target) == bert_report(1)


def test_save_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="create it first"):
        bert_report(1).save(tmp_path / "missing" / "a.json")
    with pytest.raises(ReportError, match="is a folder"):
        bert_report(1).save(tmp_path)
    with pytest.raises(ReportError, match="cannot write"):
        bert_report(1).save(tmp_path / ("x" * 300))
    with pytest.raises(ReportError, match="cannot write"):
        bert_report(1).save("bad\0name")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_save_into_a_closed_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ReportError, match="may write"):
        bert_report(1).save(tmp_path / "a.json")
    tmp_path.chmod(0o700)


def test_a_failed_save_keeps_the_old_file(tmp_path: Path) -> None:
    path = bert_report(1).save(tmp_path / "a.json")
    bad = replace(bert_report(1), resources={"cpu_percent": float("nan")})
    with pytest.raises(ReportError, match="JSON"):
        bad.save(path)
    assert load_report(path) == bert_report(1)


def test_a_device_file_is_written_not_replaced() -> None:
    if not Path("/dev/null").exists():
        pytest.skip("no /dev/null")
    bert_report(1).save("/dev/null")
    assert not Path("/dev/null").is_file()


# --- hostile files --------------------------------------------------------------------------


def _nested(levels: int) -> dict[str, Any]:
    node = _leaf_dict()
    for _ in range(levels):
        node = {**_leaf_dict(), "children": [node]}
    return node


def _leaf_dict() -> dict[str, Any]:
    data = bert_report(1).to_dict()["root"]
    return {**data, "children": []}


def _set(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data.update(values)


def _root(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["root"].update(values)


def _energy(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["root"]["energy"].update(values)


def _features(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["root"]["features"].update(values)


def _run(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["runs"][0].update(values)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_set(kind="irene.device"), "no energy report"),
        (_set(schema_version=2), "update irene_jupyter"),
        (_set(schema_version=True), "update irene_jupyter"),
        (_set(schema_version="1"), "update irene_jupyter"),
        (_set(total_joules=1.0), "total_joules"),
        (_set(total_joules=-1.0), "negative"),
        (_set(total_joules="1"), "finite number"),
        (_set(mode="guess"), "measure, predict"),
        (_set(mode=[]), "measure, predict"),
        (_set(root=[]), "must be an object"),
        (_set(root=None), "total_joules"),
        (_set(not_run={}), "list"),
        (_set(not_run=[None]), "must be an object"),
        (_set(runs=[1]), "run must be an object"),
        (_set(device=None), "device"),
        (_set(device={"name": "x", "label": 1, "kind": "reference"}), "label"),
        (_set(device={"name": "x", "label": "x", "kind": "toaster"}), "calibrated"),
        (_set(notes="one"), "notes"),
        (_set(notes=[1]), "notes"),
        (_set(versions={"torch": 2}), "versions"),
        (_set(created=None), "created"),
        (_set(resources=[1]), "resources"),
        (_root(energy=None), "no energy"),
        (_root(energy=[1]), "exactly joules"),
        (_root(type="layer"), "none of model"),
        (_root(type={}), "none of model"),
        (_root(path=None), "path"),
        (_root(class_name=7), "class_name"),
        (_root(primitive=7), "primitive"),
        (_root(flags=[7]), "flags"),
        (_root(flags="x"), "flags"),
        (_root(children={}), "children"),
        (_root(children=[[]]), "must be an object"),
        (_root(features=None), "features"),
        (_energy(joules=-1), "not negative"),
        (_energy(joules="1"), "must be a number"),
        (_energy(joules=True), "must be a number"),
        (_energy(joules=10**400), "finite"),
        (_energy(low=1e6), "outside its interval"),
        (_energy(high=1e19), "more than"),
        (_energy(source="guessed"), "none of measured"),
        (_energy(joules=0.5, low=0.4, high=0.6), "sum to"),
        (_energy(extra=1), "exactly joules"),
        (_features(flops=-1), "flops"),
        (_features(flops=10**400), "flops"),
        (_features(calls=0), "calls"),
        (_features(calls=2**63), "calls"),
        (_features(calls=1.5), "calls"),
        (_features(num_parameters=-1), "num_parameters"),
        (_features(input_shapes=[[-1]]), "shape"),
        (_features(input_shapes=[1]), "shape"),
        (_features(surprise=1), "surprise"),
        (_features(resources={"x": "y"}), "resources"),
        (_run(calls=0), "calls"),
        (_run(seconds=-1), "seconds"),
        (_run(joules=None), "joules"),
        (_run(status="maybe"), "incomplete"),
        (_run(input_shapes=[3]), "sizes"),
        (_run(input_shapes=[[-3]]), "input_shapes"),
        (_run(phase=3), "phase"),
    ],
)
def test_a_spoiled_report_is_refused(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], Any], message: str
) -> None:
    data = bert_report(1).to_dict()
    spoil(data)
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(data), "utf-8")
    with pytest.raises(ReportError, match=message) as caught:
        load_report(path)
    assert str(path) in str(caught.value)
    assert "save the report again" in str(caught.value) or "make the report" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"[]", "no energy report"),
        (b"null", "no energy report"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"kind": NaN}', "NaN"),
        (b'{"kind": -Infinity}', "Infinity"),
        (b'{"kind": 1, "kind": 2}', "same key twice"),
        (b'{"kind": "\\ud800"}', "half a character"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b"1" * 10_000, "not valid JSON|no energy report"),
    ],
)
def test_hostile_json_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(ReportError, match=message):
        load_report(path)


def test_a_number_beyond_floats_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    text = json.dumps(replace(bert_report(1), resources={"deep": [{"cpu": 17}]}).to_dict())
    path.write_text(text.replace('"cpu": 17', '"cpu": 1e999'), "utf-8")
    with pytest.raises(ReportError, match="not finite"):
        load_report(path)
    path.write_text(text.replace('"cpu": 17', '"cpu": ' + "[" * 20 + "]" * 20), "utf-8")
    with pytest.raises(ReportError, match="'resources' is nested"):
        load_report(path)


def test_a_tree_deeper_than_the_limit_is_refused(tmp_path: Path) -> None:
    data = bert_report(1).to_dict()
    path = tmp_path / "deep.json"
    for levels, fits in ((256, True), (257, False)):
        data["root"] = _nested(levels)
        path.write_text(json.dumps(data), "utf-8")
        if fits:
            assert load_report(path).total_joules > 0
        else:
            with pytest.raises(ReportError, match="deeper than 256"):
                load_report(path)


def test_paths_that_are_no_report(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="there is no file"):
        load_report(tmp_path / "missing.json")
    with pytest.raises(ReportError, match="not a file"):
        load_report(tmp_path)
    with pytest.raises(ReportError, match="cannot read"):
        load_report("bad\0name")
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(2**28 + 1)
    with pytest.raises(ReportError, match="larger than 256 MiB"):
        load_report(large)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = bert_report(1).save(tmp_path / "a.json")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_report(path) == bert_report(1)


def test_importing_the_report_loads_nothing_heavy() -> None:
    code = (
        "import sys, irene_jupyter.report.report, irene_jupyter.report.reader\n"
        "heavy = {'torch', 'pandas', 'numpy', 'rich', 'graphviz', 'IPython'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
