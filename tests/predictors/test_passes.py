"""Backward passes and optimiser steps on profiles that were fitted on forward passes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import transformers as hf
from torch import nn

import irene_jupyter as irene
from irene_jupyter.capture.dry.training_step import training_step_of
from irene_jupyter.predictors.methods import predict_with
from irene_jupyter.predictors.predict.passes import UNTRAINED
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.tree import Features, ModelTree, Node, Run

BERT = hf.BertConfig(
    hidden_size=768, num_hidden_layers=2, num_attention_heads=12, architectures=["BertForMaskedLM"]
)


@pytest.fixture(scope="module")
def step() -> dict[str | None, Run]:
    import torch

    with torch.device("meta"):
        model = hf.BertForMaskedLM(BERT)
    return {run.phase: run for run in training_step_of(model, 8, 128, "AdamW").runs}


def predicted(run: Run, device: str) -> Node:
    return predict_with(run.tree, load_device(device), "additive", phase=run.phase).root


@pytest.mark.parametrize("device", ["gtx1080ti", "h100"])
def test_a_product_with_both_gradients_costs_two_forward_products(
    step: dict[str | None, Run], device: str
):
    path = "bert.encoder.layer.1.intermediate.dense"
    forward, backward = (
        predicted(step[phase], device).find(path).energy for phase in ("forward", "backward")
    )
    assert backward.joules == pytest.approx(2 * forward.joules, rel=0.02)


@pytest.mark.parametrize("device", ["gtx1080ti", "h100"])
def test_own_and_children_are_the_whole_in_every_phase(step: dict[str | None, Run], device: str):
    for run in step.values():
        root = predicted(run, device)
        for node in root.walk():
            below = math.fsum(child.energy.joules for child in node.children)
            assert below <= node.energy.joules * (1 + 1e-12)
            assert node.energy.low <= node.energy.joules <= node.energy.high
        assert any(UNTRAINED in flag for flag in root.flags) == (run.phase != "forward")


def test_a_device_knows_forward_passes_alone_and_all_else_is_estimated(
    step: dict[str | None, Run],
):
    for phase in ("backward", "optimiser"):
        root = predicted(step[phase], "gtx1080ti")
        assert {node.energy.source for node in root.walk()} == {"estimated"}
        assert root.energy.high == pytest.approx(3 * root.energy.joules)
    assert predicted(step["forward"], "gtx1080ti").energy.source == "predicted"


def test_a_step_on_a_board_is_bound_by_its_bytes_not_by_launches(step: dict[str | None, Run]):
    run = step["optimiser"]
    board = load_device("h100")
    root = predicted(run, "h100")
    by_bytes = run.tree.root.features.bytes / board.constants.bytes_per_second
    assert by_bytes <= root.features.predicted_seconds < 1.5 * by_bytes


def test_what_only_its_time_tells_draws_as_much_as_the_others():
    layer = Node(
        "0",
        "ml",
        "Linear",
        Features(
            canonical_megaflops=2e-6 * 1024 * 768 * 768,
            canonical_mebibytes=4.0 * (2 * 1024 * 768 + 768 * 768) / 2**20,
            input_shapes=((8, 128, 768),),
            output_shapes=((8, 128, 768),),
            latency_seconds=0.03,
        ),
        primitive="Linear",
    )
    loss = Node(
        "loss", "module", "loss", Features(latency_seconds=0.01), flags=("estimated: by its time",)
    )
    features = replace(layer.features, latency_seconds=0.04, input_shapes=(), output_shapes=())
    root = Node("", "model", "Net", features, (layer, loss))
    found = predict_with(
        ModelTree("net", root, 8, 128), load_device("gtx1080ti"), "additive", phase="backward"
    ).root
    assert found.find("loss").energy.joules == pytest.approx(found.energy.joules / 4)


def test_nothing_that_is_trained_costs_nothing():
    root = Node("", "model", type(nn.Linear(1, 1)).__name__, Features())
    tree = ModelTree("net", root, 8, 128)
    found = predict_with(tree, load_device("gtx1080ti"), "additive", phase="optimiser").root
    assert found.energy.joules == 0


def test_a_step_on_a_board_is_extrapolated_and_has_room() -> None:
    config = hf.BertConfig(num_hidden_layers=1)
    report = irene.predict(config, 2, 16, training=True, device="h100", budget_seconds=0)
    for name in ("backward", "optimiser"):
        codes = {flag.partition(":")[0] for flag in report.phase(name).root.flags}
        assert "extrapolated" in codes
        assert "does_not_fit" not in codes
    assert "extrapolated" in str(report)
    assert "fit this device" not in str(report)
