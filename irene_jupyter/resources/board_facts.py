"""What a board is able to do, as its driver or its datasheet has it: limits, no readings."""

from __future__ import annotations

from dataclasses import dataclass

# Lanes of float32 in a multiprocessor, by compute capability, where they are not 128 (NVIDIA, CUDA
# programming guide, arithmetic instructions).
_LANES = {(6, 0): 64, (7, 0): 64, (7, 5): 64, (8, 0): 64}


def lanes(compute_capability: tuple[int, int]) -> int:
    """Float32 operations that a multiprocessor begins in a clock; a multiply-add is one."""
    return _LANES.get(compute_capability, 128)


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """Of one board. `bytes_per_second` is its memory's, `hertz` the multiprocessors' highest clock.

    `source` says in words whose figures these are.
    """

    board: str
    source: str
    power_limit_watts: float
    bytes_per_second: float
    multiprocessors: float
    hertz: float
    compute_capability: tuple[int, int]
    memory_bytes: float | None = None
    cache_bytes: float | None = None  # of the last cache
