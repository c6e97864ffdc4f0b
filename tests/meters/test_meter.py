"""A meter of one's own, as docs/meters.md describes it: an HTTP plug, read from a real server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.request import urlopen

import pytest

from irene_jupyter.meters.base import MeterError, PowerSample
from irene_jupyter.meters.meter import Observation, PowerMeter, observe

PATIENCE = 30.0


class HttpPlug(PowerMeter):
    """The example of the guide."""

    unit_is_known = True

    def __init__(self, url: str, period_seconds: float = 1.0) -> None:
        super().__init__()
        self.url, self.period_seconds = url, period_seconds

    @property
    def source(self) -> str:
        return f"plug at {self.url}"

    def read(self) -> Iterator[Observation]:
        while not self.stopping.wait(self.period_seconds):
            try:
                with urlopen(self.url, timeout=5) as answer:
                    watts = float(json.load(answer)["power"])
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise MeterError(f"{self.source} tells no power ({error!r}): is it on?") from error
            yield observe(PowerSample(watts))


@contextmanager
def plug(answers: list[Any]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/status"
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def test_a_meter_of_one_s_own_is_one_small_class() -> None:
    with plug([{"power": 60.0}, {"power": 61.5}]) as url, HttpPlug(url, 0.02) as meter:
        assert meter.wait(3, PATIENCE)
        found = meter.samples()
    assert [each.sample.watts for each in found[:3] if each.sample] == [60.0, 61.5, 61.5]
    stamps = [each.monotonic for each in found]
    assert stamps == sorted(stamps)
    assert (meter.scope, meter.truth, meter.is_simulated) == ("wall", "truth", False)
    assert meter.samples(2)[0] == found[2]
    assert "irene-meter" not in [thread.name for thread in threading.enumerate()]


def test_its_error_is_raised_where_it_is_waited_for_and_its_samples_stay() -> None:
    with plug([{"power": 60.0}, {}]) as url, HttpPlug(url, 0.02) as meter:
        with pytest.raises(MeterError, match="tells no power"):
            meter.wait(2, PATIENCE)
        with pytest.raises(MeterError, match="tells no power"):
            meter.check()
        assert len(meter.samples()) == 1
        assert meter.wait(1, PATIENCE)


def test_waiting_ends_when_the_meter_is_stopped() -> None:
    with plug([{"power": 60.0}]) as url, HttpPlug(url, 0.02) as meter:
        assert meter.wait(1, PATIENCE)
        meter.stop()
        meter.stop()
        assert not meter.wait(10**6, PATIENCE)
        meter.check()


def test_a_meter_that_does_not_open_is_closed() -> None:
    class Broken(HttpPlug):
        closed = 0

        def open(self) -> None:
            raise MeterError("no such plug")

        def close(self) -> None:
            self.closed += 1

    meter = Broken("http://127.0.0.1:1")
    with pytest.raises(MeterError, match="no such plug"):
        meter.__enter__()
    assert meter.closed == 1
    meter.stop()


def test_an_error_on_closing_is_raised_where_it_is_waited_for() -> None:
    class Stuck(HttpPlug):
        def close(self) -> None:
            raise MeterError("the plug does not let go")

    with (
        plug([{}]) as url,
        Stuck(url, 0.02) as meter,
        pytest.raises(MeterError, match="tells no power"),
    ):
        meter.wait(1, PATIENCE)
    with plug([{"power": 1.0}]) as url, Stuck(url, 0.02) as meter:
        assert meter.wait(1, PATIENCE)
        meter.stop()
        with pytest.raises(MeterError, match="does not let go"):
            meter.check()


def test_what_a_meter_says_of_itself_unless_it_knows_better() -> None:
    meter = HttpPlug("http://127.0.0.1:1")
    assert (meter.format, meter.clock, meter.window_seconds(1.0)) == (None, "monotonic", 0.0)


def test_a_meter_that_was_used_is_not_opened_again() -> None:
    """Its thread has ended: a second calibration would wait for readings that never come."""
    with plug([{"power": 60.0}]) as url:
        meter = HttpPlug(url, 0.02)
        with meter:
            assert meter.wait(1, PATIENCE)
        with pytest.raises(MeterError, match="make a new one"), meter:
            pass
    assert "irene-meter" not in [thread.name for thread in threading.enumerate()]
