"""A recorded tree's products against torch's own `FlopCounterMode`, on one and the same call.

The tree counts pointwise work as well, and torch does not: `Recording.product_flops` is of
products alone. What torch's counter leaves out, and which are products all the same, it is taught
here: attention on CPUs, grouped products, products with vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from irene_jupyter.capture.record.recording import Recording

aten = torch.ops.aten


def _rows_times_width(a: Any, *rest: Any, out_shape: Any = None, **others: Any) -> int:
    size = 2 * out_shape[-1]
    for length in a:
        size *= length
    return size


def _with_vector(matrix: Any, *rest: Any, out_shape: Any = None, **others: Any) -> int:
    return _rows_times_width(matrix, out_shape=(1,))


def _summand_first(summand: Any, matrix: Any, *rest: Any, out_shape: Any = None) -> int:
    return _with_vector(matrix)


def mapping() -> dict[Any, Any]:
    """Formulas of the products that `FlopCounterMode` leaves out."""
    taught = {
        aten._grouped_mm: _rows_times_width,
        aten._int_mm: _rows_times_width,
        aten.mv: _with_vector,
        aten.dot: _with_vector,
        aten.vdot: _with_vector,
        aten.addmv: _summand_first,
    }
    fallback = getattr(torch.ops.transformers, "grouped_mm_fallback", None)
    if fallback is not None:
        taught[fallback] = _rows_times_width
    like = flop_registry[aten._scaled_dot_product_flash_attention]
    # Those of the registry take shapes and tensors alike; torch asks for formulas of shapes.
    taught[aten._scaled_dot_product_flash_attention_for_cpu] = like.__wrapped__  # type: ignore[attr-defined]
    return taught


@dataclass(frozen=True)
class Comparison:
    """Operations of products by the recorded tree and by torch, in one call."""

    recorded: float
    counted: float
    flags: tuple[str, ...]

    @property
    def error(self) -> float:
        """Relative; 0 where both are 0."""
        return abs(self.recorded - self.counted) / max(self.counted, self.recorded, 1.0)


def compared(model: nn.Module, keywords: Mapping[str, Any]) -> Comparison:
    """One call of `model`, counted by both.

    The recording is one that looks into torch's fused layers as well, which it would leave alone
    in a user's call. With gradients: without them torch's counter fails on some models, and with
    them on others.
    """
    try:
        return _compared(model, keywords)
    except AssertionError:
        with torch.no_grad():
            return _compared(model, keywords)


def _compared(model: nn.Module, keywords: Mapping[str, Any]) -> Comparison:
    with (
        FlopCounterMode(display=False, custom_mapping=mapping()) as counter,
        Recording(model, 1, is_timed=False) as recording,
    ):
        model(**keywords)
    recorded = recording.product_flops
    node = recording.finish()
    assert node is not None
    flags = tuple(dict.fromkeys(flag for each in node.walk() for flag in each.flags))
    return Comparison(recorded, float(counter.get_total_flops()), flags)
