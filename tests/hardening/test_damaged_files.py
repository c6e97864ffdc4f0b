"""Damaged reports, device profiles and trees: the package's own errors, or a file that is good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from damage import damaged, damaged_text
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import BertConfig, BertModel

import irene_jupyter as irene
from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.errors import DeviceError, IreneError, ReportError
from irene_jupyter.predictors.methods import IN_PROFILES, predict_with
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.loading import SHIPPED_FOLDER
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.tree import ModelTree, Node, TreeError
from irene_jupyter.tree_json import node_from_dict, node_to_dict

SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "vocab_size": 40,
}


def small_report() -> EnergyReport:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.LayerNorm(8))
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        model(torch.ones(2, 8)).sum().backward()
    return monitor.report


REPORT: dict[str, Any] = small_report().to_dict()
PROFILE: dict[str, Any] = json.loads((SHIPPED_FOLDER / "gtx1080ti.json").read_text())
# The boosted trees are most of the file; few of them are as easy to damage.
for leaf in PROFILE["leaves"].values():
    if leaf["residual"] is not None:
        leaf["residual"]["trees"] = leaf["residual"]["trees"][:2]
BOARD: dict[str, Any] = json.loads((SHIPPED_FOLDER / "h100.json").read_text())
NODE: dict[str, Any] = REPORT["root"]
TREE = structure_of(BertModel(BertConfig(**TINY)), batch_size=2, seq_len=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


HUGE = 10**400  # an int that no float holds


@SETTINGS
@example({**REPORT, "observer": {**REPORT["observer"], "stages": {"entering": HUGE}}})
@example({**REPORT, "resources": {**REPORT["resources"], "memory_percent_max": HUGE}})
@given(damaged(REPORT))
def test_a_report_is_refused_or_shown_in_every_form(data: Any) -> None:
    try:
        report = EnergyReport.from_dict(data)
    except ReportError:
        return
    again = EnergyReport.from_dict(json.loads(json.dumps(report.to_dict(), allow_nan=False)))
    assert again.to_dict() == report.to_dict()
    assert str(report)
    assert "<script>" not in report.to_html(full_page=True)
    report.to_dataframe()
    report.bottlenecks()
    report.timeline()
    repr(report.plot_timeline())


@SETTINGS
@given(damaged_text(REPORT))
def test_a_file_of_a_report(folder: Path, text: bytes) -> None:
    path = folder / "report.json"
    path.write_bytes(text)
    try:
        report = irene.load_report(path)
    except ReportError as error:
        said = str(error)
    else:
        said = "report.json"
        assert irene.load_report(report.save(folder / "again.json")).to_dict() == report.to_dict()
    assert "report.json" in said


@SETTINGS
@given(damaged(PROFILE))
def test_a_profile_is_refused_or_predicts(data: Any) -> None:
    try:
        profile = DeviceProfile.from_dict(data)
    except DeviceError:
        return
    again = DeviceProfile.from_dict(json.loads(json.dumps(profile.to_dict(), allow_nan=False)))
    assert again == profile
    for method in IN_PROFILES:
        try:
            tree = predict_with(TREE, profile, method)
        except IreneError:  # numbers so absurd that no energy comes out, or no regressors
            continue
        assert all(node.energy is not None for node in tree.root.walk())


@SETTINGS
@given(damaged(BOARD))
def test_a_boards_profile_is_refused_or_predicts(data: Any) -> None:
    try:
        profile = BoardProfile.from_dict(data)
    except DeviceError:
        return
    again = BoardProfile.from_dict(json.loads(json.dumps(profile.to_dict(), allow_nan=False)))
    assert again == profile
    try:
        tree = predict_with(TREE, profile, "additive")
    except IreneError:  # numbers so absurd that no energy comes out
        return
    assert all(node.energy is not None for node in tree.root.walk())


@SETTINGS
@given(damaged_text(PROFILE))
def test_a_file_of_a_profile(folder: Path, text: bytes) -> None:
    path = folder / "profile.json"
    path.write_bytes(text)
    try:
        profile = irene.load_device(path)
    except DeviceError as error:
        said = str(error)
    else:
        said = "profile.json"
        assert irene.load_device(profile.save(folder / "again.json")) == profile
    assert "profile.json" in said


@SETTINGS
@given(damaged(NODE))
def test_a_node_is_refused_or_kept(data: Any) -> None:
    try:
        node = node_from_dict(data)
    except TreeError:
        return
    assert node_from_dict(node_to_dict(node)) == node


names = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=8)
numbers = st.floats(0, 1e6)


@SETTINGS
@given(names, st.lists(st.tuples(names, numbers, numbers), max_size=5), numbers)
def test_any_tree_makes_the_round_trip(
    name: str, leaves: list[tuple[str, float, float]], own: float
) -> None:
    children = tuple(
        Node(
            path=f"n{index}",
            type="ml",
            class_name=kind,
            features=irene_features(flops),
            energy=irene.Energy(joules, joules / 2, joules * 2, "predicted"),
        )
        for index, (kind, joules, flops) in enumerate(leaves)
    )
    joules = own + sum(child.energy.joules for child in children if child.energy)
    root = Node("", "model", name, children=children, energy=irene.Energy(joules, 0, 2 * joules,
                "estimated"))  # fmt: skip
    tree = ModelTree(name, root, 1, 1)
    assert node_from_dict(json.loads(json.dumps(node_to_dict(tree.root)))) == tree.root


def irene_features(flops: float) -> Any:
    from irene_jupyter.tree import Features

    return Features(flops=flops, calls=2, input_shapes=((1, 2), ()), dtype="float32")
