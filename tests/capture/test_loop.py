"""The rounds of a loop: all of them counted, few of them kept, the slow ones found."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from irene_jupyter.capture.watch.activity import BACKWARD, OPTIMISER
from irene_jupyter.capture.watch.loop import MAX_SLOWEST, MAX_STRETCHES, Loop
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.capture.watch.signed import Signature

FORWARD = Signature(lambda: None, "Model", 8, 4, kind=(1, None), calls=5)
WITHOUT_GRADIENTS = Signature(lambda: None, "Model", 8, 4, kind=(1, None), calls=5)
WITHOUT_GRADIENTS.has_gradients = False


def stepped(loop: Loop, at: float, seconds: float, optimiser: str = "one") -> float:
    """A step of so many seconds: a forward, a backward, the optimiser, and a pause."""
    part = seconds / 4
    loop.called(FORWARD, at, at + part)
    loop.spent(BACKWARD, at + part, at + 2 * part)
    loop.spent(OPTIMISER, at + 3 * part, at + seconds, optimiser)
    return at + seconds


def trained(seconds: list[float]) -> Loop:
    loop, now = Loop(), 100.0
    for each in seconds:
        now = stepped(loop, now, each)
    return loop


def test_rounds_are_the_optimisers_steps_from_end_to_end():
    rounds = trained([0.5, 0.25, 0.25]).rounds
    assert (rounds.unit, rounds.count) == ("step", 3)
    assert [each.seconds for each in rounds.stretches] == pytest.approx([0.5, 0.25, 0.25])


def test_memory_is_bounded_and_nothing_is_lost():
    count = 10 * MAX_STRETCHES + 77
    rounds = trained([0.001 * (1 + index % 3) for index in range(count)]).rounds
    assert len(rounds.stretches) <= MAX_STRETCHES + 1
    assert sum(each.count for each in rounds.stretches) == rounds.count == count
    for one, other in zip(rounds.stretches, rounds.stretches[1:], strict=False):
        assert one.end == other.start
    whole = sum(each.seconds * each.count for each in rounds.stretches)
    assert whole == pytest.approx(sum(0.001 * (1 + index % 3) for index in range(count)))


def test_slow_rounds_are_those_among_quicker_ones():
    seconds = [2.0, *[0.1] * 300]
    seconds[100] = seconds[200] = 1.0
    rounds = trained(seconds).rounds
    assert rounds.slow == 2
    assert {each.index for each in rounds.slowest} == {100, 200}
    assert rounds.slowest[0].work.backward == pytest.approx(0.25)


def test_rounds_that_grow_slowly_are_none():
    assert trained([0.1 * 1.01**index for index in range(300)]).rounds.slow == 0


def test_only_the_slowest_are_kept():
    seconds = [0.1] * 400
    for number in range(20):
        seconds[20 + 15 * number] = 1.0 + number
    rounds = trained(seconds).rounds
    assert rounds.slow == 20
    assert [each.seconds for each in rounds.slowest] == pytest.approx([20, 19, 18, 17, 16])
    assert len(rounds.slowest) == MAX_SLOWEST


@pytest.mark.parametrize("count", [40, 4 * MAX_STRETCHES])
def test_evaluation_lies_between_rounds_and_in_none(count):
    loop, now = Loop(), 0.0
    for index in range(count):
        if index in (10, 20):
            for _ in range(5):
                loop.called(WITHOUT_GRADIENTS, now, now + 0.2)
                now += 0.3
            now -= 0.1  # the last one's own pause is the step's
        now = stepped(loop, now, 0.1)
    rounds = loop.rounds
    assert (loop.evaluation_count, rounds.evaluated, rounds.slow) == (2, 2, 0)
    assert loop.evaluation_seconds == pytest.approx(2 * 1.4)
    whole = sum(each.seconds * each.count for each in rounds.stretches)
    assert whole == pytest.approx(0.1 * count)


def test_teacher_without_gradients_is_part_of_each_round():
    loop, now = Loop(), 0.0
    for _ in range(30):
        loop.called(WITHOUT_GRADIENTS, now, now + 0.1)
        now = stepped(loop, now + 0.1, 0.1)
    rounds = loop.rounds
    assert rounds.has_own_evaluation
    assert rounds.stretches[5].seconds == pytest.approx(0.2)


def test_of_two_optimisers_the_one_that_steps_most_makes_the_rounds():
    loop, now = Loop(), 0.0
    for index in range(40):
        now = stepped(loop, now, 0.1, "one")
        if index % 4 == 0:
            now = stepped(loop, now, 0.5, "other")
    assert loop.rounds.count == 40


def test_without_training_rounds_are_the_calls_of_the_model_called_most():
    loop, other = Loop(), Signature(lambda: None, "Other", kind=(2, None), calls=5)
    for index in range(30):
        loop.called(FORWARD, index, index + 0.25)
        if index % 3 == 0:
            loop.called(other, index + 0.5, index + 0.75)
    assert (loop.rounds.unit, loop.rounds.count) == ("call", 30)


def test_real_training_loop_is_followed():
    model = nn.Linear(4, 4)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    with Recorder() as recorder:
        for _ in range(12):
            model(torch.ones(2, 4)).sum().backward()
            optimiser.step()
        with torch.no_grad():
            for _ in range(3):
                model(torch.ones(2, 4))
    rounds = recorder.loop.rounds
    assert (rounds.unit, rounds.count) == ("step", 12)
    assert recorder.loop.evaluation_count == 1
    assert rounds.mean_work.forward > 0
    assert rounds.mean_work.backward > 0
    assert rounds.mean_work.optimiser > 0
    assert rounds.mean_work.elements == 2
