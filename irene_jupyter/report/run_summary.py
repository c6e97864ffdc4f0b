"""A run of a report in one line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from irene_jupyter.tree import RunStatus, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A signature of a model's calls, in one line. `joules` and `seconds` are of all calls.

    The fields have the order of the JSON's keys.
    """

    model: str
    phase: str | None = None  # "prefill" or "decode" within generate(), or of a training step
    status: RunStatus = "run"
    training: bool = False  # the module's mode, as `module.train()` and `eval()` set it
    calls: int = 1
    seconds: float | None = None  # None where nothing ran
    batch_size: int = 1
    seq_len: int = 1
    tokens: int = 0  # that went in within generate(); 0 elsewhere
    items: int = 0  # of the batch that the calls began: a decoding step begins none
    cache_length: int | None = None  # tokens in the key-value cache of the call that was recorded
    padding_share: float | None = None  # of that call's tokens, 0 to 1; None where no mask tells
    input_shapes: tuple[Shape, ...] = ()
    joules: float
    signature: str = ""  # for people

    def to_dict(self) -> dict[str, Any]:
        """This run as strict JSON values."""
        return {**asdict(self), "input_shapes": [list(shape) for shape in self.input_shapes]}
