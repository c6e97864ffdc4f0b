"""The journal: only grows, survives cuts, belongs to one calibration and one process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from irene_jupyter.calibration.errors import CheckpointError
from irene_jupyter.calibration.running.counting import counted
from irene_jupyter.calibration.running.journal import Journal, read_journal
from irene_jupyter.calibration.running.records import (
    ClockSet,
    Complete,
    Finished,
    MeterUsed,
    Record,
    Rejected,
    Rest,
    Run,
    from_json,
    to_json,
)
from irene_jupyter.calibration.signal.alignment import ClockOffset
from irene_jupyter.calibration.signal.rejection import LIMITS

IDENTITY = {"suite": ["quick", ["a"]], "machine": {"cpu": "x"}}
METER = MeterUsed("emonPi at /dev/ttyUSB0", "wall", "truth", "irene", False)
OTHERS = (
    replace(METER, source="emonPi at /dev/ttyUSB1"),
    replace(METER, scope="gpu", truth="weak"),
    replace(METER, simulated=True),
)


def run(number: int) -> Run:
    return Run("tiny", number, 1.5, 0.1, 15.0, 0.01, 0.0, 20, 30, 100.0, 102.0, METER)


def write(path: Path, *records: Record, resume: bool = False) -> list[str]:
    """What a session notes that adds these."""
    with Journal(path, IDENTITY, resume=resume) as journal:
        journal.begin(METER)
        for record in records:
            journal.add(record)
        return journal.notes


def read(path: Path) -> list[Record]:
    """Without the meters."""
    return [each for each in read_journal(path).records if each != METER]


def test_what_was_added_is_there_on_resume(tmp_path: Path) -> None:
    path = tmp_path / "new" / "c.jsonl"
    write(path, run(0))
    with Journal(path, IDENTITY, resume=True) as journal:
        assert journal.records == [METER, run(0)]
        journal.add(run(1))
    assert read(path) == [run(0), run(1)]


@pytest.mark.parametrize("tail", [b'{"record":"ru', b'{"record":"ru\n', b"\x00\x00\n"])
def test_a_line_that_was_cut_is_dropped_and_the_next_one_is_whole(
    tmp_path: Path, tail: bytes
) -> None:
    path = tmp_path / "c.jsonl"
    write(path, run(1))
    with open(path, "ab") as file:
        file.write(tail)
    write(path, run(2), resume=True)
    assert read(path) == [run(1), run(2)]


DAMAGE = {
    "cut": lambda line: line[:40],
    "no JSON": lambda line: line.replace(b'"run"', b'"ru'),
    "no UTF-8": lambda line: b"\xff\xfe" + line,
    "zeros": lambda line: b"\x00" * len(line),
    "deep": lambda line: b"[" * 100_000,
    "no joules": lambda line: line.replace(b'"joules":1.5,', b""),
    "a text for joules": lambda line: line.replace(b'"joules":1.5', b'"joules":"1.5"'),
    "no energy": lambda line: line.replace(b'"joules":1.5', b'"joules":0'),
    "unknown": lambda line: line.replace(b'"run"', b'"jump"'),
    "a list": lambda line: b"[1]",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_line_costs_what_it_held_and_is_told(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "c.jsonl"
    write(path, run(1), run(2), run(3))
    lines = path.read_bytes().splitlines()
    lines[3] = damage(lines[3])  # after the header, the meter and the first run
    path.write_bytes(b"\n".join(lines) + b"\n")
    (note,) = write(path, run(4), resume=True)
    assert "line 4 of the checkpoint" in note
    assert "measured again, all else counts" in note
    assert read(path) == [run(1), run(3), run(4)]


@pytest.mark.parametrize(
    "data", [b"\x80\x04 a pickle\n\n", b"{}\n", b"{\n", b"[]\n", b"3\n", b"words"]
)
def test_a_file_that_is_none_is_set_aside_by_a_fresh_start(tmp_path: Path, data: bytes) -> None:
    """No dead end, and nothing of it is lost."""
    path = tmp_path / "c.jsonl"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="begin without resume"):
        write(path, resume=True)
    assert path.read_bytes() == data
    (note,) = write(path, run(2))
    assert note.endswith(f"is set aside as {path}.bad")
    assert read(path) == [run(2)]
    assert (tmp_path / "c.jsonl.bad").read_bytes() == data


def test_nothing_is_written_before_the_meter_is_known(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Journal(path, IDENTITY, resume=False):
        pass
    assert not path.exists()
    write(path, run(1))
    before = path.read_bytes()
    for resume in (True, False):
        with Journal(path, IDENTITY, resume=resume):
            pass
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_another_meter_does_not_go_on(tmp_path: Path, other: MeterUsed) -> None:
    path = tmp_path / "c.jsonl"
    write(path, run(0))
    with (
        pytest.raises(CheckpointError, match="must not stand in one profile") as caught,
        Journal(path, IDENTITY, resume=True) as journal,
    ):
        journal.begin(other)
    assert str(METER) in str(caught.value)
    assert str(other) in str(caught.value)
    assert read(path) == [run(0)]


def test_one_word_of_a_simulated_meter_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    late = replace(METER, simulated=True)
    write(path, run(0), replace(run(1), meter=late), run(2))
    with Journal(path, IDENTITY, resume=True) as journal:
        assert journal.meter == late


@pytest.mark.parametrize(
    ("key", "value"), [("suite", ["full", ["a"]]), ("machine", {"cpu": "another"})]
)
def test_another_calibrations_checkpoint_is_refused(
    tmp_path: Path, key: str, value: object
) -> None:
    path = tmp_path / "c.jsonl"
    write(path, run(0))
    with (
        pytest.raises(CheckpointError, match=f"another {key}.*begin without resume"),
        Journal(path, {**IDENTITY, key: value}, resume=True),
    ):
        pass
    assert read(path) == [run(0)]


def test_nothing_to_resume_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(CheckpointError, match="nothing to resume"),
        Journal(tmp_path / "c.jsonl", IDENTITY, resume=True),
    ):
        pass


def test_an_unfinished_one_is_set_aside_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    write(path, run(1))
    (note,) = write(path, run(2), Finished("p.json", "now"))
    assert "not finished, is set aside" in note
    assert read(tmp_path / "c.jsonl.old") == [run(1)]
    write(path, run(3))  # over a finished one: nothing to keep
    assert read(tmp_path / "c.jsonl.old") == [run(1)]


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Journal(path, IDENTITY, resume=False) as first:
        first.begin(METER)
        with pytest.raises(CheckpointError, match="another calibration is writing"):
            write(path, resume=True)
    write(path, resume=True)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CheckpointError, match="another place with output"),
        Journal(tmp_path / "file" / "c.jsonl", IDENTITY, resume=False),
    ):
        pass


METER_TEXT = (
    '{"source":"emonPi at /dev/ttyUSB0","scope":"wall","truth":"truth","format":"irene",'
    '"simulated":false}'
)
LINES = f"""\
{METER_TEXT.replace("{", '{"record":"meter",')}
{{"record":"standby","watts":50.1,"sigma_watts":0.2,"samples":300,"volts":null,\
"burst_watts":0.0,"bursts_mean_watts":0.0,"step_watts":0.0,\
"period_seconds":0.2,"hold_seconds":0.0,"note":"busy"}}
{{"record":"clock","seconds":0.3,"standard_error_seconds":0.001,"watts_step":90.0,\
"correlation":0.99,"at_seconds":12.5,"smoothing_seconds":0.0}}
{{"record":"rejected","part":"tiny","round":0,"codes":["gap"],"reasons":["a gap"],"gives_up":false}}
{{"record":"run","part":"tiny","round":1,"joules":1.5,"seconds":0.1,"watts":15.0,\
"error_joules":0.01,"clock_joules":0.0,"repeats":20,"samples":30,"start":100.0,"end":102.0,\
"meter":{METER_TEXT}}}
{{"record":"clock set","seconds":-2.5}}
{{"record":"complete","at":"now"}}
{{"record":"finished","profile":"p.json","at":"now"}}
"""
RECORDS = (
    METER,
    Rest(50.1, 0.2, 300, None, period_seconds=0.2, hold_seconds=0.0, note="busy"),
    ClockOffset(0.3, 0.001, 90.0, 0.99, 12.5),
    Rejected("tiny", 0, ("gap",), ("a gap",), gives_up=False),
    run(1),
    ClockSet(-2.5),
    Complete("now"),
    Finished("p.json", "now"),
)


def test_records_stand_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    write(path, *RECORDS[1:])
    assert path.read_text().partition("\n")[2] == LINES
    assert read_journal(path).records == list(RECORDS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
@pytest.mark.parametrize("value", [None, True, -1, 1e999, [1], {}, ["a"], "a"], ids=repr)
def test_a_record_that_is_not_what_it_should_be_is_refused(record: Record, value: object) -> None:
    """Each field in turn: read as it is, or an error; a record never holds another type."""
    for name in to_json(record):
        data = json.loads(json.dumps(to_json(record) | {name: value}))
        try:
            found = to_json(from_json(data))
        except CheckpointError:
            continue
        assert json.loads(json.dumps(found)) == data
        assert type(value) is not bool or name in ("gives_up", "simulated")


# --- which runs count -----------------------------------------------------------------------------

REST = Rest(50.1, 0.2, 300, None, period_seconds=0.2, hold_seconds=0.0, note=None)


def offset(seconds: float, at: float) -> ClockOffset:
    return ClockOffset(seconds, 0.001, 90.0, 0.99, at)


@pytest.mark.parametrize(
    ("records", "sure", "left"),
    [
        # One session: from its second alignment on.
        ((REST, offset(0.1, 90), run(1), run(2)), (), (1, 2)),
        ((REST, offset(0.1, 90), run(1), run(2), offset(0.1, 110)), (1, 2), ()),
        # It was cut; the next one's first alignment closes it, if the clock stands where it stood.
        ((REST, offset(0.1, 90), run(1), REST, offset(0.12, 200), run(2)), (1,), (2,)),
        ((REST, offset(0.1, 90), run(1), REST, offset(9.0, 105)), (), ()),
        # Also where this machine's time began anew, which no drift can be told over.
        ((REST, offset(0.1, 90), run(1), REST, offset(0.12, 5)), (1,), ()),
        ((REST, offset(0.1, 90), run(1), REST, offset(0.2, 5)), (), ()),
        # A drift: what lies near the first alignment is within its guards.
        ((REST, offset(0.0, 90), run(1), offset(2.0, 190)), (1,), ()),
        ((REST, offset(0.0, 90), run(1), offset(9.0, 190)), (), ()),
        # The clock was set, by as much as it moved.
        ((REST, offset(0.1, 90), run(1), ClockSet(3600.0), offset(3600.1, 110)), (1,), ()),
        ((REST, offset(0.1, 90), run(1), ClockSet(3600.0), offset(3605.0, 110)), (), ()),
        # Lines that were lost: the first alignment, and the second session's rest.
        ((REST, run(1), offset(0.1, 110), run(2), offset(0.1, 120)), (2,), ()),
        ((REST, offset(0.1, 90), run(1), offset(0.1, 110), run(2), REST), (1,), (2,)),
    ],
)
def test_runs_between_two_alignments_count(
    records: tuple[Record, ...], sure: tuple[int, ...], left: tuple[int, ...]
) -> None:
    found = counted(records, 0.5, LIMITS)
    assert tuple(each.round for each in found.sure) == sure
    assert tuple(each.round for each in found.open) == left
