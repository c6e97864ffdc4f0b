"""Small tables as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def aligned(rows: Iterable[Sequence[str]], sides: str) -> str:
    """Rows of cells as lines; `sides` has "<" or ">" for each column."""
    columns = list(zip(*rows, strict=True))
    padded = [
        [f"{cell:{side}{max(map(len, column))}}" for cell in column]
        for side, column in zip(sides, columns, strict=True)
    ]
    return "\n".join("  ".join(row).rstrip() for row in zip(*padded, strict=True))
