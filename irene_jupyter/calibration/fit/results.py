"""A journal's runs as energies of parts: means of rounds, with uncertainty and faults."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.running.records import Record, Rejected, Run
from irene_jupyter.calibration.signal.alignment import ClockOffset
from irene_jupyter.calibration.signal.load_gates import variation
from irene_jupyter.calibration.signal.uncertainty import (
    ACCURACY,
    Uncertainty,
    clock_joules,
    uncertainty_of,
)
from irene_jupyter.calibration.workload.part import Part
from irene_jupyter.errors import OptionError


@dataclass(frozen=True, slots=True)
class Measured:
    """A part's energy (J of one repetition) by all rounds that count.

    `rejected` are the reasons of runs that do not. `unstable`: the rounds vary by more than 1 %.
    """

    part: Part
    uncertainty: Uncertainty
    seconds: float
    variation: float
    unstable: bool
    rejected: tuple[str, ...] = ()

    @property
    def joules(self) -> float:
        """The mean of the rounds."""
        return self.uncertainty.joules


@dataclass(frozen=True, slots=True)
class Results:
    """Parts that were measured, and those that were not, with the last reason."""

    measured: tuple[Measured, ...]
    failed: tuple[tuple[Part, str], ...]


def results_of(
    parts: Sequence[Part],
    runs: Sequence[Run],
    records: Sequence[Record],
    *,
    meter_accuracy: float,
) -> Results:
    """Of the runs that count, and all the records of their journal.

    Raises `CalibrationError` where less than half of the parts have a run.
    """
    found: dict[str, list[Run]] = defaultdict(list)
    reasons: dict[str, list[str]] = defaultdict(list)
    for run in runs:
        found[run.part].append(run)
    for record in records:
        if isinstance(record, Rejected):
            reasons[record.part] += record.reasons
    clock_error = max(
        (r.standard_error_seconds for r in records if isinstance(r, ClockOffset)), default=0.0
    )
    measured, failed = [], []
    for part in parts:
        mine = found[part.key]
        if not mine:
            failed.append((part, (reasons[part.key] or ["it was never run"])[-1]))
            continue
        joules = [run.joules for run in mine]
        mean = math.fsum(joules) / len(joules)
        spread = math.sqrt(
            math.fsum((each - mean) ** 2 for each in joules) / max(1, len(joules) - 1)
        )
        measured.append(
            Measured(
                part,
                uncertainty_of(
                    joules,
                    meter_accuracy=meter_accuracy,
                    clock_joules=clock_joules(max(run.clock_joules for run in mine), clock_error),
                    within_joules=max(run.error_joules for run in mine),
                ),
                math.fsum(run.seconds for run in mine) / len(mine),
                spread / mean,
                variation(joules) is not None,
                tuple(reasons[part.key]),
            )
        )
    if len(measured) < max(2, math.ceil(len(parts) / 2)):
        part, reason = failed[0]
        raise CalibrationError(
            f"only {len(measured)} of {len(parts)} nodes could be measured; {part.key}: {reason}. "
            "Then go on with resume"
        )
    return Results(tuple(measured), tuple(failed))


def accuracy_of(meter_accuracy: float | str | None, *, truth: str, simulated: bool) -> float:
    """The meter's relative half-width: as given, or what is usual for its kind.

    Raises `OptionError` for what is no share from 0 to 1.
    """
    if meter_accuracy is None:
        kind = "simulated" if simulated else "uncalibrated" if truth == "truth" else "counter"
        return ACCURACY[kind]
    if isinstance(meter_accuracy, str) and meter_accuracy in ACCURACY:
        return ACCURACY[meter_accuracy]
    try:
        value = float(meter_accuracy)
    except ValueError:
        value = math.nan
    if not 0 <= value < 1:
        raise OptionError(
            f"meter_accuracy must be a share from 0 to 1 such as 0.06, or one of "
            f"{', '.join(ACCURACY)}; not {meter_accuracy!r}"
        )
    return value
