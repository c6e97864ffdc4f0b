"""What others read: model cards as the hub parses them, and what trackers log, in real stores."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig

import irene_jupyter as irene
from irene_jupyter.errors import ReportError
from irene_jupyter.report.units import format_joules

DOCS = Path(__file__).parents[2] / "docs/sharing.md"
CONFIG = BertConfig(num_hidden_layers=2, hidden_size=64, num_attention_heads=2, vocab_size=100)


@pytest.fixture(scope="module")
def report() -> irene.EnergyReport:
    return irene.predict(CONFIG, batch_size=4, seq_len=16, device="gtx1080ti")


def snippets(word: str) -> str:
    """The two lines of the docs that name a tracker."""
    found = [
        s for s in re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL) if word in s
    ]
    (one,) = found
    assert len(one.splitlines()) == 2
    return one


def test_a_card_has_the_emissions_as_the_hub_knows_them(report: irene.EnergyReport) -> None:
    hub = pytest.importorskip("huggingface_hub")
    pytest.importorskip("codecarbon")
    cost = report.cost(queries=75_000, country="FRA")
    card = hub.ModelCard(report.to_model_card(cost, training_type="fine-tuning"))
    emissions = card.data.co2_eq_emissions
    assert emissions["emissions"] == pytest.approx(cost.g_co2e, rel=1e-3)
    assert emissions["training_type"] == "fine-tuning"
    assert emissions["geographical_location"] == "FRA"
    assert emissions["hardware_used"] == "GTX 1080 Ti PC"
    assert "not this machine" in emissions["source"]
    assert set(card.data.to_dict()) == {"co2_eq_emissions"}
    # What a card of the user's own already has stays beside it.
    mine = hub.ModelCardData(license="mit", **card.data.to_dict())
    assert mine.to_dict()["co2_eq_emissions"] == emissions
    assert card.text.lstrip().startswith("## Energy")


def test_its_tables_hold_the_reports_numbers(report: irene.EnergyReport) -> None:
    text = report.to_model_card(report.cost(queries=1000))
    assert text.startswith("## Energy\n")  # nothing for the hub: no training was told
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {2, 3}
    named = {row[0].strip(): row[1].strip() for row in rows}
    assert named["all of it"].startswith(format_joules(report.total_joules))
    assert named["electricity"].endswith("kWh")
    assert "BertModel, 4 queries (64 tokens). Predicted for" in text


@pytest.mark.parametrize(
    ("cost", "training", "why"),
    [(False, "fine-tuning", "country"), (True, "fine-tuning", "country"), (True, "x", "must be")],
)
def test_emissions_need_a_training_and_a_country(
    report: irene.EnergyReport, cost: bool, training: Any, why: str
) -> None:
    with pytest.raises(ReportError, match=why):
        report.to_model_card(report.cost() if cost else None, training)


def test_a_name_is_no_markdown() -> None:
    evil = type("A|<script>`b`", (torch.nn.Linear,), {})
    text = irene.predict(evil(8, 4)).to_model_card()
    assert "A\\|\\<script\\>\\`b\\`" in text


def test_metrics_are_finite_numbers_by_names_with_units() -> None:
    found = irene.predict(CONFIG, batch_size=2, seq_len=8).metrics()
    assert found["energy/joules_per_query"] == pytest.approx(found["energy/joules"] / 2)
    assert found["energy/low_joules"] <= found["energy/joules"] <= found["energy/high_joules"]
    assert all(math.isfinite(value) for value in found.values())
    assert all(re.fullmatch(r"[\w./-]+", name) for name in found)


def test_phases_and_several_models_have_names_of_their_own() -> None:
    one, two = torch.nn.Linear(8, 4), torch.nn.Conv1d(4, 4, 1)
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        one(torch.ones(1, 8))
        two(torch.ones(1, 4, 2))
    found = monitor.report.metrics()
    assert found["energy/joules"] == pytest.approx(
        found["energy/Linear/joules"] + found["energy/Conv1d/joules"]
    )


def test_mlflow_logs_it_by_the_two_lines_of_the_docs(
    report: irene.EnergyReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a database needs more packages
    mlflow = pytest.importorskip("mlflow")
    mlflow.set_tracking_uri(f"file://{tmp_path}/mlruns")
    with mlflow.start_run() as run:
        exec(snippets("mlflow"), {"mlflow": mlflow, "report": report})
    stored = mlflow.get_run(run.info.run_id).data.metrics
    assert stored["energy/joules"] == report.total_joules
    folder = tmp_path / "mlruns"
    (saved,) = folder.rglob("*.energy.json")
    assert irene.load_report(saved).total_joules == report.total_joules


def test_wandb_logs_it_by_the_two_lines_of_the_docs(
    report: irene.EnergyReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    with wandb.init(dir=tmp_path, project="energy") as run:
        exec(snippets("wandb"), {"wandb": wandb, "report": report})
        summary = dict(run.summary)
    assert summary["energy/joules"] == pytest.approx(report.total_joules)
    (page,) = tmp_path.rglob("*.html")
    assert "BertModel" in page.read_text()
