"""The interval of a prediction, as multiples of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

COVERAGE = 0.9  # of an interval that was tested
# Interval of what no data speak of: ×/÷ this. It is meant to be wide.
ESTIMATED_FACTOR = 3.0
# Outside the trained ranges an interval is this much wider, in logarithms …
EXTRAPOLATED_FACTOR = 3.0
# … but by no more than ×/÷ this, and at least ×/÷ that.
EXTRAPOLATED_MOST = 2.0
EXTRAPOLATED_LEAST = 1.5
# Added to the group of a node whose pattern was not in training, or else its tree's size.
NEW = " (new)"
OTHER_SIZE = " (other size)"


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of 90 % of the true values, as multiples of the prediction: low <= 1 <= high."""

    low: float
    high: float

    @classmethod
    def factor(cls, side: float) -> Interval:
        """×/÷ `side`."""
        return cls(1 / side, side)

    def widened(self, factor: float, least: float, most: float = math.inf) -> Interval:
        """`factor` times as wide (in logarithms) on either side, within bounds.

        By no more than ×/÷ `most`, for what is wide already knows little; to at least ×/÷ `least`.
        """
        sides = (abs(math.log(self.low)), abs(math.log(self.high)))
        down, up = (
            max(min(side * factor, side + math.log(most)), math.log(least)) for side in sides
        )
        return Interval(math.exp(-down), math.exp(up))

    def extrapolated(self) -> Interval:
        """That of what lies outside the trained ranges."""
        return self.widened(EXTRAPOLATED_FACTOR, EXTRAPOLATED_LEAST, EXTRAPOLATED_MOST)

    def joined(self, other: Interval) -> Interval:
        """What holds both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))


ESTIMATED = Interval.factor(ESTIMATED_FACTOR)
