from __future__ import annotations

import pytest

from irene_jupyter.report.units import (
    format_interval,
    format_joules,
    format_seconds,
    format_shapes,
    format_share,
    printable,
    share,
)
from irene_jupyter.tree import Energy


@pytest.mark.parametrize(
    ("joules", "text"),
    [
        (0, "0 J"),
        (14.23, "14.2 J"),
        (1, "1.00 J"),
        (999.4, "999 J"),
        (999.6, "1.00 kJ"),
        (1234.5, "1.23 kJ"),
        (12_345_678, "12,346 kJ"),
        (1e15, "1e+12 kJ"),
        (0.99951, "1.00 J"),
        (0.9994, "999 mJ"),
        (0.0581, "58.1 mJ"),
        (3.14e-6, "3.14 µJ"),
        (3.14e-7, "0.314 µJ"),
        (3.14e-12, "3e-06 µJ"),
        (None, "unknown"),
    ],
)
def test_joules(joules: float | None, text: str) -> None:
    assert format_joules(joules) == text


def test_interval_is_in_the_unit_of_its_energy() -> None:
    assert format_interval(Energy(14.2, 12.91, 15.6, "predicted")) == "[12.9–15.6, 90 %]"
    assert format_interval(Energy(0.95, 0.9, 1.2, "predicted")) == "[900–1,200, 90 %]"
    assert format_interval(Energy(0, 0, 0, "predicted")) == "[0–0, 90 %]"


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (1, "100 %"),
        (0.99949, "99.9 %"),
        (0.9996, "100 %"),
        (0.3124, "31.2 %"),
        (0.00996, "1.0 %"),
        (0.0041, "0.41 %"),
        (0.00004, "<0.01 %"),
        (0, "0 %"),
        (None, "–"),
    ],
)
def test_share(fraction: float | None, text: str) -> None:
    assert format_share(fraction) == text


def test_share_of_nothing() -> None:
    assert share(0, 0) == 0
    assert share(1, 4) == 0.25
    assert share(None, 4) is None
    assert share(4, None) is None


def test_seconds_and_shapes() -> None:
    assert format_seconds(0.41) == "410 ms"
    assert format_seconds(2) == "2.00 s"
    assert format_seconds(5e-6) == "5.00 µs"
    assert format_seconds(None) == "–"
    assert format_shapes(((8, 128),), ((8, 128, 768), ())) == "8×128 → 8×128×768, scalar"
    assert format_shapes((), ((2,),)) == "? → 2"
    assert format_shapes((), ()) == ""


def test_printable_keeps_terminals_and_browsers_safe() -> None:
    assert printable("a\x1b[31mb\nc\u202ed\u200b") == "a\\x1b[31mb c\\u202ed\\u200b"
    assert printable("x" * 10_000) == "x" * 119 + "…"
    assert printable("Größe 模型 ⚠") == "Größe 模型 ⚠"
