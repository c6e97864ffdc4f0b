"""Plugs over real HTTP: what each kind says, and what helps where it says something else."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from plug_server import (
    PATIENCE,
    TOKEN,
    Answer,
    Answers,
    PlugServer,
    home_assistant,
    pages,
    serving,
    shelly_3em,
    shelly_later,
    shelly_plug_s,
    switch,
    tasmota,
)

from irene_jupyter.meters.base import MeterError
from irene_jupyter.meters.errors import (
    PlugAccessError,
    PlugAddressError,
    PlugAnswerError,
    PlugSilentError,
)
from irene_jupyter.meters.meter import PowerMeter
from irene_jupyter.meters.opening import METERS, open_meter
from irene_jupyter.meters.plugs import http_door, plug_meter
from irene_jupyter.meters.plugs.plug_meter import PlugMeter

FAST = 0.02  # seconds between two readings of a test


def watts() -> float:
    return 61.25


def read(name: str, **options: Any) -> tuple[PlugMeter, Any]:
    """The meter after a few samples, and its first one."""
    meter = open_meter(name, **{"period_seconds": FAST, **options})
    assert isinstance(meter, PlugMeter)
    with meter:
        assert meter.wait(3, PATIENCE)
    return meter, meter.samples()[0].sample


def plug(server: PlugServer) -> PowerMeter:
    return open_meter(f"http:{server.host}/s#power", period_seconds=FAST)


SWITCH = shelly_later({"switch:0": switch(watts)})
PM1 = {
    "id": 0,
    "voltage": 230.3,
    "current": 0.5,
    "apower": 61.25,
    "freq": 50,
    "aenergy": {"total": 5},
}
EM = {
    "id": 0, "a_current": 0.3, "a_voltage": 229.0, "a_act_power": 61.25, "a_aprt_power": 70.0,
    "b_act_power": 0.0, "c_act_power": 3.0, "n_current": None, "total_current": 0.3,
    "total_act_power": 64.25, "total_aprt_power": 73.0,
}  # fmt: skip
EM1 = {"id": 0, "current": 0.3, "voltage": 234.9, "act_power": 61.25, "aprt_power": 70.0, "pf": 0.8}


@pytest.mark.parametrize(
    ("answers", "name", "asked", "found", "volts", "who"),
    [
        (shelly_plug_s(watts), "shelly:{}", "/meter/0", 61.25, None, "SHPLG-S"),
        (shelly_3em(watts), "shelly:{}#emeter/0", "/emeter/0", 61.25, 232.06, "SHEM-3"),
        (SWITCH, "shelly:{}", "/rpc/Switch.GetStatus?id=0", 61.2, 230.3, "PlusPlugS"),
        (shelly_later({"pm1:0": lambda: PM1}), "shelly:{}", "/rpc/PM1.GetStatus?id=0", 61.25, 230.3,
         "pm1:0"),
        (shelly_later({"em:0": lambda: EM}), "shelly:{}", "/rpc/EM.GetStatus?id=0", 64.25, None,
         "em:0"),
        (shelly_later({"em:0": lambda: EM}), "shelly:{}#em:0.a_act_power",
         "/rpc/EM.GetStatus?id=0", 61.25, 229.0, "em:0"),
        (shelly_later({"em1:0": lambda: EM1, "em1:1": lambda: EM1}), "shelly:{}#em1:1",
         "/rpc/EM1.GetStatus?id=1", 61.25, 234.9, "em1:1"),
        (tasmota(lambda: 61), "tasmota:{}", "/cm?cmnd=Status%208", 61, 243, "Tasmota"),
        (tasmota(lambda: [12, 61]), "tasmota:{}#1", "/cm?cmnd=Status%208", 61, 243, "channel 1"),
        (SWITCH, "http:{}/rpc/Switch.GetStatus?id=0#apower", "/rpc/Switch.GetStatus?id=0", 61.2,
         None, "apower"),
        (SWITCH, "http://{}/rpc/Switch.GetStatus?id=0#apower,W", "/rpc/Switch.GetStatus?id=0", 61.2,
         None, "apower"),
        (pages({"/x": lambda: {"power": [{"now": "0.06125"}]}}), "http:{}/x#power.0.now,kW", "/x",
         61.25, None, "power.0.now"),
        (pages({"/": lambda: 61.25}), "http:{}/#", "/", 61.25, None, "the number"),
    ],
)  # fmt: skip
def test_each_kind_tells_its_watts(
    answers: Answers, name: str, asked: str, found: float, volts: float | None, who: str
) -> None:
    with serving(answers) as server:
        meter, sample = read(name.format(server.host))
    assert sample.watts == pytest.approx(found)
    assert sample.volts == volts
    assert server.asked[-1] == asked
    assert who in meter.source
    assert "?" not in meter.source
    assert (meter.scope, meter.truth, meter.clock) == ("wall", "truth", "monotonic")
    assert meter.unit_is_known == (not name.startswith("http") or "," in name)
    assert not meter.is_simulated


def test_home_assistant_tells_its_own_time_and_its_token_goes_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A state that was seen before is no reading; each new one is stamped with its own time."""
    monkeypatch.setenv("HASS_TOKEN", TOKEN)
    asked = [0]

    def reported() -> float:
        asked[0] += 1
        return 1_700_000_000.0 + 10 * (asked[0] // 4)

    holder: list[PlugServer] = []
    answers = home_assistant(lambda: holder[0], lambda: "0.0613", reported, unit="kW")
    with serving(answers) as server:
        holder.append(server)
        meter, sample = read(f"homeassistant:http://{server.host}/sensor.desk_power")
    assert sample.watts == pytest.approx(61.3)
    assert meter.clock == "realtime"
    stamps = [each.realtime for each in meter.samples()]
    assert {after - before for before, after in pairwise(stamps)} == {10.0}
    assert TOKEN not in f"{meter.source}{meter.__dict__}"
    assert "sensor.desk_power" in meter.source


@pytest.mark.parametrize(
    ("state", "unit", "name", "token", "kind", "words"),
    [
        ("61", "W", "desk_power", None, PlugAccessError, "HASS_TOKEN"),
        ("61", "W", "desk_power", "wrong", PlugAccessError, "is not taken"),
        ("61", "W", "desk", TOKEN, PlugAddressError, "no such sensor.*_power"),
        ("61", "kWh", "desk_power", TOKEN, PlugAnswerError, "is in kWh, and power is in W or kW"),
        ("61", None, "desk_power", TOKEN, PlugAnswerError, "has no unit"),
        ("on", "W", "desk_power", TOKEN, PlugAnswerError, "'state' is no number"),
        ("unavailable", "W", "desk_power", TOKEN, PlugSilentError, "is the plug online"),
    ],
)
def test_home_assistant_s_errors(
    state: str, unit: str | None, name: str, token: str | None, kind: type, words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(plug_meter, "PATIENCE_SECONDS", 0.1)
    monkeypatch.delenv("HASS_TOKEN", raising=False)
    if token is not None:
        monkeypatch.setenv("HASS_TOKEN", token)
    holder: list[PlugServer] = []
    with serving(home_assistant(lambda: holder[0], lambda: state, time.time, unit)) as server:
        holder.append(server)
        with pytest.raises(kind, match=words) as caught:
            read(f"homeassistant:http://{server.host}/sensor.{name}")
    assert token is None or token not in str(caught.value)


def status(code: int, document: Any = b"") -> Answers:
    return lambda path: (code, document)


@pytest.mark.parametrize(
    ("answers", "name", "kind", "words"),
    [
        # 12: null; 13: another generation's keys; the numbers that there are; a page for people
        (pages({"/s": lambda: {"power": None}}), "http:{}/s#power", PlugSilentError,
         "'power' is null"),
        (SWITCH, "http:{}/rpc/Switch.GetStatus?id=0#power", PlugAnswerError,
         r"no 'power'; its numbers are id \(0\), apower \(61.2\), voltage"),
        (SWITCH, "http:{}/rpc/Switch.GetStatus?id=0#output", PlugAnswerError, "is no number"),
        (pages({"/s": dict}), "http:{}/s#power", PlugAnswerError, "no number at all"),
        (status(200, b"<html>"), "http:{}/#power", PlugAnswerError, "not with JSON"),
        (status(200, b'{"power": NaN}'), "http:{}/#power", PlugAnswerError, "not with JSON"),
        (status(302), "http:{}/#power", PlugAnswerError, "elsewhere"),
        (status(401), "http:{}/#power", PlugAccessError, "password or token"),
        (status(404), "http:{}/a?key=1#power", PlugAddressError, "/a: nothing of this name"),
        # the wrong kind
        (tasmota(lambda: 61), "shelly:{}", PlugAnswerError, "no Shelly.*Is it tasmota:127"),
        (SWITCH, "tasmota:{}", PlugAnswerError, "no Tasmota.*Is it shelly:127"),
        (pages({"/shelly": lambda: {"a": 1}}), "shelly:{}", PlugAnswerError, "neither its type"),
        # no power, several of them, a password
        (shelly_later({}), "shelly:{}", PlugAnswerError, "measures no power"),
        (shelly_later({"switch:0": switch(watts), "switch:1": switch(watts)}), "shelly:{}",
         PlugAnswerError, r"several places: take one of shelly:127.*#switch:0, shelly:127.*#sw"),
        (SWITCH, "shelly:{}#switch:3", PlugAnswerError, "has no 'switch:3'.*#switch:0"),
        (shelly_later({}, auth=True), "shelly:{}", PlugAccessError, "switch it off"),
        (shelly_plug_s(watts, auth=True), "shelly:{}", PlugAccessError, "switch it off"),
        (tasmota(lambda: [1, 2]), "tasmota:{}", PlugAnswerError, "2 sockets.*#0, tasmota"),
        (pages({"/cm?cmnd=Status 8": lambda: {"StatusSNS": {"Time": "x"}}}), "tasmota:{}",
         PlugAnswerError, "no ENERGY"),
        (pages({"/cm?cmnd=Status 8": lambda: {"WARNING": "Need user=<username>&password="}}),
         "tasmota:{}", PlugAccessError, "WebPassword"),
        # what is no address
        (SWITCH, "http:{}/x", PlugAddressError, "does not say where"),
        (SWITCH, "http:{}/x#power,hp", PlugAddressError, "W, kW"),
        (SWITCH, "http:user:secret@{}/x#power", PlugAddressError, "leave user and password out"),
        (SWITCH, "http:ftp://{}/x#power", PlugAddressError, "is no address"),
        (SWITCH, "shelly:{}:99999999", PlugAddressError, "is no address"),
        (SWITCH, "homeassistant:desk", PlugAddressError, "names no sensor"),
    ],
)  # fmt: skip
def test_what_is_no_reading_says_what_helps(
    answers: Answers, name: str, kind: type, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plug_meter, "PATIENCE_SECONDS", 0.1)
    with serving(answers) as server, pytest.raises(kind, match=words) as caught:
        read(name.format(server.host))
    assert "secret" not in str(caught.value)


def test_a_plug_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plug_meter, "PATIENCE_SECONDS", 0.1)
    with serving(SWITCH) as server:
        host = server.host
    with pytest.raises(PlugSilentError, match=r"refused.*is it on"):
        read(f"shelly:{host}")


def test_some_seconds_of_errors_are_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """503s, nulls, an answer cut short, and one that never comes (14): then it goes on."""
    monkeypatch.setattr(http_door, "TIMEOUT_SECONDS", 0.1)
    good = pages({"/s": lambda: {"power": 61.5}})

    def hangs(path: str) -> Answer | None:
        time.sleep(0.3)  # longer than it is waited for
        return good(path)

    bad: list[Answers] = [
        status(503), status(429), status(200, b'{"pow'), status(200, {"power": None}), hangs,
    ]  # fmt: skip
    turns: list[Answers] = []
    with (
        serving(good) as server,
        open_meter(f"http:{server.host}/s#power", period_seconds=FAST) as m,
    ):
        for each in bad:
            before = len(m.samples())
            asked = len(server.asked)
            turns[:] = [each] * 3
            server.answers = lambda path: (turns.pop() if turns else good)(path)
            assert m.wait(before + 3, PATIENCE)
            assert not turns
            assert len(server.asked) >= asked + 3
        m.check()


@pytest.mark.parametrize(
    ("answers", "kind", "words"),
    [
        (status(503), PlugSilentError, r"too busy.*\(for 0 s\)"),
        (
            status(200, {"apower": 1.0}),
            PlugAnswerError,
            r"no 'power'; its numbers are apower \(1\)",
        ),
        (status(200, {"power": None}), PlugSilentError, "is null"),
    ],
)
def test_errors_that_last_end_the_meter(
    answers: Answers, kind: type, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plug_meter, "PATIENCE_SECONDS", 0.2)
    good = pages({"/s": lambda: {"power": 61.5}})
    with (
        serving(good) as server,
        open_meter(f"http:{server.host}/s#power", period_seconds=FAST) as m,
    ):
        assert m.wait(2, PATIENCE)
        server.answers = answers
        with pytest.raises(kind, match=words):
            m.wait(10**6, PATIENCE)
        assert len(m.samples()) >= 2


def test_a_counter_that_goes_back_is_a_restart() -> None:
    totals = iter([100, 100, 101, 0, 1])
    last = [0]

    def meter() -> Any:
        last[0] = next(totals, last[0])
        return {"power": 61.0, "is_valid": True, "total": last[0]}

    found: dict[str, Callable[[], Any]] = {
        "/shelly": lambda: {"type": "SHPLG-S", "auth": False},
        "/status": lambda: {"meters": [{"power": 1.0}]},
        "/meter/0": meter,
    }
    with (
        serving(pages(found)) as server,
        open_meter(f"shelly:{server.host}", period_seconds=FAST) as meter_,
    ):
        assert meter_.wait(6, PATIENCE)
    events = [event.kind for each in meter_.observations() for event in each.events]
    assert events == ["reset"]


def test_a_sensor_that_is_told_once_in_minutes_is_no_meter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HASS_TOKEN", TOKEN)
    monkeypatch.setattr(plug_meter, "STALE_SECONDS", 0.1)
    holder: list[PlugServer] = []
    with serving(home_assistant(lambda: holder[0], lambda: "61", lambda: 1.7e9)) as server:
        holder.append(server)
        with pytest.raises(PlugSilentError, match=r"no new state.*TelePeriod"):
            read(f"homeassistant:http://{server.host}/sensor.desk_power")


def test_all_plugs_are_named_among_the_meters() -> None:
    for kind in ("shelly", "tasmota", "homeassistant", "http"):
        assert f"{kind}:" in METERS
        with pytest.raises(MeterError, match=r"take emonpi:URL.*homeassistant:"):
            open_meter(f"{kind}:")
