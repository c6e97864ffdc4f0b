"""Numbers and names as people read them: one helper for each, used by every view."""

from __future__ import annotations

from irene_jupyter.tree import Energy, Shape

# Largest first; a value takes the first unit in which it rounds to at least 1.
_JOULE_UNITS = (("kJ", 1e3), ("J", 1.0), ("mJ", 1e-3), ("µJ", 1e-6))
# What an interval is called: of a hundred energies ninety lie in theirs. Where that was not tested
# on such as this one, it is a range and no more.
CONFIDENCE = "90 %"
INTERVAL = f"{CONFIDENCE} interval"
RANGE = "range"
_MAX_NAME = 120  # characters; a path of torch's is seldom longer, a hostile one may be


def format_joules(joules: float | None) -> str:
    """Joules with three significant digits, in kJ, J, mJ or µJ; "unknown" for None."""
    if joules is None:
        return "unknown"
    unit, scale = _joule_unit(joules)
    return f"{_three_digits(joules / scale)} {unit}"


def format_interval(energy: Energy, is_untested: bool = False) -> str:
    """An energy's interval in the energy's own unit: "[12.9–15.6, 90 %]", or "[9–21, range]"."""
    _, scale = _joule_unit(energy.joules)
    low, high = (_three_digits(value / scale) for value in (energy.low, energy.high))
    return f"[{low}–{high}, {RANGE if is_untested else CONFIDENCE}]"


def format_share(fraction: float | None) -> str:
    """A fraction of 1 as a percentage: "100 %", "31.2 %", "0.04 %", "<0.01 %"."""
    if fraction is None:
        return "–"
    percent = 100 * fraction
    if percent == 0:
        return "0 %"
    if percent < 0.01:
        return "<0.01 %"
    if percent < 0.995:
        return f"{percent:.2f} %"
    return f"{percent:.1f} %" if percent < 99.95 else f"{percent:.0f} %"


def format_seconds(seconds: float | None) -> str:
    """Seconds with three significant digits, in s, ms or µs; "–" for None."""
    if seconds is None:
        return "–"
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= 0.9995 * scale:
            return f"{_three_digits(seconds / scale)} {unit}"
    return f"{_three_digits(seconds / 1e-6)} µs"


def format_shapes(inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> str:
    """Shapes of one call: "8×128×768 → 8×128×3072"; empty where none is known."""
    sides = [", ".join(_shape(shape) for shape in shapes) for shapes in (inputs, outputs)]
    return " → ".join(side or "?" for side in sides) if any(sides) else ""


def share(joules: float | None, total: float | None) -> float | None:
    """`joules` as a fraction of `total`; 0 of 0 is 0. None where either is unknown."""
    if joules is None or total is None:
        return None
    return joules / total if total > 0 else 0.0


def printable(text: str, limit: int = _MAX_NAME) -> str:
    """`text` on one line, without control characters, at most `limit` characters long.

    Names come from users' code and from files: a terminal must never see their escape
    sequences, nor a browser their direction overrides.
    """
    clean = "".join(char if char.isprintable() else _escaped(char) for char in text[: 2 * limit])
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"


def _escaped(char: str) -> str:
    return " " if char.isspace() else char.encode("unicode_escape").decode("ascii")


def _joule_unit(joules: float) -> tuple[str, float]:
    for unit, scale in _JOULE_UNITS:
        if joules >= 0.9995 * scale:
            return unit, scale
    return ("µJ", 1e-6) if joules > 0 else ("J", 1.0)


def _three_digits(value: float) -> str:
    if value == 0:
        return "0"
    if value >= 1e7:
        return f"{value:.3g}"
    if value >= 999.5:
        return f"{value:,.0f}"
    if value < 0.0005:
        return f"{value:.1g}"
    for digits, below in ((3, 0.9995), (2, 9.995), (1, 99.95)):
        if value < below:
            return f"{value:.{digits}f}"
    return f"{value:.0f}"


def _shape(shape: Shape) -> str:
    return "×".join(str(size) for size in shape) or "scalar"
