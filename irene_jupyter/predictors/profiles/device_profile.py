"""What a device profile holds, and its JSON: strict, versioned, never pickle."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from irene_jupyter.errors import DeviceError
from irene_jupyter.files import write_atomic
from irene_jupyter.predictors.forms import features
from irene_jupyter.predictors.forms.coefficients import (
    KNOWN,
    Coefficients,
    DriverRule,
    LatencyRule,
    Roofline,
)
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.profiles import checks
from irene_jupyter.predictors.profiles.checks import bad

SCHEMA_VERSION = 2
DOCUMENT_KIND = "irene.device"
# json writes a number of a list on a line of its own: lists of numbers are put on one.
_NUMBERS = re.compile(r"\[\n\s*([-+\d.eE,\s]+?)\n\s*\]")
ProfileKind = Literal["reference", "calibrated"]
Scope = Literal["machine", "board"]  # whose joules a profile tells
PROFILE_KINDS: tuple[ProfileKind, ...] = ("reference", "calibrated")


@dataclass(frozen=True, kw_only=True)
class DeviceProfile:
    """All that predictions for one device need: coefficients, valid ranges, own errors.

    `intervals` has, for those of `KNOWN` that users predict by ("features"; others are declared),
    an entry for each `features.node_group`, one with " (new)" for patterns that are not among
    `patterns`, and one with " (other size)" for (batch_size, seq_len) that are not among `sizes`.
    `ranges` are the trained ranges of batch_size, seq_len, gemm_k, gemm_n and rest_mebibytes.
    `irene` are the paper's regressors, as `baselines.stored` writes them. `training`, `scorecard`
    and `citation` say where the numbers come from. `memory_gibibytes` is the device's, None where
    it is not known.
    """

    name: str
    label: str
    kind: ProfileKind
    coefficients: Coefficients
    intervals: Mapping[str, Mapping[str, Interval]]
    patterns: frozenset[str]
    sizes: frozenset[tuple[int, int]]
    ranges: Mapping[str, tuple[float, float]]
    dtypes: tuple[str, ...]
    training: Mapping[str, Any]
    scorecard: Mapping[str, Any]
    citation: str
    irene: Mapping[str, Any] | None = field(default=None)
    fingerprint: Mapping[str, Any] | None = field(default=None)
    memory_gibibytes: float | None = field(default=None)

    @property
    def scope(self) -> Scope:
        """Its joules are of a whole machine, or of what its meter saw of one: see `label`."""
        return "machine"

    @property
    def is_simulated(self) -> bool:
        """Whether a simulated meter had a part in the numbers."""
        return self.training.get("simulated") is True

    @property
    def least_joules_per_byte(self) -> float | None:
        """What moving a byte takes at least; None where that is not known."""
        return self.coefficients.least_joules_per_byte

    def to_dict(self) -> dict[str, Any]:
        """The profile as strict JSON values."""
        device = self.coefficients
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": DOCUMENT_KIND,
            "name": self.name,
            "label": self.label,
            "profile_kind": self.kind,
            "measured": None if device.driver is None else _driver_to_dict(device.driver),
            "latency": None if device.latency is None else _latency_to_dict(device.latency),
            "leaves": {kind: _roofline_to_dict(leaf) for kind, leaf in device.leaves.items()},
            "own": [
                {"column": column, "joules_per_unit": value, "unit": _joules_per(column)}
                for column, value in device.own.items()
            ],
            **({"dtype_factors": dict(factors)} if (factors := device.dtype_factors) else {}),
            "root_scaling": {known: dict(powers) for known, powers in device.scaling.items()},
            "intervals": {
                known: {
                    group: {"low": interval.low, "high": interval.high}
                    for group, interval in groups.items()
                }
                for known, groups in self.intervals.items()
            },
            "patterns": sorted(self.patterns),
            "sizes": [list(size) for size in sorted(self.sizes)],
            "ranges": {name: [*ends] for name, ends in self.ranges.items()},
            "dtypes": list(self.dtypes),
            "training": dict(self.training),
            "scorecard": dict(self.scorecard),
            "citation": self.citation,
            "memory_gibibytes": self.memory_gibibytes,
            "fingerprint": None if self.fingerprint is None else dict(self.fingerprint),
            "irene": None if self.irene is None else dict(self.irene),
        }

    @classmethod
    def from_dict(cls, data: Any) -> DeviceProfile:
        """The profile that `to_dict` wrote. Raises `DeviceError` on anything else."""
        if not isinstance(data, dict) or data.get("kind") != DOCUMENT_KIND:
            raise DeviceError("not a device profile; give a file that `irene-jupyter train` wrote")
        version = data.get("schema_version")
        if version != SCHEMA_VERSION or isinstance(version, bool):
            raise DeviceError(
                f"a device profile of schema version {version!r}; this version of irene_jupyter "
                f"reads {SCHEMA_VERSION}: {_remedy(version)}"
            )
        kind = data.get("profile_kind")
        if kind not in PROFILE_KINDS:
            raise bad(f"'profile_kind' must be one of {', '.join(PROFILE_KINDS)}")
        scaling = checks.table(data, "root_scaling")
        intervals = checks.table(data, "intervals")
        profile = cls(
            name=checks.name(data),
            label=checks.text(data, "label"),
            kind=kind,
            coefficients=Coefficients(
                leaves={k: checks.roofline(v) for k, v in checks.table(data, "leaves").items()},
                own=dict(checks.slope(entry) for entry in checks.items(data, "own")),
                driver=checks.driver(data.get("measured")),
                latency=checks.latency(data.get("latency")),
                scaling={
                    known: {
                        role: checks.number(power, "a power of the root's ratio", 10.0)
                        for role, power in checks.table(scaling, known).items()
                    }
                    for known in scaling
                },
                dtype_factors={
                    dtype: checks.number(factor, "a dtype's factor", 100.0)
                    for dtype, factor in (checks.optional(data, "dtype_factors") or {}).items()
                },
            ),
            intervals={
                known: {
                    group: checks.interval(value)
                    for group, value in checks.table(intervals, known).items()
                }
                for known in intervals
            },
            patterns=frozenset(checks.strings(data, "patterns")),
            sizes=frozenset(checks.size(value) for value in checks.items(data, "sizes")),
            ranges={k: checks.ends(v) for k, v in checks.table(data, "ranges").items()},
            dtypes=tuple(checks.strings(data, "dtypes")),
            training=checks.description(checks.table(data, "training")),
            scorecard=checks.description(checks.table(data, "scorecard")),
            citation=checks.text(data, "citation"),
            irene=checks.optional(data, "irene"),
            fingerprint=checks.optional(data, "fingerprint"),
            memory_gibibytes=checks.memory(data),
        )
        _require_known(profile)
        return profile

    def save(self, path: str | Path) -> Path:
        """Write the profile as JSON: in full, or not at all. Raises `DeviceError`."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
        text = _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"
        with contextlib.suppress(OSError):  # where it cannot be made, writing says so
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        return write_atomic(path, text.encode(), DeviceError)


def _remedy(version: Any) -> str:
    if version == 1:
        return "train the profile again from its data (irene-jupyter train DATA --name NAME)"
    return "update irene_jupyter, or train the profile again"


def _driver_to_dict(rule: DriverRule) -> dict[str, Any]:
    return {
        "joules_per_driver_joule": rule.joules_per_driver_joule,
        "idle_watts": rule.watts,
        "waiting_watts": rule.waiting_watts,
        "usual_idle": rule.usual_idle,
        "usual_idle_per_watt": rule.usual_idle_per_watt,
        "meaning": "J = joules_per_driver_joule·(driver's J) + idle_watts·seconds + "
        "waiting_watts·seconds·(idle share of the GPU − what is usual at its watts)",
    }


def _latency_to_dict(rule: LatencyRule) -> dict[str, Any]:
    return {
        "watts": rule.watts,
        "features_factor": rule.factor,
        "leaves_factor": rule.leaves_factor,
        "own_watts": rule.own_watts,
        "own_factor": rule.own_factor,
        "meaning": "leaf: J = watts·seconds + features_factor·(J by features); module: J = "
        "leaves_factor·(leaves' J by features) + own_watts·(seconds beyond its leaves') + "
        "own_factor·(own terms' J by features)",
    }


def _roofline_to_dict(leaf: Roofline) -> dict[str, Any]:
    residual = leaf.residual
    return {
        "features": [
            {
                "column": column,
                "joules_per_unit": slope,
                "unit": f"J/{features.COLUMNS[column].unit}",
                "range": [*ends],
            }
            for column, slope, ends in zip(leaf.columns, leaf.slopes, leaf.ranges, strict=True)
        ],
        "floor_joules": leaf.floor_joules,
        "sharpness": leaf.sharpness,
        "residual": None
        if residual is None
        else {
            "meaning": "log joules to add: the sum of the trees' leaves; 'column' is an index, "
            "-1 at a leaf; 'value' <= goes to the next entry, else to the one at 'right'",
            "columns": [
                {"column": column, "range": [*ends]}
                for column, ends in zip(residual.columns, residual.ranges, strict=True)
            ],
            "trees": [
                {
                    "column": list(tree.column),
                    "value": list(tree.value),
                    "right": list(tree.right),
                }
                for tree in residual.trees
            ],
        },
    }


def _joules_per(column: str) -> str:
    unit = features.COLUMNS[column].unit
    return "J" if unit == "1" else f"J/{unit}"


def _require_known(profile: DeviceProfile) -> None:
    leaves, own = profile.coefficients.leaves, profile.coefficients.own
    for kind, leaf in leaves.items():
        residual = () if leaf.residual is None else leaf.residual.columns
        for column in (*leaf.columns, *residual):
            if column not in features.COLUMNS:
                raise bad(f"the regressor of {kind} uses an unknown feature {column!r}")
    # Every fallback rests on these two.
    if "GEMM" not in leaves or "megaflops" not in leaves["GEMM"].columns:
        raise bad("the regressor of GEMM is missing or does not know the operations")
    if "LayerNorm" not in leaves or len(leaves["LayerNorm"].columns) != 1:
        raise bad("the regressor of LayerNorm is missing or has not 1 feature")
    if set(own) != set(features.OWN_COLUMNS):
        raise bad(f"'own' must have exactly {', '.join(features.OWN_COLUMNS)}")
    if not set(profile.intervals) <= set(KNOWN):
        raise bad(f"'intervals' knows only {', '.join(KNOWN)}")
    if not profile.dtypes:
        raise bad("'dtypes' is empty")
