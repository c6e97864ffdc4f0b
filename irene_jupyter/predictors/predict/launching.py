"""How a model's operations get to a board where nothing is run: by which host, and in what way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from irene_jupyter.errors import OptionError

# One by one from the host, or all at once as a recorded graph.
Launch = Literal["eager", "graph"]
LAUNCHES: tuple[Launch, ...] = get_args(Launch)
LEAST_SECONDS, MOST_SECONDS = 1e-8, 1.0  # of an operation on any host


@dataclass(frozen=True, slots=True)
class Launching:
    """`host_seconds_per_op`: what a host needs for an eager operation, None for the profile's.

    Raises `OptionError` for what is no way to launch, and no time.
    """

    launch: Launch = "eager"
    host_seconds_per_op: float | None = None

    def __post_init__(self) -> None:
        if self.launch not in LAUNCHES:
            raise OptionError(f"launch must be {' or '.join(LAUNCHES)}, not {self.launch!r}")
        seconds = self.host_seconds_per_op
        if seconds is None:
            return
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise OptionError(
                f"host_seconds_per_op must be a number of seconds such as 2e-5, not {seconds!r}"
            )
        if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
            raise OptionError(
                f"host_seconds_per_op must lie between {LEAST_SECONDS:g} and {MOST_SECONDS:g} "
                f"seconds, not {seconds!r}: a common host needs 1e-5 to 4e-5"
            )


USUAL = Launching()
