"""How long runs and parts took on a board, from its own clock and the host's."""

from __future__ import annotations

import pytest
from boards import cell, linear, model, run

from irene_jupyter.attribution.board_times import TimedRun, in_cell
from irene_jupyter.attribution.cell import Cell


def timed(calls: int = 10, seconds: float = 0.01, **what):
    """A call that takes 1 ms on the board, a quarter of it waiting."""
    root = model(
        linear("a", 8, 6e-4, 1e-4), linear("b", 8, 3e-4, 1e-4), seconds=1e-3, waited=2.5e-4
    )
    return run(root, calls=calls, seconds=seconds, **what)


def test_a_board_that_is_behind_took_longer_than_its_host_saw() -> None:
    found = TimedRun.of(timed(seconds=0.002))
    assert found.is_divided
    assert found.seconds == pytest.approx(0.01)
    assert found.in_time().find("a").features.latency_seconds == pytest.approx(6e-3)


def test_a_slow_first_call_is_the_hosts_and_the_board_waits_for_it() -> None:
    found = TimedRun.of(timed(seconds=0.5))
    assert found.seconds == pytest.approx(0.5)
    root, a = found.in_time().features, found.in_time().find("a").features
    assert a.latency_seconds == pytest.approx(0.3)
    for features, busy in ((root, 7.5e-3), (a, 5e-3)):
        assert features.latency_seconds - features.waiting_seconds == pytest.approx(busy)


def test_the_hosts_own_times_of_nodes_are_no_boards() -> None:
    root = model(linear("a", 8, 2e-5), seconds=4e-5)  # launches
    found = TimedRun.of(run(root, calls=3, seconds=0.2))
    assert not found.is_divided
    assert found.seconds == 0.2
    assert found.in_time().features.latency_seconds == 0.2
    assert found.in_time().find("a").features.latency_seconds is None


def test_what_the_cell_waited_for_at_its_end_is_the_one_models() -> None:
    runs = [TimedRun.of(timed(seconds=0.002))]
    key = ("model", "net")
    found, parts = in_cell(runs, Cell(0.0105, {key: 0.0104}, waited={key: 0.0084}))
    assert parts == {("model", "net"): pytest.approx(0.0104)}
    assert found[0].seconds == pytest.approx(0.0104)


def test_two_models_whose_host_was_ahead_take_what_the_board_says() -> None:
    """The second was launched at once, and the cell's end waited for both."""
    first, second = timed(seconds=0.002, name="a"), timed(20, 0.004, name="b")
    a, b = ("model", "a"), ("model", "b")
    both = Cell(0.03, {a: 0.002, b: 0.028}, waited={b: 0.024})
    _, parts = in_cell([TimedRun.of(first), TimedRun.of(second)], both)
    assert parts == {("model", "a"): pytest.approx(0.01), ("model", "b"): pytest.approx(0.02)}


def test_an_optimiser_does_not_work_for_all_that_the_cell_waits_for() -> None:
    """100 steps were launched in a fifth of the time that the board needed for them."""
    training = timed(100, 0.02, training=True)
    spent = {("model", "net"): 0.02, "backward": 0.03, "optimiser": 0.01 + 0.24}
    _, parts = in_cell([TimedRun.of(training)], Cell(0.31, spent, waited={"optimiser": 0.24}))
    assert parts == {
        ("model", "net"): pytest.approx(0.1),
        "backward": pytest.approx(0.15),
        "optimiser": pytest.approx(0.05),
    }


def test_backward_passes_lag_as_the_forward_does() -> None:
    """Its host launched for 5 ms what the board did in 10."""
    training = timed(seconds=0.005, training=True)
    others = {"backward": 0.01, "optimiser": 0.001}
    _, parts = in_cell([TimedRun.of(training)], cell(0.04, None, [training], others))
    assert parts["backward"] == pytest.approx(0.02)
    assert parts["optimiser"] == pytest.approx(0.002)
    _, parts = in_cell([TimedRun.of(training)], cell(0.016, None, [training], others))
    assert sum(parts.values()) == pytest.approx(0.016)
