"""The physics of a board in few constants: joules and seconds of what it is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from irene_jupyter.predictors.forms.board_work import BoardWork
from irene_jupyter.predictors.forms.dtypes import SUBSTITUTES

# What is known of a run: each node's time, the root's joules and time, or neither.
BoardKnown = Literal["seconds", "total", "nothing"]
BOARD_KNOWN: tuple[BoardKnown, ...] = get_args(BoardKnown)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardConstants:
    """E = min(idle·t + Σ e_flop·flops + e_byte·bytes + …, (idle + busy)·t).

    Idle power is that of a board with a context. Busy power is what its power limit leaves above
    it: there the clocks fall, so that a longer time holds what more work would have cost. Bytes
    beyond the last cache cost `joules_per_streamed_byte` besides; pointwise operations, which
    data count, cost more than products'. `flops_per_second` and `bytes_per_second` are rates
    that were reached, `host_seconds_per_operation` belongs to the CPU, not to the board.
    """

    idle_watts: float
    busy_watts: float
    joules_per_flop: Mapping[str, float]  # by `dtypes.UNITS`, half always; others where known
    joules_per_pointwise_flop: float
    joules_per_byte: float
    joules_per_streamed_byte: float
    cache_bytes: float
    flops_per_second: Mapping[str, float]
    bytes_per_second: float
    kernel_seconds: float
    host_seconds_per_operation: float

    @property
    def least_joules_per_byte(self) -> float:
        """What a byte takes at least: idle power for as long as the memory needs for it."""
        return self.idle_watts / self.bytes_per_second

    def flop_joules(self, unit: str) -> float:
        """Joules of an operation; of its substitute where the unit has no constant."""
        known = self.joules_per_flop.get(unit)
        if known is not None:
            return known
        other = SUBSTITUTES[unit]
        return other.operations * self.joules_per_flop[other.unit]

    def flop_rate(self, unit: str) -> float:
        """Operations a second; by its substitute where the unit has no constant."""
        known = self.flops_per_second.get(unit)
        if known is not None:
            return known
        other = SUBSTITUTES[unit]
        return self.flops_per_second[other.unit] / other.operations

    def unknown_units(self, work: BoardWork) -> tuple[str, ...]:
        """Those that do a part of the work and have no constant here: an estimate."""
        return tuple(
            unit for unit, flops in work.flops.items() if flops and unit not in self.joules_per_flop
        )

    def dynamic_joules(self, work: BoardWork, seconds: float) -> float:
        """Above idle power, in so much time."""
        products = sum(self.flop_joules(unit) * flops for unit, flops in work.flops.items())
        joules = (
            products
            + self.joules_per_pointwise_flop * work.pointwise_flops
            + self.joules_per_byte * work.bytes
            + self.joules_per_streamed_byte * work.streamed_bytes
        )
        return min(joules, self.busy_watts * seconds)

    def joules(self, work: BoardWork, seconds: float) -> float:
        """Of the whole board, idle power included."""
        return self.idle_watts * seconds + self.dynamic_joules(work, seconds)

    def device_seconds(self, own: BoardWork) -> float:
        """Of a node's own kernels, bound by operations or by bytes."""
        products = sum(flops / self.flop_rate(unit) for unit, flops in own.flops.items())
        launches = self.kernel_seconds * own.host_operations
        return max(products, own.bytes / self.bytes_per_second) + launches
