"""Reading measured trees: what the file says, and errors that name the line."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.fit import dataset
from irene_jupyter.predictors.fit.dataset import load_trees
from irene_jupyter.predictors.forms.matrices import gemm_mebibytes, gemm_widths
from irene_jupyter.tree import ModelTree


def node(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "scope": "root",
        "instance_type": "Model",
        "type": "model",
        "num_parameters": 0,
        "children": [],
    }
    for key in ("flops", "mem_bytes", "cpu", "mem", "gpu", "gpu_mem", "gpu_clk", "gpu_mem_clk"):
        values[key] = 1.5
    values |= {"latency": 0.1, "gpu_energy": 1.0, "energy": 2.0}
    return values | changes


def line(root: dict[str, Any] | None = None, **changes: Any) -> str:
    return json.dumps(
        {"model_name": "m", "batch_size": 2, "seq_len": 4, "root": root or node()} | changes
    )


def linear(**changes: Any) -> dict[str, Any]:
    """A Linear from 3 to 5 features on a batch of 2 with 4 rows each, counted as 3-D."""
    changes = {"flops": 8 * (2 * 15 + 5) / 1e6, "num_parameters": 20} | changes
    return node(scope="root.fc", instance_type="Linear", type="ml", **changes)


def module(**changes: Any) -> dict[str, Any]:
    return node(**{"scope": "root.a", "instance_type": "Block", "type": "module"} | changes)


FIELDS = sorted(set(node()) - {"scope"})


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    fc = linear()
    del fc[field]
    path = tmp_path / "trees.jsonl"
    path.write_text(line() + "\n" + line(node(children=[fc])))
    with pytest.raises(DataError, match=rf"line 2: '{field}' of 'root.fc' is missing"):
        load_trees(path)


def test_a_new_primitive_is_one_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "trees.jsonl"
    path.write_text(line(node(children=[node(scope="root.s", instance_type="Snake", type="ml")])))
    with pytest.raises(DataError, match=r"line 1: 'instance_type' 'Snake' .*PRIMITIVES"):
        load_trees(path)
    monkeypatch.setattr(dataset, "PRIMITIVES", dataset.PRIMITIVES | {"Snake"})
    (tree,) = load_trees(path)
    assert tree.root.children[0].primitive == "Snake"


def test_the_published_file(trees: list[ModelTree]) -> None:
    types = Counter(node.type for tree in trees for node in tree.root.walk())
    assert types == {"ml": 17_223, "module": 7_208, "model": 166}
    bert = next(t for t in trees if t.name == "bert-base-uncased" and t.seq_len == 128)
    assert bert.root.path == ""
    dense = bert.root.find("encoder.layer.0.intermediate.dense")
    assert dense.primitive == "Linear"
    assert dense.features.input_shapes == ((bert.batch_size, 128, 768),)
    assert dense.features.output_shapes == ((bert.batch_size, 128, 3072),)
    assert dense.energy is not None
    assert dense.energy.source == "measured"
    assert dense.features.resources["gpu_clock_megahertz"] > 1000
    pooler = bert.root.find("pooler.dense")
    assert pooler.features.input_shapes == ((bert.batch_size, 768),)


def test_the_widths_of_all_products(trees: list[ModelTree]) -> None:
    widths = {
        gemm_widths(node)
        for tree in trees
        for node in tree.root.leaves()
        if node.primitive in ("Linear", "Conv1D")
    }
    assert widths == {(768, 768), (768, 2304), (768, 3072), (3072, 768)}


def test_a_line(tmp_path: Path) -> None:
    path = tmp_path / "trees.jsonl"
    path.write_text(line(node(children=[linear()])) + "\n\n")
    (tree,) = load_trees(path)
    (fc,) = tree.root.children
    assert (fc.path, fc.features.input_shapes) == ("fc", ((2, 4, 3),))
    assert gemm_mebibytes(fc) == 4 * (8 * (3 + 5) + 15) / 2**20


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "JSON"),
        ("[1]", "object"),
        (
            line(node(energy=float("nan"))),
            "'energy' of 'root' must be finite and not negative, not NaN",
        ),
        (line(node(gpu_clk=float("inf"))), "'gpu_clk' of 'root' must be finite"),
        (line(node(energy=-1.0)), "'energy' of 'root' must be finite and not negative"),
        (line(node(energy=0)), "'energy' of 'root' must be above 0 J"),
        (line(node(energy=None)), "'energy' of 'root' is not a number"),
        (line(node(children=[linear(energy=0.0)])), "'energy' of 'root.fc' must be above 0"),
        (line(node(children=[linear(cpu=float("nan"))])), "'cpu' of 'root.fc' must be finite"),
        (
            line(node(children=[linear(num_parameters=float("nan"))])),
            "'num_parameters' of 'root.fc'",
        ),
        (line(node(children=[linear(num_parameters=2**70)])), "'num_parameters' of 'root.fc'"),
        (line(node(children=[linear(), linear()])), "'scope' 'root.fc' occurs twice"),
        (line(node(children=[module(children=[module()])])), "'scope' 'root.a' lies below itself"),
        (line(node(children=[module(scope="root")])), "'scope' 'root' lies below itself: a cycle"),
        (line(node(children=[module(type="ml")])), "'instance_type' 'Block' of 'root.a'"),
        (line(node(children=[linear(children=[module()])])), "'children' of 'root.fc'"),
        (line(node(energy=10**400)), "'energy'"),
        ('{"model_name": ' + "1" * 5000 + "}", "too long"),
        (line(node(latency="0.1")), "'latency'"),
        (line(node(type="layer")), "'type' 'layer'"),
        (line(node(type="module")), "'model'"),
        (line(batch_size=0), "batch_size"),
        (line(seq_len=True), "seq_len"),
        ('{"model_name": "m", "batch_size": 1, "seq_len": 1}', "'root'"),
        (line(node(children=[3])), "children"),
        (line(node(children=[linear(num_parameters=23)])), "root.fc"),
        ("[" * 100_000, "deeply"),
        (line(node()).replace('"energy": 2.0', '"joules": 2.0'), "'energy' of 'root' is missing"),
        (line(node()).replace('"scope"', '"name"'), "'scope' is missing"),
        (line(node()).replace('"model_name"', '"name"'), "'model_name' is missing"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "trees.jsonl.gz"
    with gzip.open(path, "wt") as stream:
        stream.write(line() + "\n" + text + "\n")
    with pytest.raises(DataError, match=r"line 2: .*remove this line") as caught:
        load_trees(path)
    assert reason in str(caught.value)


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no training data at"):
        load_trees(tmp_path / "none.jsonl")
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(DataError, match="holds no trees"):
        load_trees(empty)
    fake = tmp_path / "fake.jsonl.gz"
    fake.write_text(line())
    with pytest.raises(DataError, match="cannot be read"):
        load_trees(fake)
