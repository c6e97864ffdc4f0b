"""A training step's runs in a cell: what is the models', and what adds up to it."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import replace

import pytest
from boards import cell as board_cell
from boards import h100
from boards import linear as product
from boards import model as net_on_board
from boards import run as run_on_board
from steps import BACKWARD, BATCH, BY_BYTES, FORWARD, OPTIMISER, STEPS, training

from irene_jupyter.assembly import make_report
from irene_jupyter.attribution.apportion import Share
from irene_jupyter.attribution.board_division import divided
from irene_jupyter.attribution.cell import Cell
from irene_jupyter.attribution.step_parts import with_steps
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.report.parts import MeasuredEnergy
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.report.training_words import training_line
from irene_jupyter.tree import STEP_PHASES, Run

SECONDS, WATTS = 0.5, 40.0


def counted(runs: Sequence[Run], spent: dict[Hashable, float], watts: float | None = WATTS) -> Cell:
    """A cell of which a counter saw so many watts, even ones."""
    shares = {
        key: Share(watts * seconds, 0.9 * watts * seconds, 1.2 * watts * seconds, seconds / SECONDS)
        for key, seconds in spent.items()
        if watts
    }
    found = with_steps(spent, {}, shares, runs)
    measured = MeasuredEnergy(reason="no counter")
    if watts:
        joules = SECONDS * watts
        measured = MeasuredEnergy(joules, 0.95 * joules, 1.05 * joules, SECONDS, "CPU package")
    return Cell(SECONDS, found.spent, measured, found.shares, found.steps)


def reported(runs: Sequence[Run], cell: Cell | None) -> EnergyReport:
    return make_report(runs, load_device("gtx1080ti"), "measure", cell=cell)


def adds_up(report: EnergyReport) -> None:
    """At every node, in each phase and over the phases; the cell's parts to the last bit."""
    assert report.parts is not None
    assert report.measured is not None
    if report.measured.joules is not None:
        assert report.parts.total_joules == report.measured.joules
    assert report.total_joules == math.fsum(phase.joules for phase in report.phases)
    for tree in (report.root, *(phase.root for phase in report.phases)):
        assert tree is not None
        for node in tree.walk():
            assert node.energy is not None
            below = math.fsum(child.energy.joules for child in node.children if child.energy)
            assert below <= node.energy.joules
            assert node.energy.low <= node.energy.joules <= node.energy.high
    for node in (node for model in report.models for node in model.walk()):
        there = [
            found.energy.joules
            for phase in report.phases
            for found in phase.root.walk()
            if found.path == node.path and found.energy
        ]
        assert node.energy is not None
        assert math.fsum(there) == pytest.approx(node.energy.joules, rel=1e-12)


SPENT: dict[Hashable, float] = {
    ("model", "net"): FORWARD, "backward": BACKWARD, "optimiser": OPTIMISER,
}  # fmt: skip


def test_the_whole_step_is_the_models_and_no_part_is_left() -> None:
    report = reported(training(), counted(training(), dict(SPENT)))
    adds_up(report)
    assert report.parts is not None
    assert [part.kind for part in report.parts] == ["model", "rest"]
    part = report.parts["net"]
    assert part.seconds == pytest.approx(FORWARD + BACKWARD + OPTIMISER)
    assert part.joules == report.total_joules == pytest.approx(WATTS * (part.seconds or 0.0))
    assert [phase.phase for phase in report.phases] == list(STEP_PHASES)
    for phase, seconds in zip(report.phases, (FORWARD, BACKWARD, OPTIMISER), strict=True):
        # Each at the level of its own time, whatever the profile predicts.
        assert phase.joules == pytest.approx(WATTS * seconds)
        assert (phase.steps, phase.samples, phase.calls) == (STEPS, STEPS * BATCH, STEPS)
        assert phase.joules_per_step == phase.joules / STEPS
    assert sum(run.joules for run in report.runs) == pytest.approx(report.total_joules)


def test_without_a_counter_it_is_predicted_and_adds_up_all_the_same() -> None:
    report = reported(training(), counted(training(), dict(SPENT), watts=None))
    adds_up(report)
    first, last = (report.phase("backward")[path].energy for path in ("0", "1"))
    assert first is not None
    assert last is not None
    # A frozen layer has one product, the other two.
    assert 1.5 < last.joules / first.joules < 2.5


def test_a_call_counts_once_and_a_small_estimate_is_told_in_its_phase() -> None:
    report = reported(training(), counted(training(), dict(SPENT)))
    assert report["1"].features.calls == STEPS
    assert report["loss"].features.calls == STEPS
    assert report["0"].flags == ("frozen: no weight gradient",)
    assert BY_BYTES in report.phase("optimiser")["1"].flags
    assert BY_BYTES not in report["1"].flags
    with pytest.raises(KeyError, match="nearest"):
        report.phase("optimiser")["0"]


def test_what_no_run_tells_stays_a_part_of_the_cell() -> None:
    spent = {**SPENT, "backward": BACKWARD + 0.05, "optimiser": OPTIMISER + 0.01}
    report = reported(training(), counted(training(), spent))
    adds_up(report)
    assert report.parts is not None
    assert [part.kind for part in report.parts] == ["model", "backward", "optimiser", "rest"]
    assert report.parts["backward passes"].seconds == pytest.approx(0.05)
    assert report.parts["backward passes"].joules == pytest.approx(0.05 * WATTS)
    assert report.parts["optimiser steps"].joules == pytest.approx(0.01 * WATTS)


def test_two_models_share_the_passes_by_their_runs() -> None:
    runs = [*training("a"), *training("b")]
    spent = {
        ("model", "a"): 0.02, ("model", "b"): 0.06,
        "backward": BACKWARD, "optimiser": 2 * OPTIMISER,
    }  # fmt: skip
    # The clock of the passes knows less than their runs say: it is divided all the same.
    report = reported(runs, counted(runs, spent))
    adds_up(report)
    assert report.parts is not None
    assert [part.kind for part in report.parts] == ["model", "model", "rest"]
    assert report.phase("backward", "a").joules == pytest.approx(WATTS * BACKWARD / 2)
    assert report.phase("backward", "b").root.path == "b"
    assert report.phase("forward", "b").joules == pytest.approx(WATTS * 0.06)


def test_evaluation_is_told_from_training() -> None:
    runs = training(evaluates=True)
    spent = {**SPENT, ("model", "net"): FORWARD + 0.05}
    report = reported(runs, counted(runs, spent))
    adds_up(report)
    assert [phase.phase for phase in report.phases] == [*STEP_PHASES, "evaluation"]
    evaluation = report.phase("evaluation")
    assert (evaluation.calls, evaluation.samples, evaluation.steps) == (2, 2 * BATCH, 0)
    # Alike calls cost alike: four in training, two in evaluation.
    assert report.phase("forward").joules == pytest.approx(2 * evaluation.joules)


def test_a_cell_that_is_one_training_has_the_counters_own_interval() -> None:
    runs = training()
    scale = SECONDS / (FORWARD + BACKWARD + OPTIMISER)
    spent = {key: seconds * scale for key, seconds in SPENT.items()}
    for run, key in zip(runs, ("optimiser", ("model", "net"), "backward"), strict=True):
        object.__setattr__(run, "seconds", spent[key])
    cell = counted(runs, spent)
    key = ("model", "net")
    assert cell.shares[key].is_whole
    report = reported(runs, cell)
    adds_up(report)
    assert report.root is not None
    assert report.root.energy is not None
    assert report.root.energy.source == "measured"
    assert {node.energy.source for node in report.walk() if node.path and node.energy} <= {
        "predicted", "estimated",
    }  # fmt: skip


def test_a_board_divides_the_runs_of_a_step_one_by_one() -> None:
    def on_board(phase: str, seconds: float, products: int) -> Run:
        layers = [product("0", 4096, seconds / products, 0.0) for _ in range(products)]
        root = net_on_board(*layers[:1], seconds=seconds, waited=0.0)
        return run_on_board(root, calls=10, seconds=10 * seconds, training=True, phase=phase)

    runs = [
        on_board("forward", 1e-3, 1),
        on_board("backward", 2e-3, 1),
        on_board("optimiser", 5e-4, 1),
    ]
    cell = board_cell(0.05, 0.05 * 300.0, runs)
    division = divided(runs, h100(), cell)
    joules = [root.energy.joules for root in division.roots if root.energy]
    assert math.fsum(joules) == pytest.approx(division.cell.shares["model", "net"].joules)
    assert "backward" not in division.cell.shares
    # Twice the time and the same work: more idle power alone.
    assert joules[0] < joules[1] < 2 * joules[0]
    report = make_report(runs, h100(), "measure", cell=cell)
    assert report.total_joules == pytest.approx(math.fsum(joules))
    assert math.fsum(phase.joules for phase in report.phases) == pytest.approx(report.total_joules)


def test_a_pass_that_no_run_divides_is_as_hard_at_work_as_the_rest() -> None:
    layer = product("0", 4096, 1e-3, 0.0)
    root = net_on_board(layer, seconds=1e-3, waited=0.0)
    runs = [
        run_on_board(root, calls=10, seconds=0.01, training=True, phase=phase)
        for phase in ("forward", "backward")
    ]
    cell = board_cell(0.05, 0.05 * 300.0, runs, {"backward": 0.01})
    shares = divided(runs, h100(), cell).cell.shares
    assert shares["backward"].joules == pytest.approx(shares["model", "net"].joules / 2, rel=1e-6)


def test_what_is_computed_again_is_the_models_once() -> None:
    runs = training()
    forward = next(run for run in runs if run.phase == "forward")
    flag = "recomputed: its forward pass ran again"
    root = forward.tree.root.mapped(lambda node: node.flagged(flag) if node.path == "0" else node)
    again = replace(forward, phase="backward", tree=replace(forward.tree, root=root), items=0)
    # A clock counts it as a call of the model, not as a backward pass.
    spent = {**SPENT, ("model", "net"): 2 * FORWARD, "backward": BACKWARD + 0.05}
    report = reported([*runs, again], counted([*runs, again], spent))
    adds_up(report)
    assert report.parts is not None
    assert report.parts["backward passes"].seconds == pytest.approx(0.05)
    assert report.phase("backward").calls == STEPS
    assert report["0"].features.calls == STEPS
    assert flag in report["0"].flags


def test_steps_whose_backward_pass_is_in_no_run() -> None:
    runs = [replace(run, phase=None) if run.phase == "forward" else run for run in training()]
    runs = [run for run in runs if run.phase != "backward"]
    report = reported(runs, counted(runs, dict(SPENT)))
    adds_up(report)
    assert [phase.phase for phase in report.phases] == ["forward", "optimiser"]
    assert report.parts is not None
    assert report.parts["backward passes"].seconds == pytest.approx(BACKWARD)
    assert training_line(report).startswith("Without backward passes")
