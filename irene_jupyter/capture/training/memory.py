"""What a training step keeps in memory at its peak: between its forward and its backward pass."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """In bytes. `activations` are what the forward pass keeps for the backward pass.

    Where modules are `checkpointed`, it keeps what goes into them, and all of the one that is just
    recomputed. `states` are the optimiser's.
    """

    weights: float
    gradients: float
    states: float
    activations: float
    optimiser: str
    checkpointed: int = 0

    @property
    def total(self) -> float:
        return self.weights + self.gradients + self.states + self.activations

    @property
    def note(self) -> str:
        """A sentence for people."""
        recomputed = (
            f" ({self.checkpointed} modules are checkpointed: they are computed again)"
            if self.checkpointed
            else ""
        )
        states = f" and {self.optimiser}'s states {_size(self.states)}" if self.states else ""
        return (
            f"in memory a step needs about {_size(self.total)}: activations "
            f"{_size(self.activations)}{recomputed}, weights {_size(self.weights)}, gradients "
            f"{_size(self.gradients)}{states}"
        )


def _size(count: float) -> str:
    for unit, size in (("GiB", 2.0**30), ("MiB", 2.0**20)):
        if count >= 0.1 * size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 2.0**10:.3g} KiB"
