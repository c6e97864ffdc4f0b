"""The samples of a block as columns of JSON values: few enough to keep in a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from irene_jupyter.resources.nvml import GpuPower, GpuState
from irene_jupyter.resources.summary import Sample

MAX_POINTS = 240  # some 6 kB with one GPU; a screen shows no more
STATES = (
    "utilisation_percent",
    "memory_percent",
    "sm_clock_megahertz",
    "memory_clock_megahertz",
)
_DIGITS = 4  # significant; a reading knows no more


def columns(samples: Sequence[Sample], gpu_names: Sequence[str]) -> dict[str, Any]:
    """`seconds`, `cpu_percent`, `memory_percent` and a list of `gpus`; None is an unknown value.

    `cpu_percent` and a GPU's `counter_watts` are of the time since the point before, so that
    nothing is lost by thinning; a GPU's state, which is read rarely, is that of the next reading;
    all else is as it was at the point.
    """
    step = -(-len(samples) // MAX_POINTS) or 1
    places = list(range(0, len(samples), step))
    if samples and places[-1] != len(samples) - 1:
        places.append(len(samples) - 1)
    kept = [samples[place] for place in places]
    before: list[Sample | None] = [None, *kept][: len(kept)]
    return {
        "seconds": [_rounded(sample.seconds) for sample in kept],
        "cpu_percent": [_cpu(a, b) for a, b in zip(before, kept, strict=True)],
        "memory_percent": [_rounded(sample.memory_percent) for sample in kept],
        "gpus": [
            {"name": name, **_board(samples, places, index)} for index, name in enumerate(gpu_names)
        ],
    }


def _board(
    samples: Sequence[Sample], places: Sequence[int], index: int
) -> dict[str, list[float | None]]:
    states = _next_states(samples, index)
    powers = [_power(samples[place], index) for place in places]
    seconds = [samples[place].seconds for place in places]
    return {
        **{
            key: [_rounded(getattr(states[place], key, None)) for place in places] for key in STATES
        },
        "watts": [_rounded(power.watts) for power in powers],
        "counter_watts": _counter_watts(seconds, [power.joules for power in powers]),
    }


def _cpu(before: Sample | None, now: Sample) -> float | None:
    if before is None or before.cpu is None or now.cpu is None:
        return None
    return _rounded(now.cpu.percent_since(before.cpu))


def _power(sample: Sample, index: int) -> GpuPower:
    found = sample.gpus[index].power if index < len(sample.gpus) else None
    return found or GpuPower(None, None)


def _next_states(samples: Sequence[Sample], index: int) -> list[GpuState | None]:
    found: list[GpuState | None] = []
    for sample in reversed(samples):
        state = sample.gpus[index].state if index < len(sample.gpus) else None
        found.append(state or (found[-1] if found else None))
    return found[::-1]


def _counter_watts(seconds: Sequence[float], joules: Sequence[float | None]) -> list[float | None]:
    """Mean power since the last known count; None where it went backwards or is not there."""
    found: list[float | None] = []
    last: tuple[float, float] | None = None
    for now, count in zip(seconds, joules, strict=True):
        watts = None
        if count is not None:
            if last is not None and count >= last[1] and now > last[0]:
                watts = (count - last[1]) / (now - last[0])
            last = (now, count)
        found.append(_rounded(watts))
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
