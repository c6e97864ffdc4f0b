"""What a calibration has finished, on disk: a journal of JSON lines that only grows.

After every run its record is added and flushed to the disk. A line that was cut (power, SIGKILL,
a full disk) is dropped on reading; all before it stays. A second process is kept out by a lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

from irene_jupyter.calibration.errors import CheckpointError
from irene_jupyter.calibration.running.records import Finished, Record, from_json, to_json

VERSION = 1
KIND = "irene.calibration"
KEEP = ".jsonl"  # the journal's suffix; one that is set aside has ".old" besides


class Journal:
    """A context manager around the file at `path`; `header` says what it is a journal of.

    With `resume` the records that are there are kept, in `records`, if the header's `identity`
    is the same. Else an unfinished journal of before is set aside, not overwritten.
    Raises `CheckpointError`.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], *, resume: bool) -> None:
        self.path = path
        self.header = {"kind": KIND, "version": VERSION, **header}
        self.records: list[Record] = []
        self._resume = resume
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "a+b", buffering=0)
        except OSError as error:
            raise CheckpointError(
                f"no checkpoint can be kept at {self.path} ({error.strerror}): give another place "
                "with output"
            ) from error
        try:
            self._lock()
            self._begin()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file and its lock."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def add(self, record: Record) -> None:
        """Adds a record, in full or not at all. Raises `CheckpointError`; what was there stays."""
        self._append(to_json(record))
        self.records.append(record)

    def _append(self, data: Mapping[str, Any]) -> None:
        assert self._file is not None
        line = json.dumps(data, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        before = os.fstat(self._file.fileno()).st_size
        try:
            _write(self._file, line)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), before)
            raise CheckpointError(
                f"the checkpoint {self.path} cannot be written ({error.strerror}): free some disk "
                "space, then go on with resume; what was finished before is kept"
            ) from error

    # --- beginning ------------------------------------------------------------------------------

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # Windows: nobody is kept out
            return
        assert self._file is not None
        for _ in range(10):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError:
                time.sleep(0.05)  # a process that was killed lets go a moment later
        raise CheckpointError(
            f"another calibration is writing {self.path}: wait until it is done, or take another "
            "name"
        )

    def _begin(self) -> None:
        assert self._file is not None
        if not self._resume:
            if _is_worth_keeping(self.path):
                aside = self.path.with_name(self.path.name + ".old")
                aside.write_bytes(self.path.read_bytes())
            os.ftruncate(self._file.fileno(), 0)
            self._append(self.header)
            return
        header, self.records, good = read_journal(self.path)
        if header is None:
            raise CheckpointError(
                f"there is nothing to resume at {self.path}: begin without resume"
            )
        self._check(header)
        os.ftruncate(self._file.fileno(), good)

    def _check(self, header: Mapping[str, Any]) -> None:
        if header.get("kind") != KIND or header.get("version") != VERSION:
            raise CheckpointError(
                f"{self.path} is not a checkpoint of this version: begin without resume"
            )
        mine, its = self.header.get("identity", {}), header.get("identity", {})
        for key in mine:
            if json.loads(json.dumps(mine[key])) != its.get(key):
                raise CheckpointError(
                    f"the checkpoint {self.path} is of another {key} ({_short(its.get(key))}, not "
                    f"{_short(mine[key])}): begin without resume, or with another name"
                )


def _is_worth_keeping(path: Path) -> bool:
    """Whether there are records whose profile has not been stored, or whatever cannot be read."""
    try:
        records = read_journal(path)[1]
    except CheckpointError:
        return True
    return bool(records) and not any(isinstance(each, Finished) for each in records)


def read_journal(path: Path) -> tuple[dict[str, Any] | None, list[Record], int]:
    """(header, records, bytes that are good). A last line that was cut is left out.

    Raises `CheckpointError` for a journal that is damaged elsewhere.
    """
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    header: dict[str, Any] | None = None
    records: list[Record] = []
    good = 0
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            continue
        try:
            found = json.loads(line)
        except ValueError as error:
            if good + len(line) >= len(data):
                break
            raise _damaged(path, error) from error
        if not isinstance(found, dict):
            raise CheckpointError(f"{path} is no checkpoint: give another name")
        if header is None:
            header = found
        else:
            try:
                records.append(from_json(found))
            except CheckpointError as error:
                raise _damaged(path, error) from error
        good += len(line)
    return header, records, good


def _damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"the checkpoint {path} is damaged ({error}): begin without resume")


def _write(file: BinaryIO, line: bytes) -> None:
    written = 0
    while written < len(line):
        written += file.write(line[written:])
    os.fsync(file.fileno())


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "…"
