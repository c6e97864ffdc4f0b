"""What a board's profile holds: physical constants, and its JSON. Strict, versioned, no pickle."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irene_jupyter.errors import DeviceError
from irene_jupyter.files import write_atomic
from irene_jupyter.predictors.forms.board_constants import BOARD_KNOWN, BoardConstants
from irene_jupyter.predictors.forms.dtypes import HALF, UNITS
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.profiles import checks
from irene_jupyter.predictors.profiles.checks import bad
from irene_jupyter.predictors.profiles.device_profile import ProfileKind, Scope

SCHEMA_VERSION = 2
# Files of version 1 had exactly half, unaligned and vector by unit; nothing else has changed.
READABLE = (1, SCHEMA_VERSION)
BOARD_KIND = "irene.board"
# Constant -> its unit. Those `BY_UNIT` have a number for each of `UNITS` that is known.
CONSTANTS: Mapping[str, str] = {
    "idle_watts": "W",
    "busy_watts": "W",
    "joules_per_flop": "J/flop",
    "joules_per_pointwise_flop": "J/flop",
    "joules_per_byte": "J/B",
    "joules_per_streamed_byte": "J/B",
    "cache_bytes": "B",
    "flops_per_second": "flop/s",
    "bytes_per_second": "B/s",
    "kernel_seconds": "s",
    "host_seconds_per_operation": "s",
}
LEAST, MOST = 1e-18, 1e18  # of any constant in its unit
BY_UNIT = ("joules_per_flop", "flops_per_second")
MEANING = (
    "J = min(idle_watts·s + Σ joules_per_flop·flops + joules_per_pointwise_flop·(other flops) + "
    "joules_per_byte·bytes + joules_per_streamed_byte·(bytes beyond cache_bytes), "
    "(idle_watts + busy_watts)·s); where no time is known, s is the longer of "
    "host_seconds_per_operation·operations and Σ max(flops / flops_per_second, "
    "bytes / bytes_per_second) + kernel_seconds·operations"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardProfile:
    """A board's constants with the intervals of what is predicted by them.

    Its joules are the board's alone: neither the host's nor the power supply's. `intervals` has,
    for each of `BOARD_KNOWN`, one for each level (ml, module, model). `host` names the CPU of
    `host_seconds_per_operation`. `training`, `scorecard` and `citation` say where the numbers
    come from. `memory_gibibytes` is the board's, `fingerprint` the machine's that it was calibrated
    on; None where they are not known.
    """

    name: str
    label: str
    board: str  # as its driver names it
    host: str
    constants: BoardConstants
    intervals: Mapping[str, Mapping[str, Interval]]
    training: Mapping[str, Any]
    scorecard: Mapping[str, Any]
    citation: str
    memory_gibibytes: float | None = None
    fingerprint: Mapping[str, Any] | None = None

    @property
    def kind(self) -> ProfileKind:
        """Whether it was calibrated on a user's board."""
        return "reference" if self.fingerprint is None else "calibrated"

    @property
    def scope(self) -> Scope:
        """Its joules are the board's alone."""
        return "board"

    @property
    def is_estimated(self) -> bool:
        """Whether no such board was measured, and its printed figures stand for it."""
        return "estimated" in self.training

    @property
    def is_simulated(self) -> bool:
        """Whether a simulated meter had a part in the numbers."""
        return self.training.get("simulated") is True

    @property
    def least_joules_per_byte(self) -> float:
        """What moving a byte takes at least."""
        return self.constants.least_joules_per_byte

    def to_dict(self) -> dict[str, Any]:
        """The profile as strict JSON values."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": BOARD_KIND,
            "name": self.name,
            "label": self.label,
            "board": self.board,
            "scope": "board",
            "host": self.host,
            "meaning": MEANING,
            "constants": {
                name: {"value": _plain(getattr(self.constants, name)), "unit": unit}
                for name, unit in CONSTANTS.items()
            },
            "intervals": {
                known: {
                    level: {"low": interval.low, "high": interval.high}
                    for level, interval in levels.items()
                }
                for known, levels in self.intervals.items()
            },
            "training": dict(self.training),
            "scorecard": dict(self.scorecard),
            "citation": self.citation,
            "memory_gibibytes": self.memory_gibibytes,
            "fingerprint": None if self.fingerprint is None else dict(self.fingerprint),
        }

    @classmethod
    def from_dict(cls, data: Any) -> BoardProfile:
        """The profile that `to_dict` wrote. Raises `DeviceError` on anything else."""
        if not isinstance(data, dict) or data.get("kind") != BOARD_KIND:
            raise DeviceError(
                "not a board's profile; give a file that `irene-jupyter train` wrote of a board's "
                "runs"
            )
        version = data.get("schema_version")
        if version not in READABLE or isinstance(version, bool):
            raise DeviceError(
                f"a board's profile of schema version {version!r}; this version of irene_jupyter "
                f"reads {' and '.join(map(str, READABLE))}: update it, or train the profile again"
            )
        constants = checks.table(data, "constants")
        intervals = checks.table(data, "intervals")
        if set(intervals) != set(BOARD_KNOWN):
            raise bad(f"'intervals' must have exactly {', '.join(BOARD_KNOWN)}")
        return cls(
            name=checks.name(data),
            label=checks.text(data, "label"),
            board=checks.text(data, "board"),
            host=checks.text(data, "host"),
            constants=BoardConstants(**{key: _constant(constants, key) for key in CONSTANTS}),
            intervals={
                known: {
                    level: checks.interval(value)
                    for level, value in checks.table(intervals, known).items()
                }
                for known in intervals
            },
            training=checks.description(checks.table(data, "training")),
            scorecard=checks.description(checks.table(data, "scorecard")),
            citation=checks.text(data, "citation"),
            memory_gibibytes=checks.memory(data),
            fingerprint=checks.optional(data, "fingerprint"),
        )

    def save(self, path: str | Path) -> Path:
        """Write the profile as JSON: in full, or not at all. Raises `DeviceError`."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        with contextlib.suppress(OSError):  # where it cannot be made, writing says so
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        return write_atomic(path, text.encode(), DeviceError)


def _plain(value: float | Mapping[str, float]) -> float | dict[str, float]:
    return dict(value) if isinstance(value, Mapping) else value


def _constant(constants: dict[str, Any], name: str) -> Any:
    value = checks.table(constants, name).get("value")
    if name not in BY_UNIT:
        return _physical(value, name)
    if not isinstance(value, dict) or HALF not in value or not set(value) <= set(UNITS):
        raise bad(f"{name!r} must have {HALF}, and nothing but {', '.join(UNITS)}")
    return {unit: _physical(value[unit], name) for unit in UNITS if unit in value}


def _physical(value: Any, name: str) -> float:
    """Neither zero, as some divide, nor beyond what any board is near to."""
    number = checks.number(value, f"{name!r}")
    if not LEAST <= number <= MOST:
        raise bad(f"{name!r} must lie between {LEAST:g} and {MOST:g}")
    return number
