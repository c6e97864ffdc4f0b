"""EnergyTree in Python: its traits, its checks, and its one display."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import ipywidgets
import pytest
from anywidget._util import enable_custom_widget_manager_once
from traitlets import TraitError
from transformers import BertConfig

import irene_jupyter as irene
from irene_jupyter import EnergyTree
from irene_jupyter.errors import ReportError
from irene_jupyter.notebook.display import live_bundle
from irene_jupyter.notebook.widget import WIDGET_MIME_TYPE
from irene_jupyter.report.report import MIME_TYPE, DeviceLabel, EnergyReport
from irene_jupyter.tree import Energy, Node


def node(path: str, class_name: str, joules: float, *children: Node, kind: Any = "module") -> Node:
    energy = Energy(joules, 0.9 * joules, 1.2 * joules, "predicted")
    return Node(path=path, type=kind, class_name=class_name, energy=energy, children=children)


@pytest.fixture
def report() -> EnergyReport:
    layers = [node(f"layer.{index}", "Block", 1.5) for index in range(2)]
    return EnergyReport(
        root=node("", "Model", 4.0, *layers, kind="model"),
        not_run=(node("gpt2", "GPT2Model", 7.0, node("gpt2.wte", "Embedding", 1.0), kind="model"),),
        device=DeviceLabel(name="gtx1080ti", label="GTX 1080 Ti PC"),
    )


def test_starts_with_the_root_selected(report: EnergyReport) -> None:
    tree = EnergyTree(report)
    assert (tree.selected, tree.expanded_depth, tree.unit, tree.view) == ("", 2, "J", "tree")
    assert tree.energy == 4.0
    assert tree.node == report.root
    assert tree.report is not None
    assert tree.data == report.to_dict()


def test_takes_the_json_of_a_report(report: EnergyReport) -> None:
    data = json.loads(json.dumps(report.to_dict()))
    tree = EnergyTree(data, selected="layer.1", expanded_depth=1, unit="mJ")
    assert tree.report == report
    assert tree.node == report["layer.1"]


@pytest.mark.parametrize("bad", [{}, {"kind": "irene.energy", "schema_version": 99}, [1], None, 3])
def test_refuses_what_is_no_report(bad: Any) -> None:
    with pytest.raises(ReportError):
        EnergyTree(bad)


def test_selected_is_observable_and_checked(report: EnergyReport) -> None:
    tree = EnergyTree(report)
    seen: list[str] = []
    tree.observe(lambda change: seen.append(change["new"]), "selected")
    tree.selected = "layer.0"
    tree.selected = "gpt2.wte"
    assert tree.node == report["gpt2.wte"]
    with pytest.raises(TraitError, match=r"no node 'layer\.9'.*to_dataframe"):
        tree.selected = "layer.9"
    assert tree.selected == "gpt2.wte"
    assert seen == ["layer.0", "gpt2.wte"]
    with pytest.raises(TraitError, match="no node"):
        EnergyTree(report, selected="nowhere")


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("expanded_depth", -1),
        ("expanded_depth", "all"),
        ("unit", "kg"),
        ("view", "pie"),
        ("selected", 3),
        ("energy", 5.0),
    ],
)
def test_refuses_bad_values(report: EnergyReport, trait: str, value: Any) -> None:
    tree = EnergyTree(report)
    with pytest.raises(TraitError):
        setattr(tree, trait, value)
    with pytest.raises(TraitError):
        EnergyTree(report, **{trait: value})


def test_another_report_keeps_the_selected_path_or_selects_its_root(report: EnergyReport) -> None:
    tree = EnergyTree(report, selected="layer.0")
    larger = EnergyReport(
        root=node("", "Model", 9.0, node("layer.0", "Block", 6.0), kind="model"),
        device=report.device,
    )
    tree.report = larger
    assert tree.report is larger  # its JSON is not read back
    assert (tree.selected, tree.node) == ("layer.0", larger["layer.0"])
    other = EnergyReport(root=node("", "Other", 1.0, kind="model"), device=report.device)
    tree.report = other
    assert (tree.report, tree.selected, tree.node) == (other, "", other.root)
    with pytest.raises(ReportError):
        tree.data = {"kind": "something else"}
    assert tree.report == other
    assert tree.data == other.to_dict()


def test_energy_follows_the_report_and_can_be_observed(report: EnergyReport) -> None:
    tree = EnergyTree(report)
    seen: list[tuple[float, float]] = []
    tree.observe(lambda change: seen.append((change["old"], change["new"])), "energy")
    tree.report = EnergyReport(root=node("", "Other", 1.5, kind="model"), device=report.device)
    tree.report = EnergyReport(root=None, device=report.device)
    assert seen == [(4.0, 1.5), (1.5, 0.0)]
    assert "energy" not in tree.get_state()  # the front end has it in the report


def test_embeds_in_a_layout(report: EnergyReport) -> None:
    tree = EnergyTree(report, view="icicle", layout={"width": "50%"})
    box = ipywidgets.HBox([tree, ipywidgets.Label("beside")])
    assert box.children[0] is tree
    assert tree.layout.width == "50%"


def test_an_empty_report_has_no_node(report: EnergyReport) -> None:
    tree = EnergyTree(EnergyReport(root=None, device=report.device))
    assert tree.node is None
    assert tree.selected == ""


def test_state_from_the_front_end_is_checked(report: EnergyReport) -> None:
    tree = EnergyTree(report)
    tree.set_state({"selected": "layer.1", "expanded_depth": 3, "unit": "Wh", "view": "icicle"})
    assert (tree.selected, tree.expanded_depth, tree.unit) == ("layer.1", 3, "Wh")
    assert tree.view == "icicle"
    with pytest.raises(TraitError):
        tree.set_state({"selected": "<script>"})
    assert tree.selected == "layer.1"


def test_one_display_for_all_hosts(report: EnergyReport) -> None:
    tree = EnergyTree(report)
    bundle, _ = tree._repr_mimebundle_()
    assert set(bundle) == {WIDGET_MIME_TYPE, MIME_TYPE, "text/html", "text/plain"}
    assert bundle[WIDGET_MIME_TYPE]["model_id"] == tree.model_id
    lasting = report._repr_mimebundle_()
    assert {mime: bundle[mime] for mime in lasting} == lasting


def test_the_script_and_the_style_are_sent(report: EnergyReport) -> None:
    state = EnergyTree(report).get_state()
    assert "renderTree" in state["_esm"]
    assert ".irene-tree" in state["_css"]


def test_colab_is_told_how_to_draw_it(
    report: EnergyReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its own loader wants it; anywidget does that, which Colab is simulated for."""
    loader = "https://ssl.gstatic.com/colaboratory-static/widgets/manager.min.js"
    asked: list[str] = []
    colab = SimpleNamespace(
        enable_custom_widget_manager=lambda: asked.append("enabled"),
        _widgets=SimpleNamespace(_installed_url=loader),
    )
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    enable_custom_widget_manager_once.cache_clear()
    trees = SimpleNamespace(keep=lambda tree: None)
    tree = EnergyTree(report)
    assert asked == ["enabled"]
    for bundle, metadata in (tree._repr_mimebundle_(), live_bundle(report, trees=trees)):
        assert WIDGET_MIME_TYPE in bundle
        assert metadata[WIDGET_MIME_TYPE] == {"colab": {"custom_widget_manager": {"url": loader}}}
    enable_custom_widget_manager_once.cache_clear()


def test_what_would_help_is_answered_until_another_report_comes(report: EnergyReport) -> None:
    tree = EnergyTree(irene.predict(BertConfig(num_hidden_layers=1), 1, 64, device="h100"))
    tree._handle_custom_msg({"ask": "something else"}, [])
    assert tree.advice == {}
    tree._handle_custom_msg({"ask": "advice"}, [])
    assert tree.advice == tree.report.advice().to_dict()
    tree.report = report  # it tells of no run
    assert tree.advice == {}
    tree._handle_custom_msg({"ask": "advice"}, [])
    assert "no model ran" in tree.advice["problem"]
