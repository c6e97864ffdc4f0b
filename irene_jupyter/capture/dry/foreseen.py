"""What is predicted where nothing runs: a forward pass, a generation or a training step."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from irene_jupyter.capture.dry.generation import generation_of
from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.capture.dry.training_step import training_step_of
from irene_jupyter.capture.training.memory import TrainingMemory
from irene_jupyter.tree import Run


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The runs, and of a training step what it keeps in memory."""

    runs: tuple[Run, ...]
    memory: TrainingMemory | None = None

    @classmethod
    def of(
        cls,
        model: nn.Module,
        batch_size: int,
        seq_len: int,
        new_tokens: int = 0,
        *,
        optimiser: str | None = None,
        replay_seconds: float = 0.0,
        images: int | None = None,
    ) -> Foreseen:
        """A training step with an `optimiser`, a generation with `new_tokens`, or a forward pass.

        Raises as `training_step_of`, `generation_of` and `structure_of` do.
        """
        if optimiser is not None:
            step = training_step_of(model, batch_size, seq_len, optimiser, images)
            return cls(step.runs, step.memory)
        if new_tokens:
            return cls(
                generation_of(
                    model,
                    batch_size,
                    seq_len,
                    new_tokens,
                    replay_seconds=replay_seconds,
                    images=images,
                )
            )
        tree = structure_of(model, batch_size, seq_len, images=images)
        return cls((Run(model=tree.name, tree=tree, items=batch_size, notes=tree.notes),))

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of it as a whole."""
        return () if self.memory is None else (self.memory.note,)
