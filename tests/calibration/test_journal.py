"""The journal: only grows, survives cuts, belongs to one calibration and one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from irene_jupyter.calibration.running.journal import Checkpoint, CheckpointError, read_journal

HEADER = {"identity": {"suite": ["quick", ["a"]], "machine": {"cpu": "x"}}}


def write(path: Path, *records: dict[str, object], resume: bool = False) -> None:
    with Checkpoint(path, HEADER, resume=resume) as checkpoint:
        for record in records:
            checkpoint.add(record)


def test_what_was_added_is_there_on_resume(tmp_path: Path) -> None:
    path = tmp_path / "new" / "c.jsonl"
    write(path, {"record": "run", "joules": 1.5})
    with Checkpoint(path, HEADER, resume=True) as checkpoint:
        assert checkpoint.records == [{"record": "run", "joules": 1.5}]
        checkpoint.add({"record": "run", "joules": 2.5})
    assert [record["joules"] for record in read_journal(path)[1]] == [1.5, 2.5]


@pytest.mark.parametrize("tail", [b'{"record":"ru', b'{"record":"ru\n', b"\x00\x00\n"])
def test_a_line_that_was_cut_is_dropped_and_the_next_one_is_whole(
    tmp_path: Path, tail: bytes
) -> None:
    path = tmp_path / "c.jsonl"
    write(path, {"record": "run", "n": 1})
    with open(path, "ab") as file:
        file.write(tail)
    write(path, {"record": "run", "n": 2}, resume=True)
    assert [record["n"] for record in read_journal(path)[1]] == [1, 2]


def test_damage_before_the_end_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    write(path, {"record": "run", "n": 1})
    path.write_bytes(path.read_bytes().replace(b'"run"', b'"ru') + b'{"record":"run"}\n')
    with pytest.raises(CheckpointError, match="begin without resume"):
        write(path, resume=True)


@pytest.mark.parametrize(
    ("key", "value"), [("suite", ["full", ["a"]]), ("machine", {"cpu": "another"})]
)
def test_another_calibrations_checkpoint_is_refused(
    tmp_path: Path, key: str, value: object
) -> None:
    path = tmp_path / "c.jsonl"
    write(path, {"record": "run"})
    other = {"identity": {**HEADER["identity"], key: value}}
    with (
        pytest.raises(CheckpointError, match=f"another {key}.*begin without resume"),
        Checkpoint(path, other, resume=True),
    ):
        pass
    assert len(read_journal(path)[1]) == 1


def test_nothing_to_resume_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(CheckpointError, match="nothing to resume"),
        Checkpoint(tmp_path / "c.jsonl", HEADER, resume=True),
    ):
        pass


def test_an_unfinished_one_is_set_aside_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    write(path, {"record": "run", "n": 1})
    write(path, {"record": "run", "n": 2}, {"record": "finished"})
    assert read_journal(tmp_path / "c.jsonl.old")[1][0]["n"] == 1
    write(path, {"record": "run", "n": 3})  # over a finished one: nothing to keep
    assert read_journal(tmp_path / "c.jsonl.old")[1][0]["n"] == 1


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Checkpoint(path, HEADER, resume=False) as first:
        first.add({"record": "run"})
        with pytest.raises(CheckpointError, match="another calibration is writing"):
            write(path, resume=True)
    write(path, resume=True)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CheckpointError, match="another place with output"),
        Checkpoint(tmp_path / "file" / "c.jsonl", HEADER, resume=False),
    ):
        pass
