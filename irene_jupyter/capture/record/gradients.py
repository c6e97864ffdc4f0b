"""Which gradients a node's backward pass has to make."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gradients:
    """Of one node: whether what went into it needs a gradient, and whether its weights do.

    Of a product of two tensors without weights (attention's), `input` is the first factor and
    `weights` the second. Of a module with children both are of all that goes in, and of the
    parameters that it holds itself or below; `share` is that of its own functions' bytes through
    which gradients flow: masks and positions need none.
    """

    input: bool
    weights: bool
    share: float = 1.0

    def __or__(self, other: Gradients) -> Gradients:
        return Gradients(
            self.input or other.input,
            self.weights or other.weights,
            max(self.share, other.share),
        )

    @property
    def flows(self) -> bool:
        """Whether there is a backward pass at all."""
        return self.input or self.weights
