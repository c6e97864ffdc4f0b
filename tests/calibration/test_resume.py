"""Wherever a calibration ends, `resume` ends with the profile that it would have made."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from known_machine import FEW, TIMING, known_suite
from simulated_time import BEGIN, FakeMeter, Killed, SimulatedMachine

from irene_jupyter.calibration.errors import CheckpointError
from irene_jupyter.calibration.fit.results import Results
from irene_jupyter.calibration.running.events import Event, Note, Progress
from irene_jupyter.calibration.running.records import ClockOffset, MeterUsed, Rejected, Run
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile

KILLS = 50


def numbers(results: Results) -> dict[str, tuple[float, ...]]:
    """All that a profile is made of."""
    assert not results.failed
    return {
        each.part.key: (each.joules, each.seconds, each.uncertainty.rounds, len(each.rejected))
        for each in results.measured
    }


def kill(simulated: SimulatedMachine, at: float, meter: FakeMeter, **options: object) -> None:
    """Begins, and is gone at this time; of the last line that it wrote some may be missing."""
    simulated.fake.kill_at = at
    with pytest.raises(Killed):
        simulated.calibrate(FEW, meter=meter, **options)
    simulated.reboot()


def test_at_any_of_50_moments_resume_ends_with_the_same_profile(
    simulated: SimulatedMachine,
) -> None:
    """Standby, clock, runs, the last alignment: nothing but what it was at is done again."""
    simulated.fits = True
    profile = simulated.calibrate(FEW, meter=simulated.meter(), rounds=2)
    undisturbed = numbers(simulated.results[-1])
    seconds = simulated.fake.now - BEGIN
    draw = random.Random(13)
    for number in range(KILLS):
        simulated.journal.unlink()
        simulated.fits = number % 20 == 10  # the others' profiles follow from the same results
        # In each fiftieth of the time, so that no stage is left out.
        after = seconds * (number + draw.random()) / KILLS
        kill(simulated, simulated.fake.now + after, simulated.meter(), rounds=2)
        if draw.random() < 0.5 and simulated.journal.exists():
            with open(simulated.journal, "ab") as journal:  # a line that was being written
                journal.write(b'{"record":"run","part":"tiny'[: draw.randrange(1, 28)])
        kept = simulated.runs()
        again = simulated.fake.now
        begun = simulated.journal.exists()
        resumed = simulated.calibrate(FEW, meter=simulated.meter(), rounds=2, resume=begun)
        found = numbers(simulated.results[-1])
        for key, values in undisturbed.items():
            assert found[key] == pytest.approx(values, rel=1e-6), after
        if simulated.fits:
            assert predicted(resumed) == pytest.approx(predicted(profile), rel=1e-3)
        assert simulated.runs()[: len(kept)] == kept, after
        # Standby and one alignment come anew, and no run that was finished.
        assert simulated.fake.now - again < seconds * (1 - len(kept) / 6) + 8, after
        simulated.check()


def predicted(profile: DeviceProfile) -> dict[str, float]:
    return {node["node"]: node["predicted_joules"] for node in profile.scorecard["nodes"]}


def test_a_resumed_one_may_be_killed_again_and_again(simulated: SimulatedMachine) -> None:
    simulated.calibrate(FEW, meter=simulated.meter(), rounds=3)
    simulated.journal.unlink()
    for resume in (False, True, True):
        kill(simulated, simulated.fake.now + 8.0, simulated.meter(), rounds=3, resume=resume)
    simulated.calibrate(FEW, meter=simulated.meter(), rounds=3, resume=True)
    undisturbed, found = map(numbers, simulated.results)
    for key, values in undisturbed.items():
        assert found[key] == pytest.approx(values, rel=1e-6)


def rising(moment: float, watts: float) -> float:
    """Rounds that differ by some percent, and no run that does within it."""
    return watts * (1 + 0.008 * (moment - BEGIN))


def test_extra_rounds_go_on_too(simulated: SimulatedMachine) -> None:
    """A kill among the extra rounds, and one while the fit is made."""
    suite = known_suite(simulated.bench, FEW, replace(TIMING, extra_rounds=1))

    def of_round(number: int) -> set[str]:
        return {run.part for run in simulated.runs() if run.round == number}

    def stop(event: Event) -> None:
        if isinstance(event, Run) and event.round == 2:
            raise Killed

    def meter() -> FakeMeter:
        return simulated.meter(change=rising)

    with pytest.raises(Killed):
        simulated.calibrate(meter=meter(), suite=suite, rounds=2, watch=stop)
    simulated.reboot()
    assert len(of_round(2)) == 1

    def stop_at_fit(event: Event) -> None:
        if isinstance(event, Progress) and event.stage == "fit":
            raise Killed

    with pytest.raises(Killed):
        simulated.calibrate(meter=meter(), suite=suite, rounds=2, watch=stop_at_fit, resume=True)
    assert of_round(2) == {part.key for part in FEW}
    before = simulated.fake.now
    simulated.calibrate(meter=meter(), suite=suite, rounds=2, resume=True)
    assert simulated.fake.now == before, "the fit alone was left"
    assert "only the fit is made anew" in simulated.of(Note)[-1].message


# --- meters ---------------------------------------------------------------------------------------


def test_another_meter_may_not_go_on(simulated: SimulatedMachine) -> None:
    kill(simulated, simulated.fake.now + 8, simulated.meter(source="plug A"))
    kept = simulated.journal.read_bytes()
    with pytest.raises(CheckpointError, match=r"by plug A \(wall energy\), and this meter is plug"):
        simulated.calibrate(meter=simulated.meter(source="plug B"), resume=True)
    assert simulated.journal.read_bytes() == kept
    assert simulated.calibrate(meter=simulated.meter(source="plug A"), resume=True)
    assert {run.meter.source for run in simulated.runs()} == {"plug A"}


class Emulator(FakeMeter):
    """One that says what it is once it has sent for a while, as over a wire."""

    silent_samples = 10

    @property
    def is_simulated(self) -> bool:
        return len(self._done) > self.silent_samples


@pytest.mark.parametrize("says_at_once", [True, False])
def test_no_simulated_run_becomes_real(simulated: SimulatedMachine, says_at_once: bool) -> None:
    """Whichever of the two began: the other may not go on; and what was simulated stays that."""
    options = {"silent_samples": -1} if says_at_once else {}

    def emulator() -> FakeMeter:
        meter = Emulator(simulated.fake, simulated.power)
        vars(meter).update(options)
        return meter

    kill(simulated, simulated.fake.now + 8, emulator())
    with pytest.raises(CheckpointError, match=r"SIMULATED.*must not stand in one profile"):
        simulated.calibrate(meter=simulated.meter(), resume=True)
    simulated.reboot()
    profile = simulated.calibrate(meter=emulator(), resume=True)
    assert profile.is_simulated
    assert "SIMULATED" in profile.label
    assert all(run.meter.simulated for run in simulated.runs())
    simulated.journal.unlink()
    kill(simulated, simulated.fake.now + 8, simulated.meter())
    with pytest.raises(CheckpointError, match=r"SIMULATED.*must not stand in one profile"):
        simulated.calibrate(meter=emulator(), resume=True)
    simulated.reboot()
    assert not simulated.calibrate(meter=simulated.meter(), resume=True).is_simulated


def test_the_meter_stands_at_the_journals_beginning(simulated: SimulatedMachine) -> None:
    kill(simulated, simulated.fake.now + 1, simulated.meter())
    assert simulated.records() == [MeterUsed("plug", "wall", "truth", None, False)]


def test_a_meter_that_freezes_is_found_at_once(simulated: SimulatedMachine) -> None:
    """At rest, in the pause before the second run; then an interrupt, and a good meter."""
    frozen: list[float] = []

    def change(moment: float, watts: float) -> float:
        watts += random.Random(moment).gauss(0, 0.1)  # a live one never says the same twice
        if len(simulated.of(Run)) and watts < 60 and not frozen:
            frozen.append(watts)
        return frozen[0] if frozen else watts

    def interrupt(event: Event) -> None:
        if isinstance(event, Rejected) and len(simulated.of(Rejected)) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulated.calibrate(meter=simulated.meter(change=change), rounds=2, watch=interrupt)
    assert {each.codes[0] for each in simulated.of(Rejected)} == {"stuck"}
    assert len(simulated.runs()) == 1
    simulated.reboot()
    simulated.calibrate(meter=simulated.meter(), rounds=2, resume=True)
    simulated.check()


def test_a_stretch_that_no_alignment_closes_does_not_count(simulated: SimulatedMachine) -> None:
    """Two runs, then a clock that stands elsewhere when it goes on: both are run again."""
    kill(simulated, simulated.fake.now + 11, simulated.meter(shift=lambda _: 0.0))
    kept = simulated.runs()
    assert kept
    simulated.calibrate(meter=simulated.meter(shift=lambda _: 60.0), resume=True)
    assert not set(kept) & set(simulated.runs())
    assert {each.codes for each in simulated.of(Rejected)} == {("clock",)}
    assert len(simulated.runs()) == len(FEW)


# --- the clock ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [2.5, -2.5, 3600.0, -3600.0])
def test_a_clock_that_is_set_is_found_anew_and_no_run_is_lost(
    simulated: SimulatedMachine, step: float
) -> None:
    """In the second run: that one is repeated, and what was before it counts."""
    at: list[float] = []

    def on_run(part: object) -> None:
        if len(simulated.of(Run)) == 1 and not at:
            at.append(simulated.fake.now)

    simulated.bench.on_run = on_run

    def shift(moment: float) -> float:
        return 0.4 + (step if at and moment > at[0] else 0.0)

    simulated.calibrate(meter=simulated.meter(shift=shift), rounds=2)
    (rejected,) = simulated.of(Rejected)
    assert rejected.codes == ("clock",)
    assert f"was set by {step:+.1f} s" in rejected.reasons[0]
    assert len(simulated.runs()) == 2 * len(FEW)
    simulated.check()
    offsets = [each.seconds for each in simulated.records() if isinstance(each, ClockOffset)]
    assert offsets == pytest.approx([0.4, 0.4 + step, 0.4 + step], abs=0.01)


def test_readings_of_the_future_are_a_clock_that_was_set(simulated: SimulatedMachine) -> None:
    """A log with one clock alone says nothing of it."""
    began = simulated.fake.now

    def shift(moment: float) -> float:
        return 3600.0 if moment > began + 9 else 0.0

    meter = simulated.meter(shift=shift, has_two_clocks=False)
    simulated.calibrate(meter=meter, rounds=2)
    assert any("was set by +3600.0 s" in note.message for note in simulated.of(Note))
    assert len(simulated.runs()) == 2 * len(FEW)


def test_a_clock_an_hour_off_from_the_start_is_told_and_found(simulated: SimulatedMachine) -> None:
    simulated.calibrate(meter=simulated.meter(shift=lambda _: 3600.0))
    assert any("clock is +3600 s off" in note.message for note in simulated.of(Note))
    simulated.check()


# --- damage ---------------------------------------------------------------------------------------


def test_any_line_of_a_journal_may_be_damaged(simulated: SimulatedMachine) -> None:
    """Each in turn: what it held is measured again, all else counts, and the profile is the same.

    The first line alone says what it is a journal of: without it, it is set aside.
    """
    simulated.calibrate(FEW, meter=simulated.meter(), rounds=2)
    undisturbed = numbers(simulated.results[-1])
    lines = simulated.journal.read_bytes().splitlines(keepends=True)
    runs = [b'"record":"run"' in line for line in lines]
    assert sum(runs) == 6
    for number, line in enumerate(lines):
        cut = line[: len(line) // 2] + b"\n"
        simulated.journal.write_bytes(b"".join([*lines[:number], cut, *lines[number + 1 :]]))
        if not number:
            with pytest.raises(CheckpointError, match="begin without resume"):
                simulated.calibrate(FEW, meter=simulated.meter(), rounds=2, resume=True)
            simulated.calibrate(FEW, meter=simulated.meter(), rounds=2)
            assert any(f"aside as {simulated.journal}.bad" in n.message for n in simulated.of(Note))
        else:
            kept = simulated.runs()
            simulated.calibrate(FEW, meter=simulated.meter(), rounds=2, resume=True)
            assert any(f"line {number + 1} of" in note.message for note in simulated.of(Note))
            assert len(simulated.of(Run)) <= 6 - len(kept)
        found = numbers(simulated.results[-1])
        for key, values in undisturbed.items():
            assert found[key] == pytest.approx(values, rel=1e-6), line
