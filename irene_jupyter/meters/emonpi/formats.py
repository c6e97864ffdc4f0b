"""The wire formats of emonPi and its kin: one line of bytes → one reading. Pure.

stock     openenergymonitor's emonPi: `OK 5 89 1 … (-0)`, a binary struct as decimal bytes
irene     the IrEne authors' firmware: an unsigned 16-bit integer a line, in centiwatts
keyvalue  emonTx4, emonPi2 and emonPi3: `MSG:12,Vrms:120.34,P1:300,…`, or the same as JSON

And one that no emonPi writes, so that it is never guessed on a line, but may be asked for:

watts     a plain number of watts a line, such as an export of emonCMS has

Written from the public firmware. Nobody here has touched a real emonPi, so whatever the firmware
would not write is an error. What one line cannot tell stands in `decoder.py`.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from irene_jupyter.meters.base import PowerSample
from irene_jupyter.meters.errors import (
    DuplicateKeyError,
    FormatError,
    LengthError,
    LineError,
    LineSyntaxError,
    MissingPowerError,
    NotAsciiError,
    RangeError,
    TruncatedLineError,
)

FORMATS = ("stock", "irene", "keyvalue")
NAMED = (*FORMATS, "watts")
# 8N1 each. The continuous-monitoring firmware (CM) of the stock emonPi speaks 115200.
BAUD_RATES = {"stock": 38400, "irene": 38400, "keyvalue": 115200}

# The longest good line, JSON with six clamps, has about 350 bytes.
MAX_LINE_BYTES = 1024

COUNTS = 65536  # of the irene format's 16-bit number, in centiwatts
NEAR_WRAP_COUNTS = 64000  # 640 W: a reading from here on may already be one beyond 655.36 W

CYCLES = 10  # mains cycles that one reading of the irene and stock firmware is a mean of
_CONTINUOUS_FROM_SECONDS = 7.5  # between the 5 s of stock's discrete firmware and CM's 9.85 s

_NODE = 5  # the emonPi's own node number among the radio nodes
# power 1, power 2, their sum (W), Vrms × 100, six temperatures × 10, pulses
_DISCRETE = struct.Struct("<10hL")
# message number, then as above with temperatures × 100, two pulse counts, E1 and E2 (Wh)
_CONTINUOUS = struct.Struct("<L10hLLll")

_FRAME = re.compile(r"OK (\d{1,3})((?: \d{1,4})+) \(([^()]*)\)")
_SIGNAL_STRENGTH = re.compile(r"-?\d{1,3}")
_IRENE = re.compile(r"(?:power1,)?([0-9]+)")
_IRENE_SECOND_CLAMP = re.compile(r"power[2-9],[0-9]+")
_IRENE_DATA = re.compile(r"[-+.,;:]?\s*\d|power\d?,")
_PLAIN = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_PAIR = re.compile(r"([A-Za-z]\w{0,15}):(-?\d{1,10}(?:\.\d{1,6})?)", re.ASCII)
_JSON_PAIR = re.compile(r'"([A-Za-z]\w{0,15})" ?: ?(-?\d{1,10}(?:\.\d{1,6})?)', re.ASCII)
_KEYVALUE_DATA = re.compile(r'MSG|[{}]|"|\bP\d:|\b[EI]\d:\S*,')
# How a reading of any format begins: in another format's stream it is no prose.
_READING = re.compile(r'OK \d|MSG:|\{"|power\d,')
_WORD = re.compile(r"[A-Za-z]{3}")
_BANNER = re.compile(r"emon(?:Pi|Tx|TH|Base|CM)\w*(?: \w+)? [Vv]\d|startup\.\.\.")

_MAX_WATTS = 100_000.0
_MAX_VOLTS = 500.0


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one line says. `power_from_current` is V·I·pf in watts, where currents are sent."""

    watts: float
    volts: float | None = None
    flags: frozenset[str] = frozenset()
    message: int | None = None
    energy_wh: int | None = None
    power_from_current: float | None = None
    counts: int | None = None  # irene: the number as sent
    keys: tuple[str, ...] = ()  # keyvalue: in their order

    @property
    def sample(self) -> PowerSample:
        """What every meter hands over."""
        return PowerSample(self.watts, self.volts, self.flags)


def window_seconds(format: str | None, period_seconds: float) -> float | None:
    """What one reading is a mean of; None for all the time since the one before.

    The irene and the discrete stock firmware average 10 mains cycles. irene waits half a cycle
    more between two readings, so its period tells the mains; of stock 50 Hz is taken, which is
    off by a sixtieth of a second at most in the window's middle. emonTx4 and its kin, and the CM
    firmware (9.85 s where the discrete one has 5 s), measure without a pause. Of plain watts
    nothing is known.
    """
    if format == "watts":
        return 0.0
    if format == "irene":
        return period_seconds * CYCLES / (CYCLES + 0.5)
    if format == "stock" and period_seconds < _CONTINUOUS_FROM_SECONDS:
        return CYCLES / 50.0
    return None


def parse_line(line: bytes, format: str) -> PowerSample | None:
    """One line, with its line end, as a sample; None for a line that is no reading.

    With two clamps `watts` is power 1. Raises subclasses of `MeterError` only: `FormatError` for
    an unknown format, a `LineError` for a line that cannot be used.
    """
    reading = parse_reading(line, format)
    return None if reading is None else reading.sample


def parse_reading(line: bytes, format: str) -> Reading | None:
    """As `parse_line`, with all that the line says."""
    parse = _PARSERS.get(format)
    if parse is None:
        raise FormatError(f"no wire format {format!r}: take one of {', '.join(NAMED)}")
    text = _text(line)
    return parse(text) if text else None


def is_banner(line: bytes) -> bool:
    """Whether a line is printed by a meter that starts: it was reset, or has just got power."""
    return _BANNER.match(line[:80].decode("latin-1")) is not None


def detect_format(line: bytes) -> str | None:
    """The format in which a line is a reading; None where it is one in no format."""
    for format in FORMATS:
        try:
            if parse_reading(line, format) is not None:
                return format
        except LineError:
            continue
    return None


def _text(line: bytes) -> str:
    """A line without its end. Raises for one that is cut, too long, or not printable ASCII."""
    if not line.endswith(b"\n"):
        raise TruncatedLineError(f"line without its end: {_quote(line)}")
    if len(line) > MAX_LINE_BYTES:
        raise LineSyntaxError(f"line of {len(line)} bytes; a meter's have at most {MAX_LINE_BYTES}")
    stripped = line.rstrip(b"\r\n")
    if not stripped.isascii():
        raise NotAsciiError(f"bytes that are not ASCII: {_quote(line)}")
    text = stripped.decode("ascii").replace("\t", " ")
    if not text.isprintable():
        raise LineSyntaxError(f"control characters in the line: {_quote(line)}")
    return text


def _quote(line: bytes | str) -> str:
    shown = repr(line[:60])
    return shown + (f" … ({len(line)} in all)" if len(line) > 60 else "")


def _prose(text: str) -> None:
    """A banner, help or debug line is skipped; anything else that is no reading is an error."""
    if not _WORD.search(text) or _READING.match(text):
        raise LineSyntaxError(f"neither a reading nor text: {_quote(text)}")


def _flags(watts: float) -> frozenset[str]:
    return frozenset({"zero"} if watts == 0 else {"negative"} if watts < 0 else ())


# --- stock --------------------------------------------------------------------------------------


def _stock(text: str) -> Reading | None:
    if text.startswith(("?", " ->", "->", "|")):  # bad packet, reply, currents of `showCurrents`
        return None
    if not text.startswith("OK"):
        if "OK " in text:
            raise LineSyntaxError(f"something before OK, a lost line end: {_quote(text)}")
        _prose(text)
        return None
    frame = _FRAME.fullmatch(text)
    if frame is None:
        raise LineSyntaxError(f"not 'OK node bytes (signal strength)': {_quote(text)}")
    node, numbers, strength = frame.groups()
    if not _SIGNAL_STRENGTH.fullmatch(strength):
        raise LineSyntaxError(f"signal strength {strength!r} is no number: {_quote(text)}")
    values = [int(number) for number in numbers.split()]
    if max(values) > 255:
        raise RangeError(f"{max(values)} is no byte: {_quote(text)}")
    if int(node) != _NODE:
        return None
    if len(values) == _DISCRETE.size:
        watts, _, _, volts, *_ = _DISCRETE.unpack(bytes(values))
        return Reading(watts, _centivolts(volts), _flags(watts))
    if len(values) == _CONTINUOUS.size:
        message, watts, _, _, volts, *rest = _CONTINUOUS.unpack(bytes(values))
        return Reading(
            watts, _centivolts(volts), _flags(watts), message=message, energy_wh=rest[-2]
        )
    raise LengthError(
        f"length {len(values)}: an emonPi sends {_DISCRETE.size} or {_CONTINUOUS.size} bytes"
    )


def _centivolts(value: int) -> float:
    if value < 0:
        raise RangeError(f"{value / 100} V: an rms voltage is never negative")
    return value / 100


# --- irene --------------------------------------------------------------------------------------


def _irene(text: str) -> Reading | None:
    match = _IRENE.fullmatch(text)
    if match is None:
        if _IRENE_SECOND_CLAMP.fullmatch(text):
            raise MissingPowerError(
                f"{text!r} is another clamp's power: plug the machine's clamp into CT 1"
            )
        if _IRENE_DATA.match(text):
            raise LineSyntaxError(f"not a whole number from 0 to 65535: {_quote(text)}")
        _prose(text)
        return None
    digits = match[1]
    if len(digits) > 5 or int(digits) >= COUNTS:
        raise RangeError(f"{digits[:20]} is beyond 65535: two lines without a line end between?")
    counts = int(digits)
    flags = _flags(counts)
    if counts >= NEAR_WRAP_COUNTS:
        flags |= {"near_wrap"}
    return Reading(counts / 100, None, flags, counts=counts)


# --- keyvalue -----------------------------------------------------------------------------------


def _keyvalue(text: str) -> Reading | None:
    if text.startswith("|"):
        return None
    if text.startswith("{"):
        pairs = _pairs(text, text[1:-1] if text.endswith("}") else "", _JSON_PAIR)
    elif text.startswith("MSG:"):
        pairs = _pairs(text, text, _PAIR)
    elif _KEYVALUE_DATA.search(text):
        raise LineSyntaxError(f"a reading begins with MSG: {_quote(text)}")
    else:
        _prose(text)
        return None
    if "P1" not in pairs:
        raise MissingPowerError(
            f"a reading without P1: plug the machine's clamp into CT 1: {_quote(text)}"
        )
    if not pairs.get("MSG", "").isdigit():
        raise LineSyntaxError(f"MSG is missing or no whole number: {_quote(text)}")
    numbers = {key: float(value) for key, value in pairs.items()}
    watts = numbers["P1"]
    volts = numbers.get("Vrms", numbers.get("V1"))
    if abs(watts) > _MAX_WATTS:
        raise RangeError(f"P1 of {watts:g} W: more than any clamp of these meters measures")
    if volts is not None and not 0 <= volts <= _MAX_VOLTS:
        raise RangeError(f"{volts:g} V is no mains voltage")
    current, factor = numbers.get("I1"), numbers.get("pf1")
    apparent = None if volts is None or current is None else volts * current
    return Reading(
        watts,
        volts,
        _flags(watts),
        message=int(pairs["MSG"]),
        energy_wh=int(numbers["E1"]) if "E1" in numbers else None,
        power_from_current=None if apparent is None or factor is None else apparent * factor,
        keys=tuple(pairs),
    )


def _pairs(text: str, inner: str, pattern: re.Pattern[str]) -> dict[str, str]:
    """Key → number as text, in order. Raises for anything but plain numbers, and for doubles."""
    pairs: dict[str, str] = {}
    for item in inner.split(","):
        match = pattern.fullmatch(item.strip(" "))
        if match is None:
            raise LineSyntaxError(f"{_quote(item)} is no key and number: {_quote(text)}")
        if match[1] in pairs:
            raise DuplicateKeyError(f"{match[1]} stands twice: {_quote(text)}")
        pairs[match[1]] = match[2]
    return pairs


# --- watts --------------------------------------------------------------------------------------


def _watts(text: str) -> Reading | None:
    if _PLAIN.fullmatch(text):
        watts = float(text)
        if abs(watts) > _MAX_WATTS:
            raise RangeError(f"{watts:g} W: more than any plug or clamp measures")
        return Reading(watts, None, _flags(watts))
    if text == "null":  # so emonCMS writes a reading that is missing
        return None
    if re.search(r"\d", text):
        raise LineSyntaxError(f"not a plain number of watts: {_quote(text)}")
    _prose(text)
    return None


_PARSERS = {"stock": _stock, "irene": _irene, "keyvalue": _keyvalue, "watts": _watts}
