"""A counted cell on a board, divided: exact where the truth is known, near it where measured."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from boards import SURE, cell, h100, linear, model, run

from irene_jupyter.attribution.board_division import divided, fits
from irene_jupyter.attribution.model_energy import models_of, predicted_runs
from irene_jupyter.predictors.fit.board_runs import BoardRun, load_board_runs
from irene_jupyter.predictors.forms.host_operations import is_fused
from irene_jupyter.predictors.predict.launching import USUAL
from irene_jupyter.tree import Features, ModelTree, Node, Run

ROWS = (64, 4096)
IDLE = h100().constants.idle_watts


def truth(rows: int, seconds: float, k: float) -> float:
    """Of one product on a board that needs k times what the profile says beyond idle power."""
    known = h100().constants
    work = linear("a", rows, seconds).features
    beyond = known.joules_per_flop["half"] * work.flops + known.joules_per_byte * work.bytes
    return IDLE * seconds + k * min(beyond, known.busy_watts * seconds)


def net(calls: int = 100, name: str = "net", **what) -> Run:
    """A small product that the board waits for, a large one, and a module's own waiting."""
    root = model(
        linear("small", ROWS[0], 4e-5, 3e-5),
        linear("large", ROWS[1], 1.2e-4, 0.0),
        seconds=2e-4,
        waited=7e-5,
    )
    return run(root, name, calls, 2e-4 * calls, **what)


def joules(node: Node) -> float:
    assert node.energy is not None
    return node.energy.joules


def counted(calls: int, k: float, beside: float = 0.0) -> tuple[float, float]:
    """(seconds, joules) of a cell of so many calls, with so much idle time beside them."""
    one = truth(ROWS[0], 4e-5, k) + truth(ROWS[1], 1.2e-4, k) + IDLE * 4e-5
    return 2e-4 * calls + beside, one * calls + IDLE * beside


@pytest.mark.parametrize("k", [0.6, 1.0, 1.7])
def test_every_node_gets_back_what_it_used(k: float) -> None:
    seconds, whole = counted(100, k, beside=0.005)
    one = net()
    found = divided([one], h100(), cell(seconds, whole, [one]))
    (root,) = found.roots
    assert found.k == pytest.approx(k, rel=1e-6)
    assert joules(root) == pytest.approx(whole - IDLE * 0.005)
    assert joules(root.find("small")) == pytest.approx(100 * truth(ROWS[0], 4e-5, k))
    assert joules(root.find("large")) == pytest.approx(100 * truth(ROWS[1], 1.2e-4, k))
    assert root.own_joules == pytest.approx(100 * IDLE * 4e-5)
    assert found.cell.warnings == ()


@pytest.mark.parametrize(("k", "word"), [(0.3, "0.3 times"), (3.0, "3 times")])
def test_a_k_that_is_far_from_one_warns(k: float, word: str) -> None:
    seconds, whole = counted(100, k)
    found = divided([net()], h100(), cell(seconds, whole, [net()]))
    (warning,) = found.cell.warnings
    assert word in warning
    assert "H100" in warning
    assert "the sum is what was counted" in warning
    assert joules(found.roots[0]) == pytest.approx(whole)


def test_a_board_below_its_idle_power_is_divided_by_time() -> None:
    one = net()
    found = divided([one], h100(), cell(0.02, 0.02 * 90, [one]))
    (root,) = found.roots
    assert joules(root) == pytest.approx(1.8)
    assert joules(root.find("large")) == pytest.approx(1.8 * 0.6)
    assert "90 W" in found.cell.warnings[0]
    assert "by time alone" in found.cell.warnings[0]


def test_a_run_that_was_the_cell_has_the_counters_interval() -> None:
    """Once 455 to 922 J around 910, where half a percent of the cell was beside the run."""
    seconds, whole = counted(100, 1.1, beside=2e-4)
    one = net()
    counted_cell = cell(seconds, whole, [one])
    made, divided_cell = predicted_runs([one], h100(), "additive", USUAL, counted_cell)
    (only,) = models_of(made, divided_cell)
    energy = only.root.energy
    assert energy is not None
    assert energy.source == "measured"
    assert energy.low == pytest.approx(energy.joules * (1 - SURE))
    assert energy.high == pytest.approx(energy.joules * (1 + SURE))
    assert {child.energy.source for child in only.root.children if child.energy} == {"predicted"}


def test_the_range_of_a_part_leaves_what_the_others_may_use() -> None:
    """A tenth of the cell beside the run may have been idle or busy."""
    seconds, whole = counted(100, 1.0, beside=0.02 / 9)
    one = net()
    share = divided([one], h100(), cell(seconds, whole, [one])).cell.shares["model", "net"]
    assert not share.is_whole
    busy = IDLE + h100().constants.busy_watts
    assert whole * (1 - SURE) - busy * 0.02 / 9 <= share.low < share.joules < share.high
    assert share.high <= whole * (1 + SURE)


def test_models_phases_and_the_rest_add_up_exactly() -> None:
    prefill = net(5, "lm", phase="prefill")
    decode = run(
        model(linear("small", 1, 5e-5, 4.5e-5), seconds=1e-4, waited=9e-5),
        "lm", 300, 0.03, phase="decode",
    )  # fmt: skip
    other = net(40, "other")
    runs = [prefill, decode, other]
    whole = cell(0.05, 9.0, runs)
    made, divided_cell = predicted_runs(runs, h100(), "additive", USUAL, whole)
    assert divided_cell is not None
    lm, second = models_of(made, divided_cell)
    parts = divided_cell.parts([(lm.name, lm.root), (second.name, second.root)])
    assert parts.total_joules == 9.0
    assert parts.total_seconds == pytest.approx(0.05)
    assert parts["lm"].joules == pytest.approx(joules(lm.root), rel=1e-12)
    phases = list(lm.summaries(is_here=True))
    assert [phase.phase for phase in phases] == ["prefill", "decode"]
    assert math.fsum(phase.joules for phase in phases) == pytest.approx(joules(lm.root))
    for path in ("", "small"):
        both = math.fsum(joules(phase[path]) for phase in phases)
        assert both == pytest.approx(joules(lm.root.find(path)))
    # A step that waits for its host draws little more than idle power.
    assert 1.0 < phases[1].joules / (IDLE * 0.03) < 1.5
    for node in (*lm.root.walk(), *second.root.walk()):
        below = math.fsum(joules(child) for child in node.children)
        assert below <= joules(node) * (1 + 1e-12)
        assert node.energy is not None
        assert node.energy.low <= node.energy.joules <= node.energy.high


def test_a_backward_pass_has_twice_the_work_of_its_forward() -> None:
    one = net(training=True)
    others = {"backward": 0.04, "optimiser": 0.002}
    found = divided([one], h100(), cell(0.07, 20.0, [one], others))
    shares = found.cell.shares
    forward, backward = (
        shares[key].joules - IDLE * seconds
        for key, seconds in ((("model", "net"), 0.02), ("backward", 0.04))
    )
    assert backward == pytest.approx(2 * forward)
    rest = IDLE * (0.07 - 0.062)
    assert math.fsum(share.joules for share in shares.values()) == pytest.approx(20.0 - rest)


def test_processors_that_are_counted_too_are_divided_by_time() -> None:
    seconds, board = counted(100, 1.0)
    one = net()
    both = cell(seconds, board + 80 * seconds, [one], board_joules=board)
    found = divided([one], h100(), both)
    assert found.k == pytest.approx(1.0)
    small = joules(found.roots[0].find("small"))
    assert small == pytest.approx(100 * (truth(ROWS[0], 4e-5, 1.0) + 80 * 4e-5))


def test_two_boards_idle_twice() -> None:
    seconds, board = counted(100, 1.0)
    one = net()
    found = divided([one], h100(), replace(cell(seconds, board + IDLE * seconds, [one]), boards=2))
    assert found.k == pytest.approx(1.0)


def test_without_a_counter_the_profiles_own_constants() -> None:
    one = net()
    made, divided_cell = predicted_runs([one], h100(), "additive", USUAL, cell(0.02, None, [one]))
    (only,) = models_of(made, divided_cell)
    assert joules(only.root) == pytest.approx(counted(100, 1.0)[1])
    assert only.root.energy is not None
    assert only.root.energy.source == "predicted"
    assert only.root.features.latency_seconds == pytest.approx(0.02)
    assert divided_cell is not None
    (part, rest) = divided_cell.parts([(only.name, only.root)])
    assert (part.basis, rest.joules) == ("timed", None)


@pytest.mark.parametrize("joules_counted", [None, 5.0])
def test_where_no_node_has_a_time_its_share_is_less_sure(joules_counted: float | None) -> None:
    root = model(linear("small", ROWS[0], None), linear("large", ROWS[1], None))
    one = run(root, calls=100, seconds=0.02)
    (made,) = divided([one], h100(), cell(0.02, joules_counted, [one])).roots
    leaf = made.find("large").energy
    assert leaf is not None
    its = h100().intervals["total"]["ml"]
    assert leaf.low == pytest.approx(leaf.joules * its.low)
    if joules_counted is not None:
        assert joules(made) == pytest.approx(joules_counted)
    else:
        known = h100().intervals["seconds"]["model"]
        assert made.energy is not None
        assert made.energy.high == pytest.approx(made.energy.joules * known.high)


def test_what_a_profile_may_divide() -> None:
    one = [net()]
    assert fits(h100(), cell(0.02, 5.0, one))
    assert fits(h100(), cell(0.02, None, one))
    assert not fits(h100(), replace(cell(0.02, 5.0, one), board_names=frozenset()))  # a CPU
    another = frozenset({"NVIDIA A100-SXM4-80GB"})
    assert fits(h100(), replace(cell(0.02, 5.0, one), board_names=another))
    assert not fits(h100(), replace(cell(0.02, None, one), board_names=another))


# --- against measured nodes of a real board ------------------------------------------------------


def alone(data: BoardRun) -> list[tuple[str, float, Run]]:
    """(level, joules, run): each measured node as a model that was repeated on its own."""
    found: list[tuple[str, float, Run]] = []

    def bare(node: Node) -> Node:
        its = node.features
        waits = 0.0 if its.latency_seconds else None
        return replace(node, energy=None, features=replace(its, waiting_seconds=waits))

    def add(path: str, level: str, node: Node, seconds: float, energy: float) -> None:
        ran = node.mapped(bare)
        found.append((level, energy, Run(
            model=path or "model", tree=ModelTree(path, ran, 1, 1), calls=1, seconds=seconds,
        )))  # fmt: skip

    for node in data.tree.root.walk():
        parts = [child for child in node.children if is_fused(child) and child.energy]
        if parts and any(part.path in data.distinct for part in parts):
            seconds = math.fsum(part.features.latency_seconds or 0.0 for part in parts)
            own = Features(
                flops=math.fsum(part.features.flops for part in parts),
                bytes=math.fsum(part.features.bytes for part in parts),
                dtype=parts[0].features.dtype,
                latency_seconds=seconds,
                calls=parts[0].features.calls,
            )
            kernel = Node(f"{node.path}.kernel", "model", "Attention", own, tuple(parts))
            add(kernel.path, "ml", kernel, seconds, math.fsum(joules(part) for part in parts))
        if node.path in data.distinct and not is_fused(node):
            its = node.features.latency_seconds or 0.0
            add(node.path, data.distinct[node.path], node, its, joules(node))
    return found


def test_measured_nodes_of_an_h100_get_their_joules_from_the_sum(h100_file: Path) -> None:
    """Cells in which each of a model's nodes ran on its own: only their sum is told."""
    errors: dict[str, list[float]] = {"ml": [], "module": [], "model": []}
    for data in load_board_runs(h100_file).runs:
        rows = alone(data)
        runs = [ran for *_, ran in rows]
        seconds = math.fsum(ran.seconds or 0.0 for ran in runs)
        whole = math.fsum(energy for _, energy, _ in rows)
        found = divided(runs, h100(), cell(seconds, whole, runs))
        assert found.cell.warnings == ()
        assert math.fsum(joules(root) for root in found.roots) == pytest.approx(whole)
        for (level, energy, _), root in zip(rows, found.roots, strict=True):
            errors[level].append(100 * abs(joules(root) / energy - 1))
    means = {level: statistics.mean(each) for level, each in errors.items()}
    assert means["ml"] <= 10
    assert means["module"] <= 6
    assert means["model"] <= 6
