"""report.advice(): priced by predicting again, and shown only where it saves for sure."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
)

import irene_jupyter as irene
from irene_jupyter.advising import _ratio
from irene_jupyter.errors import OptionError
from irene_jupyter.predictors import methods
from irene_jupyter.predictors.fit.dataset import load_trees
from irene_jupyter.predictors.held_out.protocols import splits
from irene_jupyter.report.advice import NOTHING
from irene_jupyter.report.parts import MeasuredEnergy
from irene_jupyter.report.units import CONFIDENCE
from irene_jupyter.tree import Energy

BERT = BertConfig(num_hidden_layers=2)
GPT2 = GPT2Config(n_layer=2)
SMALL = BertConfig(
    hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128,
    vocab_size=1000, architectures=["BertForSequenceClassification"],
)  # fmt: skip


def test_a_saving_is_the_ratio_of_two_predictions() -> None:
    report = irene.predict(BERT, 1, 64, device="h100")
    saving = report.advice()["batch_size"]
    size = int(saving.change.rpartition(" ")[2])
    other = irene.predict(BERT, size, 64, device="h100")
    assert saving.before_joules == pytest.approx(report.total_joules)
    assert saving.after_joules == pytest.approx(other.total_joules / size, rel=1e-3)
    assert 0 < saving.low < saving.share < saving.high < 1


def test_each_saving_excludes_that_nothing_is_saved_and_the_others_are_told() -> None:
    advice = irene.predict(BERT, 1, 64, device="h100").advice()
    assert len(advice) > 0
    assert all(each.low > 0 for each in advice)
    told = " ".join(advice.notes)
    assert "it may as well be nothing" in told
    shown = {each.change for each in advice}
    assert not any(note.partition(":")[0] in shown for note in advice.notes)


def test_of_a_generation_the_joules_are_of_a_token() -> None:
    report = irene.predict(GPT2, 1, 16, new_tokens=8, device="h100")
    advice = report.advice()
    assert advice.per == "token"
    assert advice["batch_size"].before_joules == pytest.approx(report.total_joules / 8)
    assert {"launch", "together"} <= {each.lever for each in advice}
    assert advice["together"].after_joules < advice["batch_size"].after_joules


def test_a_machine_profile_has_no_levers_of_boards() -> None:
    advice = irene.predict(GPT2, 2, 32, device="gtx1080ti").advice()
    assert {each.lever for each in advice} <= {"batch_size", "seq_len"}
    assert "GTX 1080 Ti PC" in advice.title


def test_half_the_length_stands_last_for_it_is_not_the_same_work() -> None:
    advice = irene.predict(GPT2, 2, 512, device="gtx1080ti").advice()
    half = advice["seq_len"]
    assert half.changes_work
    assert "256" in half.change
    assert list(advice)[-1] is half


def test_attention_that_is_not_fused() -> None:
    eager = BertConfig(num_hidden_layers=2, attn_implementation="eager")
    advice = irene.predict(eager, 16, 512, device="h100").advice()
    tried = [each.change for each in advice] + list(advice.notes)
    assert any(change.startswith("attention eager → sdpa") for change in tried)
    fused = irene.predict(BERT, 16, 512, device="h100").advice()
    assert not any("sdpa" in text for text in (str(fused), *fused.notes))


def test_a_cache_that_is_off() -> None:
    config = GPT2Config(
        n_layer=2, n_embd=256, n_head=4, vocab_size=1000, bos_token_id=0, eos_token_id=0
    )
    model = GPT2LMHeadModel(config).eval()
    ids = torch.ones(4, 200, dtype=torch.long)
    options = irene.Options(device="gtx1080ti", budget_seconds=0)
    with irene.EnergyMonitor(options) as monitor:
        model.generate(ids, max_new_tokens=12, use_cache=False, do_sample=False, pad_token_id=0)
    saving = monitor.report.advice()["cache"]
    assert saving.after_joules < 0.5 * saving.before_joules
    assert "use_cache=True" in saving.how


def test_padding_that_is_wasted() -> None:
    model = BertModel(BertConfig(num_hidden_layers=3)).eval()
    mask = torch.ones(8, 128, dtype=torch.long)
    mask[1:, 32:] = 0
    options = irene.Options(device="gtx1080ti", budget_seconds=0)
    report = irene.measure(model, torch.ones_like(mask), attention_mask=mask, options=options)
    assert report.runs[0].padding_share == pytest.approx(0.65625)
    saving = report.advice()["padding"]
    assert saving.change == "padding 66 % → none"
    assert not saving.changes_work
    other = irene.predict(model, 8, 44, device="gtx1080ti", budget_seconds=0)
    assert saving.share == pytest.approx(1 - other.total_joules / report.total_joules, rel=0.02)
    full = irene.measure(model, torch.ones_like(mask), options=options)
    assert full.runs[0].padding_share is None
    assert "padding" not in [each.lever for each in full.advice()]


def test_measured_joules_are_the_level_where_the_profile_is_the_reports_own() -> None:
    report = irene.predict(BERT, 1, 64, device="h100")
    assert report.root is not None
    twice = replace(
        report,
        root=report.root.mapped(
            lambda node: (
                node if node.energy is None else replace(node, energy=node.energy.scaled(2))
            )
        ),
        runs=tuple(replace(run, joules=2 * run.joules) for run in report.runs),
    )
    once, doubled = report.advice()["batch_size"], twice.advice()["batch_size"]
    assert doubled.before_joules == pytest.approx(2 * once.before_joules)
    assert doubled.share == pytest.approx(once.share)


def test_what_was_counted_here_is_not_mixed_with_another_machines_prediction() -> None:
    report = irene.predict(GPT2, 2, 512, device="gtx1080ti")
    here = replace(report, measured=MeasuredEnergy(joules=1e3, low=9e2, high=1.1e3))
    own = replace(here, device=replace(report.device, kind="calibrated"))
    runs = tuple(replace(run, joules=1e3) for run in report.runs)
    saving = replace(here, runs=runs).advice()["seq_len"]
    assert saving.before_joules == pytest.approx(report.total_joules / 2)
    assert "measured" not in saving.rests_on
    saving = replace(own, runs=runs).advice()["seq_len"]
    assert saving.before_joules == pytest.approx(500.0)
    assert "applied to what was measured" in saving.rests_on


def test_a_saved_report_can_be_asked_too(tmp_path: Path) -> None:
    path = irene.predict(BERT, 1, 64, device="h100").save(f"{tmp_path}/x.energy.json")
    assert len(irene.load_report(path).advice()) > 0


def test_a_model_that_the_report_does_not_know_is_given() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(512, 512), torch.nn.ReLU())
    report = irene.predict(model, 1, device="h100")
    with pytest.raises(OptionError, match="explore"):
        report.advice()
    assert str(report.advice(model)).startswith("What would help Sequential")


def test_views_agree_and_are_safe() -> None:
    advice = irene.predict(BERT, 1, 64, device="h100").advice()
    bundle = advice._repr_mimebundle_()
    data = json.loads(json.dumps(advice.to_dict(), allow_nan=False))
    assert len(data["savings"]) == len(advice.to_dataframe()) == len(advice)
    for each in advice:
        assert each.saved in bundle["text/plain"]
        assert each.change in bundle["text/html"]
        assert ("range" in each.saved) != each.is_tested
    nothing = replace(advice, savings=(), notes=("<b>",))
    assert NOTHING in str(nothing)
    assert "<b>&lt;b&gt;" not in nothing._repr_mimebundle_()["text/html"]


def test_the_interval_holds_for_published_pairs(irene_data: Path) -> None:
    """Two sizes of one model, its family left out: measured ratios in nine of ten intervals."""
    assert CONFIDENCE == "90 %"
    rows = []
    for split in splits("family", load_trees(irene_data)):
        method = methods.make("additive").fit(split.train)
        bare = [
            replace(tree, root=tree.root.mapped(lambda node: replace(node, energy=None)))
            for tree in split.test
        ]
        for tree, found in zip(split.test, method.predict(bare), strict=True):
            whole = found[0]
            predicted = Energy(whole.joules, whole.low, whole.high, "predicted")
            rows.append((tree.name, tree.root.energy.joules, predicted))
    inside = []
    for (name, before, first), (other, after, second) in itertools.combinations(rows, 2):
        if name == other:
            ratio, low, high = _ratio(first, second)
            inside.append(low <= after / before <= high)
            assert math.isfinite(ratio)
    assert len(inside) > 2000
    assert sum(inside) >= 0.9 * len(inside)


def test_of_training_the_joules_are_of_an_example_of_whole_steps() -> None:
    report = irene.predict(SMALL, 2, 32, device="h100", training=True, optimiser="SGD")
    advice = report.advice()
    assert advice.per == "example"
    assert "an example now" in str(advice)
    assert "an optimiser like SGD)" in advice.title
    saving = advice["batch_size"]
    size = int(saving.change.rpartition(" ")[2])
    other = irene.predict(SMALL, size, 32, device="h100", training=True, optimiser="SGD")
    assert saving.before_joules == pytest.approx(report.total_joules / 2)
    assert saving.after_joules == pytest.approx(other.total_joules / size, rel=1e-3)
    assert saving.changes_work
    assert not saving.is_tested  # no training step was ever measured
    assert "range" in saving.saved
    assert "dtype" not in [each.lever for each in advice]


def test_a_training_that_was_measured_is_priced_by_its_own_optimiser() -> None:
    model = BertForSequenceClassification(SMALL).train()
    optimiser = torch.optim.Adagrad(model.parameters())
    ids, labels = torch.ones(2, 16, dtype=torch.long), torch.zeros(2, dtype=torch.long)
    options = irene.Options(device="h100", budget_seconds=0)
    with irene.EnergyMonitor(options) as monitor:
        for number in range(4):
            model(ids, labels=labels).loss.backward()
            if number % 2:
                optimiser.step()
                optimiser.zero_grad()
    advice = monitor.report.advice()
    assert "an optimiser like Adagrad)" in advice.title
    assert any("here one came after 2." in note for note in advice.notes)


def test_a_model_that_is_frozen_in_part_is_to_be_given() -> None:
    model = BertForSequenceClassification(SMALL)
    model.bert.requires_grad_(False)
    report = irene.predict(model, 2, 32, device="h100", training=True, budget_seconds=0)
    with pytest.raises(OptionError, match=r"report\.advice\(model\)"):
        report.advice()
    assert report.advice(model).per == "example"


def test_a_model_that_is_checkpointed_is_to_be_given() -> None:
    model = BertForSequenceClassification(SMALL)
    model.gradient_checkpointing_enable()
    report = irene.predict(model, 2, 32, device="h100", training=True, budget_seconds=0)
    with pytest.raises(OptionError, match="checkpointed"):
        report.advice()
    assert report.advice(model).per == "example"


def test_forward_passes_in_training_mode_are_queries() -> None:
    model = BertModel(SMALL).train()
    options = irene.Options(device="h100", budget_seconds=0)
    report = irene.measure(model, torch.ones(2, 16, dtype=torch.long), options=options)
    assert report.advice().per == "query"


def test_backward_passes_without_a_step_are_no_training_that_can_be_priced() -> None:
    model = BertForSequenceClassification(SMALL).train()
    ids, labels = torch.ones(2, 16, dtype=torch.long), torch.zeros(2, dtype=torch.long)
    with irene.EnergyMonitor(irene.Options(device="h100", budget_seconds=0)) as monitor:
        model(ids, labels=labels).loss.backward()
    with pytest.raises(OptionError, match="no whole training step"):
        monitor.report.advice()


def test_a_training_in_another_dtype_is_priced_in_it() -> None:
    model = BertForSequenceClassification(SMALL).to(torch.bfloat16)
    options = {"device": "h100", "training": True, "budget_seconds": 0}
    report = irene.predict(model, 2, 32, **options)
    advice = report.advice()
    assert "an optimiser like AdamW)" in advice.title
    saving = advice["batch_size"]
    size = int(saving.change.rpartition(" ")[2])
    other = irene.predict(model, size, 32, **options)
    assert saving.after_joules == pytest.approx(other.total_joules / size, rel=1e-3)
