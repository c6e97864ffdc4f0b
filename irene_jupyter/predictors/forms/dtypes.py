"""What a dtype is to a board: the size of an element, and which of its units multiply it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

HALF = "half"  # tensor cores on bfloat16 or float16
UNALIGNED = "unaligned"  # the same with a width that is no multiple of 8
VECTOR = "vector"  # off the tensor cores: float32 without TF32, convolutions
TF32 = "tf32"  # tensor cores on float32, of which they read 19 bits
FP8 = "fp8"  # tensor cores on 8 bits, int8 with them
NVFP4 = "nvfp4"  # tensor cores on 4 bits with scales
UNITS = (HALF, UNALIGNED, VECTOR, TF32, FP8, NVFP4)
UNIT_WORDS: Mapping[str, str] = {
    HALF: "products in half precision",
    UNALIGNED: "products whose width is no multiple of 8",
    VECTOR: "products off the tensor cores",
    TF32: "products in TF32",
    FP8: "products in 8 bits",
    NVFP4: "products in NVFP4",
}
ALIGNMENT = 8  # elements of 2 bytes: tensor cores load 16 bytes at once (NVIDIA, cuBLAS guide)
_HALVES = ("bfloat16", "float16")
_BITS = re.compile(r"float(\d+)")
_FP8 = re.compile(r"float8_.*|fp8")


@dataclass(frozen=True, slots=True)
class Substitute:
    """The unit that stands for another where a board has no constant: as so many operations of it.

    That is an estimate, and told as one.
    """

    unit: str
    operations: float


# Peak rates of NVIDIA's datasheets since Ampere: TF32 half of bfloat16, 8 bits twice as much. Four
# bits have no unit before Blackwell: there such weights are unpacked. Off the tensor cores an
# operation of the H100 took 11 times the energy.
SUBSTITUTES: Mapping[str, Substitute] = {
    UNALIGNED: Substitute(HALF, 1.0),
    VECTOR: Substitute(HALF, 11.0),
    TF32: Substitute(HALF, 2.0),
    FP8: Substitute(HALF, 0.5),
    NVFP4: Substitute(HALF, 1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """Weights of fewer bits in a model that keeps its other tensors in half precision.

    `launches` are the host's beyond the product's own. Where several rows are multiplied at once,
    `moved_bytes` a weight are written and read on the way; a single row is multiplied as it is
    unpacked.
    """

    unit: str
    weight_bytes: float  # scales included
    launches: float = 0.0
    moved_bytes: float = 0.0  # a weight
    vector_flops: float = 0.0  # a weight, to unpack it
    input_bytes: float = 0.0  # a value, beyond reading it
    output_bytes: float = 0.0  # a value, beyond writing it


# fp8, nvfp4: values are quantized before the product (read again, written, read). int8, nf4: as
# bitsandbytes multiplies by default. LLM.int8 (Dettmers et al., 2022) finds the outliers among the
# values, quantizes the others by rows, multiplies to int32, scales that, and adds the outliers'
# product in float16. NF4 (Dettmers et al., 2023) looks up and scales each weight, 64 to a scale of
# 4 bytes, and multiplies in half precision.
PACKINGS: Mapping[str, Packing] = {
    "fp8": Packing(unit=FP8, weight_bytes=1.0, launches=1.0, input_bytes=2.0),
    "nvfp4": Packing(unit=NVFP4, weight_bytes=0.5625, launches=1.0, input_bytes=1.125),
    "int8": Packing(
        unit=FP8, weight_bytes=1.0, launches=8.0, input_bytes=4.0, output_bytes=8.0
    ),
    "nf4": Packing(
        unit=HALF, weight_bytes=0.5625, launches=1.0, moved_bytes=4.0, vector_flops=2.0
    ),
}  # fmt: skip


def packing_of(dtype: str | None) -> Packing | None:
    """How the weights of a product are packed; None where they are as wide as its values."""
    return PACKINGS.get(dtype or "")


def item_bytes(dtype: str | None) -> float:
    """Of one element; 4 where the dtype is not known, or no floating-point one.

    Beside packed weights, values are in half precision.
    """
    if packing_of(dtype):
        return 2.0
    found = _BITS.search(dtype or "")
    return int(found[1]) / 8 if found else 4.0


def unit_of(dtype: str | None) -> str:
    """Which of a board's units multiplies it."""
    if packing := packing_of(dtype):
        return packing.unit
    if dtype in _HALVES:
        return HALF
    if dtype == "tf32":
        return TF32
    return FP8 if _FP8.fullmatch(dtype or "") else VECTOR


def has_unit(dtype: str) -> bool:
    """Whether it is one that `unit_of` tells from others; float64, say, is not."""
    return dtype == "float32" or unit_of(dtype) != VECTOR


def is_half(dtype: str | None) -> bool:
    """Whether its products run on the tensor cores in half precision."""
    return dtype in _HALVES
