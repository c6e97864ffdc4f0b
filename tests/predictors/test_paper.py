"""The paper's predictors from a device profile."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import irene_jupyter as irene
from irene_jupyter.errors import DeviceError, OptionError
from irene_jupyter.predictors.methods import IN_PROFILES, predict_with
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import ModelTree


@pytest.mark.parametrize("method", IN_PROFILES)
def test_close_to_what_was_measured_and_adds_up(
    trees: list[ModelTree], profile: DeviceProfile, method: str
) -> None:
    errors = []
    for tree in trees[::9]:
        root = predict_with(tree, profile, method).root
        assert root.energy is not None
        assert tree.root.energy is not None
        errors.append(abs(root.energy.joules / tree.root.energy.joules - 1))
        for node in root.walk():
            assert node.energy is not None
            assert node.energy.low <= node.energy.joules <= node.energy.high
            below = math.fsum(child.energy.joules for child in node.children if child.energy)
            assert below <= node.energy.joules * (1 + 1e-9)
    most = {"additive": 0.025, "irene": 0.12, "stepwise": 0.3, "predicted-sum": 0.3}
    assert sum(errors) / len(errors) < most[method]


def test_methods_differ_and_say_what_they_lack() -> None:
    from transformers import BertConfig

    config = BertConfig(num_hidden_layers=1)
    reports = [irene.predict(config, 8, 64, method=method) for method in IN_PROFILES]
    totals = {round(report.total_joules, 9) for report in reports}
    assert len(totals) == len(IN_PROFILES)
    assert not any("resource features" in note for note in reports[0].notes)
    assert any("irene without resource features" in note for note in reports[1].notes)


def test_unknown_methods_are_refused(trees: list[ModelTree], profile: DeviceProfile) -> None:
    for call in (
        lambda: irene.Options(method="magic"),
        lambda: irene.predict(object(), method="magic"),
        lambda: predict_with(trees[0], profile, "magic"),
    ):
        with pytest.raises(OptionError, match=r"'magic'.*additive, irene, stepwise, predicted-sum"):
            call()


def test_a_profile_without_or_with_damaged_regressors(
    trees: list[ModelTree], profile: DeviceProfile
) -> None:
    with pytest.raises(DeviceError, match="train it again"):
        predict_with(trees[0], replace(profile, irene=None), "irene")
    assert profile.irene is not None
    for damage in (
        {"end2end": {}},
        {"end2end": 3},
        {"intervals": {}},
        {"end2end": {**profile.irene["end2end"], "columns": ["secret"]}},
    ):
        damaged = replace(profile, irene={**profile.irene, **damage})
        with pytest.raises(DeviceError, match=r"damaged|missing"):
            predict_with(trees[0], damaged, "irene")


@pytest.mark.parametrize("method", IN_PROFILES)
def test_all_of_a_simulated_profile_is_marked(
    trees: list[ModelTree], profile: DeviceProfile, method: str
) -> None:
    simulated = replace(profile, training={**profile.training, "simulated": True})
    root = predict_with(trees[0], simulated, method).root
    assert {node.energy.source for node in root.walk() if node.energy} == {"simulated"}
