"""What one step of an optimiser does to the parameters of a module."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Update:
    """Of the parameters that a module holds itself, in one step.

    `elements` are updated; `bytes` read and written: parameters, gradients and the optimiser's
    states; `operations` are floating-point.
    """

    elements: int
    bytes: float
    operations: float

    def __add__(self, other: Update) -> Update:
        return Update(
            self.elements + other.elements,
            self.bytes + other.bytes,
            self.operations + other.operations,
        )
