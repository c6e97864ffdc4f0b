"""The forms of a board's kernels: a compressed JSON file beside its profile, checked throughout."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irene_jupyter.checker import strict_json
from irene_jupyter.errors import DeviceError
from irene_jupyter.files import write_atomic
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.forms.kernel_form import KernelForm
from irene_jupyter.predictors.forms.residual import Residual
from irene_jupyter.predictors.profiles import checks
from irene_jupyter.predictors.profiles.checks import bad

KIND = "irene.kernels"
SCHEMA_VERSION = 1
SUFFIX = ".kernels.json.gz"
# Constant of a form -> its unit.
CONSTANTS: Mapping[str, str] = {
    "flops_per_second": "flop/s",
    "bytes_per_second": "B/s",
    "floor_seconds": "s",
    "sharpness": "",
    "joules_per_flop": "J/flop",
    "joules_per_byte": "J/B",
}
LEAST, MOST = 1e-18, 1e18  # of any constant in its unit
MOST_LEFT = 100.0  # of all trees together, in logarithms; what a roofline leaves of some is much
MAX_BYTES = 2**25  # uncompressed


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelProfile:
    """Forms by kind ("operation/framework/kernel/dtype/dtype of the cache").

    `intervals` are of joules, for each operation, where seconds are known and where nothing is:
    tested on shape families that were left out.
    """

    board: str
    idle_watts: float
    forms: Mapping[str, KernelForm]
    intervals: Mapping[str, Mapping[str, Interval]]
    citation: str

    def to_dict(self) -> dict[str, Any]:
        """As strict JSON values."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "board": self.board,
            "idle_watts": self.idle_watts,
            "units": dict(CONSTANTS),
            "forms": {key: _form_dict(form) for key, form in self.forms.items()},
            "intervals": {
                known: {
                    operation: {"low": each.low, "high": each.high}
                    for operation, each in intervals.items()
                }
                for known, intervals in self.intervals.items()
            },
            "citation": self.citation,
        }

    @classmethod
    def from_dict(cls, data: Any) -> KernelProfile:
        """The forms that `to_dict` wrote. Raises `DeviceError` on anything else."""
        if not isinstance(data, dict) or data.get("kind") != KIND:
            raise DeviceError("no forms of kernels; train the profile again")
        if data.get("schema_version") != SCHEMA_VERSION:
            raise DeviceError(
                f"forms of kernels of schema version {data.get('schema_version')!r}; this version "
                f"of irene_jupyter reads {SCHEMA_VERSION}: train the profile again"
            )
        forms, intervals = checks.table(data, "forms"), checks.table(data, "intervals")
        return cls(
            board=checks.text(data, "board"),
            idle_watts=_physical(data.get("idle_watts"), "idle_watts"),
            forms={key: _form_of(value) for key, value in forms.items()},
            intervals={
                known: {
                    operation: checks.interval(value)
                    for operation, value in checks.table(intervals, known).items()
                }
                for known in intervals
            },
            citation=checks.text(data, "citation"),
        )

    def save(self, path: str | Path) -> Path:
        """Write the file in full, or not at all. Raises `DeviceError`."""
        text = json.dumps(self.to_dict(), allow_nan=False, ensure_ascii=False)
        return write_atomic(path, gzip.compress(text.encode(), mtime=0), DeviceError)


def kernels_file(profile_file: Path) -> Path:
    """Where the forms of a profile's kernels lie."""
    return profile_file.with_name(profile_file.name.removesuffix(".json") + SUFFIX)


def read_kernels(path: Path) -> KernelProfile:
    """Raises `DeviceError`, which names the file."""
    try:
        with gzip.open(path) as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise DeviceError(f"larger than {MAX_BYTES} bytes: that is none of ours")
        return KernelProfile.from_dict(strict_json(text.decode()))
    except (OSError, EOFError, ValueError, DeviceError) as error:
        raise DeviceError(f"{path.name}: {error}") from error


def _form_dict(form: KernelForm) -> dict[str, Any]:
    return {
        **{name: getattr(form, name) for name in CONSTANTS},
        "seconds_residual": _residual_dict(form.seconds_residual),
        "watts_residual": _residual_dict(form.watts_residual),
    }


def _form_of(data: Any) -> KernelForm:
    if not isinstance(data, dict):
        raise bad("a kernel's form must be an object")
    return KernelForm(
        **{name: _physical(data.get(name), name) for name in CONSTANTS},
        seconds_residual=checks.residual(data.get("seconds_residual"), MOST_LEFT),
        watts_residual=checks.residual(data.get("watts_residual"), MOST_LEFT),
    )


def _physical(value: Any, name: str) -> float:
    number = checks.number(value, f"{name!r}")
    if not LEAST <= number <= MOST:
        raise bad(f"{name!r} must lie between {LEAST:g} and {MOST:g}")
    return number


def _residual_dict(residual: Residual) -> dict[str, Any]:
    return {
        "columns": [
            {"column": name, "range": list(ends)}
            for name, ends in zip(residual.columns, residual.ranges, strict=True)
        ],
        "trees": [
            {"column": list(tree.column), "value": list(tree.value), "right": list(tree.right)}
            for tree in residual.trees
        ],
    }
