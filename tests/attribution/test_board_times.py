"""How long runs and parts took on a board, from its own clock and the host's."""

from __future__ import annotations

import pytest
from boards import cell, linear, model, run

from irene_jupyter.attribution.board_times import TimedRun, in_cell


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
    assert found.root.find("a").features.latency_seconds == pytest.approx(6e-3)


def test_a_slow_first_call_is_the_hosts_and_the_board_waits_for_it() -> None:
    found = TimedRun.of(timed(seconds=0.5))
    assert found.seconds == pytest.approx(0.5)
    root, a = found.root.features, found.root.find("a").features
    assert a.latency_seconds == pytest.approx(0.3)
    for features, busy in ((root, 7.5e-3), (a, 5e-3)):
        assert features.latency_seconds - features.waiting_seconds == pytest.approx(busy)


def test_the_hosts_own_times_of_nodes_are_no_boards() -> None:
    root = model(linear("a", 8, 2e-5), seconds=4e-5)  # launches
    found = TimedRun.of(run(root, calls=3, seconds=0.2))
    assert not found.is_divided
    assert found.seconds == 0.2
    assert found.root.find("a").features.latency_seconds is None


def test_what_the_cell_waited_for_at_its_end_is_the_one_models() -> None:
    runs = [TimedRun.of(timed(seconds=0.002))]
    waited = cell(0.0105, None, [each.run for each in runs])
    waited = type(waited)(0.0105, {("model", "net"): 0.0104})
    found, parts = in_cell(runs, waited)
    assert parts == {("model", "net"): pytest.approx(0.0104)}
    assert found[0].seconds == pytest.approx(0.0104)


def test_two_models_whose_host_was_ahead_take_what_the_board_says() -> None:
    """The second was launched at once, and the cell's end waited for both."""
    first, second = timed(seconds=0.002, name="a"), timed(20, 0.004, name="b")
    both = cell(0.03, None, [first, second])
    spent = {("model", "a"): 0.002, ("model", "b"): 0.028}
    _, parts = in_cell([TimedRun.of(first), TimedRun.of(second)], type(both)(0.03, spent))
    assert parts == {("model", "a"): pytest.approx(0.01), ("model", "b"): pytest.approx(0.02)}


def test_backward_passes_lag_as_the_forward_does() -> None:
    """Its host launched for 5 ms what the board did in 10."""
    training = timed(seconds=0.005, training=True)
    others = {"backward": 0.01, "optimiser": 0.001}
    _, parts = in_cell([TimedRun.of(training)], cell(0.04, None, [training], others))
    assert parts["backward"] == pytest.approx(0.02)
    assert parts["optimiser"] == pytest.approx(0.002)
    _, parts = in_cell([TimedRun.of(training)], cell(0.016, None, [training], others))
    assert sum(parts.values()) == pytest.approx(0.016)
