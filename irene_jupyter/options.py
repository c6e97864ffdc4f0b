"""How to measure: the options, their defaults, and what each may be."""

from __future__ import annotations

from dataclasses import dataclass

from irene_jupyter.errors import OptionError
from irene_jupyter.predictors.paper import check_method
from irene_jupyter.resources.sampler import LONGEST_INTERVAL_SECONDS, SHORTEST_INTERVAL_SECONDS

DEFAULT_BATCH_SIZE = 8
MAX_SIZE = 2**31 - 1  # of a batch, or a sequence: torch counts further, no machine does
DEFAULT_SEQ_LEN = 128  # tokens
MAX_BUDGET_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure. `batch_size` and `seq_len` are for models that are built and never called.

    `device` names a profile or the path of one; "auto" takes the one that was calibrated on this
    machine, or else the reference. `method` is additive, or one of the paper's: irene, stepwise,
    predicted-sum. `interval_seconds` lies between two readings of the machine; `budget_seconds`
    is for timing operations again afterwards, 0 for none. Raises `OptionError` for sizes below
    one, unknown methods, and intervals out of range.

    >>> import irene_jupyter as irene
    >>> irene.Options(interval_seconds=0.05, budget_seconds=0).method
    'additive'
    >>> irene.Options(batch_size=0)
    Traceback (most recent call last):
        ...
    irene_jupyter.errors.OptionError: batch_size must be at least 1, not 0
    """

    device: str = "auto"
    batch_size: int | None = None
    seq_len: int | None = None
    method: str = "additive"
    interval_seconds: float = 0.17  # between two readings of the machine, from 0.02
    budget_seconds: float = 2.0  # from the block's end to its report: replay takes what is left

    def __post_init__(self) -> None:
        check_method(self.method)
        interval = self.interval_seconds
        if isinstance(interval, bool) or not isinstance(interval, int | float):
            raise OptionError(f"interval_seconds must be a number, not {interval!r}")
        if not SHORTEST_INTERVAL_SECONDS <= interval <= LONGEST_INTERVAL_SECONDS:
            raise OptionError(
                f"interval_seconds must be {SHORTEST_INTERVAL_SECONDS} (/proc counts in steps of "
                f"10 ms) to {LONGEST_INTERVAL_SECONDS:g}, not {interval}"
            )
        budget = self.budget_seconds
        if isinstance(budget, bool) or not isinstance(budget, int | float):
            raise OptionError(f"budget_seconds must be a number, not {budget!r}")
        if not 0 <= budget <= MAX_BUDGET_SECONDS:
            raise OptionError(
                f"budget_seconds must be 0 (no replay) to {MAX_BUDGET_SECONDS:g}, not {budget}"
            )
        for name in ("batch_size", "seq_len"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise OptionError(f"{name} must be a whole number, not {value!r}")
            if value is not None and value < 1:
                raise OptionError(f"{name} must be at least 1, not {value}")
            if value is not None and value > MAX_SIZE:
                raise OptionError(f"{name} must be at most {MAX_SIZE:,}, not {value}")
