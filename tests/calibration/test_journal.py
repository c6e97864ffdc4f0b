"""The journal: only grows, survives cuts, belongs to one calibration and one process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from irene_jupyter.calibration.errors import CheckpointError
from irene_jupyter.calibration.running.journal import Journal, read_journal
from irene_jupyter.calibration.running.records import (
    Finished,
    MeterUsed,
    Record,
    Rejected,
    Rest,
    Run,
    Withdrawn,
    from_json,
    runs_of,
    to_json,
)
from irene_jupyter.calibration.signal.alignment import ClockOffset

HEADER = {"identity": {"suite": ["quick", ["a"]], "machine": {"cpu": "x"}}}


def run(number: int) -> Run:
    return Run(number, "tiny", 0, 1.5, 0.1, 15.0, 0.01, 0.0, 20, 30, 100.0, 102.0)


def write(path: Path, *records: Record, resume: bool = False) -> None:
    with Journal(path, HEADER, resume=resume) as journal:
        for record in records:
            journal.add(record)


def test_what_was_added_is_there_on_resume(tmp_path: Path) -> None:
    path = tmp_path / "new" / "c.jsonl"
    write(path, run(0))
    with Journal(path, HEADER, resume=True) as journal:
        assert journal.records == [run(0)]
        journal.add(run(1))
    assert read_journal(path)[1] == [run(0), run(1)]


@pytest.mark.parametrize("tail", [b'{"record":"ru', b'{"record":"ru\n', b"\x00\x00\n"])
def test_a_line_that_was_cut_is_dropped_and_the_next_one_is_whole(
    tmp_path: Path, tail: bytes
) -> None:
    path = tmp_path / "c.jsonl"
    write(path, run(1))
    with open(path, "ab") as file:
        file.write(tail)
    write(path, run(2), resume=True)
    assert read_journal(path)[1] == [run(1), run(2)]


def test_damage_before_the_end_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    write(path, run(1))
    path.write_bytes(path.read_bytes().replace(b'"run"', b'"ru') + b'{"record":"run"}\n')
    damaged = path.read_bytes()
    with pytest.raises(CheckpointError, match="begin without resume"):
        write(path, resume=True)
    write(path, run(2))  # as that said
    assert read_journal(path)[1] == [run(2)]
    assert (tmp_path / "c.jsonl.old").read_bytes() == damaged


@pytest.mark.parametrize(
    ("key", "value"), [("suite", ["full", ["a"]]), ("machine", {"cpu": "another"})]
)
def test_another_calibrations_checkpoint_is_refused(
    tmp_path: Path, key: str, value: object
) -> None:
    path = tmp_path / "c.jsonl"
    write(path, run(0))
    other = {"identity": {**HEADER["identity"], key: value}}
    with (
        pytest.raises(CheckpointError, match=f"another {key}.*begin without resume"),
        Journal(path, other, resume=True),
    ):
        pass
    assert len(read_journal(path)[1]) == 1


def test_nothing_to_resume_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(CheckpointError, match="nothing to resume"),
        Journal(tmp_path / "c.jsonl", HEADER, resume=True),
    ):
        pass


def test_an_unfinished_one_is_set_aside_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    write(path, run(1))
    write(path, run(2), Finished("p.json", "now"))
    assert read_journal(tmp_path / "c.jsonl.old")[1] == [run(1)]
    write(path, run(3))  # over a finished one: nothing to keep
    assert read_journal(tmp_path / "c.jsonl.old")[1] == [run(1)]


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Journal(path, HEADER, resume=False) as first:
        first.add(run(0))
        with pytest.raises(CheckpointError, match="another calibration is writing"):
            write(path, resume=True)
    write(path, resume=True)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CheckpointError, match="another place with output"),
        Journal(tmp_path / "file" / "c.jsonl", HEADER, resume=False),
    ):
        pass


# As the first version wrote them.
LINES = """\
{"record":"meter","source":"emonpi","scope":"wall","truth":"truth","format":null,"simulated":false}
{"record":"standby","watts":50.1,"sigma_watts":0.2,"samples":300,"volts":null,"period_seconds":0.2,\
"note":"busy"}
{"record":"clock","seconds":0.3,"standard_error_seconds":0.001,"watts_step":90.0,\
"correlation":0.99,"at_seconds":12.5}
{"record":"rejected","part":"tiny","round":0,"codes":["gap"],"reasons":["a gap"],"gives_up":false}
{"record":"run","run":1,"part":"tiny","round":0,"joules":1.5,"seconds":0.1,"watts":15.0,\
"error_joules":0.01,"clock_joules":0.0,"repeats":20,"samples":30,"start":100.0,"end":102.0}
{"record":"withdrawn","run":1,"reasons":["its clock moved"]}
{"record":"finished","profile":"p.json","at":"now"}
"""
RECORDS = (
    MeterUsed("emonpi", "wall", "truth", None, simulated=False),
    Rest(50.1, 0.2, 300, None, period_seconds=0.2, note="busy"),
    ClockOffset(0.3, 0.001, 90.0, 0.99, 12.5),
    Rejected("tiny", 0, ("gap",), ("a gap",), gives_up=False),
    run(1),
    Withdrawn(1, ("its clock moved",)),
    Finished("p.json", "now"),
)


def test_records_stand_in_the_file_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    write(path, *RECORDS)
    assert path.read_text().partition("\n")[2] == LINES
    assert read_journal(path)[1] == list(RECORDS)
    assert not runs_of(RECORDS)
    assert runs_of(RECORDS[:5]) == [run(1)]


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
