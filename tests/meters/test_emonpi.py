"""The wire formats: the vectors of the firmware study, and any bytes at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irene_jupyter.errors import IreneError
from irene_jupyter.meters.base import MeterError, PowerSample
from irene_jupyter.meters.emonpi.decoder import Decoder
from irene_jupyter.meters.emonpi.formats import (
    FORMATS,
    MAX_LINE_BYTES,
    detect_format,
    is_banner,
    parse_line,
    parse_reading,
)
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

Z16 = " 0" * 16
STOCK = b"OK 5 89 1 0 0 89 1 2 47" + Z16.encode() + b" (-0)\r\n"
CONTINUOUS = (
    b"OK 5 7 0 0 0 44 1 0 0 44 1 250 46 48 117 48 117 48 117 48 117 48 117 48 117 "
    b"0 0 0 0 0 0 0 0 57 48 0 0 0 0 0 0 (-0)\r\n"
)
KEYVALUE = b"MSG:12,Vrms:120.34,P1:300,E1:1234,pulse:0,I1:2.551,pf1:0.9772\r\n"
JSON = b'{"MSG":13,"V1":120.34,"P1":-42,"E1":5,"pulse":0}\r\n'


def sample(watts: float, volts: float | None = None, *flags: str) -> PowerSample:
    return PowerSample(watts, volts, frozenset(flags))


# Number in the study, format, line, and the sample, None to skip, or the error.
VECTORS = [
    (1, "irene", b"30123\r\n", sample(301.23)),
    (2, "irene", b"0\r\n", sample(0, None, "zero")),
    (3, "irene", b"65535\r\n", sample(655.35, None, "near_wrap")),
    (4, "irene", b"55536\r\n", sample(555.36)),  # its neighbours: test_decoder
    (5, "irene", b"4464\r\n", sample(44.64)),  # its neighbours: test_decoder
    (6, "irene", b"70000\r\n", RangeError),
    (7, "irene", b"3012330123\r\n", RangeError),
    (8, "irene", b"-5\r\n", LineSyntaxError),
    (9, "irene", b"12_345\r\n", LineSyntaxError),
    (10, "irene", b"\xff30123\r\n", NotAsciiError),
    (11, "irene", b"power1,30123\r\n", sample(301.23)),
    (12, "irene", b"ct,1,no_of_half_wavelengths,20\r\n", None),
    (13, "irene", b"emonPi V2.93\r\n", None),
    (14, "irene", b"123", TruncatedLineError),
    (15, "irene", b"Vcal: 130.00\r\n", None),
    (16, "stock", STOCK, sample(345, 120.34)),
    (
        17,
        "stock",
        b"OK 5 156 255 0 0 156 255 0 47" + Z16.encode() + b" (-0)\r\n",
        sample(-100, 120.32, "negative"),
    ),
    (18, "stock", CONTINUOUS, sample(300, 120.26)),
    (19, "stock", b"OK 8 1 0 2 0 3 0 4 0 5 0 (-45)\r\n", None),
    (20, "stock", STOCK.replace(b" 0 (-0)", b" (-0)"), LengthError),
    (21, "stock", STOCK.replace(b" 0 (-0)", b" 300 (-0)"), RangeError),
    (22, "stock", STOCK.replace(b"(-0)", b"(-x)"), LineSyntaxError),
    (23, "keyvalue", KEYVALUE, sample(300, 120.34)),
    (24, "keyvalue", JSON, sample(-42, 120.34, "negative")),
    (25, "keyvalue", b"MSG:14,Vrms:120.34,P1:30\r\n", sample(30, 120.34)),  # keys: test_decoder
]
MORE = [
    ("irene", b"30123\n", sample(301.23)),
    ("irene", b"\r\n", None),
    ("irene", b"00123\r\n", sample(1.23)),
    ("irene", b"123\r", TruncatedLineError),
    ("irene", b"30123\r\n30124\r\n", LineSyntaxError),
    ("irene", b"30123\r30124\r\n", LineSyntaxError),
    ("irene", "３０１２３\r\n".encode(), NotAsciiError),
    ("irene", b" 30123\r\n", LineSyntaxError),
    ("irene", b"301.23\r\n", LineSyntaxError),
    ("irene", b"3e4\r\n", LineSyntaxError),
    ("irene", b"power1,\r\n", LineSyntaxError),
    ("irene", b"power1,-3\r\n", LineSyntaxError),
    ("irene", b"power2,30123\r\n", MissingPowerError),
    ("irene", b"er1,30123\r\n", LineSyntaxError),
    ("irene", b"30\x00123\r\n", LineSyntaxError),
    ("irene", STOCK, LineSyntaxError),
    ("irene", KEYVALUE, LineSyntaxError),
    ("irene", JSON, LineSyntaxError),
    ("stock", KEYVALUE, LineSyntaxError),
    ("stock", b"power1,30123\r\n", LineSyntaxError),
    ("keyvalue", b"power1,30123\r\n", LineSyntaxError),
    ("keyvalue", STOCK, LineSyntaxError),
    ("irene", b"  <nn> i     - set node IDs (standard node ids are 1..30)\r\n", None),
    ("irene", b"9" * 5000 + b"\r\n", LineSyntaxError),
    ("stock", b"? 12 3 4\r\n", None),
    ("stock", b" -> 5 b\r\n", None),
    ("stock", b"|Vrms:120.30, I1:2.55, pf1:0.9772\r\n", None),
    ("stock", b"CT 1 Cal: 90.90\r\n", None),
    ("stock", b"30123\r\n", LineSyntaxError),
    ("stock", b"K 5 89 1 0 0\r\n", LineSyntaxError),
    ("stock", b"startup...OK 5 89 1\r\n", LineSyntaxError),
    ("stock", STOCK[:-2] + STOCK, LineSyntaxError),
    ("stock", STOCK.replace(b"(-0)", b"(-9999)"), LineSyntaxError),
    ("stock", STOCK.replace(b" 2 47 ", b" 2 247 "), RangeError),  # a negative voltage
    ("stock", b"OK 5 89 1 0 0 200 0 2 47" + Z16.encode() + b" (-0)\r\n", sample(345, 120.34)),
    ("keyvalue", b"datalog = 0.20\r\n", None),
    ("keyvalue", b"MSG:1,Vrms:120,P1:300\r\n", sample(300, 120)),
    ("keyvalue", b"MSG:1,P1:300\r\n", sample(300)),
    ("keyvalue", b'{"MSG": 1, "P1": 0}\r\n', sample(0, None, "zero")),
    ("keyvalue", b"MSG:1,Vrms:120,P1:300,P2:50\r\n", sample(300, 120)),
    ("keyvalue", b"MSG:1,Vrms:120,P2:50\r\n", MissingPowerError),
    ("keyvalue", b"MSG:1,Vrms:120,P1:nan\r\n", LineSyntaxError),
    ("keyvalue", b'{"MSG":1,"P1":NaN}\r\n', LineSyntaxError),
    ("keyvalue", b'{"MSG":1,"P1":1e999}\r\n', LineSyntaxError),
    ("keyvalue", b'{"MSG":1,"P1":[1]}\r\n', LineSyntaxError),
    ("keyvalue", b"{" * 900 + b"\r\n", LineSyntaxError),
    ("keyvalue", b"MSG:1,P1:300,P1:300\r\n", DuplicateKeyError),
    ("keyvalue", b'{"MSG":1,"P1":3,"P1":4}\r\n', DuplicateKeyError),
    ("keyvalue", b"MSG:1,P1:99999999\r\n", RangeError),
    ("keyvalue", b"MSG:1,Vrms:1e3,P1:3\r\n", LineSyntaxError),
    ("keyvalue", b"MSG:1,Vrms:-5,P1:3\r\n", RangeError),
    ("keyvalue", b"MSG:1.5,P1:3\r\n", LineSyntaxError),
    ("keyvalue", b'{"P1":3}\r\n', LineSyntaxError),
    ("keyvalue", b"12,Vrms:120.34,P1:300,E1:1234\r\n", LineSyntaxError),
    ("keyvalue", b"30123\r\n", LineSyntaxError),
    ("keyvalue", KEYVALUE[:-2] + KEYVALUE, LineSyntaxError),
]


@pytest.mark.parametrize(
    ("format", "line", "expected"),
    [vector[1:] for vector in VECTORS] + MORE,
    ids=[f"vector {vector[0]}" for vector in VECTORS] + [repr(more[1][:30]) for more in MORE],
)
def test_every_vector(
    format: str, line: bytes, expected: PowerSample | type[MeterError] | None
) -> None:
    if isinstance(expected, type):
        with pytest.raises(expected) as caught:
            parse_line(line, format)
        assert isinstance(caught.value, IreneError)
        assert len(str(caught.value)) < 300
    else:
        assert parse_line(line, format) == expected


def test_what_a_sample_has_no_room_for() -> None:
    reading = parse_reading(CONTINUOUS, "stock")
    assert reading is not None
    assert (reading.message, reading.energy_wh) == (7, 12345)
    reading = parse_reading(KEYVALUE, "keyvalue")
    assert reading is not None
    assert (reading.message, reading.energy_wh) == (12, 1234)
    assert reading.power_from_current == pytest.approx(299.99, abs=0.005)


def test_errors_say_what_is_wrong() -> None:
    with pytest.raises(LengthError, match="length 23"):
        parse_line(VECTORS[19][2], "stock")
    with pytest.raises(LineSyntaxError, match="signal strength"):
        parse_line(VECTORS[21][2], "stock")


@pytest.mark.parametrize("format", ["", "auto", "Stock", "emonpi"])
def test_an_unknown_format_is_a_meter_error(format: str) -> None:
    with pytest.raises(FormatError, match="stock, irene, keyvalue"):
        parse_line(b"1\r\n", format)


@pytest.mark.parametrize(
    ("line", "format"),
    [
        (STOCK, "stock"),
        (CONTINUOUS, "stock"),
        (b"30123\r\n", "irene"),
        (b"power1,1\r\n", "irene"),
        (KEYVALUE, "keyvalue"),
        (JSON, "keyvalue"),
        (b"emonPi V2.93\r\n", None),
        (b"OK 8 1 0 (-45)\r\n", None),
        (b"\xff\xfe\n", None),
    ],
)
def test_the_format_shows_in_a_line(line: bytes, format: str | None) -> None:
    assert detect_format(line) == format


@pytest.mark.parametrize("line", [b"emonPi V2.93\r\n", b"emonTx V4 V1.5\r\n", b"startup...\r\n"])
def test_boot_banners(line: bytes) -> None:
    assert is_banner(line)
    for format in FORMATS:
        assert parse_line(line, format) is None


# --- any bytes ----------------------------------------------------------------------------------

NUMBERS = st.integers(0, 65535).map(lambda number: b"%d\r\n" % number)
GOOD_LINES = st.one_of(
    NUMBERS,
    NUMBERS.map(lambda line: b"power1," + line),
    st.lists(st.integers(0, 255), min_size=20, max_size=44).map(
        lambda values: b"OK 5 " + " ".join(map(str, values)).encode() + b" (-0)\r\n"
    ),
    st.tuples(st.integers(0, 10**6), st.integers(-900, 900)).map(
        lambda pair: b"MSG:%d,Vrms:120.34,P1:%d,E1:1\r\n" % pair
    ),
    st.tuples(st.integers(0, 10**6), st.integers(-900, 900)).map(
        lambda pair: b'{"MSG":%d,"V1":120.34,"P1":%d}\r\n' % pair
    ),
    st.sampled_from([STOCK, CONTINUOUS, KEYVALUE, JSON, b"emonPi V2.93\r\n", b"Vcal: 130.00\r\n"]),
)
STREAMS = st.lists(st.one_of(GOOD_LINES, st.binary(max_size=40)), max_size=30).map(b"".join)


@given(st.one_of(st.binary(max_size=200), STREAMS), st.sampled_from([*FORMATS, "auto", "x"]))
def test_a_line_of_anything_is_a_sample_none_or_a_meter_error(line: bytes, format: str) -> None:
    for each in (line, line + b"\r\n"):
        try:
            result = parse_line(each, format)
        except MeterError:
            continue
        assert result is None or abs(result.watts) <= 100_000
        assert each.endswith(b"\n")


@given(st.integers(0, 65535), st.integers(1, 4))
def test_a_joined_number_is_never_taken_for_a_higher_power(number: int, cut: int) -> None:
    """Two five-digit numbers without the line end between are out of range, whatever they are."""
    line = b"%05d%05d\r\n" % (number, number)
    with pytest.raises(LineError):
        parse_line(line, "irene")
    with pytest.raises(TruncatedLineError):
        parse_line(line[:cut], "irene")


@given(STREAMS, st.data(), st.sampled_from([*FORMATS, "auto"]))
def test_the_decoder_sees_the_same_however_bytes_are_split(
    stream: bytes, data: st.DataObject, format: str
) -> None:
    def decode(pieces: list[bytes]) -> list[object]:
        decoder = Decoder(format)
        decoded = [each for piece in pieces for each in decoder.feed(piece)] + decoder.finish()
        assert sum(len(each.line) for each in decoded) == len(stream)
        return [(each.line, each.sample, str(each.error), each.events) for each in decoded]

    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole = decode([stream])
    assert decode(pieces) == whole
    assert decode([stream[index : index + 1] for index in range(len(stream))]) == whole


@given(st.binary(min_size=MAX_LINE_BYTES, max_size=3 * MAX_LINE_BYTES))
def test_noise_without_line_ends_is_cut_the_same_way(noise: bytes) -> None:
    whole, split = Decoder("irene"), Decoder("irene")
    expected = [each.line for each in whole.feed(noise) + whole.finish()]
    found = [each.line for at in range(0, len(noise), 7) for each in split.feed(noise[at : at + 7])]
    assert found + [each.line for each in split.finish()] == expected
    assert b"".join(expected) == noise
    assert max(map(len, expected)) <= MAX_LINE_BYTES
