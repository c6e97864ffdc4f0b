"""Whether a model has room on the device that it is predicted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irene_jupyter.tree import Node, Run

if TYPE_CHECKING:
    from torch import nn

    from irene_jupyter.capture.training.memory import TrainingMemory
    from irene_jupyter.predictors.profiles.reading import Profile

_GIBIBYTE = 2.0**30  # bytes


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a model needs at least of a device's memory, and that it has less, in GiB."""

    model: str
    device: str
    needed: float
    parameters: float
    memory: float
    is_training: bool = False

    @property
    def reason(self) -> str:
        """In a few words: "needs 30 GiB of 11"."""
        return f"needs {_gibibytes(self.needed)} GiB of {_gibibytes(self.memory)}"

    @property
    def note(self) -> str:
        """A sentence, with what would help."""
        own = "alone take" if self.parameters > self.memory else "take"
        does = "needs for a training step" if self.is_training else "needs"
        remedy = (
            "take fewer rows or tokens, gradient checkpointing, fewer parameters that are trained"
            if self.is_training
            else "take fewer rows or tokens, a dtype of fewer bytes"
        )
        return (
            f"{self.model} {does} {_gibibytes(self.needed)} GiB (its parameters {own} "
            f"{_gibibytes(self.parameters)}), and the device ({self.device}) has "
            f"{_gibibytes(self.memory)}: it cannot run there as it is, and its range begins "
            f"at what moving its bytes takes; {remedy}, or the profile of a larger device"
        )


def shortage_of(
    model: nn.Module, runs: Sequence[Run], profile: Profile, training: TrainingMemory | None = None
) -> Shortage | None:
    """Where `model` needs more memory than the device has; None also where that is not known.

    Its parameters count as they are kept, the cache of a generation at its longest, and of the
    activations those of the largest operation alone: at least so much is needed. In `training`
    gradients, the optimiser's states and all activations that wait for the backward pass are, too.
    """
    memory = profile.memory_gibibytes
    if memory is None:
        return None
    from torch.nn.parameter import is_lazy

    every = (*model.parameters(), *model.buffers())
    tensors = {id(tensor): tensor for tensor in every if not is_lazy(tensor)}
    kept = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()) / _GIBIBYTE
    width = next((t.element_size() for t in tensors.values() if t.is_floating_point()), 4)
    working = max((_activations(run.tree.root, width) for run in runs), default=0.0)
    needed = kept + (_cache_bytes(model, runs, width) + working) / _GIBIBYTE
    if training is not None:
        needed = max(needed, training.total / _GIBIBYTE)
    if needed <= memory:
        return None
    return Shortage(type(model).__name__, profile.label, needed, kept, memory, training is not None)


def _gibibytes(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _activations(root: Node, width: int) -> float:
    """Bytes that the largest operation of a tree reads and writes, but for its parameters."""
    most = 0.0
    for leaf in root.leaves():
        sizes = (*leaf.features.input_shapes, *leaf.features.output_shapes)
        most = max(most, float(sum(_elements(shape) for shape in sizes)))
    return most * width


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _cache_bytes(model: nn.Module, runs: Sequence[Run], width: int) -> float:
    """Of keys and values at the end of a generation: of each layer, and each token until then."""
    lengths = [
        run.tree.batch_size * (run.cache_length + run.calls / 2)
        for run in runs
        if run.phase == "decode" and run.cache_length is not None
    ]
    config: Any = getattr(model, "config", None)
    if not lengths or config is None:
        return 0.0
    text = config.get_text_config(decoder=True)
    layers, heads = _number(text, "num_hidden_layers"), _number(text, "num_attention_heads")
    kept = _number(text, "num_key_value_heads") or heads
    size = _number(text, "head_dim") or _number(text, "hidden_size") // max(1, heads)
    return 2.0 * layers * kept * size * max(lengths) * width


def _number(config: Any, name: str) -> int:
    """A configuration's value; 0 where it has none, or another one for each layer."""
    try:
        value = getattr(config, name, None)
    except Exception:  # transformers refuses those that vary
        return 0
    return value if isinstance(value, int) else 0
