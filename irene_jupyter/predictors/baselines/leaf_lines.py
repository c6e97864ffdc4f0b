"""IrEne's ml level: the paper's features, and a linear regression for each primitive (eq. 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression

from irene_jupyter.checker import is_number
from irene_jupyter.predictors.baselines.arrays import Floats, TreeArrays

# Table 1 of the paper, and the two columns that the released data add: with them, and not
# without, the ml level's errors are those of the paper's table 7 to the second digit.
MODEL_COLUMNS = (
    "batch_size",
    "seq_len",
    "megaflops",
    "mebibytes",
    "num_parameters",
    "input_size",
)
RESOURCE_COLUMNS = (
    "cpu_percent",
    "memory_percent",
    "gpu_percent",
    "gpu_memory_percent",
    "gpu_clock_megahertz",
    "gpu_memory_clock_megahertz",
    "latency_seconds",
    "gpu_energy_joules",
)
FEATURE_SETS: Mapping[str, tuple[str, ...]] = {
    "all": MODEL_COLUMNS + RESOURCE_COLUMNS,
    "no-resource": MODEL_COLUMNS,
    "no-model": RESOURCE_COLUMNS,
}
# A column is constant if it varies by less than this, relative to its mean: rounding.
CONSTANT = 1e-10


@dataclass(frozen=True, slots=True)
class Line:
    """A linear function of the columns of one call of a node, in joules."""

    coefficients: tuple[float, ...]  # J per unit of each column
    intercept: float  # J

    @classmethod
    def fit(cls, rows: Floats, joules: Floats, weights: Floats) -> Line:
        """Least squares. Columns are standardised meanwhile, so that their units do not matter."""
        mean, scale = standard(rows, weights)
        found = LinearRegression().fit((rows - mean) / scale, joules, sample_weight=weights)
        slopes = found.coef_ / scale
        intercept = float(found.intercept_ - slopes @ mean)
        return cls(tuple(map(float, slopes)), intercept)

    @classmethod
    def of(cls, arrays: TreeArrays, indices: Sequence[int]) -> Line:
        """The line of some nodes of a arrays, each copy counted."""
        joules = arrays.joules[indices] / arrays.calls[indices]
        return cls.fit(arrays.rows[indices], joules, arrays.copies[indices])

    def joules(self, rows: Floats) -> Floats:
        """Never negative, though a line may be."""
        joules: Floats = rows @ np.array(self.coefficients) + self.intercept
        return np.maximum(joules, 0.0)

    def to_dict(self) -> dict[str, Any]:
        return {"coefficients": list(self.coefficients), "intercept": self.intercept}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], width: int) -> Line:
        """Raises `KeyError`, `TypeError` or `ValueError` for anything but `width` columns."""
        return cls(tuple(array(data["coefficients"], width)), finite(data["intercept"]))


@dataclass(frozen=True, slots=True)
class LeafLines:
    """A line for each primitive, and `foreign`, one of all primitives together.

    The foreign line is for primitives that training never met. It knows only what was measured
    of a node (latency, driver energy …) where the columns hold such: counts of operations and
    bytes are not comparable between primitives.
    """

    primitives: Mapping[str, Line]
    foreign: Line

    @classmethod
    def fit(cls, arrays: TreeArrays) -> LeafLines:
        """From the measured leaves of a arrays."""
        groups = arrays.leaves_by_primitive()
        leaves = arrays.leaves
        rows = arrays.rows[leaves]
        if not set(RESOURCE_COLUMNS).isdisjoint(arrays.columns):
            rows = rows * [name not in MODEL_COLUMNS for name in arrays.columns]
        joules = (arrays.joules / arrays.calls)[leaves]
        # Relative errors count: leaves of all sizes are in one line, none is to be ignored.
        foreign = Line.fit(rows, joules, arrays.copies[leaves] / joules**2)
        return cls({name: Line.of(arrays, each) for name, each in groups.items()}, foreign)

    def joules(self, arrays: TreeArrays) -> tuple[Floats, dict[int, str]]:
        """Joules of the leaves over all their calls, 0 elsewhere; and what each rests on."""
        joules = np.zeros(len(arrays.rows))
        bases: dict[int, str] = {}
        for name, indices in arrays.leaves_by_primitive().items():
            line, basis = self.primitives.get(name), f"linear regression of {name}"
            if line is None:
                line = self.foreign
                basis = f"no {name} in training: linear regression of all primitives"
            joules[indices] = arrays.calls[indices] * line.joules(arrays.rows[indices])
            bases |= dict.fromkeys(indices, basis)
        return joules, bases

    def to_dict(self) -> dict[str, Any]:
        return {
            "primitives": {name: line.to_dict() for name, line in self.primitives.items()},
            "foreign": self.foreign.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], width: int) -> LeafLines:
        """Raises `KeyError`, `TypeError`, `ValueError` or `AttributeError` for anything else."""
        lines = data["primitives"].items()
        return cls(
            {str(name): Line.from_dict(line, width) for name, line in lines},
            Line.from_dict(data["foreign"], width),
        )


def standard(rows: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each column; the deviation of a constant one is 1."""
    mean = np.average(rows, axis=0, weights=weights)
    scale = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=weights))
    constant = scale <= CONSTANT * np.abs(mean)
    return mean, np.where(constant, 1.0, scale)


def array(values: Any, length: int) -> Floats:
    """Numbers from a file. Raises `ValueError` unless they are `length` many and finite."""
    found = np.array(values, dtype=np.float64)
    if found.shape != (length,) or not np.isfinite(found).all():
        raise ValueError(f"not {length} finite numbers")
    return found


def finite(value: Any) -> float:
    """A number from a file. Raises `ValueError` unless it is finite."""
    if not is_number(value, signed=True):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)
