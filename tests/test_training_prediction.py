"""predict(training=True), also by compare_devices and the command line; what a training costs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
import transformers as hf

import irene_jupyter as irene
from irene_jupyter.cli import main
from irene_jupyter.errors import CaptureError, OptionError, ReportError
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.training_cost import TrainingCost

SMALL = {
    "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128,
    "vocab_size": 200,
}  # fmt: skip
CONFIG = hf.BertConfig(**SMALL, architectures=["BertForSequenceClassification"])


def predicted(device: str = "gtx1080ti", **arguments) -> EnergyReport:
    return irene.predict(CONFIG, 4, 32, device=device, training=True, **arguments)


@pytest.fixture(scope="module")
def report() -> EnergyReport:
    return predicted()


def test_a_step_has_three_phases_at_every_module(report: EnergyReport):
    assert [phase.phase for phase in report.phases] == ["forward", "backward", "optimiser"]
    for path in ("", "bert.encoder.layer.1", "bert.encoder.layer.0.output.dense", "classifier"):
        parts = [report.phase(phase.phase).root.find(path).energy for phase in report.phases]
        whole = report.root.find(path).energy
        assert whole.joules == pytest.approx(sum(part.joules for part in parts))
    assert report.total_joules > 2.5 * irene.predict(CONFIG, 4, 32, device="gtx1080ti").total_joules
    assert report.phase("optimiser").steps == 1
    assert report.phase("forward").samples == 4


def test_it_says_what_it_needs_in_memory_and_what_nobody_tested(report: EnergyReport):
    notes = " ".join(report.notes)
    assert "in memory a step needs about" in notes
    assert "AdamW's states" in notes
    assert "no data of training steps" in notes


def test_the_model_is_neither_run_nor_touched():
    torch.manual_seed(0)
    model = hf.BertForSequenceClassification(CONFIG).eval()
    model.bert.embeddings.requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    found = irene.predict(model, 4, 32, device="gtx1080ti", training=True, budget_seconds=0)
    assert torch.equal(torch.get_rng_state(), state)
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    paths = {node.path for node in found.phase("optimiser").root.walk()}
    assert "bert.embeddings" not in paths
    assert found.total_joules < predicted().total_joules


def test_a_larger_optimiser_costs_more():
    joules = [
        predicted("h100", optimiser=name).phase("optimiser").joules
        for name in ("SGD", "SGD+momentum", "AdamW")
    ]
    assert joules == sorted(joules)


def test_what_has_no_step_is_refused():
    with pytest.raises(OptionError, match="new_tokens"):
        irene.predict(CONFIG, training=True, new_tokens=8)
    with pytest.raises(OptionError, match="method"):
        predicted(method="irene")
    with pytest.raises(OptionError, match="AdamW"):
        predicted(optimiser="Adam8bit")
    model = torch.nn.Sequential(torch.nn.Linear(8, 8)).requires_grad_(False)
    with pytest.raises(CaptureError, match="requires_grad"):
        irene.predict(model, training=True)


def test_a_step_needs_more_room_than_a_forward_pass():
    large = hf.LlamaConfig(
        hidden_size=4096, num_hidden_layers=32, architectures=["LlamaForCausalLM"]
    )
    table = irene.compare_devices(large, 8, 1024, devices=["b200"])
    assert table.to_dataframe()["fits"].tolist() == [True]
    table = irene.compare_devices(large, 8, 1024, devices=["b200"], training=True)
    assert table.to_dataframe()["fits"].tolist() == [False]
    assert "a training step" in str(table)
    notes = " ".join(table["b200"].notes)
    assert "for a training step" in notes
    assert "checkpointing" in notes


def test_the_command_line_has_it(capsys: pytest.CaptureFixture[str], tmp_path):
    CONFIG.save_pretrained(tmp_path)
    arguments = ["predict", str(tmp_path), "--training", "--optimiser", "sgd", "--device", "h100"]
    assert main([*arguments, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [phase["phase"] for phase in said["phases"]] == ["forward", "backward", "optimiser"]
    assert main(["predict", str(tmp_path), "--training", "--optimiser", "Adam8bit"]) == 2
    assert "SGD+momentum" in capsys.readouterr().err


# --- what a training costs ----------------------------------------------------------------------


def test_a_training_costs_its_steps(report: EnergyReport):
    cost = report.cost(steps=1e6, usd_per_kwh=0.5, pue=1.2)
    assert isinstance(cost, TrainingCost)
    assert cost.joules_per_step == pytest.approx(report.total_joules)
    assert cost.kwh == pytest.approx(report.total_joules * 1e6 * 1.2 / 3.6e6)
    assert cost.usd == pytest.approx(0.5 * cost.kwh)
    assert cost.low_kwh < cost.kwh < cost.high_kwh
    assert cost.queries == 4e6
    said = str(cost)
    for words in ("steps", "1,000,000", "examples", "4,000,000", "energy per step", "data loading"):
        assert words in said
    assert "the host of the board" not in said
    assert "the host of the board" in str(predicted("h100").cost(steps=1))
    assert "examples" in cost._repr_html_()


def test_steps_of_a_loop_are_divided_by_how_many_there_were(report: EnergyReport):
    # Two models of 3 steps each, of which one accumulated gradients over several passes.
    phases = [replace(phase, steps=3, model=name) for phase in report.phases for name in "ab"]
    both = replace(report, phases=type(report.phases)(phases))
    assert both.cost(steps=3).joules_per_step == pytest.approx(2 * report.total_joules / 3)
    uneven = [replace(phase, steps=1 if phase.model == "a" else 2) for phase in phases]
    with pytest.raises(ReportError, match="a 1, b 2"):
        replace(report, phases=type(report.phases)(uneven)).cost(steps=3)


@pytest.mark.parametrize("steps", [-1, float("nan"), "many", True])
def test_steps_that_make_no_sense_are_refused(report: EnergyReport, steps):
    with pytest.raises(ReportError, match="steps"):
        report.cost(steps=steps)


def test_without_a_step_there_is_nothing_to_multiply():
    with pytest.raises(ReportError, match="training=True"):
        irene.predict(CONFIG, 4, 32, device="gtx1080ti").cost(steps=10)
