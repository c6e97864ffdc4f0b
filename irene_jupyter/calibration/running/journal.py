"""What a calibration has finished, on disk: a journal of JSON lines that only grows.

After every run its record is added and flushed to the disk. A line that was cut (power, SIGKILL,
a full disk) or damaged costs what it held, and all others stay. A second process is kept out by a
lock. Nothing is written before the meter has sent readings.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

from irene_jupyter.calibration.errors import CheckpointError
from irene_jupyter.calibration.running.records import (
    Finished,
    MeterUsed,
    Record,
    Run,
    from_json,
    meter_from_json,
    to_json,
)
from irene_jupyter.checker import strict_json

VERSION = 2
KIND = "irene.calibration"
KEEP = ".jsonl"  # the journal's suffix; one that is set aside has ".old" or ".bad" besides
_SHOWN = 3  # damaged lines that are named


@dataclass(frozen=True, slots=True)
class Content:
    """What a journal's file holds; `header` is None where its first line is none.

    `damaged` are the numbers of lines that cannot be read, from 1 on, without a last one that was
    cut. `size` is in bytes, up to the last line's end.
    """

    header: dict[str, Any] | None = None
    records: list[Record] = field(default_factory=list)
    damaged: tuple[int, ...] = ()
    size: int = 0


class Journal:
    """A context manager around the file at `path`; `identity` says what it is a journal of.

    With `resume` the records that are there are kept, in `records`, if their identity is the same.
    `begin` tells the meter; from then on records may be added. An unfinished or damaged journal of
    before is set aside then, not overwritten. `notes` are for people: what was damaged or set
    aside. `about` stands in the header, too. Raises `CheckpointError`.
    """

    def __init__(
        self,
        path: Path,
        identity: Mapping[str, Any],
        about: Mapping[str, Any] | None = None,
        *,
        resume: bool,
    ) -> None:
        self.path = path
        self.records: list[Record] = []
        self.notes: list[str] = []
        self._identity = json.loads(json.dumps(identity))
        self._about = dict(about or {})
        self._resume = resume
        self._before: MeterUsed | None = None  # what measured, before this session
        self._first: MeterUsed | None = None
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists():
                self._open()
            if self._resume:
                self._go_on()
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise self._no_place(error) from error
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file and its lock."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def begin(self, meter: MeterUsed) -> None:
        """A session measures with this meter. Raises `CheckpointError` for another than before."""
        if self._resume:
            # What seems real may yet say that it is an emulator: `check_meter` comes again.
            if not (self.meter.simulated and not meter.simulated):
                self.check_meter(meter)
        else:
            try:
                if self._file is None:
                    self._open()
                self._set_aside()
                os.ftruncate(self._descriptor, 0)
            except OSError as error:
                raise self._no_place(error) from error
            self._first = meter
            identity = {**self._identity, "meter": asdict(meter)}
            self._append({"kind": KIND, "version": VERSION, "identity": identity, **self._about})
        self.add(meter)

    def check_meter(self, meter: MeterUsed) -> None:
        """Raises `CheckpointError` where another one measured before this session."""
        before = self._before
        if before is None or meter.is_like(before):
            return
        if before.simulated != meter.simulated:
            why = "simulated energy and real energy must not stand in one profile"
        else:
            why = "runs by two meters must not stand in one profile"
        raise CheckpointError(
            f"the checkpoint {self.path} is by {before}, and this meter is {meter}: {why}. Go on "
            "with the meter of before, or begin without resume, or with another name"
        )

    @property
    def meter(self) -> MeterUsed:
        """What measures, by its last word; simulated if any word of it was."""
        assert self._first is not None
        said = [self._first]
        for record in self.records:
            if isinstance(record, Run | MeterUsed):
                said.append(record.meter if isinstance(record, Run) else record)
        return next((each for each in said if each.simulated), said[-1])

    def add(self, record: Record) -> None:
        """Adds a record, in full or not at all. Raises `CheckpointError`; what was there stays."""
        self._append(to_json(record))
        self.records.append(record)

    def _append(self, data: Mapping[str, Any]) -> None:
        assert self._file is not None
        line = json.dumps(data, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        before = os.fstat(self._descriptor).st_size
        try:
            _write(self._file, line)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, before)
            raise CheckpointError(
                f"the checkpoint {self.path} cannot be written ({error.strerror}): free some disk "
                "space, then go on with resume; what was finished before is kept"
            ) from error

    # --- beginning ------------------------------------------------------------------------------

    @property
    def _descriptor(self) -> int:
        assert self._file is not None
        return self._file.fileno()

    def _open(self) -> None:
        self._file = file = open(self.path, "a+b", buffering=0)  # noqa: SIM115
        try:
            import fcntl
        except ImportError:  # Windows: nobody is kept out
            return
        for _ in range(10):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError:
                time.sleep(0.05)  # a process that was killed lets go a moment later
        raise CheckpointError(
            f"another calibration is writing {self.path}: wait until it is done, or take another "
            "name"
        )

    def _go_on(self) -> None:
        found = read_journal(self.path)
        if not found.size:
            raise CheckpointError(
                f"there is nothing to resume at {self.path}: begin without resume"
            )
        if not _is_ours(found.header):
            raise CheckpointError(
                f"{self.path} is no checkpoint of this version, or its first line is damaged: "
                "begin without resume; the file is set aside then"
            )
        its = (found.header or {}).get("identity")
        its = its if isinstance(its, dict) else {}
        for key, mine in self._identity.items():
            if mine != its.get(key):
                raise CheckpointError(
                    f"the checkpoint {self.path} is of another {key} ({_short(its.get(key))}, not "
                    f"{_short(mine)}): begin without resume, or with another name"
                )
        self._first = meter_from_json(its.get("meter"))
        self.records = found.records
        self._before = self.meter
        if found.damaged:
            self.notes.append(
                f"{_lines(found.damaged)} of the checkpoint {self.path} cannot be read: what "
                "stood there is measured again, all else counts"
            )
        os.ftruncate(self._descriptor, found.size)

    def _set_aside(self) -> None:
        """Keeps a copy of what is in the file, if it is worth one."""
        data, found = self.path.read_bytes(), read_journal(self.path)
        if not data:
            return
        if not _is_ours(found.header) or found.damaged:
            name, what = ".bad", "could not be read as a whole"
        elif found.records and not any(isinstance(each, Finished) for each in found.records):
            name, what = ".old", "was not finished"
        else:
            return
        aside = self.path.with_name(self.path.name + name)
        aside.write_bytes(data)
        self.notes.append(f"a checkpoint of before, which {what}, is set aside as {aside}")

    def _no_place(self, error: OSError) -> CheckpointError:
        return CheckpointError(
            f"no checkpoint can be kept at {self.path} ({error.strerror}): give another place "
            "with output"
        )


def read_journal(path: Path) -> Content:
    """What can be read of the journal at `path`; of no file, nothing. Raises nothing."""
    try:
        *lines, _ = path.read_bytes().split(b"\n")  # what follows the last line end was cut
    except OSError:
        return Content()
    header: dict[str, Any] | None = None
    records: list[Record] = []
    damaged: list[int] = []
    for number, line in enumerate(lines, start=1):
        try:
            found = strict_json(line.decode())
            if number == 1:
                header = found if isinstance(found, dict) else None
            else:
                records.append(from_json(found))
        except (ValueError, CheckpointError):
            damaged.append(number)
    return Content(header, records, tuple(damaged), sum(len(line) + 1 for line in lines))


def _is_ours(header: Mapping[str, Any] | None) -> bool:
    return header is not None and (header.get("kind"), header.get("version")) == (KIND, VERSION)


def _lines(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    return f"line {shown}" if len(numbers) == 1 else f"lines {shown}{more}"


def _write(file: BinaryIO, line: bytes) -> None:
    written = 0
    while written < len(line):
        written += file.write(line[written:])
    os.fsync(file.fileno())


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "…"
