"""A local HTTP server that answers as plugs do, after their makers' public documentation.

No plug was at hand. The documents are those of shelly-api-docs.shelly.cloud, tasmota.github.io/docs
and developers.home-assistant.io, shortened where nothing here reads them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Answer = tuple[int, Any]  # HTTP's status, and a document or bytes
Answers = Callable[[str], Answer | None]  # of a path with its query; None: there is no such page
Watts = Callable[[], float]

PATIENCE = 30.0
TOKEN = "a-long-lived-access-token"


class PlugServer:
    """`answers` may be exchanged while it runs. `asked` are the paths, `headers` the last ones."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}
        self.host = ""

    @contextmanager
    def running(self) -> Iterator[PlugServer]:
        plug = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                plug.asked.append(self.path)
                plug.headers = dict(self.headers.items())
                status, document = plug.answers(unquote(self.path)) or (404, b"Not Found")
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            self.host = f"127.0.0.1:{server.server_port}"
            try:
                yield self
            finally:
                server.shutdown()
                thread.join(PATIENCE)


@contextmanager
def serving(answers: Answers) -> Iterator[PlugServer]:
    with PlugServer(answers).running() as server:
        yield server


def pages(found: dict[str, Callable[[], Any]]) -> Answers:
    """Each path with what makes its document; HTTP 200."""

    def answers(path: str) -> Answer | None:
        return (200, found[path]()) if path in found else None

    return answers


# --- as the makers say ----------------------------------------------------------------------------


def shelly_plug_s(watts: Watts, auth: bool = False) -> Answers:
    """Generation 1."""
    watt_minutes = [0.0]

    def meter() -> Any:
        watt_minutes[0] += watts() / 60  # it is asked once a second
        return {
            "power": round(watts(), 2),
            "overpower": 0.0,
            "is_valid": True,
            "timestamp": 1663863464,
            "counters": [2.115, 2.114, 2.142],
            "total": int(watt_minutes[0]),
        }

    return pages(
        {
            "/shelly": lambda: {
                "type": "SHPLG-S",
                "mac": "E868E7000000",
                "auth": auth,
                "fw": "20230913-113421/v1.14.0-gcb84623",
                "num_outputs": 1,
                "num_meters": 1,
            },
            "/status": lambda: {
                "wifi_sta": {"connected": True, "ip": "192.168.1.5", "rssi": -53},
                "time": "18:17",
                "unixtime": 1663863464,
                "relays": [{"ison": True, "overpower": False, "source": "http"}],
                "meters": [meter()],
                "temperature": 34.48,
                "uptime": 18961214,
            },
            "/meter/0": meter,
        }
    )


def shelly_3em(watts: Watts) -> Answers:
    """Generation 1 with three clamps."""

    def phase(watts: float) -> Any:
        return {"power": watts, "pf": 1.0, "current": 0.08, "voltage": 232.06, "is_valid": True,
                "total": 5.3, "total_returned": 0.0}  # fmt: skip

    return pages(
        {
            "/shelly": lambda: {"type": "SHEM-3", "mac": "C45BBE7928B9", "auth": False},
            "/status": lambda: {
                "emeters": [phase(watts()), phase(0.0), phase(0.0)],
                "total_power": watts(),
            },
            "/emeter/0": lambda: phase(watts()),
        }
    )


def shelly_later(parts: dict[str, Callable[[], Any]], auth: bool = False) -> Answers:
    """Generation 2 and on, with components such as "switch:0"."""
    names = {"pm1": "PM1", "em": "EM", "em1": "EM1"}
    found: dict[str, Callable[[], Any]] = {
        "/shelly": lambda: {
            "name": None,
            "id": "shellyplusplugs-a8032ab636ec",
            "mac": "A8032AB636EC",
            "model": "SNPL-00112EU",
            "gen": 2,
            "fw_id": "20231107-164738/1.0.8-g8192e2e",
            "ver": "1.0.8",
            "app": "PlusPlugS",
            "auth_en": auth,
            "auth_domain": None,
        },
        "/rpc/Shelly.GetStatus": lambda: {
            "ble": {},
            "cloud": {"connected": False},
            **{name: part() for name, part in parts.items()},
            "sys": {"mac": "A8032AB636EC", "unixtime": 1706745600, "uptime": 11081},
        },
    }
    for name, part in parts.items():
        kind, _, number = name.partition(":")
        method = names.get(kind, kind.capitalize())
        found[f"/rpc/{method}.GetStatus?id={number}"] = part
    return pages(found)


def switch(watts: Watts) -> Callable[[], Any]:
    return lambda: {
        "id": 0,
        "source": "init",
        "output": True,
        "apower": round(watts(), 1),
        "voltage": 230.3,
        "current": 0.532,
        "aenergy": {
            "total": 6.532,
            "by_minute": [45.199, 47.141, 88.397],
            "minute_ts": 1706745600,
        },
        "temperature": {"tC": 23.5, "tF": 74.4},
    }


def tasmota(watts: Callable[[], Any]) -> Answers:
    return pages(
        {
            "/cm?cmnd=Status 8": lambda: {
                "StatusSNS": {
                    "Time": "2025-02-12T22:47:39",
                    "ENERGY": {
                        "TotalStartTime": "2025-02-10T16:47:09",
                        "Total": 0.904,
                        "Yesterday": 0.636,
                        "Today": 0.258,
                        "Power": watts(),
                        "ApparentPower": 126,
                        "ReactivePower": 33,
                        "Factor": 0.96,
                        "Voltage": 243,
                        "Current": 0.521,
                    },
                }
            }
        }
    )


def home_assistant(
    server: Callable[[], PlugServer],
    state: Callable[[], str],
    reported: Callable[[], float],
    unit: str | None = "W",
) -> Answers:
    """Asks for the token; `reported` is when the state came, in seconds since 1970."""

    def answers(path: str) -> Answer | None:
        if server().headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, b"401: Unauthorized"
        if path != "/api/states/sensor.desk_power":
            return 404, {"message": "Entity not found."}
        stamp = datetime.fromtimestamp(reported(), UTC).isoformat()
        return 200, {
            "entity_id": "sensor.desk_power",
            "state": state(),
            "attributes": {
                "state_class": "measurement",
                **({} if unit is None else {"unit_of_measurement": unit}),
                "device_class": "power",
                "friendly_name": "Desk Power",
            },
            "last_changed": stamp,
            "last_reported": stamp,
            "last_updated": stamp,
            "context": {"id": "01K5B2Q9A1B2C3D4E5F6G7H8J9", "parent_id": None, "user_id": None},
        }

    return answers
