"""What a dtype is to a board: the size of an element, and which of its units multiply it."""

from __future__ import annotations

import re

HALF = "half"  # tensor cores on bfloat16 or float16
UNALIGNED = "unaligned"  # the same with a width that is no multiple of 8
VECTOR = "vector"  # off the tensor cores: float32 without TF32, convolutions
UNITS = (HALF, UNALIGNED, VECTOR)
ALIGNMENT = 8  # elements of 2 bytes: tensor cores load 16 bytes at once (NVIDIA, cuBLAS guide)
_HALVES = ("bfloat16", "float16")
_BITS = re.compile(r"float(\d+)")


def item_bytes(dtype: str | None) -> float:
    """Of one element; 4 where the dtype is not known, or no floating-point one."""
    found = _BITS.search(dtype or "")
    return int(found[1]) / 8 if found else 4.0


def is_half(dtype: str | None) -> bool:
    """Whether its products run on the tensor cores in half precision."""
    return dtype in _HALVES
