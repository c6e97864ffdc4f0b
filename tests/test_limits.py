"""What numbers an option takes: said alike wherever it is given."""

from __future__ import annotations

import argparse
import math
from typing import Any

import pytest

from irene_jupyter.errors import OptionError
from irene_jupyter.limits import MAX_SIZE, NOT_NEGATIVE, POSITIVE, Limits

SHARE = Limits("0 to 1", 0, 1, float)


@pytest.mark.parametrize(
    ("limits", "value"), [(POSITIVE, 1), (POSITIVE, MAX_SIZE), (NOT_NEGATIVE, 0), (SHARE, 0.5)]
)
def test_a_number_within_is_taken_in_code_and_as_text(limits: Limits, value: Any) -> None:
    limits.check("it", value)
    assert limits(str(value)) == value


@pytest.mark.parametrize(
    ("limits", "value", "told"),
    [
        (POSITIVE, 0, "must be a whole number from 1 on, not"),
        (POSITIVE, 2.0, "must be a whole number from 1 on, not"),
        (POSITIVE, MAX_SIZE + 1, "must be at most 2,147,483,647, not 2147483648"),
        (NOT_NEGATIVE, "many", "must be a whole number from 0 on, not 'many'"),
        (SHARE, 1.5, "must be 0 to 1, not"),
        (SHARE, math.nan, "must be 0 to 1, not"),
    ],
)
def test_a_number_outside_is_refused_in_the_same_words(
    limits: Limits, value: Any, told: str
) -> None:
    with pytest.raises(OptionError, match=f"it {told}"):
        limits.check("it", value)
    with pytest.raises(argparse.ArgumentTypeError, match=told):
        limits(str(value))


@pytest.mark.parametrize("value", [True, None, "1"])
def test_in_code_only_numbers_are_numbers(value: object) -> None:
    with pytest.raises(OptionError, match="whole number"):
        POSITIVE.check("it", value)
