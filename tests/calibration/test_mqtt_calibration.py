"""A whole calibration by MQTT: in simulated time, with the timing of quick, over a real broker."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from known_machine import FEW, known_suite
from simulated_plug import PlugPower
from simulated_time import EPOCH, FakeTime, SimulatedMachine

from irene_jupyter.calibration.running.records import Rejected
from irene_jupyter.calibration.signal.rejection import LIMITS
from irene_jupyter.calibration.workload.suite import suite_of
from irene_jupyter.meters.meter import Observation
from irene_jupyter.meters.plugs import mqtt_meter
from irene_jupyter.meters.plugs.mqtt_meter import MqttMeter

sys.path.insert(0, str(Path(__file__).parents[1] / "meters"))

from mqtt_broker import Broker

TOPIC = "emon/emonpi/power1"
PATIENCE = 60.0


class Arrival:
    """Stands for the module `time` of the meter: each message comes at the moment it was told."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return EPOCH + self.now


class SimulatedMqtt(MqttMeter):
    """A topic that is told once a second of the time of `fake`."""

    def __init__(self, broker: Broker, power: PlugPower, fake: FakeTime, arrival: Arrival) -> None:
        super().__init__(f"{broker.host}/{TOPIC}#,W")
        self._broker, self._power, self._fake, self._arrival = broker, power, fake, arrival
        self._told = 0
        self._begun = fake.now

    def observations(self, start: int = 0) -> list[Observation]:
        while (due := self._begun + self._told + 1) <= self._fake.now:
            self._told += 1
            self._arrival.now = due
            self._broker.publish(TOPIC, b"%.2f" % self._power.watts(due))
            assert super().wait(self._told, PATIENCE)
        return super().observations(start)

    def wait(self, samples: int, timeout: float) -> bool:
        return self._fake.wait_for(self, samples, timeout)


def test_a_topic_calibrates(simulated: SimulatedMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    """No run is rejected, and all are the law's energy within 1 %."""
    arrival = Arrival()
    monkeypatch.setattr(mqtt_meter, "time", arrival)
    suite = replace(
        known_suite(simulated.bench, FEW), timing=suite_of("quick").timing, limits=LIMITS
    )
    power = PlugPower(simulated.power, late=0.3)
    with Broker().running() as broker:
        meter = SimulatedMqtt(broker, power, simulated.fake, arrival)
        simulated.calibrate(FEW, meter=meter, suite=suite, rounds=2)
    assert [str(each) for each in simulated.of(Rejected)] == []
    assert len(simulated.runs()) == 2 * len(FEW)
    simulated.check()
    assert f"MQTT {TOPIC}" in simulated.journal.read_text()
