"""Whole calibrations through smart plugs, by HTTP: in simulated time, with the timing of quick."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from known_machine import FEW, known_suite
from simulated_plug import PlugPower, SimulatedPlug, simulated_plug
from simulated_time import BEGIN, EPOCH, SimulatedMachine

from irene_jupyter.calibration.calibrate import SLOW_METERS
from irene_jupyter.calibration.errors import AlignmentError, CalibrationError
from irene_jupyter.calibration.running.events import Note
from irene_jupyter.calibration.running.records import Rejected, Run
from irene_jupyter.calibration.signal.alignment import ClockOffset
from irene_jupyter.calibration.signal.rejection import LIMITS
from irene_jupyter.calibration.workload.suite import suite_of
from irene_jupyter.meters.errors import PlugSilentError

sys.path.insert(0, str(Path(__file__).parents[1] / "meters"))

from plug_server import (
    TOKEN,
    Answers,
    PlugServer,
    home_assistant,
    pages,
    serving,
    shelly_later,
    shelly_plug_s,
    switch,
    tasmota,
)

KINDS = {
    "shelly 1": ("shelly:{}", shelly_plug_s),
    "shelly 2": ("shelly:{}", lambda watts: shelly_later({"switch:0": switch(watts)})),
    "tasmota": ("tasmota:{}", lambda watts: tasmota(lambda: round(watts()))),
    "http": ("http:{}/now#power.0,W", lambda watts: pages({"/now": lambda: {"power": [watts()]}})),
}


def suite(machine: SimulatedMachine) -> Any:
    """Quick's timing and limits, but for what the real machine does meanwhile."""
    quick = suite_of("quick")
    return replace(known_suite(machine.bench, FEW), timing=quick.timing, limits=LIMITS)


class Bed:
    """A simulated machine, a plug that shows its power, and a server that tells it."""

    def __init__(
        self, machine: SimulatedMachine, monkeypatch: pytest.MonkeyPatch, kind: str, **plug: Any
    ) -> None:
        self.machine, self._monkeypatch = machine, monkeypatch
        self.power = PlugPower(machine.power, **plug)
        self.name, make = KINDS[kind]
        self.answers: Answers = make(self.watts)
        self.meter: SimulatedPlug

    def watts(self) -> float:
        return self.power.watts(self.meter.turns.now)

    def calibrate(self, answers: Answers | None = None, **options: Any) -> None:
        with serving(answers or self.answers) as server:
            self.meter = simulated_plug(
                self._monkeypatch, self.name, self.machine.fake, lambda: server.host
            )
            self.machine.calibrate(FEW, meter=self.meter, suite=suite(self.machine), **options)

    def rejected(self) -> list[str]:
        return [str(each) for each in self.machine.of(Rejected)]

    def notes(self) -> str:
        return "\n".join(note.message for note in self.machine.of(Note))


@pytest.mark.parametrize("kind", KINDS)
def test_a_plug_of_each_kind_calibrates(
    kind: str, simulated: SimulatedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """7, 8, 11: no run is rejected, none withdrawn, and all are the law's energy within 1 %."""
    bed = Bed(simulated, monkeypatch, kind, late=0.3)
    bed.calibrate(rounds=2)
    assert bed.rejected() == []
    assert len(simulated.runs()) == 2 * len(FEW)
    simulated.check()


@pytest.mark.parametrize(
    ("late", "smoothing", "told"),
    [(2.0, 1.5, r"come [45]\.\d s late and follow a change within"), (6.5, 0.0, r"[78]\.\d s late"),
     (9.0, 0.0, r"(9|10)\.\d s late"), (1.0, 3.0, "follow a change within")],
)  # fmt: skip
def test_a_late_plug_that_smooths_calibrates_and_is_told(
    late: float,
    smoothing: float,
    told: str,
    simulated: SimulatedMachine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """9, 10."""
    bed = Bed(simulated, monkeypatch, "shelly 2", late=late, smoothing=smoothing)
    bed.calibrate(rounds=1)
    assert bed.rejected() == []
    assert len(simulated.runs()) == len(FEW)
    simulated.check()
    assert re.search(told, bed.notes())


def test_home_assistant_s_own_time_is_taken(
    simulated: SimulatedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sensor every 2 s, on a machine whose clock is 1.7 s ahead: by the states' own times."""
    monkeypatch.setenv("HASS_TOKEN", TOKEN)
    monkeypatch.setitem(KINDS, "home", ("homeassistant:http://{}/sensor.desk_power", tasmota))
    bed = Bed(simulated, monkeypatch, "home", late=0.4, period=2.0006)
    held: list[PlugServer] = []

    def reported() -> float:
        return EPOCH + 1.7 + bed.power.updated(bed.meter.turns.now)

    answers = home_assistant(lambda: held[0], lambda: f"{bed.watts():.1f}", reported)

    def answer(path: str) -> Any:
        return answers(path)

    with serving(answer) as server:
        held.append(server)
        bed.meter = simulated_plug(monkeypatch, bed.name, simulated.fake, lambda: server.host)
        simulated.calibrate(FEW, meter=bed.meter, suite=suite(simulated), rounds=1)
    assert bed.rejected() == []
    assert len(simulated.runs()) == len(FEW)
    simulated.check()
    offsets = [each for each in simulated.records() if isinstance(each, ClockOffset)]
    # The meter's clock is ahead, and a state is the mean of the 2 s before it.
    assert all(1.4 < each.late_seconds < 3.2 for each in offsets)
    assert TOKEN not in simulated.journal.read_text()


def test_errors_of_some_seconds_cost_no_more_than_their_run(
    simulated: SimulatedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """14: three seconds of HTTP 503 again and again, and a lost answer now and then."""
    bed = Bed(simulated, monkeypatch, "shelly 2", late=0.3)

    def answer(path: str) -> Any:
        if (now := bed.meter.turns.now) % 97 < 3 and now > BEGIN + 10:
            return 503, b""
        return (200, b'{"apo') if int(now) % 37 == 5 and "Switch" in path else bed.answers(path)

    bed.calibrate(answer, rounds=2)
    assert len(simulated.runs()) == 2 * len(FEW)
    assert not any(each.gives_up for each in simulated.of(Rejected))
    assert {code for each in simulated.of(Rejected) for code in each.codes} <= {"gap", "coverage"}
    simulated.check()


def test_a_plug_that_is_gone_ends_it_and_resume_goes_on(
    simulated: SimulatedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bed = Bed(simulated, monkeypatch, "shelly 2", late=0.3)

    with serving(bed.answers) as server:

        def calibrate(**options: Any) -> None:
            bed.meter = simulated_plug(monkeypatch, bed.name, simulated.fake, lambda: server.host)
            simulated.calibrate(FEW, meter=bed.meter, suite=suite(simulated), rounds=2, **options)

        def watch(event: Any) -> None:
            if isinstance(event, Run) and len(simulated.of(Run)) == 2:
                server.answers = lambda path: (503, b"")

        with pytest.raises(PlugSilentError, match=r"too busy to answer.*\(for 10 s\)"):
            calibrate(watch=watch)
        simulated.reboot()
        kept = simulated.runs()
        assert len(kept) == 2
        server.answers = bed.answers
        calibrate(resume=True)
    assert simulated.runs()[:2] == kept
    assert len(simulated.runs()) == 2 * len(FEW)
    simulated.check()


@pytest.mark.parametrize(
    ("scale", "words"),
    [(0.001, "are these kilowatts.*URL#path,kW"), (1000.0, "are these milliwatts.*URL#path,mW")],
)
def test_other_units_are_doubted(
    scale: float, words: str, simulated: SimulatedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """15. A plug that says watts and tells next to none is not behind this machine: a note."""
    monkeypatch.setitem(KINDS, "kW", ("http:{}/now#power", tasmota))
    bed = Bed(simulated, monkeypatch, "kW", late=0.3)
    told = pages({"/now": lambda: {"power": scale * bed.watts()}})
    with pytest.raises(CalibrationError, match=words):
        bed.calibrate(told)
    assert simulated.runs() == []
    monkeypatch.setitem(KINDS, "kW", ("http:{}/now#power,kW", tasmota))
    if scale < 1:
        bed = Bed(simulated, monkeypatch, "kW", late=0.3)
        bed.calibrate(told, rounds=1)
        simulated.check()


def test_a_plug_of_another_machine_is_told_by_its_remedy(
    simulated: SimulatedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10: no word of clamps. It measures something else, which has its own ups and downs."""
    bed = Bed(simulated, monkeypatch, "shelly 2")
    other = shelly_later({"switch:0": switch(lambda: 61 + 3 * (int(bed.meter.turns.now) % 11 < 4))})
    with pytest.raises(AlignmentError, match="not seen") as caught:
        bed.calibrate(other)
    assert "behind the meter" in str(caught.value)
    assert "clamp" not in str(caught.value)


def test_a_plug_takes_as_long_as_was_planned(
    simulated: SimulatedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a tenth, where the plug is not late; what that adds is in the time left."""
    bed = Bed(simulated, monkeypatch, "shelly 2", late=0.3)
    began = simulated.fake.now
    bed.calibrate(rounds=4)
    planned = suite(simulated).seconds(4, *SLOW_METERS["or more with a smart plug"])
    assert simulated.fake.now - began == pytest.approx(planned, rel=0.1)
