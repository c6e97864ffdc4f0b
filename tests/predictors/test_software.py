"""The software baseline: the formula, and what it says where a counter is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irene_jupyter.errors import DataError, OptionError
from irene_jupyter.predictors.baselines.software import (
    ProcessUse,
    Software,
    Use,
    software_energy,
    use_of_run,
)
from irene_jupyter.predictors.held_out import evaluation
from irene_jupyter.predictors.held_out.protocols import splits
from irene_jupyter.resources.summary import GpuSummary, ResourceSummary
from irene_jupyter.tree import ModelTree


def test_the_formula_by_hand() -> None:
    first = ProcessUse(dram=Use(0.5, 10.0), cpu=Use(0.25, 40.0), gpu=Use(1.0, 100.0), name="a")
    second = ProcessUse(dram=Use(0.1, 10.0), cpu=Use(0.5, 40.0), gpu=Use(0.0, 100.0), name="b")
    found = software_energy([first, second], pue=1.58)
    assert found.complete
    assert found.joules == pytest.approx(1.58 * (5 + 10 + 100 + 1 + 20 + 0))
    assert found.parts == pytest.approx({"dram": 1.58 * 6, "cpu": 1.58 * 30, "gpu": 1.58 * 100})


def test_an_unknown_is_named_and_never_zero() -> None:
    found = software_energy([ProcessUse(cpu=Use(0.5, None), gpu=Use(None, 100.0))])
    assert found.joules is None
    assert not found.parts
    assert found.missing == (
        "dram share of process",
        "dram energy of process",
        "cpu energy of process",
        "gpu share of process",
    )
    partly = software_energy([ProcessUse(cpu=Use(0.5, 10.0))])
    assert partly.joules == 5.0
    assert not partly.complete
    assert "gpu" not in partly.parts
    # A counter that really says nothing was used is known.
    idle = software_energy([ProcessUse(*[Use(0.0, 10.0)] * 3)])
    assert (idle.joules, idle.complete) == (0.0, True)


@pytest.mark.parametrize("pue", [0.9, float("nan"), float("inf")])
def test_nonsense_is_refused(pue: float) -> None:
    with pytest.raises(OptionError, match="PUE"):
        software_energy([], pue=pue)
    with pytest.raises(OptionError, match="share"):
        Use(1.5, 1.0)
    with pytest.raises(OptionError, match="joules"):
        Use(0.5, -pue)


def test_a_live_run_by_the_samplers_summary() -> None:
    gpu = GpuSummary("GPU", 90.0, 10.0, 12.0, 1800.0, 5000.0, 200.0)
    summary = ResourceSummary(3.0, 18, 0.17, 0.17, 0.2, 20.0, 30.0, 31.0, (gpu, gpu), 0.01)
    use = use_of_run(summary.to_dict(), shares={"gpu": 0.5, "cpu": 0.2})
    found = software_energy([use])
    assert found.joules == pytest.approx(0.5 * 400 * 3)
    assert found.missing == (
        "dram share of process",
        "dram energy of process",
        "cpu energy of process",
    )
    silent = replace(summary, gpus=(gpu, replace(gpu, watts=None)))
    assert software_energy([use_of_run(silent.to_dict(), shares={"gpu": 1.0})]).joules is None
    counted = use_of_run(silent.to_dict(), shares={"gpu": 1.0, "cpu": 0.5}, joules={"cpu": 8.0})
    assert software_energy([counted]).joules == 4.0


def test_on_the_data_it_is_the_drivers_energy(trees: list[ModelTree]) -> None:
    ((root, *_),) = Software(pue=1.5).fit(trees).predict(trees[:1])
    assert root.joules == 1.5 * trees[0].root.features.resources["gpu_energy_joules"]
    assert "dram energy" in root.basis
    assert "cpu energy" in root.basis
    errors = evaluation.mean_errors(evaluation.run(Software, splits("model", trees)))
    assert all(30 < percent < 50 for percent in errors.values())


def test_further_counters_are_used_where_they_exist(trees: list[ModelTree]) -> None:
    root = trees[0].root
    counters = {"gpu_energy_joules": 2.0, "cpu_energy_joules": 4.0, "dram_energy_joules": 1.0}
    features = replace(root.features, resources={**counters, "cpu_share": 0.25})
    tree = replace(trees[0], root=replace(root, features=features, children=()))
    (((prediction),),) = Software().predict([tree])
    assert (prediction.joules, prediction.basis) == (4.0, "energy of dram + cpu + gpu")
    blank = replace(root, features=replace(root.features, resources={}))
    with pytest.raises(DataError, match="the root: no counter's energy is known"):
        Software().predict([replace(tree, root=blank)])
