"""Seconds and watts of one kind of kernel: a roofline, and what it leaves in boosted trees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irene_jupyter.predictors.forms.kernel_work import Array, KernelWork
from irene_jupyter.predictors.forms.residual import HALVING, LEAF, Residual

# Columns of the watts' residual beside those of the work.
PACES = ("operations a second", "bytes a second", "seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelForm:
    """seconds = floor + (a^p + b^p)^(1/p), a = flops / rate, b = bytes / rate, p the sharpness.

    watts = idle + (joules_per_flop·flops + joules_per_byte·bytes) / seconds, at most `most_watts`.
    Both times the exponential of their residual, of the work's columns.
    """

    flops_per_second: float
    bytes_per_second: float
    floor_seconds: float
    sharpness: float
    joules_per_flop: float
    joules_per_byte: float
    seconds_residual: Residual
    watts_residual: Residual

    def rough_seconds(self, work: KernelWork) -> Array:
        """By the roofline alone."""
        parts = work.flops / self.flops_per_second, work.bytes / self.bytes_per_second
        longer, shorter = np.maximum(*parts), np.minimum(*parts)
        rounded = (1 + (shorter / longer) ** self.sharpness) ** (1 / self.sharpness)
        return np.asarray(longer * rounded + self.floor_seconds)

    def seconds(self, work: KernelWork) -> Array:
        """Of one call, without its launch by the host."""
        left = residual_values(self.seconds_residual, work.table())
        return np.asarray(self.rough_seconds(work) * np.exp(left))

    def rough_watts(
        self, work: KernelWork, seconds: Array, idle_watts: float, most_watts: float
    ) -> Array:
        """By operations and bytes alone."""
        joules = self.joules_per_flop * work.flops + self.joules_per_byte * work.bytes
        return np.minimum(most_watts, idle_watts + joules / seconds)

    def watts(
        self, work: KernelWork, seconds: Array, idle_watts: float, most_watts: float
    ) -> Array:
        """Of the whole board while the kernel is repeated, each call in so many seconds."""
        left = residual_values(self.watts_residual, paced_table(work, seconds))
        found = self.rough_watts(work, seconds, idle_watts, most_watts) * np.exp(left)
        return np.clip(found, idle_watts, most_watts)


def paced_table(work: KernelWork, seconds: Array) -> Array:
    """The work's columns and `PACES`: what the residual of watts depends on."""
    paces = (work.flops / seconds, work.bytes / seconds, seconds)
    return np.column_stack([work.table(), *map(np.log2, paces)])


def residual_values(residual: Residual, table: Array) -> Array:
    """`Residual.log_joules` of many rows at once."""
    if not residual.trees:
        return np.zeros(len(table))
    low, high = np.array(residual.ranges).T
    inside = np.clip(table, low, high)
    reach = np.where(low < high, np.maximum(HALVING * (high - low), HALVING), np.inf)
    fade = 0.5 ** (np.abs(table - inside) / reach).sum(axis=1)
    total = np.zeros(len(table))
    rows = np.arange(len(table))
    for tree in residual.trees:
        column, value, right = map(np.array, (tree.column, tree.value, tree.right))
        at = np.zeros(len(table), dtype=int)
        while (inner := column[at] != LEAF).any():
            split = np.where(inner, column[at], 0)
            left = inside[rows, split] <= value[at]
            at = np.where(inner, np.where(left, at + 1, right[at]), at)
        total += value[at]
    return np.asarray(fade * total)
