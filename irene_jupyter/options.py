"""How to measure: the options, their defaults, and what each may be."""

from __future__ import annotations

from dataclasses import dataclass

from irene_jupyter.errors import OptionError
from irene_jupyter.limits import POSITIVE, Limits
from irene_jupyter.predictors.methods import DEFAULT, check_method
from irene_jupyter.resources.sampler import (
    DEFAULT_INTERVAL_SECONDS,
    LONGEST_INTERVAL_SECONDS,
    SHORTEST_INTERVAL_SECONDS,
)

DEFAULT_BATCH_SIZE = 8
DEFAULT_SEQ_LEN = 128  # tokens
DEFAULT_OPTIMISER = "AdamW"
INTERVAL = Limits(
    f"{SHORTEST_INTERVAL_SECONDS} (/proc counts in steps of 10 ms) to "
    f"{LONGEST_INTERVAL_SECONDS:g} seconds",
    SHORTEST_INTERVAL_SECONDS,
    LONGEST_INTERVAL_SECONDS,
    float,
)
BUDGET = Limits("0 (no replay) to 3600 seconds", 0, 3600, float)


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure. `batch_size` and `seq_len` are for models that are built and never called.

    `device` names a profile or the path of one; "auto" takes the one that was calibrated on this
    machine, else that of the NVIDIA board on which the models ran, else the reference. `method` is
    additive, or one of the paper's: irene, stepwise, predicted-sum. `interval_seconds` lies between
    two readings of the machine; `budget_seconds` is for timing operations again afterwards, 0 for
    none. Raises `OptionError` for unknown methods, and for numbers out of range.

    >>> import irene_jupyter as irene
    >>> irene.Options(interval_seconds=0.05, budget_seconds=0).method
    'additive'
    >>> irene.Options(batch_size=0)
    Traceback (most recent call last):
        ...
    irene_jupyter.errors.OptionError: batch_size must be a whole number from 1 on, not 0
    """

    device: str = "auto"
    batch_size: int | None = None
    seq_len: int | None = None
    method: str = "additive"
    interval_seconds: float = DEFAULT_INTERVAL_SECONDS  # between two readings of the machine
    budget_seconds: float = 2.0  # from the block's end to its report: replay takes what is left

    def __post_init__(self) -> None:
        check_method(self.method)
        INTERVAL.check("interval_seconds", self.interval_seconds)
        BUDGET.check("budget_seconds", self.budget_seconds)
        for name in ("batch_size", "seq_len"):
            if (value := getattr(self, name)) is not None:
                POSITIVE.check(name, value)


def check_training(new_tokens: int, method: str = DEFAULT) -> None:
    """Raises `OptionError` for what a prediction of a training step has no use for."""
    if new_tokens or method != DEFAULT:
        raise OptionError(
            f"training=True predicts a training step, by the method {DEFAULT}: leave "
            f"{'new_tokens' if new_tokens else 'method'} out"
        )
