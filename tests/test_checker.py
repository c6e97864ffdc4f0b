"""Values from outside are what they should be, or refused in the words of who asks."""

from __future__ import annotations

from typing import Any

import pytest

from irene_jupyter.checker import MAX_COUNT, Checker, is_number, is_whole, strict_json

CHECK = Checker(lambda what: KeyError(f"{what}: make it again"))


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf"), -1e-9, 10**400])
def test_what_is_no_number(value: Any) -> None:
    assert not is_number(value)
    with pytest.raises(KeyError, match="seconds must"):
        CHECK.number(value, "seconds")


@pytest.mark.parametrize("value", [True, 1.0, "1", None, -1, MAX_COUNT + 1])
def test_what_is_no_count(value: Any) -> None:
    assert not is_whole(value)
    with pytest.raises(KeyError, match="calls must be a whole number"):
        CHECK.whole(value, "calls")


def test_what_is() -> None:
    assert is_number(0)
    assert is_number(-2.5, signed=True)
    assert is_whole(MAX_COUNT)
    assert CHECK.number(-3, "a slope", 3, signed=True) == -3
    assert CHECK.strings(["a"], "'names'") == ["a"]
    assert CHECK.field({"a": "b"}, "a", str) == CHECK.one_of({"a": "b"}, "a", ("b", "c"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[NaN]", "NaN is not a number"),
        ('{"a": 1, "a": 2}', "same key twice"),
        ('["\\ud800"]', "half a character"),
        ("[" * 100_000, "nested too deeply"),
        ("[1", "delimiter"),
    ],
)
def test_what_the_standard_forbids(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        strict_json(text)
    assert strict_json('{"a": "\\u00e9"}') == {"a": "é"}
