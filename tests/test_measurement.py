"""The flow from code to report, without a notebook."""

from __future__ import annotations

import math
import threading
import traceback
from pathlib import Path

import pytest
import torch
import transformers as hf
from torch import nn

import irene_jupyter as irene
from irene_jupyter.capture.watch.recorder import Recorder

SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 100,
}
IDS = torch.ones(2, 8, dtype=torch.long)
REFERENCE = irene.Options("gtx1080ti")  # whose joules do not depend on times


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    yield
    assert Recorder._active is None
    assert not [t.name for t in threading.enumerate() if t.name.startswith("irene-")]


def bert() -> nn.Module:
    torch.manual_seed(0)
    return hf.BertModel(hf.BertConfig(**SMALL)).eval()


def add_up(report) -> bool:
    return all(
        math.isclose(
            node.energy.joules,
            node.own_joules + math.fsum(child.energy.joules for child in node.children),
            rel_tol=1e-9,
            abs_tol=1e-15,
        )
        for node in report.walk()
        if node.children
    )


def test_measure_runs_once_and_the_tree_adds_up():
    calls = []

    class Counted(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            calls.append(1)
            return super().forward(x)

    report = irene.measure(Counted(8, 8), torch.ones(2, 8))
    assert len(calls) == 1
    assert report.mode == "measure"
    report = irene.measure(bert(), IDS)
    assert add_up(report)
    assert report["encoder.layer.0.attention.self.query"].primitive == "Linear"
    assert report.root.energy.low < report.total_joules < report.root.energy.high
    assert report.root.features.num_parameters == sum(p.numel() for p in bert().parameters())


def test_measure_leaves_what_one_plain_run_leaves():
    def state(run) -> tuple:
        torch.manual_seed(5)
        model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5)).train()
        run(model)
        return model.training, model.state_dict(), torch.get_rng_state()

    plain = state(lambda model: model(torch.ones(4, 8)))
    seen = state(lambda model: irene.measure(model, torch.ones(4, 8)))
    assert plain[0] == seen[0]
    assert all(torch.equal(plain[1][key], seen[1][key]) for key in plain[1])
    assert torch.equal(plain[2], seen[2])


def test_measure_takes_anything_that_runs_models():
    model = bert()
    report = irene.measure(lambda: [model(IDS) for _ in range(3)], options=REFERENCE)
    assert report.root.features.calls == 3
    assert report.total_joules == pytest.approx(
        3 * irene.measure(model, IDS, options=REFERENCE).total_joules
    )
    with pytest.raises(irene.IreneError, match="cannot be called"):
        irene.measure("bert-base-uncased")


def test_predict_equals_what_measuring_the_same_run_gives():
    model = bert()
    measured = irene.measure(model, IDS, options=REFERENCE)
    for source in (model, hf.BertConfig(**SMALL)):
        predicted = irene.predict(source, batch_size=2, seq_len=8)
        assert predicted.mode == "predict"
        assert predicted.total_joules == pytest.approx(measured.total_joules, rel=1e-6)
        assert predicted.device.label == "GTX 1080 Ti PC"
        assert predicted.resources is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number from 1 on"),
        ({"seq_len": 1.5}, "seq_len must be a whole number"),
        ({"seq_len": True}, "seq_len must be a whole number"),
        ({"seq_len": 100_000}, "has 512 positions"),
        ({"device": "gtx9999"}, "gtx1080ti"),
    ],
)
def test_predict_refuses_with_the_remedy(arguments, message: str):
    with pytest.raises(irene.IreneError, match=message):
        irene.predict(hf.BertConfig(**SMALL), **arguments)


def test_an_unknown_device_stops_before_anything_runs():
    with pytest.raises(irene.IreneError, match="gtx1080ti"):
        irene.EnergyMonitor(irene.Options(device="nope"))


def test_several_models_are_children_named_after_their_variables():
    first, second = bert(), nn.Sequential(nn.Linear(8, 8))
    with irene.EnergyMonitor(namespace={"first": first, "second": second}) as monitor:
        first(IDS)
        second(torch.ones(1, 8))
        first(IDS)
    report = monitor.report
    assert report.root.class_name == "Cell"
    assert [model.path for model in report.models] == ["first", "second"]
    assert report["first.encoder.layer.1"].features.calls == 2
    assert report["second.0"].class_name == "Linear"
    assert add_up(report)
    assert irene.load_report is not None


def test_built_and_never_called():
    with irene.EnergyMonitor(irene.Options(batch_size=4, seq_len=16)) as monitor:
        idle = bert()
    report = monitor.report
    assert report.root.flags[0].startswith("not_run: ")
    assert (report.runs[0].status, report.runs[0].batch_size) == ("not_run", 4)
    assert report.total_joules == pytest.approx(irene.predict(idle, 4, 16).total_joules)


def test_built_beside_a_model_that_ran_is_not_in_the_total():
    model = bert()
    with irene.EnergyMonitor(REFERENCE) as monitor:
        idle = nn.Linear(8, 8)
        model(IDS)
    report = monitor.report
    assert idle is not None
    assert report.root.class_name == "BertModel"
    assert [node.class_name for node in report.not_run] == ["Linear"]
    assert report["Linear"].flags[0].startswith("not_run: ")
    assert report.total_joules == pytest.approx(
        irene.measure(model, IDS, options=REFERENCE).total_joules
    )


def test_no_model_at_all():
    with irene.EnergyMonitor() as monitor:
        torch.ones(3) @ torch.ones(3)
    assert monitor.report.root is None
    assert monitor.report.total_joules == 0
    assert str(monitor.report) == "No PyTorch model was built or run in this cell."


class Fails(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(9, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x))


def test_a_failing_block_keeps_what_was_seen_and_its_traceback_is_the_users():
    monitor = irene.EnergyMonitor()
    with pytest.raises(RuntimeError) as caught, monitor:
        Fails()(torch.ones(2, 8))
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert not [f for f in frames if "/irene_jupyter/" in f.filename and "tests" not in f.filename]
    assert frames[-1].name == "forward"
    report = monitor.report
    assert report.root.flags[0].startswith("incomplete: ")
    assert report.runs[0].status == "incomplete"
    assert report["first"].energy.joules > 0
    assert any("raised RuntimeError" in note for note in report.notes)


def test_a_failing_measure_has_the_users_traceback():
    with pytest.raises(RuntimeError) as caught:
        irene.measure(Fails(), torch.ones(2, 8))
    package = str(Path(irene.__file__).parent)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert not [frame for frame in frames if frame.filename.startswith(package)]


def test_the_report_before_the_end():
    with (
        pytest.raises(irene.IreneError, match="has not ended"),
        irene.EnergyMonitor() as monitor,
    ):
        assert monitor.report


def test_a_measurement_within_a_measurement_is_refused_and_the_outer_one_goes_on():
    model = bert()
    with irene.EnergyMonitor() as monitor:
        with pytest.raises(irene.IreneError, match="another measurement"):
            irene.measure(model, IDS)
        model(IDS)
    assert monitor.report.total_joules > 0


def test_time_outside_of_models_is_said_once():
    import time

    model = bert()
    with irene.EnergyMonitor() as monitor:
        model(IDS)
        time.sleep(0.3)
    report = monitor.report
    for view in (str(report), report.to_html()):
        assert view.count("Python, data handling, idle") == 1
    (rest,) = report.parts.remainder
    assert rest.seconds > 0.29
    assert rest.basis in ("split", "estimated")


def test_latencies_are_of_all_calls_and_only_of_what_ran():
    model = bert()
    report = irene.measure(lambda: [model(IDS) for _ in range(5)])
    assert report.root.features.latency_seconds == pytest.approx(report.runs[0].seconds)
    assert 0 < report["encoder"].features.latency_seconds <= report.runs[0].seconds
    predicted = irene.predict(model, batch_size=2, seq_len=8)  # traced, which is no run
    assert all(node.features.latency_seconds is None for node in predicted.walk())


def test_resources_of_the_block_are_in_the_report():
    with irene.EnergyMonitor() as monitor:
        bert()(IDS)
    resources = monitor.report.resources
    assert resources["duration_seconds"] > 0
    assert resources["samples"] >= 2


def test_low_precision_and_one_token_are_flagged():
    config = hf.LlamaConfig(**SMALL, num_key_value_heads=2, dtype="bfloat16")
    report = irene.predict(config, batch_size=1, seq_len=1)
    assert report.root.features.bytes > 0
    assert any(flag.startswith("extrapolated: ") for flag in report.root.flags)
    norms = [n for n in report.walk() if n.primitive == "RMSNorm"]
    assert norms
    assert all(n.energy.source == "estimated" and n.energy.joules > 0 for n in norms)
