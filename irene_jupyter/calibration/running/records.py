"""What a calibration's journal holds: one record for each thing that happened, and its JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import UnionType
from typing import Any, get_args, get_type_hints

from irene_jupyter.calibration.errors import CheckpointError
from irene_jupyter.calibration.signal.alignment import ClockOffset
from irene_jupyter.calibration.signal.rejection import Standby
from irene_jupyter.checker import Checker, is_number, is_whole


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is used, unless it is withdrawn. Joules and seconds are of one repetition."""

    run: int  # its number
    part: str
    round: int
    joules: float
    seconds: float
    watts: float
    error_joules: float  # standard error, by the power's fluctuation
    clock_joules: float  # that a clock which is off by a second would make
    repeats: int
    samples: int
    start: float  # of the load's clock
    end: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """A run that is not used; it is repeated unless `gives_up`."""

    part: str
    round: int
    codes: tuple[str, ...]
    reasons: tuple[str, ...]
    gives_up: bool

    def __str__(self) -> str:
        end = "given up" if self.gives_up else "repeated"
        return f"{self.part}, round {self.round + 1}, is {end}: {self.reasons[0]}"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The run of this number does not count after all."""

    run: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest(Standby):
    """The machine at rest, the meter's period, and what there is to note of the machine."""

    period_seconds: float
    note: str | None


@dataclass(frozen=True, slots=True)
class MeterUsed:
    """What measured."""

    source: str
    scope: str
    truth: str
    format: str | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """The profile of all this is stored."""

    profile: str
    at: str


Record = Run | Rejected | Withdrawn | Rest | ClockOffset | MeterUsed | Finished
_KINDS: dict[str, type[Record]] = {
    "run": Run,
    "rejected": Rejected,
    "withdrawn": Withdrawn,
    "standby": Rest,
    "clock": ClockOffset,
    "meter": MeterUsed,
    "finished": Finished,
}
_CHECK = Checker(CheckpointError)


def to_json(record: Record) -> dict[str, Any]:
    """The record as an object, with what it is under "record"."""
    (tag,) = (tag for tag, kind in _KINDS.items() if kind is type(record))
    return {"record": tag, **asdict(record)}


def from_json(data: dict[str, Any]) -> Record:
    """The record that `to_json` wrote. Raises `CheckpointError` on anything else."""
    kind = _KINDS[_CHECK.one_of(data, "record", tuple(_KINDS))]
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        value = tuple(found) if isinstance(found := data.get(name), list) else found
        if not _fits(value, hint):
            _CHECK.refuse(f"{name!r} of a {data['record']} is not what it should be")
        values[name] = value
    return kind(**values)


def _fits(value: Any, hint: Any) -> bool:
    if isinstance(hint, UnionType):
        return any(_fits(value, each) for each in get_args(hint))
    if get_args(hint):  # a tuple of texts
        return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
    if hint is float:
        return is_number(value, signed=True)
    return is_whole(value) if hint is int else isinstance(value, hint)


def runs_of(records: Sequence[Record]) -> list[Run]:
    """The runs of a journal that count."""
    gone = {each.run for each in records if isinstance(each, Withdrawn)}
    return [each for each in records if isinstance(each, Run) and each.run not in gone]
