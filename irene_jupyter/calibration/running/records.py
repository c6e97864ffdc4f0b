"""What a calibration's journal holds: one record for each thing that happened, and its JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, is_dataclass, replace
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from irene_jupyter.calibration.errors import CheckpointError
from irene_jupyter.calibration.signal.alignment import ClockOffset
from irene_jupyter.calibration.signal.rejection import Standby
from irene_jupyter.checker import Checker, is_number, is_whole
from irene_jupyter.meters.base import SCOPE_NAMES, BoardCondition, Scope, Truth
from irene_jupyter.meters.meter import PowerMeter


@dataclass(frozen=True, slots=True)
class MeterUsed:
    """What measures, as far as it is known by now: an emulator may say later what it is."""

    source: str
    scope: Scope
    truth: Truth
    format: str | None
    simulated: bool

    def __str__(self) -> str:
        mark = ", SIMULATED" if self.simulated else ""
        return f"{self.source} ({SCOPE_NAMES[self.scope]} energy{mark})"

    def is_like(self, other: MeterUsed) -> bool:
        """Whether runs of both may stand in one profile."""
        return replace(self, format=None) == replace(other, format=None)


def meter_used(meter: PowerMeter) -> MeterUsed:
    """What the meter says of itself by now."""
    return MeterUsed(meter.source, meter.scope, meter.truth, meter.format, meter.is_simulated)


@dataclass(frozen=True, slots=True)
class Run:
    """A run that passed its gates. Joules and seconds are of one repetition.

    It counts once the clock was found after it, too: see `counting`.
    """

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
    meter: MeterUsed


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest(Standby):
    """A stretch begins: the machine at rest, the meter's period, and what there is to note.

    A reading may be `hold_seconds` old as it is fetched.
    """

    period_seconds: float
    hold_seconds: float
    note: str | None


@dataclass(frozen=True, slots=True)
class ClockSet:
    """The meter's clock was set, by so many seconds, since the alignment before."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Complete:
    """All that was to be run was run: the fit is what is left."""

    at: str


@dataclass(frozen=True, slots=True)
class NodeRun:
    """A node of a board's case, repeated for a second or more. Joules and seconds of one run."""

    case: str
    path: str
    round: int
    joules: float
    seconds: float
    watts: float
    error_watts: float  # standard error of the counter's slope
    drift_watts: float  # from the begin to the end of what was counted
    changes: int  # of the counter
    repeats: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The profile of all this is stored."""

    profile: str
    at: str


Record = (
    Run
    | NodeRun
    | Rejected
    | Rest
    | ClockOffset
    | ClockSet
    | MeterUsed
    | BoardCondition
    | Complete
    | Finished
)
_KINDS: dict[str, type[Record]] = {
    "run": Run,
    "rejected": Rejected,
    "standby": Rest,
    "clock": ClockOffset,
    "clock set": ClockSet,
    "meter": MeterUsed,
    "complete": Complete,
    "node": NodeRun,
    "board": BoardCondition,
    "finished": Finished,
}
_CHECK = Checker(CheckpointError)


def to_json(record: Record) -> dict[str, Any]:
    """The record as an object, with what it is under "record"."""
    (tag,) = (tag for tag, kind in _KINDS.items() if kind is type(record))
    return {"record": tag, **asdict(record)}


def from_json(data: Any) -> Record:
    """The record that `to_json` wrote. Raises `CheckpointError` on anything else."""
    if not isinstance(data, dict):
        _CHECK.refuse("a record must be an object")
    tag = _CHECK.one_of(data, "record", tuple(_KINDS))
    found: Record = _read(_KINDS[tag], data, tag)
    if isinstance(found, Run | NodeRun) and not (found.joules > 0 and found.seconds > 0):
        _CHECK.refuse("a run must have joules and seconds above 0")
    return found


def meter_from_json(data: Any) -> MeterUsed:
    """The meter in a journal's identity. Raises `CheckpointError`."""
    if not isinstance(data, dict):
        _CHECK.refuse("the meter is missing")
    found: MeterUsed = _read(MeterUsed, data, "meter")
    return found


def _read(kind: type, data: dict[str, Any], tag: str) -> Any:
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        value = data.get(name)
        if is_dataclass(hint) and isinstance(value, dict):
            value = _read(hint, value, name)  # type: ignore[arg-type]
        elif isinstance(value, list):
            value = tuple(value)
        if not _fits(value, hint):
            _CHECK.refuse(f"{name!r} of a {tag} is not what it should be")
        values[name] = value
    return kind(**values)


def _fits(value: Any, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return isinstance(value, str) and value in get_args(hint)
    if isinstance(hint, UnionType):
        return any(_fits(value, each) for each in get_args(hint))
    if get_args(hint):  # a tuple of texts
        return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
    if hint is float:
        return is_number(value, signed=True)
    return is_whole(value) if hint is int else isinstance(value, hint)
