"""What single lines cannot tell: neighbours, message numbers, keys, resets, the format."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from irene_jupyter.meters.base import PowerSample
from irene_jupyter.meters.emonpi.decoder import SIMULATED_LINE, Decoded, Decoder, LineBuffer
from irene_jupyter.meters.emulator.wire import Firmware, Knobs
from irene_jupyter.meters.errors import (
    FormatError,
    KeysChangedError,
    LengthError,
    LineSyntaxError,
    RangeError,
    TruncatedLineError,
)


def decode(lines: Iterable[object], format: str = "irene", unwrap: bool = False) -> list[Decoded]:
    decoder = Decoder(format, unwrap=unwrap, discard_first=False)
    return [decoder.feed_line(b"%s\r\n" % str(line).encode()) for line in lines]


def samples(decoded: list[Decoded]) -> list[PowerSample]:
    return [each.sample for each in decoded if each.sample is not None]


def events(decoded: list[Decoded]) -> list[tuple[str, int]]:
    return [(event.kind, event.count) for each in decoded for event in each.events]


def test_the_first_line_after_opening_is_discarded() -> None:
    decoder = Decoder("irene")
    first, second = decoder.feed(b"23\r\n30123\r\n")
    assert (first.sample, first.error, first.events[0].kind) == (None, None, "discarded")
    assert second.sample == PowerSample(301.23)
    decoder.feed(b"301")
    decoder.reconnected()
    assert [each.sample for each in decoder.feed(b"24\r\n30125\r\n")] == [None, PowerSample(301.25)]
    assert decoder.counts["discarded"] == 2


def test_a_line_is_stamped_when_it_begins() -> None:
    buffer: LineBuffer[float] = LineBuffer()
    assert buffer.feed(b"1\r\n301", 1.0) == [(b"1\r\n", 1.0)]
    assert buffer.feed(b"23\r", 2.0) == []
    assert buffer.feed(b"\n30124\r\n3", 3.0) == [(b"30123\r\n", 1.0), (b"30124\r\n", 3.0)]
    assert buffer.flush() == (b"3", 3.0)
    assert buffer.flush() is None
    assert buffer.feed(b"7\r\n", 4.0) == [(b"7\r\n", 4.0)]


def test_the_end_of_the_stream_truncates_a_line() -> None:
    decoder = Decoder("irene", discard_first=False)
    assert decoder.feed(b"30123\r\n123")[0].sample is not None
    (last,) = decoder.finish()
    assert isinstance(last.error, TruncatedLineError)
    assert decoder.finish() == []


def test_vector_4_a_reversed_clamp_shows_by_its_neighbour() -> None:
    flags = [sample.flags for sample in samples(decode([5000, 55536, 5000, 65436]))]
    assert "possible_negative" in flags[1]
    assert flags[1] >= {"jump"}
    assert flags[3] >= {"possible_negative", "near_wrap", "jump"}
    beside_high = samples(decode([50000, 55536]))
    assert beside_high[1] == PowerSample(555.36)


def test_vector_5_a_wrap_is_a_jump_and_unwrapped_on_request() -> None:
    kept = samples(decode([64000, 4464, 5000]))
    assert kept[1] == PowerSample(44.64, None, frozenset({"jump"}))
    assert kept[2] == PowerSample(50.0)
    unwrapped = samples(decode([64000, 4464, 14464, 65000, 60000], unwrap=True))
    assert [sample.watts for sample in unwrapped] == pytest.approx([640, 700, 800, 650, 600])
    assert unwrapped[1].flags == {"unwrapped"}
    assert not unwrapped[4].flags


def test_unwrapping_a_reversed_clamp_gives_negative_power() -> None:
    unwrapped = samples(decode([5000, 65436, 55536, 5000], unwrap=True))
    assert [sample.watts for sample in unwrapped] == pytest.approx([50, -1, -100, 50])
    assert unwrapped[1].flags >= {"unwrapped", "negative"}


def test_a_gap_or_a_reset_is_no_jump() -> None:
    assert not samples(decode([100, "emonPi V2.93", 60000]))[1].flags
    decoder = Decoder("irene", discard_first=False)
    decoder.feed(b"100\r\n")
    decoder.reconnected()
    assert decoder.feed(b"60000\r\n")[0].sample == PowerSample(600.0)


@pytest.mark.parametrize("format", ["irene", "stock", "keyvalue"])
def test_the_boot_banner_is_one_reset_at_its_first_lines(format: str) -> None:
    firmware = Firmware(Knobs(format))
    decoder = Decoder(format, discard_first=False)
    decoded = decoder.feed(firmware.line(100) + firmware.reboot() + firmware.line(100))
    assert all(each.error is None for each in decoded)
    assert len(samples(decoded)) == 2
    resets = [each.line for each in decoded if each.events]
    assert resets[0] == b"emonPi V2.93\r\n"
    assert len(samples(decoded)) == decoder.counts["samples"] == 2


def test_message_numbers_tell_of_gaps_repeats_and_resets() -> None:
    lines = [f"MSG:{number},Vrms:120,P1:100" for number in (12, 13, 17, 17, 1, 2)]
    decoded = decode(lines, "keyvalue")
    assert events(decoded) == [("dropped", 3), ("repeated", 1), ("reset", 1)]
    assert [each.message for each in decoded] == [12, 13, 17, 17, 1, 2]


def test_vector_25_keys_are_those_of_the_first_line() -> None:
    whole = "MSG:{},Vrms:120.34,P1:300,E1:1234"
    decoded = decode(
        [whole.format(12), whole.format(13), "MSG:14,Vrms:120.34,P1:30", whole.format(15)],
        "keyvalue",
    )
    assert isinstance(decoded[2].error, KeysChangedError)
    assert [each.sample is not None for each in decoded] == [True, True, False, True]
    assert events(decoded) == []  # the bad line was message 14: none is missing


def test_new_keys_are_taken_when_the_meter_keeps_to_them() -> None:
    """The command c1 adds currents; and the first line may itself have been the bad one."""
    new = [f"MSG:{number},Vrms:120,P1:300,I1:2.5,pf1:1.0" for number in range(3, 8)]
    decoded = decode(["MSG:1,Vrms:120,P1:300", "MSG:2,Vrms:120,P1:300", *new], "keyvalue")
    errors = [isinstance(each.error, KeysChangedError) for each in decoded]
    assert errors == [False, False, True, True, False, False, False]
    assert [kind for kind, _ in events(decoded)] == ["keys"]


def test_a_reset_unlocks_the_keys() -> None:
    lines = ["MSG:9,Vrms:120,P1:300", "MSG:1,V1:120,P1:300"]
    assert len(samples(decode(lines, "keyvalue"))) == 2


@pytest.mark.parametrize(
    ("knobs", "format"),
    [
        (Knobs("irene"), "irene"),
        (Knobs("irene", prefix=True), "irene"),
        (Knobs("stock"), "stock"),
        (Knobs("stock", continuous=True), "stock"),
        (Knobs("keyvalue", json=True), "keyvalue"),
        (Knobs("keyvalue", currents=True), "keyvalue"),
    ],
)
def test_auto_finds_the_format_and_keeps_to_it(knobs: Knobs, format: str) -> None:
    firmware, decoder = Firmware(knobs), Decoder()
    before = decoder.feed(b"part of a line\r\n" + firmware.reboot() + b"OK 8 1 0 (-45)\r\n")
    assert decoder.format is None
    assert samples(before) == []
    found = decoder.feed(firmware.line(300.4) * 2)
    assert decoder.format == format
    assert [round(sample.watts) for sample in samples(found)] == [300, 300]
    other = {"irene": b"MSG:1,P1:3\r\n"}.get(format, b"30123\r\n")
    assert isinstance(decoder.feed(other)[0].error, LineSyntaxError)


def test_what_no_format_knows_is_an_error_while_it_is_sought() -> None:
    decoded = decode(["#!", 70000, "OK 5 1 2 (-0)", "Vcal: 130.00"], "auto")
    kinds = [type(each.error) for each in decoded]
    assert kinds == [LineSyntaxError, RangeError, LengthError, type(None)]


def test_an_emulator_marks_all_that_follows() -> None:
    decoder = Decoder("irene", discard_first=False)
    before, mark, after = decoder.feed(b"30123\r\n" + SIMULATED_LINE + b"30123\r\n")
    assert before.sample == PowerSample(301.23)
    assert mark.sample is None
    assert mark.error is None
    assert after.sample == PowerSample(301.23, None, frozenset({"simulated"}))
    assert decoder.simulated
    assert Decoder("irene").feed(SIMULATED_LINE)[0].events[0].kind == "simulated"


def test_an_unknown_format_is_refused_at_once() -> None:
    with pytest.raises(FormatError, match="auto or stock, irene, keyvalue"):
        Decoder("emonpi")
