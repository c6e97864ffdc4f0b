"""Rounds and a cell's joules → the trend: start, end, slow ones with their reason, evaluation."""

from __future__ import annotations

import pytest
import torch

import irene_jupyter as irene
from irene_jupyter.attribution.cell import Cell
from irene_jupyter.attribution.estimate import Estimate
from irene_jupyter.attribution.trending import (
    MIN_ROUNDS,
    Known,
    by_curves,
    known_joules,
    trend_of,
)
from irene_jupyter.capture.watch.activity import BACKWARD, OPTIMISER
from irene_jupyter.capture.watch.loop import Loop
from irene_jupyter.capture.watch.signed import Signature

BEGAN = 50.0  # of time.perf_counter()


def call(size: int = 8, *, gradients: bool = True, calls: int = 5) -> Signature:
    found = Signature(lambda: None, "Model", size, 1, kind=(1, None), calls=calls)
    found.has_gradients = gradients
    return found


class Training:
    """A training loop on a clock of its own."""

    def __init__(self) -> None:
        self.loop, self.now = Loop(), BEGAN

    def step(self, forward=0.1, backward=0.1, optimiser=0.05, outside=0.05, signature=None) -> None:
        at = self.now + outside
        self.loop.called(signature or call(), at, at + forward)
        self.loop.spent(BACKWARD, at + forward, at + forward + backward)
        self.now = at + forward + backward + optimiser
        self.loop.spent(OPTIMISER, at + forward + backward, self.now, "AdamW")

    def evaluate(self, seconds: float) -> None:
        self.loop.called(call(gradients=False), self.now, self.now + seconds)
        self.now += seconds

    def trend(self, known=None, others=None):
        return trend_of(self.loop, BEGAN, known or Known("measured"), others)

    def even(self, watts: float) -> Known:
        points = ((BEGAN, 0.0), (self.now, watts * (self.now - BEGAN)))
        return Known("measured", by_curves([points]))


def test_short_loops_have_none():
    short, few = Training(), Training()
    for _ in range(MIN_ROUNDS - 1):
        few.step(forward=5.0)
    for _ in range(30):
        short.step(0.01, 0.01, 0.01, 0.01)
    assert few.trend() is None
    assert short.trend() is None
    assert trend_of(Loop(), BEGAN, Known("measured"), None) is None


def test_start_and_end_by_a_counter():
    training = Training()
    for index in range(100):
        training.step(forward=0.1 + 0.001 * index)
    trend = training.trend(training.even(100.0))
    assert (trend.unit, trend.count, trend.source) == ("step", 100, "measured")
    assert trend.end.seconds > trend.start.seconds == pytest.approx(0.3095, rel=0.01)
    assert trend.start.joules == pytest.approx(100 * trend.start.seconds)
    assert trend.joules * trend.count == pytest.approx(100.0 * trend.seconds)
    assert str(trend).startswith("100 steps: ")
    assert "at the start" in str(trend)


def test_even_loop_is_said_in_one_number():
    training = Training()
    for _ in range(100):
        training.step()
    assert str(training.trend(training.even(10.0))) == (
        "100 steps: 3.00 J (measured) and 300 ms a step from start to end"
    )


def test_prediction_is_a_mean_and_names_its_device():
    training = Training()
    for _ in range(50):
        training.step()
    trend = training.trend(Known("predicted", whole=100.0, device="GTX 1080 Ti PC"))
    assert trend.start.joules is trend.end.joules is None
    assert trend.joules == 2.0
    assert "2.00 J on average (predicted for GTX 1080 Ti PC)" in str(trend)


def test_evaluation_is_told_apart_with_its_joules():
    training = Training()
    for index in range(60):
        training.step()
        if index in (19, 39):
            training.evaluate(4.0)
    trend = training.trend(training.even(10.0))
    assert trend.slow == 0
    assert trend.evaluation.times == 2
    assert trend.evaluation.seconds == pytest.approx(8.0)
    assert trend.evaluation.joules == pytest.approx(80.0)
    assert trend.seconds == pytest.approx(60 * 0.3, rel=0.01)
    assert trend.joules == pytest.approx(3.0, rel=0.01)
    assert "evaluation between them 2 times: 8.00 s, 80.0 J" in str(trend)


@pytest.mark.parametrize(
    ("slow", "others", "reason"),
    [
        ({"outside": 2.0}, None, "outside the model"),
        ({"backward": 2.0}, None, "the backward pass took longer"),
        ({"optimiser": 2.0}, 0.1, "the optimiser took longer"),
        ({"backward": 2.0}, 0.5, "other programs took 50%"),
        ({"forward": 2.0, "signature": call(80)}, None, "times the input of a usual step"),
        ({"forward": 2.0, "signature": call(9, calls=1)}, None, "the first with inputs of its"),
    ],
)
def test_slow_step_has_a_number_and_a_likely_reason(slow, others, reason):
    training = Training()
    for index in range(80):
        training.step(**(slow if index == 40 else {}))
    trend = training.trend(training.even(1.0), others)
    (found,) = trend.slowest
    assert (trend.slow, found.number) == (1, 41)
    assert reason in found.reason
    assert found.joules == pytest.approx(found.seconds)
    assert f"one slow step, number 41 took {found.seconds:.2f} s" in str(trend)


def test_mix_of_quick_and_slow_steps_has_no_outliers():
    training = Training()
    for index in range(100):
        training.step(backward=3.0 if index % 4 == 0 else 0.1)
    trend = training.trend()
    assert not trend.has_outliers
    assert "slow" not in str(trend)


def test_mean_is_of_what_the_rounds_consist_of():
    loop = Training()
    loop.step()
    report = irene.predict(torch.nn.Linear(4, 4), training=True, device="gtx1080ti")
    known = known_joules(Cell(10.0), report, loop.loop)
    assert known.whole == pytest.approx(report.total_joules)
    assert known.source == "estimated"
    forward_alone = irene.predict(torch.nn.Linear(4, 4), device="gtx1080ti")
    assert known_joules(Cell(10.0), forward_alone, loop.loop).whole is None


def test_estimate_of_this_machine_is_known_by_time():
    training = Training()
    for _ in range(50):
        training.step()
    curve = ((BEGAN, 0.0), (training.now, 10.0 * (training.now - BEGAN)))
    cell = Cell(15.0, estimate=Estimate(curve, 0.5, 2.5, "this machine", "rated 10 W"))
    report = irene.predict(torch.nn.Linear(4, 4), device="gtx1080ti")
    trend = training.trend(known_joules(cell, report, training.loop))
    assert (trend.source, trend.device) == ("estimated", "")
    assert trend.end.joules == pytest.approx(3.0, rel=0.01)
