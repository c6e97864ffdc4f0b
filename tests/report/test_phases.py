"""Prefill and decode in the report: trees, tables, JSON, text."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch
import transformers as hf
from report_builders import bert, bert_report

import irene_jupyter as irene
from irene_jupyter.attribution.leveling import leveled_phases
from irene_jupyter.errors import ReportError
from irene_jupyter.merging import merged, repeated
from irene_jupyter.report.parts import MeasuredEnergy
from irene_jupyter.report.phase_table import phase_legend
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.text import render_text
from irene_jupyter.tree import Energy, Node

CONFIG = hf.GPT2Config(
    n_embd=32, n_layer=2, n_head=4, vocab_size=100, bos_token_id=1, eos_token_id=2
)
NEW = 40


@pytest.fixture(scope="module")
def measured() -> EnergyReport:
    model = hf.GPT2LMHeadModel(CONFIG).eval()
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor, torch.no_grad():
        ids = torch.randint(3, 100, (2, 6))
        model.generate(ids, max_new_tokens=NEW, min_new_tokens=NEW, pad_token_id=0)
    return monitor.report


@pytest.fixture(scope="module")
def predicted() -> EnergyReport:
    return irene.predict(CONFIG, batch_size=2, seq_len=6, new_tokens=NEW)


@pytest.fixture(params=["measured", "predicted"])
def report(request: pytest.FixtureRequest) -> EnergyReport:
    found: EnergyReport = request.getfixturevalue(request.param)
    return found


def test_the_legend_says_whose_joules_they_are(predicted: EnergyReport) -> None:
    assert "not this machine" in phase_legend(predicted)
    counted = replace(predicted, measured=MeasuredEnergy(joules=9.0, low=8.0, high=10.0))
    assert phase_legend(counted).endswith("energy: part of what was measured on this machine")


def test_the_phases_are_a_table(predicted: EnergyReport, measured: EnergyReport) -> None:
    head, prefill, decode = str(predicted.phases).splitlines()
    assert head.split() == ["phase", "calls", "tokens", "energy", "per", "token"], "what is known"
    assert prefill.split()[:4] == ["GPT2LMHeadModel", "prefill", "1", "12"]
    assert "time here" not in str(predicted.phase("decode"))
    assert "time here" in str(measured.phases)
    assert len({len(line) for line in (head, prefill, decode)}) == 1
    table = predicted.phases.to_dataframe().set_index("phase")
    assert table["joules"].sum() == pytest.approx(predicted.total_joules)
    assert table["tokens"].to_list() == [12, 2 * (NEW - 1)]
    assert table["seconds"].isna().all()
    again = EnergyReport.from_dict(predicted.to_dict())
    assert str(again.phases) == str(predicted.phases)
    assert str(bert_report().phases) == "no phases: nothing was generated or trained"


def test_phases_add_up_to_the_report_at_every_node(report: EnergyReport):
    prefill, decode = report.phase("prefill"), report.phase("decode")
    assert (prefill.calls, prefill.tokens) == (1, 12)
    assert (decode.calls, decode.tokens) == (NEW - 1, 2 * (NEW - 1))
    for node in report.walk():
        parts = [phase[node.path].energy for phase in (prefill, decode)]
        assert node.energy is not None
        assert math.fsum(e.joules for e in parts if e) == pytest.approx(node.energy.joules)
        assert sum(phase[node.path].features.calls for phase in (prefill, decode)) == (
            node.features.calls
        )


def test_joules_a_token_for_every_module(report: EnergyReport):
    decode = report.phase("decode")
    table = report.to_dataframe(phase="decode").set_index("path")
    assert set(table.index) == {node.path for node in decode.root.walk()}
    node = decode["transformer.h.1.mlp"]
    assert node.energy is not None
    assert table.loc[node.path, "joules_per_token"] == node.energy.joules / decode.tokens
    assert table.loc["", "joules_per_token"] == decode.joules_per_token
    assert list(table["tokens"].unique()) == [decode.tokens]
    assert "joules_per_token" not in report.to_dataframe().columns


def test_power_is_of_one_machine_only(measured: EnergyReport):
    decode = measured.phase("decode")
    assert decode.seconds is not None
    assert decode.seconds_per_token == decode.seconds / decode.tokens
    foreign, here = replace(decode, is_here=False), replace(decode, is_here=True)
    # A reference PC's joules over this machine's seconds would be nobody's watts.
    assert foreign.joules_per_second is None
    assert foreign.to_dataframe()["joules_per_second"].isna().all()
    assert here.joules_per_second == decode.joules / decode.seconds


def test_replayed_seconds_stand_beside_predicted_joules():
    torch.manual_seed(0)
    model = hf.GPT2LMHeadModel(CONFIG).eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    state = torch.get_rng_state()
    report = irene.predict(model, batch_size=2, seq_len=6, new_tokens=NEW, budget_seconds=20)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(model.state_dict()[key], value) for key, value in before.items())
    data = report.to_dict()["phases"]
    for phase, saved in zip(report.phases, data, strict=True):
        assert phase.seconds is None  # the model did not run
        replayed = [leaf.features.replayed_seconds for leaf in phase.root.leaves()]
        assert all(seconds is not None and seconds > 0 for seconds in replayed)
        assert phase.replayed_seconds == pytest.approx(math.fsum(replayed))
        assert saved["replayed_seconds"] == phase.replayed_seconds
        # What the modules need of their own is in no operation.
        assert 0.5 < phase.replayed_share < 1
        assert saved["replayed_share"] == phase.replayed_share
    decode = report.phase("decode")
    table = report.to_dataframe(phase="decode").set_index("path")
    head = decode["lm_head"].features.replayed_seconds
    assert table.loc["lm_head", "replayed_seconds_per_token"] == head / decode.tokens
    for view in (str(report), report.to_html()):
        assert "repeated here" in view
        assert "predicted for GTX 1080 Ti PC" in " ".join(view.split())


def test_what_was_measured_and_what_is_predicted_replays_alike():
    def replayed(report: EnergyReport) -> set[tuple[str, str]]:
        return {
            (phase.phase, leaf.path)
            for phase in report.phases
            for leaf in phase.root.leaves()
            if leaf.features.replayed_seconds is not None
        }

    model = hf.GPT2LMHeadModel(CONFIG).eval()
    with irene.EnergyMonitor(irene.Options(budget_seconds=30)) as monitor, torch.no_grad():
        ids = torch.randint(3, 100, (2, 6))
        model.generate(ids, max_new_tokens=9, min_new_tokens=9, pad_token_id=0)
    predicted = irene.predict(model, batch_size=2, seq_len=6, new_tokens=9, budget_seconds=20)
    assert replayed(monitor.report) == replayed(predicted) != set()


def test_without_weights_or_budget_nothing_is_repeated(predicted: EnergyReport):
    model = hf.GPT2LMHeadModel(CONFIG).eval()
    plain = irene.predict(model, batch_size=2, seq_len=6, new_tokens=NEW, budget_seconds=0)
    for report in (predicted, plain):
        for phase in report.phases:
            assert phase.replayed_seconds is phase.replayed_share is None
        assert "repeated" not in str(report)
    assert plain.total_joules == predicted.total_joules


def test_a_narrow_terminal_gets_phases_as_lines(measured: EnergyReport):
    for width in (40, 60, 80, 140):
        text = render_text(measured, width=width)
        assert all(len(line) <= width for line in text.splitlines())
        words = " ".join(text.split())
        for phase in ("prefill", "decode"):
            whole = f"GPT2LMHeadModel {phase}"
            assert (phase if width == 80 else whole) in words  # the model's name gives way first
        assert "…" not in text.partition("phase")[2].partition("time here:")[0]


def test_nothing_ran_and_there_is_no_time(predicted: EnergyReport):
    decode = predicted.phase("decode")
    assert (decode.seconds, decode.seconds_per_token, decode.joules_per_second) == (None,) * 3


def test_a_file_keeps_the_phases(report: EnergyReport):
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert EnergyReport.from_dict(data) == report
    old = {key: value for key, value in data.items() if key != "phases"}
    assert EnergyReport.from_dict(old).phases == ()


@pytest.mark.parametrize(
    "damage",
    [
        lambda phase: phase.update(joules=phase["joules"] * 2),
        lambda phase: phase.update(tokens=-1),
        lambda phase: phase.update(calls=0),
        lambda phase: phase.update(root=None),
        lambda phase: phase["root"].update(energy=None),
        lambda phase: phase.pop("is_here"),
    ],
)
def test_damaged_phases_are_refused(predicted: EnergyReport, damage):
    data = json.loads(json.dumps(predicted.to_dict()))
    damage(data["phases"][1])
    with pytest.raises(ReportError):
        EnergyReport.from_dict(data)


def test_every_view_has_the_table(report: EnergyReport):
    text, page = str(report), report.to_html()
    for phase in ("prefill", "decode"):
        assert phase in text
        assert f"GPT2LMHeadModel {phase}" in page
    assert "per token" in text
    assert "per token" in page
    # The runs of the phases are in their rows, so that a long generation does not fill the screen.
    assert "batch×seq" not in text


def test_a_phase_that_is_not_there_is_told():
    plain = irene.predict(CONFIG, batch_size=1, seq_len=4)
    with pytest.raises(ReportError, match="new_tokens"):
        plain.phase("decode")


def test_several_models_have_phases_of_their_own():
    models = [hf.GPT2LMHeadModel(CONFIG).eval() for _ in range(2)]
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor, torch.no_grad():
        for model in models:
            model.generate(torch.ones(1, 4, dtype=torch.long), max_new_tokens=3, pad_token_id=0)
    report = monitor.report
    with pytest.raises(ReportError, match="model="):
        report.phase("decode")
    second = report.phase("decode", model="GPT2LMHeadModel_2")
    assert second.root.path == "GPT2LMHeadModel_2"
    assert second["GPT2LMHeadModel_2.lm_head"].energy is not None
    assert sum(phase.joules for phase in report.phases) == pytest.approx(report.total_joules)


def scaled(node: Node, factors: dict[str, float]) -> Node:
    """The tree with other own energies, still additive."""
    children = tuple(scaled(child, factors) for child in node.children)
    own = (node.own_joules or 0.0) * factors.get(node.path, 1.5)
    joules = math.fsum([own, *(c.energy.joules for c in children if c.energy)])
    return replace(node, children=children, energy=Energy(joules, joules, joules, "measured"))


def test_phases_follow_a_tree_that_was_scaled_node_by_node():
    first, second = bert(2), repeated(bert(2), 3)
    whole = scaled(merged([first, second]), {"encoder.layer.0.output": 0.0, "pooler": 4.0})
    phases = leveled_phases([first, second], whole)
    for node in whole.walk():
        parts = [phase.find(node.path) for phase in phases]
        assert node.energy is not None
        joules = [part.energy.joules for part in parts if part.energy]
        assert math.fsum(joules) == pytest.approx(node.energy.joules)
        assert joules[1] == pytest.approx(3 * joules[0])
        assert all(part.energy and part.energy.source == "measured" for part in parts)


def test_the_cost_of_a_generation_is_of_its_prompts(report: EnergyReport):
    assert report.cost().joules_per_query == pytest.approx(report.total_joules / 2)
