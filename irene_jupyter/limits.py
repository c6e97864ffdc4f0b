"""Which numbers an option takes: checked and said alike in Python, in magics and in a terminal."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

from irene_jupyter.errors import OptionError

MAX_SIZE = 2**31 - 1  # of a batch, or a sequence: torch counts further, no machine does


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers from `least` to `most`, both included, that `words` name. An argparse type."""

    words: str
    least: float
    most: float
    kind: type[int] | type[float] = int

    def check(self, name: str, value: object) -> None:
        """Raises `OptionError` that names the option, unless `value` is one of the numbers."""
        if (refusal := self._refusal(value, value)) is not None:
            raise OptionError(f"{name} {refusal}")

    def __call__(self, text: str) -> Any:
        """The number that the text of an argument is; raises argparse's error."""
        try:
            value = self.kind(text)
        except ValueError:
            value = None
        if (refusal := self._refusal(value, text)) is not None:
            raise argparse.ArgumentTypeError(refusal)
        return value

    def _refusal(self, value: object, given: object) -> str | None:
        if isinstance(value, int | self.kind) and not isinstance(value, bool):
            if self.least <= value <= self.most:
                return None
            if self.kind is int and value > self.most:
                return f"must be at most {self.most:,}, not {given}"
        return f"must be {self.words}, not {given!r}"


POSITIVE = Limits("a whole number from 1 on", 1, MAX_SIZE)
NOT_NEGATIVE = Limits("a whole number from 0 on", 0, MAX_SIZE)
