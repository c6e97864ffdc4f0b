"""What a calibration says of the time that it still takes, against what it then takes."""

from __future__ import annotations

from bisect import bisect
from dataclasses import replace

import pytest
from known_machine import LAYER, known_suite
from simulated_time import BEGIN, SimulatedMachine

from irene_jupyter.calibration.running.events import Event, Progress
from irene_jupyter.calibration.running.records import Rejected, Run
from irene_jupyter.calibration.workload.part import Part
from irene_jupyter.calibration.workload.suite import Suite, suite_of

BERT = "tiny-bert"
PARTS = (
    *(Part(BERT, batch, length) for batch, length in ((2, 32), (4, 32), (4, 64), (8, 64))),
    Part(BERT, 2, 64, LAYER + "intermediate.dense"),
    Part(BERT, 2, 64, LAYER + "output.LayerNorm"),
)


def quick(simulated: SimulatedMachine) -> Suite:
    """Its times, on parts that are quickly built."""
    return known_suite(simulated.bench, PARTS, suite_of("quick").timing)


@pytest.mark.parametrize(
    ("period", "faults_every", "rejected"),
    [(0.17, 1e9, range(1)), (0.17, 20.0, range(4, 20)), (5.0, 1e9, range(1))],
    ids=["quiet", "many rejected", "slow meter"],
)
def test_time_left_is_right_from_a_tenth_on(
    simulated: SimulatedMachine, period: float, faults_every: float, rejected: range
) -> None:
    """Every so many seconds readings are far off, if a run goes on just then."""
    ran: list[float] = []
    simulated.bench.on_run = lambda part: ran.append(simulated.fake.now)

    def change(moment: float, watts: float) -> float:
        before = ran[max(0, bisect(ran, moment) - 1)] if ran else 0.0
        return 5000.0 if 0 < moment - before < 0.6 and moment % faults_every < 0.4 else watts

    told: list[tuple[float, Progress]] = []

    def watch(event: Event) -> None:
        if isinstance(event, Progress) and event.stage != "fit":
            told.append((simulated.fake.now, event))

    suite = quick(simulated)
    meter = simulated.meter(noise_watts=0.5, period=period, window=0.167, change=change)
    simulated.calibrate(meter=meter, suite=suite, rounds=5, watch=watch)
    end = simulated.fake.now
    assert len(simulated.of(Rejected)) in rejected
    given_up = [each for each in simulated.of(Rejected) if each.gives_up]
    assert len(simulated.of(Run)) + len(given_up) == 5 * len(PARTS)
    late = [(now, each) for now, each in told if 0.1 <= each.share < 1]
    assert len(late) > 4 * len(PARTS)
    for now, each in late:
        # The fit takes real time, and none of this.
        left = each.seconds_left - suite.fit_seconds
        assert (end - now) / 1.5 < left < (end - now) * 1.5, each
    shares = [each.share for each in simulated.of(Progress)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_fit_shows_how_far_it_is(simulated: SimulatedMachine) -> None:
    simulated.fits = True
    simulated.calibrate(meter=simulated.meter())
    told = [each for each in simulated.of(Progress) if each.stage == "fit"]
    left = [each.seconds_left for each in told]
    assert len(left) > 3
    assert left == sorted(left, reverse=True)
    assert left[0] == pytest.approx(known_suite(simulated.bench, PARTS[:3]).fit_seconds)


def test_extra_rounds_keep_within_the_suite_s_time(simulated: SimulatedMachine) -> None:
    """All nodes vary, and only some are measured once more: all ends by the limit."""

    def rising(moment: float, watts: float) -> float:
        return watts * (1 + 0.0006 * (moment - BEGIN))

    suite = quick(simulated)
    began, rounds = simulated.fake.now, 3
    limit = suite.seconds(rounds) + 3.5 * suite.timing.turn_length(0.17)
    meter = simulated.meter(noise_watts=0.5, period=0.17, window=0.167, change=rising)
    suite = replace(suite, seconds_limit=limit)
    simulated.calibrate(meter=meter, suite=suite, rounds=rounds)
    extra = [run for run in simulated.runs() if run.round == rounds]
    assert 2 <= len(extra) <= 5
    assert simulated.fake.now - began <= limit
