"""What a call costs: operations and bytes, actual and canonical."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FLOAT32_BYTES = 4


@dataclass(slots=True)
class Cost:
    """What one call costs: flops and bytes, actual and canonical. Adds up in place.

    `product_flops` are those of the actual flops that torch's `FlopCounterMode` knows as well:
    of matrix products, convolutions and attention.
    """

    flops: float = 0.0
    bytes: float = 0.0
    canonical_flops: float = 0.0
    canonical_bytes: float = 0.0
    product_flops: float = 0.0

    def __iadd__(self, other: Cost) -> Cost:
        self.flops += other.flops
        self.bytes += other.bytes
        self.canonical_flops += other.canonical_flops
        self.canonical_bytes += other.canonical_bytes
        self.product_flops += other.product_flops
        return self

    def times(self, factor: float) -> Cost:
        """That of so many calls."""
        return Cost(*(getattr(self, name) * factor for name in self.__slots__))

    @property
    def is_zero(self) -> bool:
        return not (self.flops or self.bytes or self.canonical_flops or self.canonical_bytes)


Args = Sequence[Any]
Kwargs = Mapping[str, Any]
Rule = Callable[[str, Args, Kwargs, Any], Cost]


def product(flops: float, traffic: float, elements: float) -> Cost:
    """Products of so many operations; `traffic` are the actual bytes, `elements` what is moved."""
    return Cost(flops, traffic, flops, elements * FLOAT32_BYTES, flops)


def gemm(batch: int, m: int, k: int, n: int, traffic: float) -> Cost:
    """A batched product (m, k) x (k, n); `traffic` is the actual bytes."""
    return product(2.0 * batch * m * k * n, traffic, batch * (m * k + k * n + m * n))


def linear(x: Sequence[int], weight: Sequence[int], bias: bool, traffic: float) -> Cost:
    """x (…, k) times weight (n, k): from three dimensions on, a batched product in the data."""
    n, k = (weight[0], weight[1]) if len(weight) > 1 else (1, weight[0])
    rows = 1
    for size in x[:-1]:
        rows *= size
    if len(x) <= 2:
        return gemm(1, rows, k, n, traffic)
    cost = gemm(rows // max(x[-2], 1), x[-2], k, n, traffic)
    if bias:
        cost += Cost(rows * n, 0.0, rows * n, 2 * rows * n * FLOAT32_BYTES)
    return cost


def softmax(size: int, traffic: float = 0.0) -> Cost:
    """A softmax of `size` elements, as the published data count it."""
    return Cost(5 * size, traffic, 5 * size, 3 * size * FLOAT32_BYTES)
