"""The explorer: its traits in this process, and once in a real kernel."""

from __future__ import annotations

import gc
import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from traitlets import TraitError
from transformers import BertConfig, GPT2Config, LongformerConfig

import irene_jupyter as irene
from irene_jupyter.errors import CaptureError, DeviceError, OptionError, ReportError
from irene_jupyter.notebook.explorer import Explorer, explore
from irene_jupyter.predictors.profiles import automatic
from irene_jupyter.predictors.profiles.loading import SHIPPED_FOLDER
from irene_jupyter.report.curve import CurvePoint, EnergyCurve
from irene_jupyter.report.report import MIME_TYPE
from irene_jupyter.tree import Energy

EVIL = '<img src=x onerror="alert(1)">\u202e' + 10_000 * "x"
TINY = {
    "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 2,
    "intermediate_size": 128, "vocab_size": 99,
}  # fmt: skip
BERT = BertConfig(**TINY, max_position_embeddings=64)
GPT2 = GPT2Config(n_layer=1, n_embd=64, n_head=2, vocab_size=99, n_positions=64)


@pytest.fixture
def explorer() -> Explorer:
    return explore(BERT, batch_size=4, seq_len=16)


def html(explorer: Explorer) -> str:
    """All that its html widgets hold."""
    return "".join(part.value for part in (explorer._summary, explorer._plot, explorer._status))


def expected(**size: Any) -> float:
    return irene.predict(BERT, **size).total_joules


def test_it_starts_with_a_prediction(explorer: Explorer) -> None:
    assert explorer.report.total_joules == pytest.approx(expected(batch_size=4, seq_len=16))
    assert explorer.tree.report == explorer.report
    assert explorer.error == ""
    assert (explorer.device, explorer.dtype, explorer.new_tokens) == ("gtx1080ti", "float32", 0)
    assert explorer.cost.queries == 1e6
    assert explorer.cost.joules_per_query == pytest.approx(explorer.report.total_joules / 4)
    assert "a million queries" in html(explorer)
    assert "not this machine" in html(explorer)


def test_every_setting_follows(explorer: Explorer) -> None:
    seen: list[float] = []
    explorer.observe(lambda change: seen.append(change["new"].total_joules), "report")
    explorer.batch_size = 7
    explorer.seq_len = 33
    explorer.batch_size = 63
    assert seen == pytest.approx(
        [
            expected(batch_size=7, seq_len=16),
            expected(batch_size=7, seq_len=33),
            expected(batch_size=63, seq_len=33),
        ]
    )
    assert explorer.against == "batch_size"
    assert explorer.tree.report.runs[0].batch_size == 63


def test_controls_and_traits_go_both_ways(explorer: Explorer) -> None:
    explorer._controls["seq_len"].value = 24
    assert explorer.seq_len == 24
    assert explorer.report.runs[0].seq_len == 24
    explorer.batch_size = 200  # beyond the slider, which grows
    slider = explorer._controls["batch_size"]
    assert (slider.value, slider.max) == (200, 200)
    assert explorer.report.total_joules == pytest.approx(expected(batch_size=200, seq_len=24))


def test_a_dtype_is_another_model(explorer: Explorer) -> None:
    single = explorer.report.root.features
    explorer.dtype = "float16"
    half = explorer.report.root.features
    assert half.bytes < single.bytes
    assert half.dtype == "float16"
    assert "extrapolated" in explorer.curve.kinds
    assert any("float16 predicted as float32" in flag for flag in explorer.report.root.flags)
    explorer.dtype = "no such"
    assert "float32, float16" in explorer.error
    explorer.dtype = "float32"
    assert explorer.error == ""
    assert explorer.report.root.features == single


def test_it_begins_with_this_machines_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automatic, "board_names", lambda: ("NVIDIA H100 80GB HBM3",))
    config = BERT
    assert explore(config).device == "h100"
    assert explore(config, device="gtx1080ti").device == "gtx1080ti"
    assert explore(config, method="irene").device == "gtx1080ti"  # by a device's regressors


def test_devices_by_name_and_by_path(explorer: Explorer, tmp_path: Path) -> None:
    profile = SHIPPED_FOLDER / "gtx1080ti.json"
    copied = tmp_path / "mine.json"
    copied.write_text(profile.read_text().replace("GTX 1080 Ti PC", "my PC"))
    explorer.device = str(copied)
    assert explorer.error == ""
    assert explorer.report.device.label == "my PC"
    assert ("my PC", str(copied)) in list(explorer._controls["device"].options)
    explorer.device = "no such device"
    assert "known are auto" in explorer.error
    assert explorer.report.device.label == "my PC"


def test_errors_are_told_in_words_and_the_last_tree_stays(explorer: Explorer) -> None:
    before = explorer.report
    explorer.seq_len = 65
    assert "64 positions" in explorer.error
    assert 'role="alert"' in explorer._status.value
    assert "choose a shorter one" in explorer._status.value
    assert explorer.report is before
    explorer.seq_len = 64
    assert explorer.error == ""
    assert "alert" not in explorer._status.value
    assert explorer.report.runs[0].seq_len == 64
    with pytest.raises(TraitError):
        explorer.batch_size = 0
    with pytest.raises(TraitError):
        explorer.report = before  # follows, is not set


def test_a_first_size_that_fails_raises() -> None:
    with pytest.raises(OptionError, match="64 positions"):
        explore(BERT, seq_len=65)
    with pytest.raises(CaptureError, match=r"config\.json"):
        explore("/nowhere")
    with pytest.raises(TypeError, match="not colour"):
        explore(BERT, colour="red")


def test_a_generation() -> None:
    explorer = explore(GPT2, batch_size=2, seq_len=8, new_tokens=4)
    assert explorer._controls["seq_len"].description == "prompt tokens"
    assert explorer.report.phase("decode").tokens == 2 * 3
    explorer.new_tokens = 20
    whole = irene.predict(GPT2, batch_size=2, seq_len=8, new_tokens=20)
    assert explorer.report.total_joules == pytest.approx(whole.total_joules)
    assert "decode, per token" in html(explorer)
    assert explorer.curve.label == "new tokens"
    explorer.new_tokens = 0
    assert explorer.report.root.class_name == "GPT2Model"
    assert explorer.curve.label == "sequence length"
    explorer.seq_len = 60
    explorer.new_tokens = 5
    assert "64 positions" in explorer.error


def test_the_curve_and_its_mark(explorer: Explorer) -> None:
    explorer.batch_size = 9
    curve = explorer.curve
    assert curve.label == "batch size"
    assert [curve.points[0].size, curve.points[-1].size] == [1, 64]
    assert (curve.now.size, curve.now.energy) == (9, explorer.report.root.energy.scaled(1 / 9))
    for point in (curve.points[3], curve.points[-1]):
        whole = expected(batch_size=point.size, seq_len=16)
        assert point.energy.joules == pytest.approx(whole / point.size)
    kept = curve.points
    explorer.batch_size = 10
    assert explorer.curve.points is kept  # only the mark moves
    explorer.seq_len = 20
    explorer.batch_size = 11
    assert explorer.curve.points != kept
    assert explorer.curve.svg in explorer._plot.value


def test_the_curve_is_of_a_query_a_token_or_the_run(explorer: Explorer) -> None:
    whole = explorer.report.root.energy
    for per, amount, words in (("query", 4, "a query"), ("token", 64, "a token"), ("run", 1, "")):
        explorer.per = per
        assert explorer.curve.now.energy == whole.scaled(1 / amount)
        assert explorer.curve.of == words
        assert f"J {words}</text>" in explorer.curve.svg or not words
        assert explorer.curve.svg in explorer._plot.value
    explorer._controls["per"].value = "token"
    assert explorer.per == "token"
    with pytest.raises(TraitError):
        explorer.per = "layer"


def test_a_token_of_a_generation_is_a_new_one() -> None:
    explorer = explore(GPT2, batch_size=2, seq_len=8, new_tokens=4, per="token")
    assert explorer.curve.of == "a new token"
    assert explorer.curve.now.energy == explorer.report.root.energy.scaled(1 / 8)


def test_controls_have_an_effect_or_say_that_they_have_none() -> None:
    explorer = explore(BERT, batch_size=1, seq_len=8, device="gtx1080ti")
    before = explorer.report.total_joules

    def descriptions() -> list[str]:
        return [explorer._controls[name].description for name in ("dtype", "launch")]

    assert descriptions() == ["dtype", "launched (no effect)"]
    explorer.dtype, explorer.launch = "float16", "graph"
    assert descriptions() == ["dtype (no effect)", "launched (no effect)"]
    assert explorer.report.total_joules == pytest.approx(before)
    explorer.device = "h100"
    assert descriptions() == ["dtype", "launched"]
    graph = explorer.report.total_joules
    explorer.launch = "eager"
    assert explorer.report.total_joules > 1.5 * graph  # it waits for its host
    explorer.dtype, explorer.launch, explorer.batch_size = "float32", "graph", 64
    full = explorer.report.total_joules
    explorer.dtype = "float16"
    assert explorer.report.total_joules < 0.9 * full


@pytest.mark.parametrize("is_on", [True, False])
def test_moves_bring_no_collection_of_all_objects(explorer: Explorer, is_on: bool) -> None:
    """Python's own collector is put off while a move lasts, and left as it was."""
    seen: list[bool] = []
    explorer.observe(lambda change: seen.append(gc.isenabled()), "report")
    try:
        gc.enable() if is_on else gc.disable()
        explorer.batch_size = 5
        explorer.seq_len = 500  # an error
        assert explorer.error
        assert gc.isenabled() is is_on
        explorer.seq_len = 17
        explorer.batch_size = 70  # is traced, and what torch leaves may be collected
        assert gc.isenabled() is is_on
    finally:
        gc.enable()
    assert seen == [False, False, is_on]


def test_the_selection_stays_where_it_can(explorer: Explorer) -> None:
    explorer.tree.selected = "encoder.layer.1"
    explorer.batch_size = 5
    assert explorer.tree.selected == "encoder.layer.1"
    assert explorer.tree.node == explorer.report["encoder.layer.1"]


def test_a_model_that_must_be_traced_at_each_size() -> None:
    config = LongformerConfig(**TINY, attention_window=[8, 8], max_position_embeddings=130)
    explorer = explore(config, batch_size=2, seq_len=16)
    assert "traced anew" in explorer._status.value
    assert not explorer._controls["batch_size"].continuous_update
    explorer.batch_size = 3
    explorer.batch_size = 4
    assert {point.size for point in explorer.curve.points} >= {2, 3, 4}
    whole = irene.predict(config, batch_size=4, seq_len=16).total_joules
    assert explorer.report.total_joules == pytest.approx(whole)


def test_a_plain_model_stays_untouched() -> None:
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4)).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.get_rng_state()
    explorer = explore(model, batch_size=3)
    explorer.batch_size = 5
    explorer.dtype = "bfloat16"
    assert explorer.error == ""
    shown = [name for name, each in explorer._controls.items() if each.layout.display != "none"]
    assert shown == [
        *("batch_size", "seq_len", "device", "dtype"),
        "launch",
        "per",
    ]  # it cannot generate
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_a_report_is_explored_from_its_model() -> None:
    report = irene.predict(GPT2, batch_size=3, seq_len=9, new_tokens=6)
    explorer = explore(report)
    setting = explorer.setting
    assert (setting.batch_size, setting.seq_len, setting.new_tokens) == (3, 9, 6)
    assert explorer.report.total_joules == pytest.approx(report.total_joules)
    again = explore(explorer.report, batch_size=4)
    assert again.report.root.class_name == "GPT2LMHeadModel"

    from transformers import BertForSequenceClassification

    model = BertForSequenceClassification(BERT).eval()
    with torch.inference_mode():
        measured = irene.measure(model, torch.ones(2, 8, dtype=torch.long))
    explorer = explore(measured)
    assert explorer.report.root.class_name == "BertForSequenceClassification"
    assert (explorer.batch_size, explorer.seq_len) == (2, 8)


def test_a_report_of_a_file_or_a_notebook_is_explored(tmp_path: Path) -> None:
    report = irene.predict(GPT2, batch_size=3, seq_len=9, new_tokens=6)
    loaded = irene.load_report(report.save(tmp_path / "saved.energy.json"))
    assert loaded == report
    explorer = explore(loaded)
    assert explorer.report.root.class_name == "GPT2LMHeadModel"
    assert explorer.report.total_joules == pytest.approx(report.total_joules)
    assert (explorer.setting.batch_size, explorer.setting.new_tokens) == (3, 6)

    from transformers import BertForSequenceClassification

    config = BertConfig(**TINY | {"num_hidden_layers": 4}, attn_implementation="eager")
    model = BertForSequenceClassification(config).eval()
    with torch.inference_mode():
        measured = irene.measure(model, torch.ones(2, 8, dtype=torch.long))
    output = json.loads(json.dumps(measured._repr_mimebundle_()[MIME_TYPE]))
    assert isinstance(output["configuration"], str)  # in brief
    read = irene.EnergyReport.from_dict(output)
    assert read.configuration == measured.configuration
    explorer = explore(read)
    assert (explorer.batch_size, explorer.seq_len) == (2, 8)
    assert explorer.report.total_joules == pytest.approx(explore(measured).report.total_joules)
    assert "matmul" in str(explorer.report)  # as eager attention has it
    # What was measured is not shown again: all figures are predicted, and say so.
    assert explorer.report.mode == "predict"
    sources = {node.energy.source for node in explorer.report.walk()}
    assert "predicted" in sources <= {"predicted", "estimated"}
    for shown in (explorer._summary.value, explorer._plot.value):
        assert "Predicted for GTX 1080 Ti PC" in shown


@pytest.mark.parametrize("report", ["plain", "old", "several"])
def test_a_report_that_does_not_know_its_model_says_so(report: str, tmp_path: Path) -> None:
    if report == "several":
        with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
            for model in (nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4))):
                model(torch.ones(1, 4))
        found = monitor.report
    else:
        found = irene.predict(nn.Linear(8, 8) if report == "plain" else BERT, seq_len=8)
    data = json.loads(found.save(tmp_path / "saved.energy.json").read_text())
    if report == "old":
        del data["configuration"]
    with pytest.raises(OptionError, match=r"loaded from a file.*irene\.explore\(model\)"):
        explore(irene.EnergyReport.from_dict(data))


def test_a_hostile_report_is_not_explored(tmp_path: Path) -> None:
    plain = irene.predict(BERT, seq_len=8).to_dict()

    def report(**changes: Any) -> irene.EnergyReport:
        return irene.EnergyReport.from_dict(plain | changes)

    evil = {"model_class": "os", "config": {"model_type": EVIL}}
    with pytest.raises(OptionError, match="no model 'os'"):
        explore(report(configuration=evil))
    for bad in ([], "no JSON", {"model_class": 3, "config": {}}, {"model_class": "BertModel"},
                {"model_class": "BertModel", "config": {"x": float("inf")}}):  # fmt: skip
        with pytest.raises(ReportError):
            report(configuration=bad)
    # The name of a device is not a path to be read.
    secret = tmp_path / "device.json"
    secret.write_text((SHIPPED_FOLDER / "gtx1080ti.json").read_text())
    foreign = report(device={"name": str(secret), "label": "x", "kind": "reference"})
    with pytest.raises(DeviceError, match="device='gtx1080ti'"):
        explore(foreign)
    assert explore(foreign, device="gtx1080ti").error == ""
    for size, complaint in ((2**62, "at most"), (2**30, "64 positions")):
        with pytest.raises(OptionError, match=complaint):
            explore(report(runs=[plain["runs"][0] | {"seq_len": size}]))


def test_hostile_names_and_errors_are_text() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.shape[0] > 64:  # beyond what is learned, and so traced
                raise RuntimeError(EVIL)
            return self.linear(x)

    Model.__name__ = EVIL
    explorer = explore(Model(), batch_size=4)
    assert explorer.error == ""
    explorer.batch_size = 65
    assert "RuntimeError" in explorer.error
    shown = html(explorer)
    assert "&lt;img" in shown
    assert "<img" not in shown
    assert "\u202e" not in shown
    assert len(shown) < 60_000


def test_a_curve_alone() -> None:
    def point(size: int, joules: float, kind: str = "predicted") -> CurvePoint:
        return CurvePoint(size, Energy(joules, joules * 0.9, joules * 1.2, "predicted"), kind)

    points = (point(1, 1.0), point(8, 8.0), point(16, 20.0, "extrapolated"))
    curve = EnergyCurve(points, point(8, 8.0), EVIL, EVIL)
    assert curve.kinds == ("predicted", "extrapolated")
    assert curve.svg.count('stroke-dasharray="5 3"') == 2  # one stretch, and the legend
    assert "<img" not in curve.svg
    assert "\u202e" not in curve.svg + str(curve)
    assert "now 8.00 J" in str(curve)
    assert EnergyCurve(()).svg.endswith("</svg>")
    for few in ((points[0],), ()):
        assert re.search(r"nan|inf", EnergyCurve(few, points[0]).svg) is None
    nothing = CurvePoint(3, Energy(0.0, 0.0, 0.0, "predicted"), "predicted")
    assert re.search(r"nan|inf", EnergyCurve((nothing,), nothing).svg) is None


def test_in_a_real_kernel(kernel_factory: Any) -> None:
    kernel = kernel_factory()
    # Imports alone, for a cell has a minute and the machine may be busy.
    for line in ("import torch, ipywidgets", "import irene_jupyter as irene; irene.explore",
                 "from transformers import BertConfig"):  # fmt: skip
        assert kernel.run(line).ok
    cell = kernel.run(
        f"explorer = irene.explore(BertConfig(**{BERT.to_diff_dict()!r}), batch_size=4)\nexplorer"
    )
    assert cell.ok, cell.traceback
    assert cell.stream("stdout") == ""
    (result,) = cell.of("execute_result")
    # Without a front end that draws widgets the tree is still there, and never an error box.
    assert set(result["data"]) == {MIME_TYPE, "text/html", "text/plain"}
    assert "as it stood when it was shown (batch size 4" in result["data"]["text/plain"]
    assert result["metadata"] == {MIME_TYPE: {"what_if": True}}  # no cell's energy
    before = kernel.value("explorer.report.total_joules")
    # As the front end does when a slider is dragged.
    cell = kernel.run("explorer._controls['batch_size'].set_state({'value': 8})")
    assert cell.ok, cell.traceback
    assert kernel.value("explorer.batch_size") == 8
    assert kernel.value("explorer.report.total_joules") > before
    assert kernel.value("explorer.tree.data['runs'][0]['batch_size']") == 8
    cell = kernel.run("explorer.seq_len = 4096")
    assert cell.ok, cell.traceback
    assert cell.stream("stderr") == ""
    assert "64 positions" in kernel.value("explorer.error")
    threads = "[t.name for t in __import__('threading').enumerate() if t.name.startswith('irene-')]"
    assert kernel.value(threads) == []
