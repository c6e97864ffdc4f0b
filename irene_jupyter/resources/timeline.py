"""The samples of a block as columns of JSON values: few enough to keep in a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from irene_jupyter.resources.summary import Sample

MAX_POINTS = 240  # some 6 kB with one GPU; a screen shows no more
_READINGS = (
    "utilisation_percent",
    "memory_percent",
    "sm_clock_megahertz",
    "memory_clock_megahertz",
    "watts",
)
_DIGITS = 4  # significant; a reading knows no more


def columns(samples: Sequence[Sample], gpu_names: Sequence[str]) -> dict[str, Any]:
    """`seconds`, `cpu_percent`, `memory_percent` and a list of `gpus`; None is an unknown value.

    `cpu_percent` and a GPU's `counter_watts` are of the time since the point before, so that
    nothing is lost by thinning; all else is as it was at the point.
    """
    step = -(-len(samples) // MAX_POINTS) or 1
    kept = list(samples[::step])
    if samples and kept[-1] is not samples[-1]:
        kept.append(samples[-1])
    before: list[Sample | None] = [None, *kept][: len(kept)]
    return {
        "seconds": [_rounded(sample.seconds) for sample in kept],
        "cpu_percent": [_cpu(a, b) for a, b in zip(before, kept, strict=True)],
        "memory_percent": [_rounded(sample.memory_percent) for sample in kept],
        "gpus": [
            {
                "name": name,
                **{key: [_of(sample, index, key) for sample in kept] for key in _READINGS},
                "counter_watts": [_watts(a, b, index) for a, b in zip(before, kept, strict=True)],
            }
            for index, name in enumerate(gpu_names)
        ],
    }


def _cpu(before: Sample | None, now: Sample) -> float | None:
    if before is None or before.cpu is None or now.cpu is None:
        return None
    return _rounded(now.cpu.percent_since(before.cpu))


def _of(sample: Sample, index: int, key: str) -> float | None:
    return _rounded(getattr(sample.gpus[index], key)) if index < len(sample.gpus) else None


def _watts(before: Sample | None, now: Sample, index: int) -> float | None:
    """Mean power by the energy counter; None where it went backwards or is not there."""
    if before is None or index >= min(len(before.gpus), len(now.gpus)):
        return None
    first, last = before.gpus[index].joules, now.gpus[index].joules
    seconds = now.seconds - before.seconds
    if first is None or last is None or last < first or seconds <= 0:
        return None
    return _rounded((last - first) / seconds)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
