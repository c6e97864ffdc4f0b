"""An emonPi's firmware as a pure function: power in watts → the bytes that it would print.

The counterpart of `emonpi.py`, for the emulator. All that is random comes from the seed.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

from irene_jupyter.meters.emonpi.formats import COUNTS, CYCLES, FORMATS
from irene_jupyter.meters.errors import FormatError

_BANNER = (
    "emonPi V2.93",
    "OpenEnergyMonitor.org",
    "startup...",
    "CT 1 Cal: 90.90",
    "VRMS AC ~{volts:.0f}V",
    "Vcal: 130.00",
    "Vrms: {volts:.0f}V",
)


@dataclass(frozen=True)
class Knobs:
    """How an emulated meter is built, and how bad its line is. Rates are per line, from 0 to 1.

    `period_seconds` None is the firmware's own: 10½ mains cycles for irene (175 ms at 60 Hz,
    210 ms at 50 Hz), 5 s for stock (9.85 s for `continuous`, its CM firmware), 9.8 s for keyvalue
    (0.2 s after the command d0.2). `sign` −1 is a clamp the wrong way round. `wrap` False clips
    at 655.35 W, which no known firmware does. `jitter_seconds` is the standard deviation of the
    time between readings, `latency_seconds` how late the line arrives.
    """

    format: str = "irene"
    mains_hz: float = 60.0
    period_seconds: float | None = None
    volts: float = 120.0
    pf: float = 1.0
    sign: int = 1
    wrap: bool = True
    prefix: bool = False  # irene: earlier commits print power1,30123
    continuous: bool = False  # stock: 40 bytes, with a message number
    json: bool = False  # keyvalue
    currents: bool = False  # keyvalue: I1 and pf1 too
    jitter_seconds: float = 0.0
    latency_seconds: float = 0.0
    garbage_rate: float = 0.0
    lost_crlf_rate: float = 0.0
    split_writes: bool = False
    wrong_baud: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise FormatError(f"no wire format {self.format!r}: take {', '.join(FORMATS)}")

    @property
    def window_seconds(self) -> float:
        """The time that one reading is a mean of; it ends as the line begins."""
        return CYCLES / self.mains_hz

    @property
    def period(self) -> float:
        """Seconds from one reading to the next."""
        if self.period_seconds is not None:
            return self.period_seconds
        if self.format == "irene":
            return (CYCLES + 0.5) / self.mains_hz
        if self.format == "stock":
            return 9.85 if self.continuous else 5.0
        return 9.8


class Firmware:
    """The meter's side of the wire: `line` for each reading, `reboot` for the power-on reset."""

    def __init__(self, knobs: Knobs) -> None:
        self.knobs = knobs
        self._random = random.Random(knobs.seed)
        self._message = 0
        self._joules = 0.0

    def line(self, watts: float) -> bytes:
        """One reading as it goes over the wire, with the line's faults."""
        knobs = self.knobs
        power = knobs.sign * watts
        self._message += 1
        self._joules += power * knobs.period
        text = {"irene": self._irene, "stock": self._stock, "keyvalue": self._keyvalue}[
            knobs.format
        ](power)
        return self._faults(text.encode("ascii") + b"\r\n")

    def reboot(self) -> bytes:
        """What it prints when it starts; counters begin anew."""
        self._message, self._joules = 0, 0.0
        return "".join(f"{line}\r\n" for line in _BANNER).format(volts=self.knobs.volts).encode()

    def pieces(self, data: bytes) -> list[bytes]:
        """The writes that `data` goes out in."""
        if not self.knobs.split_writes or len(data) < 2:
            return [data]
        cut = self._random.randrange(1, len(data))
        return [data[:cut], data[cut:]]

    def next_period(self) -> float:
        """Seconds to the next reading, with jitter; never less than a tenth of the period."""
        period = self.knobs.period
        if not self.knobs.jitter_seconds:
            return period
        return max(period / 10, self._random.gauss(period, self.knobs.jitter_seconds))

    def _irene(self, power: float) -> str:
        counts = int(power * 100)  # C's conversion: towards zero
        counts = counts % COUNTS if self.knobs.wrap else min(max(counts, 0), COUNTS - 1)
        return f"power1,{counts}" if self.knobs.prefix else str(counts)

    def _stock(self, power: float) -> str:
        knobs = self.knobs
        watts = _int16(int(power))
        values = (watts, 0, watts, _int16(round(knobs.volts * 100)))
        if knobs.continuous:
            data = struct.pack(
                "<L10hLLll", self._message, *values, *[30000] * 6, 0, 0, self._watt_hours, 0
            )
        else:
            data = struct.pack("<10hL", *values, *[0] * 6, 0)
        return f"OK 5 {' '.join(map(str, data))} (-0)"

    def _keyvalue(self, power: float) -> str:
        knobs = self.knobs
        pairs: dict[str, float | int | str] = {
            "MSG": self._message,
            "Vrms": f"{knobs.volts:.2f}",
            "P1": round(power),
            "E1": self._watt_hours,
            "pulse": 0,
        }
        if knobs.currents:
            # pf has the sign: what the clamp sees is P = V · I · pf.
            pairs["I1"] = f"{abs(power) / (knobs.volts * knobs.pf):.3f}"
            pairs["pf1"] = f"{knobs.pf if power >= 0 else -knobs.pf:.4f}"
        if knobs.json:
            return "{" + ",".join(f'"{key}":{value}' for key, value in pairs.items()) + "}"
        return ",".join(f"{key}:{value}" for key, value in pairs.items())

    @property
    def _watt_hours(self) -> int:
        return int(self._joules / 3600)

    def _faults(self, line: bytes) -> bytes:
        knobs, draw = self.knobs, self._random
        if knobs.wrong_baud:
            return bytes(draw.choice((0x00, 0x0A, 0x80, 0xE0, 0xF8, 0xFE, 0xFF)) for _ in line)
        if knobs.lost_crlf_rate and draw.random() < knobs.lost_crlf_rate:
            line = line[:-2]
        if knobs.garbage_rate and draw.random() < knobs.garbage_rate:
            place = draw.randrange(len(line) - 1)
            noise = bytes(draw.randrange(0x80, 0x100) for _ in range(draw.randint(1, 4)))
            line = line[:place] + noise + line[place + 1 :]
        return line


def _int16(value: int) -> int:
    """The value as a 16-bit integer keeps it."""
    return (value + COUNTS // 2) % COUNTS - COUNTS // 2
